use domain::{configuration::Section, customer::*, identifier::Identifier, sale::*, time::Zone, *};
use laurel_actors::*;
use std::{collections::HashMap, sync::Arc, time::Instant};
#[global_allocator]
static A: mimalloc::MiMalloc = mimalloc::MiMalloc;
fn t(v: &serde_json::Value) -> Timestamp {
    Timestamp::parse(v.as_str().unwrap(), &Zone::UTC).unwrap()
}
fn m(v: &serde_json::Value) -> Money {
    v.to_string().parse().unwrap()
}
fn main() {
    actix::System::new().block_on(run())
}
async fn run() {
    let dir = std::env::args().nth(1).unwrap();
    let data = std::env::args().nth(2).unwrap();
    std::fs::create_dir_all(&data).unwrap();
    let (engine, rec) = start(EngineOptions {
        store: store::Options::default(),
        disk: Arc::new(store::FolderDisk::new(&data).unwrap()),
        clock: Clock::test(Timestamp::parse("2017-02-01T00:00:00Z", &Zone::UTC).unwrap()),
        shards: 2,
        customers_max: 100000,
        retailer: "6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10".parse().unwrap(),
        first_program: include_str!("../../tests/data/grocery-program.json").into(),
    })
    .await
    .unwrap();
    println!("{rec:?}");
    let s = Instant::now();
    engine
        .configure(Section::Stores, std::fs::read_to_string(format!("{dir}/stores.json")).unwrap(), false)
        .await
        .unwrap();
    engine
        .configure(Section::Catalog, std::fs::read_to_string(format!("{dir}/catalog.ndjson")).unwrap(), false)
        .await
        .unwrap();
    println!("configure {:?}", s.elapsed());
    let mut hs = vec![];
    for l in std::fs::read_to_string(format!("{dir}/members.ndjson")).unwrap().lines() {
        let v: serde_json::Value = serde_json::from_str(l).unwrap();
        let e = engine.clone();
        let p = Profile {
            identifiers: vec![ExternalId { value: v["external_id"].as_str().unwrap().into(), kind: None }],
            shown: Some(0),
            email: Some(v["email"].as_str().unwrap().into()),
            opted_in: true,
            ..Default::default()
        };
        hs.push(actix::spawn(async move { e.create_customer(p).await }));
    }
    for h in hs {
        h.await.unwrap().ok();
    }
    println!("members {:?}", s.elapsed());
    let mut per: HashMap<String, Vec<SaleRequest>> = HashMap::new();
    let mut n = 0;
    for l in std::fs::read_to_string(format!("{dir}/sales.ndjson")).unwrap().lines() {
        let v: serde_json::Value = serde_json::from_str(l).unwrap();
        let p = &v["request_payload"];
        let mt = t(&p["modified_time"]);
        let c = Content {
            transaction_id: p["transaction_id"].as_str().unwrap().into(),
            store: v["store_id"].as_str().unwrap().parse().unwrap(),
            from_transaction_id: None,
            pos_employee_id: None,
            sm_employee_id: None,
            table_id: None,
            guest_count: None,
            is_closed: true,
            is_voided: false,
            subtotal: m(&p["subtotal"]),
            tax_total: Money::ZERO,
            open_time: mt,
            modified_time: mt,
            guest_receipt_code: None,
            channel: "POS".into(),
            status: None,
            custom_data: None,
            business_def_collection: None,
            items: p["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|i| SoldItem {
                    line_id: i["line_id"].as_str().unwrap().into(),
                    item_id: i["item_id"].as_str().unwrap().into(),
                    quantity: i["quantity"].to_string().parse().unwrap(),
                    unit_price: m(&i["unit_price"]),
                    subtotal: m(&i["subtotal"]),
                    tax_included: Money::ZERO,
                    modifies_line_id: None,
                    status: None,
                    custom_data: None,
                })
                .collect(),
            payments: p["payments"]
                .as_array()
                .unwrap()
                .iter()
                .map(|i| SalePayment {
                    payment_id: "1".into(),
                    amount: m(&i["amount"]),
                    kind: "Credit".into(),
                    time: mt,
                    user: Some(NamedUser {
                        id: i["user_id"].as_str().unwrap().into(),
                        kind: UserIdKind::External,
                    }),
                    additional_user: None,
                    receipt_code: None,
                    custom_data: None,
                })
                .collect(),
            discounts: vec![],
            envelope_user_id: None,
        };
        per.entry(p["payments"][0]["user_id"].as_str().unwrap().into()).or_default().push(SaleRequest {
            request_id: v["request_id"].as_str().unwrap().into(),
            body: 1,
            content: c,
        });
        n += 1;
    }
    println!("parsed {n}");
    let s = Instant::now();
    let names: Vec<String> = per.keys().cloned().collect();
    let q = std::rc::Rc::new(std::cell::RefCell::new(per.into_values().collect::<Vec<_>>()));
    let hs: Vec<_> = (0..std::env::args().nth(3).map_or(256, |v| v.parse::<usize>().unwrap()))
        .map(|_| {
            let e = engine.clone();
            let q = q.clone();
            actix::spawn(async move {
                loop {
                    let Some(v) = q.borrow_mut().pop() else { break };
                    for r in v {
                        e.send_sale(r).await.unwrap();
                    }
                }
            })
        })
        .collect();
    for h in hs {
        h.await.unwrap();
    }
    let el = s.elapsed();
    println!("{n} sales in {el:?}: {:.0}/s", n as f64 / el.as_secs_f64());
    let mut out: Vec<(i64, String)> = vec![];
    for name in names {
        let id = engine.find_customer(&Identifier::external(&name)).await.unwrap().unwrap();
        let row = engine
            .read_customer(id, |c, p, now| {
                let b = c.balances(p, now);
                let tier = c.tiers()[0].level;
                let tn = p.tier_systems()[0].level(tier).unwrap().name.clone();
                format!(
                    "{},{},{},{}",
                    b.accounts[0].available, b.accounts[0].lifetime, b.accounts[1].available, tn
                )
            })
            .await
            .unwrap()
            .unwrap();
        out.push((name.parse().unwrap(), row));
    }
    out.sort();
    std::fs::write("/tmp/out.csv", out.iter().map(|(a, b)| format!("{a},{b}\n")).collect::<String>())
        .unwrap();
    println!("{:?}", engine.gauges());
    engine.drain(std::time::Duration::from_secs(5)).await.unwrap();
}
