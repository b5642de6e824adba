//! What the evaluation of a purchase costs: rules alone, nothing booked.

mod grocery;

use std::hint::black_box;

use criterion::Criterion;
use grocery::{LINES, program, time};
use laurel_domain::{
    Money, Points, Timestamp,
    id::{PointAccountId, StoreId, TierLevelId, TierSystemId},
    program::Program,
    rules::{LimitUsage, Line, Payment, Purchase, Share, Standing},
};

/// The place of a tier level in the program's only tier system.
const MEMBER: usize = 0;
const GOLD: usize = 2;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    evaluation(&mut criterion, "rules/three lines, member", 3, MEMBER);
    evaluation(&mut criterion, "rules/ten lines, member", 10, MEMBER);
    evaluation(&mut criterion, "rules/three lines, gold", 3, GOLD);
    evaluation(&mut criterion, "rules/ten lines, gold", 10, GOLD);
    criterion.final_summary();
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
