//! A customer's ledger and the accounts it knows: the calls that tests share.

use std::str::FromStr;

use laurel_domain::{
    Points, Timestamp,
    id::{IdRun, LedgerRowId, PointAccountId, PointSourceId, SaleId},
    ledger::{Draft, Earning, First, Ledger, Movement, TakenFor, Taking},
    program::{Program, ProgramText},
    time::Zone,
};
use uuid::Uuid;

/// The text of a made-up GUID.
pub fn guid(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

/// A GUID-based id of any kind.
pub fn id<T: FromStr<Err: std::fmt::Debug>>(n: u32) -> T {
    guid(n).parse().unwrap()
}

pub fn points(text: &str) -> Points {
    text.parse().unwrap()
}

pub fn time(text: &str) -> Timestamp {
    Timestamp::parse(text, &Zone::UTC).unwrap()
}

/// An account as JSON: `policy` is its expiration policy or nothing, `more` any further members.
pub fn account(n: u32, policy: &str, more: &str) -> String {
    let policy =
        if policy.is_empty() { String::new() } else { format!(r#", "expiration_policy": {policy}"#) };
    format!(r#"{{"id": "{}", "name": "Account {n}"{policy}{more}}}"#, guid(n))
}

/// A policy of type 1. Units as incentives.md 3.1 numbers them.
pub fn aged(first: &str, frequency: (u32, u32), age: (u32, u32)) -> String {
    format!(
        r#"{{"policy_type": 1, "next_evaluation_date": "{first}", "frequency_value": {}, "frequency_unit_type": {},
            "expiration_age_value": {}, "expiration_age_unit_type": {}, "point_expiration_percentage": 100}}"#,
        frequency.0, frequency.1, age.0, age.1
    )
}

/// Sources 101 and 102 fill every account; `restrictions` are those of source 101.
pub fn program(accounts: &[String], restrictions: &str) -> Program {
    let count = u32::try_from(accounts.len()).unwrap();
    let linked: Vec<_> = (1..=count).map(|n| format!("\"{}\"", guid(n))).collect();
    let linked = linked.join(",");
    let text = format!(
        r#"{{"retailer": {{"retailer_id": "{}", "name": "Shop"}}, "point_accounts": [{}],
            "point_sources": [
              {{"id": "{}", "name": "One", "point_account_ids": [{linked}], "restrictions": [{restrictions}]}},
              {{"id": "{}", "name": "Two", "point_account_ids": [{linked}]}}]}}"#,
        guid(99),
        accounts.join(","),
        guid(101),
        guid(102)
    );
    Program::compile(1, ProgramText { program: &text, stores: "", catalog: "" }).unwrap()
}

/// A ledger with its program and what has been written to it.
pub struct Book {
    pub program: Program,
    pub ledger: Ledger,
    pub written: Vec<Movement>,
    decisions: u128,
}

impl Book {
    pub fn new(program: Program) -> Self {
        Self { program, ledger: Ledger::default(), written: Vec::new(), decisions: 0 }
    }

    /// One decision: `make` drafts it; then it is applied. Checks the ledger's invariants.
    pub fn decide<T>(&mut self, sale: Option<SaleId>, make: impl FnOnce(&mut Draft<'_>, &Program) -> T) -> T {
        // Later decisions have greater ids, as those of the clock do.
        self.decisions += 1;
        let first = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + (self.decisions << 16));
        let mut draft = Draft::new(&self.ledger, IdRun::starting_at(first), 0);
        let result = make(&mut draft, &self.program);
        let available: Vec<_> =
            self.program.accounts().iter().map(|account| (account.id, draft.available(account.id))).collect();
        let lifetime: Vec<_> = available.iter().map(|(account, _)| draft.lifetime(*account)).collect();
        let (movements, _) = draft.finish();
        for movement in &movements {
            let before = self.lifetime(movement.account());
            self.ledger.apply(movement, sale);
            assert!(self.lifetime(movement.account()) >= before, "a lifetime value never falls");
        }
        self.written.extend(movements);
        for ((account, available), lifetime) in available.into_iter().zip(lifetime) {
            assert_eq!(self.available(account), available, "the draft foresees the balance");
            assert_eq!(self.lifetime(account), lifetime, "the draft foresees the lifetime value");
            if let Some(known) = self.ledger.account(account) {
                let lots = Points::sum(known.lots().iter().map(|lot| lot.remaining)).unwrap();
                assert_eq!(known.available, lots.minus(known.overdraft).unwrap());
                assert!(known.lots().iter().all(|lot| lot.remaining.is_positive()));
            }
        }
        result
    }

    pub fn available(&self, account: PointAccountId) -> Points {
        self.ledger.account(account).map_or(Points::ZERO, |known| known.available)
    }

    pub fn lifetime(&self, account: PointAccountId) -> Points {
        self.ledger.account(account).map_or(Points::ZERO, |known| known.lifetime)
    }

    /// What remains of each lot of an account, in spend order.
    pub fn lots(&self, account: u32) -> Vec<Points> {
        let known = self.ledger.account(id(account));
        known.map_or_else(Vec::new, |known| known.lots().iter().map(|lot| lot.remaining).collect())
    }

    pub fn earn(&mut self, account: u32, amount: &str, occurred: &str) -> LedgerRowId {
        self.decide(None, |draft, program| {
            earn(draft, program, account, 101, points(amount), time(occurred), None)
        })
    }

    /// Takes from the pool of these accounts, the rest by overdraft of the first.
    pub fn force(&mut self, accounts: &[u32], amount: &str, occurred: &str) {
        let accounts: Vec<PointAccountId> = accounts.iter().map(|n| id(*n)).collect();
        let occurred = time(occurred);
        self.decide(None, |draft, _| {
            let missing = draft.take_from_pool(&taking(&accounts, points(amount), occurred)).unwrap();
            if missing.is_positive() {
                let row = LedgerRowId(draft.next_id());
                draft.overdraw(row, accounts[0], missing, occurred, TakenFor::Spend).unwrap();
            }
        });
    }
}

/// A spend from any source.
pub fn taking(accounts: &[PointAccountId], points: Points, occurred: Timestamp) -> Taking<'_> {
    Taking {
        accounts,
        source: None,
        points,
        occurred,
        reason: TakenFor::Spend,
        first_from: First::None,
        row: None,
    }
}

pub fn earn(
    draft: &mut Draft<'_>,
    program: &Program,
    account: u32,
    source: u32,
    points: Points,
    occurred: Timestamp,
    sale: Option<SaleId>,
) -> LedgerRowId {
    let account = program.account(id(account)).unwrap();
    let source = program.source(id::<PointSourceId>(source)).unwrap();
    draft.earn(Earning { account, source, points, occurred, sale, program }).unwrap()
}
