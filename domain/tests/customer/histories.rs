//! Random histories of a customer against the naive model: the same balances, lots and dates at every step, and at
//! moments after it that nobody has written down.

use laurel_domain::{
    Points,
    customer::{
        Command, ExpireDetail, ModifyDetail, MoveDetail, Naming, Posting, Purpose, ReversalTarget,
        ReverseDetail,
    },
    id::PointAccountId,
    ledger::ExpiringAmount,
    program::LostShare,
};
use proptest::prelude::*;

use crate::{
    member::*,
    model::{HOUR_MS, Model, Policy},
    shop::*,
};

const ACCOUNTS: [u32; 3] = [SPEND, TIER, STRICT];

#[derive(Debug, Clone)]
enum Act {
    Deposit { account: u32, units: i64, hours_back: i64, quiet: bool },
    Spend { accounts: Vec<u32>, units: i64, force: bool, is_return: bool },
    Expire { account: u32, percent: Option<i64>, units: i64 },
    Move { from: Vec<u32>, to: u32, units: i64, preserve: bool },
    Reverse { which: usize, units: Option<i64> },
    Modify { which: usize, units: i64 },
    WriteDown,
}

fn act() -> impl Strategy<Value = Act> {
    let account = || prop::sample::select(ACCOUNTS.to_vec());
    let pool = || prop::sample::subsequence(ACCOUNTS.to_vec(), 1..=3).prop_shuffle();
    prop_oneof![
        5 => (account(), 1_i64..2_000_000, 0_i64..200, any::<bool>())
            .prop_map(|(account, units, hours_back, quiet)| Act::Deposit { account, units, hours_back, quiet }),
        4 => (pool(), 1_i64..3_000_000, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(accounts, units, force, is_return)| Act::Spend { accounts, units, force, is_return }),
        1 => (account(), prop::option::of(1_i64..100), 1_i64..1_000_000)
            .prop_map(|(account, percent, units)| Act::Expire { account, percent, units }),
        2 => (pool(), account(), 1_i64..1_000_000, any::<bool>())
            .prop_map(|(from, to, units, preserve)| Act::Move { from, to, units, preserve }),
        3 => (any::<prop::sample::Index>(), prop::option::of(1_i64..1_000_000))
            .prop_map(|(which, units)| Act::Reverse { which: which.index(1000), units }),
        1 => (any::<prop::sample::Index>(), 0_i64..3_000_000)
            .prop_map(|(which, units)| Act::Modify { which: which.index(1000), units }),
        1 => Just(Act::WriteDown),
    ]
}

/// A policy, in days: type 1 or 2, percentage, where it rolls over.
fn policy(into: Option<u32>) -> impl Strategy<Value = Policy> {
    let percent = prop_oneof![Just(100_i64), 1_i64..100];
    (0_u32..3, 1_i64..9, 1_i64..12, percent, any::<bool>()).prop_map(
        move |(kind, every_days, age_days, percent, rolls)| Policy {
            kind,
            every_days,
            age_days,
            percent,
            into: into.filter(|_| rolls),
        },
    )
}

fn text(policy: &Policy) -> String {
    let into = policy
        .into
        .map_or(String::new(), |into| format!(r#", "rollover_point_account_id": "{}""#, guid(into)));
    format!(
        r#", "expiration_policy": {{"policy_type": {}, "next_evaluation_date": "2026-01-01T00:00:00",
            "frequency_value": {}, "frequency_unit_type": 0, "expiration_age_value": {},
            "expiration_age_unit_type": 0, "point_expiration_percentage": {},
            "specific_activity_event_types": ["EARN_POINTS", "SPEND_POINTS"]{into}}}"#,
        policy.kind, policy.every_days, policy.age_days, policy.percent
    )
}

fn ids(accounts: &[u32]) -> Vec<PointAccountId> {
    accounts.iter().map(|account| id(*account)).collect()
}

fn post(member: &mut Member, purpose: Purpose, quiet: bool) -> bool {
    let posting = Posting { purpose, allow_partial_success: false, disable_event_publishing: quiet };
    let done = member.when(Command::Post(Box::new(posting)));
    done.is_ok()
}

