//! An engine on an in-memory disk with the grocery program, and what the tests ask of it.

use std::{future::Future, sync::Arc};

use domain::{
    Money, Points, Quantity, Timestamp,
    configuration::Section,
    customer::{ExternalId, Profile},
    id::{CustomerId, PointAccountId, StoreId},
    identifier::Identifier,
    sale::{Content, NamedUser, SalePayment, SoldItem, UserIdKind},
    time::Zone,
};
use laurel_actors::{Clock, Engine, EngineOptions, Ids, SaleAnswer, SaleError, SaleRequest, Threads};
use store::MemoryDisk;

pub const PROGRAM: &str = include_str!("../../../demo/grocery-program.json");
pub const RETAILER: &str = "6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10";
pub const STORE: &str = "b7944570-da96-4c87-8629-000000000001";
pub const POINTS: &str = "9a000000-0000-4000-8000-000000000001";
pub const STATUS: &str = "9a000000-0000-4000-8000-000000000002";
pub const GOLD: &str = "9a000000-0000-4000-8000-000000000023";
pub const BONUSES: &str = "9a000000-0000-4000-8000-000000000012";
pub const NOW: &str = "2017-02-01T00:00:00Z";

/// Runs a test inside an actix system.
pub fn run(test: impl Future<Output = ()>) {
    actix::System::new().block_on(test);
}

pub fn time(text: &str) -> Timestamp {
    Timestamp::parse(text, &Zone::UTC).unwrap()
}

pub fn options(disk: &MemoryDisk) -> EngineOptions {
    EngineOptions {
        store: store::Options { background_checkpoints: false, ..store::Options::default() },
        disk: Arc::new(disk.clone()),
        clock: Clock::test(time(NOW)),
        ids: Ids::random(),
        threads: Threads::Own,
        shards: 2,
        customers_max: 1000,
        retailer: RETAILER.parse().unwrap(),
        first_program: PROGRAM.to_owned(),
    }
}

pub async fn start(disk: &MemoryDisk) -> Engine {
    start_with(options(disk)).await
}

pub async fn start_with(options: EngineOptions) -> Engine {
    let (engine, _) = laurel_actors::start(options).await.unwrap();
    let stores = format!(r#"[{{"store_id":"{STORE}","number":"1","name":"One","time_zone":"UTC"}}]"#);
    engine.configure(Section::Stores, stores, false).await.unwrap();
    let catalog =
        r#"{"item_id":"BANANA","name":"Banana","category":"FRUIT","department":"PRODUCE","brand":""}"#;
    engine.configure(Section::Catalog, catalog.to_owned(), false).await.unwrap();
    engine
}

pub fn profile(external_id: &str) -> Profile {
    Profile {
        identifiers: vec![ExternalId { value: external_id.into(), kind: None }],
        shown: Some(0),
        opted_in: true,
        ..Profile::default()
    }
}

pub async fn member(engine: &Engine, external_id: &str) -> CustomerId {
    engine.create_customer(profile(external_id)).await.unwrap()
}

/// A sale of one line, paid by one member.
pub fn sale(transaction_id: &str, member: &str, amount: &str, modified: &str) -> Content {
    let amount: Money = amount.parse().unwrap();
    Content {
        transaction_id: transaction_id.into(),
        store: STORE.parse::<StoreId>().unwrap(),
        from_transaction_id: None,
        pos_employee_id: None,
        sm_employee_id: None,
        table_id: None,
        guest_count: None,
        is_closed: true,
        is_voided: false,
        subtotal: amount,
        tax_total: Money::ZERO,
        open_time: time(modified),
        modified_time: time(modified),
        guest_receipt_code: None,
        channel: "POS".into(),
        status: None,
        custom_data: None,
        business_def_collection: None,
        items: vec![item("1", "BREAD", amount)],
        payments: vec![payment("1", member, amount, modified)],
        discounts: Vec::new(),
        envelope_user_id: None,
    }
}

pub fn item(line: &str, item: &str, amount: Money) -> SoldItem {
    SoldItem {
        line_id: line.into(),
        item_id: item.into(),
        quantity: Quantity::whole(1).unwrap(),
        unit_price: amount,
        subtotal: amount,
        tax_included: Money::ZERO,
        modifies_line_id: None,
        status: None,
        custom_data: None,
    }
}

pub fn payment(id: &str, member: &str, amount: Money, at: &str) -> SalePayment {
    SalePayment {
        payment_id: id.into(),
        amount,
        kind: "Credit".into(),
        time: time(at),
        user: Some(NamedUser { id: member.into(), kind: UserIdKind::External }),
        additional_user: None,
        receipt_code: None,
        custom_data: None,
    }
}

pub async fn send(engine: &Engine, request: &str, content: Content) -> Result<SaleAnswer, SaleError> {
    let body = laurel_actors::fingerprint(format!("{content:?}").as_bytes());
    engine.send_sale(SaleRequest { request_id: request.into(), body, content }).await
}

/// Available points of a member.
pub async fn points(engine: &Engine, member: &str) -> Points {
    balance(engine, member, POINTS).await
}

pub async fn balance(engine: &Engine, member: &str, account: &str) -> Points {
    let account: PointAccountId = account.parse().unwrap();
    let id = engine.find_customer(&Identifier::external(member)).await.unwrap().unwrap();
    engine
        .read_customer(id, move |customer, program, now| customer.available(account, program, now))
        .await
        .unwrap()
        .unwrap()
}

pub fn whole(points: i64) -> Points {
    Points::whole(points).unwrap()
}

/// Ends an engine in order.
pub async fn stop(engine: &Engine) {
    engine.drain(std::time::Duration::from_secs(5)).await.unwrap();
}
