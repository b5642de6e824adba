//! What the evaluation of a purchase costs: rules alone, nothing booked.

mod grocery;

use std::hint::black_box;

use criterion::Criterion;
use grocery::{LINES, program, time};
use laurel_domain::{
    Money, Points, Timestamp,
    id::{PointAccountId, StoreId, TierLevelId, TierSystemId},
    program::{Program, ProgramText},
    rules::{LimitUsage, Line, Payment, Purchase, Share, Standing},
};
use uuid::Uuid;

/// The place of a tier level in the program's only tier system.
const MEMBER: usize = 0;
const GOLD: usize = 2;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    evaluation(&mut criterion, "rules/three lines, member", 3, MEMBER);
    evaluation(&mut criterion, "rules/ten lines, member", 10, MEMBER);
    evaluation(&mut criterion, "rules/three lines, gold", 3, GOLD);
    evaluation(&mut criterion, "rules/ten lines, gold", 10, GOLD);
    matching(&mut criterion, "rules/five trees, all of which match", &many_trees(0));
    matching(&mut criterion, "rules/a thousand trees, of which five match", &many_trees(995));
    matching(&mut criterion, "rules/fifty conditions", &fifty_conditions());
    criterion.final_summary();
}

/// What a basket of three lines costs under a program.
fn matching(criterion: &mut Criterion, name: &str, program: &Program) {
    let lines: Vec<_> = LINES.iter().take(3).map(line).collect();
    let subtotal = Money::sum(lines.iter().map(|line| line.subtotal)).expect("a basket sums to an amount");
    let payments = [Payment { kind: "Credit", amount: subtotal }];
    let share = Share::whole();
    let purchase = Purchase {
        time: time("2017-03-15T12:00:00Z"),
        store: store(0),
        channel: "POS",
        subtotal,
        tax_total: Money::ZERO,
        lines: &lines,
        payments: &payments,
        share: &share,
        content: None,
    };
    let (usage, balance) = (LimitUsage::default(), |_: PointAccountId| Points::ZERO);
    let standing = Standing::anonymous(&[], &balance, &usage);
    let sample = program.evaluate(&purchase, &standing, None);
    assert!(sample.failed.is_empty() && sample.awards.len() >= 5, "the basket earns something");
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| program.evaluate(black_box(&purchase), black_box(&standing), None));
    });
}

fn store(n: u128) -> StoreId {
    StoreId(Uuid::from_u128(0x30_0000_0000 + n))
}

/// Five trees that a purchase in the first store meets, and others for other stores.
fn many_trees(others: u128) -> Program {
    let tree = |n: u128| {
        let at = store(n.saturating_sub(4));
        let node = format!(r#"[{{"discriminator": 2, "store_ids": ["{at}"]}}]"#);
        tree(n, &[node])
    };
    compiled(&(0..5 + others).map(tree).collect::<Vec<_>>())
}

/// Ten trees of five conditions each, all of which hold.
fn fifty_conditions() -> Program {
    let conditions = [
        format!(r#"[{{"discriminator": 2, "store_ids": ["{}"]}}]"#, store(0)),
        r#"[{"discriminator": 64, "channels": ["Web", "POS"]}]"#.to_owned(),
        r#"[{"discriminator": 16, "min": 5}]"#.to_owned(),
        r#"[{"discriminator": 32, "items": [{"type": "department", "id": "GROCERY"}]}]"#.to_owned(),
        r#"[{"discriminator": 4, "payment_types": ["credit"], "minimum_share": 0.5}]"#.to_owned(),
    ];
    compiled(&(0..10).map(|n| tree(n, &conditions)).collect::<Vec<_>>())
}

/// A tree of current-purchase nodes with these constraints, which gives a point per unit of money.
fn tree(n: u128, constraints: &[String]) -> String {
    let id = |place: u128| Uuid::from_u128((n + 1) << 32 | place);
    let node = |(place, constraints): (u128, &String)| {
        let (id, root) = (id(place), id(1));
        format!(
            r#"{{"id": "{id}", "parent_id": "{root}", "discriminator": 32768, "constraints": {constraints}}}"#
        )
    };
    let nodes: Vec<_> = (2..).zip(constraints).map(node).collect();
    format!(
        r#"{{"id": "{}", "name": "Tree {n}", "status": 2, "tree_type": 1,
            "rules": [{{"id": "{}", "discriminator": 1}}, {}],
            "outcomes": [{{"id": "{}", "discriminator": 2, "rate": 1, "rounding_mode": 1, "point_source_id": "{}",
                           "point_account_ids": ["{}"]}}]}}"#,
        id(0),
        id(1),
        nodes.join(","),
        id(99),
        Uuid::from_u128(2),
        Uuid::from_u128(1),
    )
}

