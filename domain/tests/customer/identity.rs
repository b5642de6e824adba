//! Creation and change of the profile.

use laurel_domain::{
    customer::{Command, Effect, Error, Event, Fetched, Profile, Reply, TierMoveCause},
    entity::Verdict,
    identifier::Identifier,
};

use crate::{member::*, shop::*};

fn with_email(email: &str) -> Box<Profile> {
    Box::new(Profile { email: Some(email.into()), opted_in: true, ..Profile::default() })
}

fn create(member: &Member, email: &str) -> Command {
    Command::Create { id: who(), profile: with_email(email), claimed_until: member.now }
}

fn effects(member: &Member, command: &Command) -> Vec<Effect> {
    match member.ask(command, &Fetched::default()) {
        Ok(Verdict::Decided(decision)) => decision.effects,
        _ => panic!("it is decided at once"),
    }
}

#[test]
fn a_new_customer_joins_the_lowest_level_and_confirms_the_identifiers() {
    let mut member = Member::nobody(&Shop::default());
    let command = create(&member, "Ada@b.test");
    let email = Identifier::email("ada@b.test");
    assert_eq!(effects(&member, &command), [Effect::Confirm { identifier: email, customer: who() }]);
    assert_eq!(member.when(command), Ok(Reply::Done));
    assert_eq!(member.level(), SILVER);
    assert_eq!(member.customer.tiers()[0].joined, member.now);
    assert!(matches!(&member.events[1], Event::TiersEntered { moves, .. }
        if moves[0].cause == TierMoveCause::Enrolled && moves[0].from.is_none()));
    assert_eq!(member.customer.identity().unwrap().created_at, member.now);
    let balances = member.customer.balances(&member.program, member.now);
    assert_eq!(balances.accounts.len(), 3, "all active accounts, used or not");
    assert_eq!((balances.available(), balances.lifetime()), (Ok(points("0")), Ok(points("0"))));
}

#[test]
fn nobody_is_created_twice_or_on_claims_that_have_run_out() {
    let mut member = Member::nobody(&Shop::default());
    let late = create(&member, "a@b.test");
    member.now = member.now.plus_millis(1);
    assert_eq!(member.when(late), Err(Error::ClaimsExpired));
    let command = create(&member, "a@b.test");
    member.when(command.clone()).unwrap();
    assert_eq!(member.when(command), Err(Error::Exists));
}

#[test]
fn nobody_who_does_not_exist_can_do_anything() {
    let mut member = Member::nobody(&Shop::default());
    let update =
        Command::Update { profile: with_email("a@b.test"), based_on: member.now, claimed_until: member.now };
    assert_eq!(member.when(update), Err(Error::NotFound));
    let purpose = laurel_domain::customer::Purpose::Deposit(vec![deposit(SPEND, "10")]);
    assert_eq!(member.post(purpose, false), Err(Error::NotFound));
}

#[test]
fn a_change_of_the_profile_swaps_identifiers_and_is_made_on_the_last_one() {
    let mut member = Member::nobody(&Shop::default());
    let command = create(&member, "old@b.test");
    member.when(command).unwrap();
    let first = member.customer.identity().unwrap().updated_at;
    let update = |member: &Member, email: &str, based_on| Command::Update {
        profile: with_email(email),
        based_on,
        claimed_until: member.now,
    };
    let command = update(&member, "new@b.test", first);
    let (old, new) = (Identifier::email("old@b.test"), Identifier::email("new@b.test"));
    let expected = [
        Effect::Release { identifier: old, customer: who() },
        Effect::Confirm { identifier: new, customer: who() },
    ];
    assert_eq!(effects(&member, &command), expected);
    member.when(command).unwrap();
    let second = member.customer.identity().unwrap().updated_at;
    assert!(second > first, "within the same millisecond the version moves all the same");
    let stale = update(&member, "third@b.test", first);
    assert_eq!(member.when(stale), Err(Error::Conflict));
    let same = update(&member, "new@b.test", second);
    let events = member.events.len();
    assert_eq!(member.when(same), Ok(Reply::Done));
    assert_eq!(member.events.len(), events, "no change, no event");
}