/// Does it to both; both do it or both refuse.
fn perform(member: &mut Member, model: &mut Model, act: &Act) {
    let (now, naming) = (member.now, Naming::default());
    let points = |units: i64| Points::from_units(units);
    match act {
        Act::Deposit { account, units, hours_back, quiet } => {
            let occurred = now.plus_millis(-hours_back * HOUR_MS);
            let detail = laurel_domain::customer::DepositDetail {
                occurred: Some(occurred),
                ..deposit(*account, &points(*units).to_string())
            };
            let done = post(member, Purpose::Deposit(vec![detail]), *quiet);
            assert!(done);
            model.deposit(*account, *units, occurred, now, *quiet);
        }
        Act::Spend { accounts, units, force, is_return } => {
            let mut detail = spend(accounts, &points(*units).to_string());
            (detail.force, detail.is_return) = (*force, *is_return);
            let done = post(member, Purpose::Spend(vec![detail]), false);
            assert_eq!(done, model.spend(accounts, *units, *force, *is_return, now), "{act:?}");
        }
        Act::Expire { account, percent, units } => {
            let what = percent.map_or(ExpiringAmount::Points(points(*units)), |percent| {
                ExpiringAmount::Share(LostShare::percent(percent.to_string().parse().unwrap()).unwrap())
            });
            let (accounts, source, older_than, allow_rollover) = (ids(&[*account]), None, None, false);
            let detail = ExpireDetail { accounts, what, source, older_than, allow_rollover, naming };
            assert!(post(member, Purpose::Expire(detail), false));
            model.expire(*account, *percent, *units, now);
        }
        Act::Move { from, to, units, preserve } => {
            let (amount, preserve_expiration) = (points(*units), *preserve);
            let detail = MoveDetail { from: ids(from), to: id(*to), amount, preserve_expiration, naming };
            let done = post(member, Purpose::Move(detail), false);
            assert_eq!(done, model.transfer(from, *to, *units, *preserve, now), "{act:?}");
        }
        Act::Reverse { which, units } => {
            let rows = member.audit().iter().filter(|row| [1, 2, 16].contains(&row.kind.number()));
            let Some(row) = rows.clone().nth(which % rows.count().max(1)).cloned() else { return };
            let target = ReversalTarget::Row(row.id);
            let detail = ReverseDetail { target, amount: units.map(points), naming };
            let done = post(member, Purpose::Reverse(detail), false);
            assert_eq!(done, model.reverse(row.id, *units, now), "{act:?} {row:?}");
        }
        Act::Modify { which, units } => {
            let rows = member.audit().iter().filter(|row| row.kind.number() == 1);
            let Some(row) = rows.clone().nth(which % rows.count().max(1)).map(|row| row.id) else { return };
            let detail = ModifyDetail { row, new_amount: points(*units), new_expiration: None, naming };
            let done = post(member, Purpose::Modify(detail), false);
            assert_eq!(done, model.modify(row, *units, now), "{act:?}");
        }
        Act::WriteDown => {
            member.when(Command::Settle).unwrap();
            model.settle(now);
        }
    }
    // The model learns the ids that rows were given: they break ties in the order of spending.
    model.name_rows(member.audit());
}

fn assert_agreement(member: &Member, model: &Model, hours: i64) {
    let at = member.now.plus_millis(hours * HOUR_MS);
    let mut model = model.clone();
    model.settle(at);
    for account in ACCOUNTS {
        let read = member.customer.balance(id(account), &member.program, at);
        assert_eq!(read.available.units(), model.available(account), "account {account} in {hours} hours");
        assert_eq!(read.lifetime.units(), model.lifetime(account), "lifetime of {account} in {hours} hours");
        if hours == 0 {
            let coming = member.customer.expirations(&[id(account)], None, &member.program, at);
            let coming: Vec<_> = coming.iter().map(|coming| (coming.at, coming.points.units())).collect();
            assert_eq!(coming, model.coming(account), "what will run out of {account}");
        }
    }
}

fn assert_same_lots(member: &Member, model: &Model) {
    for account in ACCOUNTS {
        let known = member.customer.ledger().account(id(account));
        let lots = known.map_or(&[][..], |known| known.lots()).iter();
        let lots: Vec<_> =
            lots.map(|lot| (lot.row, lot.occurred, lot.expires, lot.remaining.units())).collect();
        assert_eq!(lots, model.lots(account), "lots of {account}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_customer_agrees_with_the_naive_model(
        tier in policy(Some(SPEND)),
        spend in policy(Some(STRICT)),
        steps in prop::collection::vec((0_i64..70, act()), 1..30),
    ) {
        let shop = Shop { spend: text(&spend), tier: text(&tier), ..Shop::with(&[]) };
        let mut member = Member::of(&shop);
        let mut model = Model::new([(SPEND, spend), (TIER, tier)], [STRICT], member.now);
        for (hours, act) in &steps {
            member.now = member.now.plus_millis(hours * HOUR_MS);
            let lifetime = ACCOUNTS.map(|account| member.lifetime(account));
            perform(&mut member, &mut model, act);
            for (account, before) in ACCOUNTS.into_iter().zip(lifetime) {
                prop_assert!(member.lifetime(account) >= before, "a lifetime value never falls");
            }
            for hours in [0, 1, 30, 400] {
                assert_agreement(&member, &model, hours);
            }
            member.when(Command::Settle).unwrap();
            model.settle(member.now);
            model.name_rows(member.audit());
            assert_same_lots(&member, &model);
        }
    }
}