fn compiled(trees: &[String]) -> Program {
    let text = format!(
        r#"{{"retailer": {{"retailer_id": "{}", "name": "Bench"}},
            "point_accounts": [{{"id": "{account}", "name": "Points"}}],
            "point_sources": [{{"id": "{}", "name": "Source", "point_account_ids": ["{account}"]}}],
            "rule_trees": [{}]}}"#,
        Uuid::from_u128(9),
        Uuid::from_u128(2),
        trees.join(","),
        account = Uuid::from_u128(1),
    );
    let text = ProgramText { program: &text, stores: "", catalog: grocery::CATALOG };
    Program::compile(1, text).expect("the program has no problems")
}

fn evaluation(criterion: &mut Criterion, name: &str, count: usize, level: usize) {
    let program = program();
    let lines: Vec<_> = LINES.iter().take(count).map(line).collect();
    let subtotal = Money::sum(lines.iter().map(|line| line.subtotal)).expect("a basket sums to an amount");
    let payments = [Payment { kind: "Credit", amount: subtotal }];
    let share = Share::whole();
    let purchase = Purchase {
        time: time("2017-03-15T12:00:00Z"),
        store: StoreId::from_bytes([7; 16]),
        channel: "POS",
        subtotal,
        tax_total: Money::ZERO,
        lines: &lines,
        payments: &payments,
        share: &share,
        content: None,
    };
    let usage = used_before(&program, &purchase, level);
    let tiers = [held(&program, level)];
    let balance = |_: PointAccountId| Points::ZERO;
    let standing = Standing::anonymous(&tiers, &balance, &usage);
    let sample = program.evaluate(&purchase, &standing, None);
    assert!(sample.failed.is_empty() && !sample.awards.is_empty(), "the basket earns something");
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| program.evaluate(black_box(&purchase), black_box(&standing), None));
    });
}

fn line(&(item_id, quantity, subtotal): &(&'static str, &str, &str)) -> Line<'static> {
    Line {
        item_id,
        quantity: quantity.parse().expect("the benches write quantities well"),
        subtotal: subtotal.parse().expect("the benches write amounts well"),
        tax_included: Money::ZERO,
        discount: Money::ZERO,
    }
}

fn held(program: &Program, level: usize) -> (TierSystemId, TierLevelId) {
    let system = &program.tier_systems()[0];
    (system.id, system.levels[level].id)
}

/// What ten earlier purchases of the same kind have used of the limits, as with a member who comes often.
fn used_before(program: &Program, purchase: &Purchase<'_>, level: usize) -> LimitUsage {
    let mut usage = LimitUsage::default();
    for day in 1..=10 {
        let tiers = [held(program, level)];
        let balance = |_: PointAccountId| Points::ZERO;
        let earlier = Purchase { time: days_before(purchase.time, day), ..*purchase };
        let standing = Standing::anonymous(&tiers, &balance, &usage);
        for used in program.evaluate(&earlier, &standing, None).uses {
            usage.record(&used).expect("ten uses sum");
        }
    }
    usage
}

fn days_before(at: Timestamp, days: i64) -> Timestamp {
    at.plus_millis(-days * 86_400_000)
}
