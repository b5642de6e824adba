//! Claims of identifiers: two who want the same one meet here.

use laurel_domain::{
    Timestamp,
    customer::Fetched,
    entity::{Context, Entity, Verdict},
    id::{CustomerId, IdRun, SaleId},
    identifier::{CLAIM_MS, CLAIM_USABLE_MS, Claim, Command, Effect, Identifier, Reply},
    program::Program,
};
use uuid::Uuid;

use crate::shop::id;

struct Claimed {
    claim: Claim,
    now: Timestamp,
    /// Whom it has told of a holder.
    told: Vec<(SaleId, CustomerId)>,
}

impl Claimed {
    fn new() -> Self {
        Self { claim: Claim::default(), now: Timestamp::from_millis(1_000_000), told: Vec::new() }
    }

    fn when(&mut self, command: Command) -> Reply {
        let (program, fetched) = (Program::default(), Fetched::default());
        let ids = IdRun::starting_at(Uuid::nil());
        let context = Context { now: self.now, ids, program: &program, fetched: &fetched };
        let Ok(Verdict::Decided(decision)) = self.claim.decide(&command, &context) else {
            panic!("a claim needs nothing");
        };
        for event in &decision.events {
            self.claim.apply(event);
        }
        for effect in &decision.effects {
            let Effect::Tell { sale, identifier, customer } = *effect;
            assert_eq!(identifier, Identifier::external("900").id());
            self.told.push((sale, customer));
        }
        decision.reply
    }

    /// A sale names whoever will have it, and waits so long.
    fn named_on(&mut self, sale: u32, wait_ms: i64) {
        let until = self.now.plus_millis(wait_ms);
        self.when(Command::Await { identifier: Identifier::external("900").id(), sale: id(sale), until });
    }

    fn confirm(&mut self, customer: u32) {
        self.when(Command::Confirm { customer: id(customer) });
    }

    fn claim(&mut self, customer: u32) -> Reply {
        self.when(Command::Claim { customer: id(customer) })
    }

    fn take_over(&mut self, customer: u32, from: u32) -> Reply {
        self.when(Command::TakeOver { customer: id(customer), from: id(from) })
    }

    fn usable(&self) -> Reply {
        Reply::Yours { usable_until: self.now.plus_millis(CLAIM_USABLE_MS) }
    }
}

fn holder(n: u32) -> CustomerId {
    id(n)
}

#[test]
fn the_first_has_it_and_others_hear_who() {
    let mut claimed = Claimed::new();
    assert!(claimed.claim.is_free());
    assert_eq!(claimed.claim(1), claimed.usable());
    assert_eq!(claimed.claim(2), Reply::Reserved { holder: holder(1) });
    assert_eq!(claimed.claim.holder(), None, "nobody's for good");
    claimed.when(Command::Confirm { customer: holder(1) });
    assert_eq!(claimed.claim.holder(), Some(holder(1)));
    assert_eq!(claimed.claim(1), claimed.usable());
}

#[test]
fn a_claim_that_was_never_confirmed_is_taken_over_after_its_time() {
    let mut claimed = Claimed::new();
    claimed.claim(1);
    claimed.now = claimed.now.plus_millis(CLAIM_MS - 1);
    assert_eq!(claimed.claim(2), Reply::Reserved { holder: holder(1) });
    claimed.now = claimed.now.plus_millis(1);
    assert_eq!(claimed.claim(2), Reply::Lapsed { holder: holder(1) });
    assert_eq!(claimed.take_over(2, 3), Reply::Lapsed { holder: holder(1) }, "somebody else was looked at");
    assert_eq!(claimed.take_over(2, 1), claimed.usable());
    assert_eq!(claimed.claim(1), Reply::Reserved { holder: holder(2) });
    assert_eq!(claimed.take_over(3, 1), Reply::Reserved { holder: holder(2) }, "too late");
}

#[test]
fn who_knows_that_the_creator_is_gone_need_not_wait() {
    let mut claimed = Claimed::new();
    claimed.claim(1);
    assert_eq!(claimed.take_over(2, 3), Reply::Reserved { holder: holder(1) }, "somebody else was looked at");
    assert_eq!(claimed.take_over(2, 1), claimed.usable());
    claimed.when(Command::Confirm { customer: holder(2) });
    assert_eq!(claimed.claim(1), Reply::Taken { holder: holder(2) });
}

