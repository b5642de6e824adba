//! Random histories: the ledger and the naive model agree at every step.

use laurel_domain::{
    Points, Timestamp,
    id::{IdRun, LedgerRowId, PointAccountId, PointSourceId, SaleId},
    ledger::{Draft, First, TakenFor, Taking},
    program::Program,
};
use proptest::prelude::*;

use crate::{
    book::{self, Book, account, aged, id},
    model::{Lot, Model},
};

const HOUR_MS: i64 = 3_600_000;

#[derive(Debug, Clone)]
enum Act {
    Earn {
        account: u32,
        source: u32,
        units: i64,
        hours_back: i64,
    },
    Take {
        accounts: Vec<u32>,
        source: Option<u32>,
        units: i64,
        overdraw: bool,
    },
    /// Takes back what the decision's sale has earned.
    GiveBack {
        account: u32,
        units: i64,
    },
}

/// One decision: time goes on, perhaps for a sale, some acts one after the other.
#[derive(Debug, Clone)]
struct Step {
    hours: i64,
    sale: Option<u32>,
    acts: Vec<Act>,
}

fn act() -> impl Strategy<Value = Act> {
    let account = 1_u32..=3;
    let source = 101_u32..=102;
    let pool = prop::sample::subsequence(vec![1_u32, 2, 3], 1..=3).prop_shuffle();
    prop_oneof![
        4 => (account.clone(), source.clone(), 1_i64..3_000_000, 0_i64..280).prop_map(
            |(account, source, units, hours_back)| Act::Earn { account, source, units, hours_back }
        ),
        3 => (pool, prop::option::weighted(0.3, source), 1_i64..5_000_000, any::<bool>()).prop_map(
            |(accounts, source, units, overdraw)| Act::Take { accounts, source, units, overdraw }
        ),
        1 => (account, 1_i64..4_000_000).prop_map(|(account, units)| Act::GiveBack { account, units }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let sale = prop::option::of(500_u32..503);
    (0_i64..60, sale, prop::collection::vec(act(), 0..4)).prop_map(|(hours, sale, acts)| Step {
        hours,
        sale,
        acts,
    })
}

fn perform(
    draft: &mut Draft<'_>,
    program: &Program,
    model: &mut Model,
    act: &Act,
    now: Timestamp,
    sale: Option<SaleId>,
) {
    match act {
        Act::Earn { account, source, units, hours_back } => {
            let (points, occurred) = (Points::from_units(*units), now.plus_millis(-hours_back * HOUR_MS));
            let row = book::earn(draft, program, *account, *source, points, occurred, sale);
            let expires = Model::expiry(*account, occurred);
            let (account, source) = (*account, *source);
            model.earn(Lot { row, account, source, occurred, expires, remaining: points, sale });
        }
        Act::Take { accounts, source, units, overdraw } => {
            let (points, ids) = (Points::from_units(*units), ids(accounts));
            let taking =
                Taking { source: source.map(id::<PointSourceId>), ..book::taking(&ids, points, now) };
            let pool = draft.pool(&taking).unwrap();
            let missing = draft.take_from_pool(&taking).unwrap();
            assert_eq!(pool.plus(missing), Ok(points), "the pool was what could be taken");
            assert_eq!(missing, model.take(accounts, *source, None, points));
            if *overdraw && missing.is_positive() {
                let row = LedgerRowId(draft.next_id());
                draft.overdraw(row, ids[0], missing, now, TakenFor::Spend).unwrap();
                model.overdraw(accounts[0], missing);
            }
        }
        Act::GiveBack { account, units } => {
            let (points, ids) = (Points::from_units(*units), ids(&[*account]));
            let taking = book::taking(&ids, points, now);
            let taking = Taking {
                reason: TakenFor::Return,
                first_from: sale.map_or(First::None, First::Sale),
                ..taking
            };
            let missing = draft.take_from_pool(&taking).unwrap();
            assert_eq!(missing, model.take(&[*account], None, sale, points));
        }
    }
}

fn ids(accounts: &[u32]) -> Vec<PointAccountId> {
    accounts.iter().map(|account| id(*account)).collect()
}

fn assert_agreement(book: &Book, model: &Model, now: Timestamp) {
    for account in 1..=3 {
        let known = book.ledger.account(id(account));
        let mut read = Draft::new(&book.ledger, IdRun::starting_at(uuid::Uuid::nil()), 0);
        read.settle(now, &book.program).unwrap();
        assert_eq!(
            read.available(id(account)),
            model.available(account, now),
            "balance of account {account}"
        );
        let slot = usize::try_from(account - 1).unwrap();
        assert_eq!(book.lifetime(id(account)), model.lifetime[slot], "lifetime value of account {account}");
        let lots: Vec<_> = known.map_or(&[][..], |known| known.lots()).iter().collect();
        let expected = model.lots_of(account);
        assert_eq!(lots.len(), expected.len(), "lots of account {account}");
        for (lot, expected) in lots.into_iter().zip(expected) {
            assert_eq!(
                (lot.row, lot.source, lot.occurred, lot.expires, lot.remaining, lot.sale),
                (
                    expected.row,
                    id(expected.source),
                    expected.occurred,
                    expected.expires,
                    expected.remaining,
                    expected.sale
                )
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_agrees_with_the_naive_model(steps in prop::collection::vec(step(), 1..30)) {
        const DAY: u32 = 0;
        let life = u32::try_from(crate::model::LIFE_DAYS).unwrap();
        let expiring = aged("2020-01-01T00:00:00", (1, DAY), (life, DAY));
        let accounts = [account(1, &expiring, ""), account(2, "", ""), account(3, "", "")];
        let mut book = Book::new(book::program(&accounts, ""));
        let mut model = Model::default();
        let mut now = book::time("2026-01-01T00:00:00Z");
        for step in steps {
            now = now.plus_millis(step.hours * HOUR_MS);
            let sale: Option<SaleId> = step.sale.map(id);
            book.decide(sale, |draft, program| {
                draft.settle(now, program).unwrap();
                model.expire(now);
                for act in &step.acts {
                    perform(draft, program, &mut model, act, now, sale);
                }
            });
            assert_agreement(&book, &model, now);
            assert_agreement(&book, &model, now.plus_millis(100 * HOUR_MS));
        }
    }
}