/// Its confirmation comes after its time, and after somebody asked for it.
#[test]
fn whoever_came_in_time_keeps_a_claim_that_is_confirmed_late() {
    let mut claimed = Claimed::new();
    claimed.claim(1);
    claimed.now = claimed.now.plus_millis(10 * CLAIM_MS);
    assert_eq!(claimed.claim(2), Reply::Lapsed { holder: holder(1) });
    claimed.when(Command::Confirm { customer: holder(1) });
    assert_eq!(claimed.take_over(2, 1), Reply::Taken { holder: holder(1) });
    assert_eq!(claimed.claim.holder(), Some(holder(1)));
}

#[test]
fn who_claims_again_has_the_full_time_again() {
    let mut claimed = Claimed::new();
    claimed.claim(1);
    claimed.now = claimed.now.plus_millis(CLAIM_MS - 1);
    assert_eq!(claimed.claim(1), claimed.usable());
    claimed.now = claimed.now.plus_millis(CLAIM_MS - 1);
    assert_eq!(claimed.claim(2), Reply::Reserved { holder: holder(1) });
}

#[test]
fn what_is_confirmed_is_never_taken_over() {
    let mut claimed = Claimed::new();
    claimed.claim(1);
    claimed.when(Command::Confirm { customer: holder(1) });
    claimed.now = Timestamp::MAX;
    assert_eq!(claimed.claim(2), Reply::Taken { holder: holder(1) });
    claimed.when(Command::Release { customer: holder(2) });
    assert_eq!(claimed.claim.holder(), Some(holder(1)), "only the holder lets go");
}

#[test]
fn what_is_released_is_anybodys() {
    let mut claimed = Claimed::new();
    claimed.claim(1);
    claimed.when(Command::Confirm { customer: holder(1) });
    claimed.when(Command::Release { customer: holder(1) });
    assert!(claimed.claim.is_free());
    assert_eq!(claimed.claim(2), claimed.usable());
    claimed.when(Command::Release { customer: holder(2) });
    assert!(claimed.claim.is_free(), "a claim that was given up");
}

/// A creation that was slow to be heard of is confirmed all the same, as long as nobody else came.
#[test]
fn a_late_confirmation_of_a_free_claim_holds() {
    let mut claimed = Claimed::new();
    claimed.claim(1);
    claimed.now = claimed.now.plus_millis(10 * CLAIM_MS);
    claimed.when(Command::Confirm { customer: holder(1) });
    assert_eq!(claimed.claim.holder(), Some(holder(1)));
    assert_eq!(claimed.claim(2), Reply::Taken { holder: holder(1) });
}

/// The creator may use less than the time others are kept away: a creation at the last moment meets no takeover.
#[test]
fn usable_time_ends_before_the_claim_does() {
    let mut claimed = Claimed::new();
    let Reply::Yours { usable_until } = claimed.claim(1) else { panic!("it is free") };
    claimed.now = usable_until.plus_millis(1);
    assert_eq!(claimed.claim(2), Reply::Reserved { holder: holder(1) });
}

/// incentives.md 7.16: late registration.
#[test]
fn sales_hear_who_registers_as_long_as_they_wait() {
    let mut claimed = Claimed::new();
    claimed.named_on(501, 100);
    claimed.named_on(502, 200);
    claimed.named_on(502, 200);
    claimed.now = claimed.now.plus_millis(150);
    // Somebody who is about to register, gives it up, and another who comes: they wait all the time.
    assert_eq!(claimed.claim(1), claimed.usable());
    claimed.named_on(503, 100);
    claimed.when(Command::Release { customer: id(1) });
    assert!(!claimed.claim.is_free(), "sales wait");
    assert_eq!(claimed.claim(2), claimed.usable());
    assert_eq!(claimed.claim(1), Reply::Reserved { holder: holder(2) });
    claimed.confirm(2);
    claimed.confirm(2);
    assert_eq!(claimed.told, [(id(502), holder(2)), (id(503), holder(2))]);
    assert_eq!(claimed.claim.holder(), Some(holder(2)));
    // A sale that was on its way when the member came.
    claimed.named_on(504, 100);
    assert_eq!(claimed.told[2..], [(id(504), holder(2))]);
    claimed.when(Command::Release { customer: id(2) });
    assert!(claimed.claim.is_free(), "nobody waits any more");
}

#[test]
fn a_name_that_everybody_gets_does_not_fill_the_memory() {
    let mut claimed = Claimed::new();
    for sale in 0..1000 {
        claimed.named_on(sale, 100);
    }
    claimed.confirm(1);
    let newest: Vec<_> = (900..1000).map(|sale| (id(sale), holder(1))).collect();
    assert_eq!(claimed.told, newest);
}
