//! A sale forgets a member who was erased (incentives.md 7.17).

use laurel_domain::{
    customer::Fetched,
    entity::{Context, Entity, Verdict},
    id::{IdRun, RetailerId},
    identifier::Identifier,
    program::Program,
    sale::{Command, Content, Event, ForgetMember, NamedUser, Outcome, Sale, UserIdKind},
};
use uuid::Uuid;

use crate::till::*;

const AT: &str = "2026-03-02T12:12:00Z";

fn user(id: &str, kind: UserIdKind) -> Option<NamedUser> {
    Some(NamedUser { id: id.into(), kind })
}

/// Paid by Anna in the first payment and by Boris in the second.
fn shared() -> Content {
    let mut content = paid(&["75", "25"], AT);
    content.payments[0].user = user("anna@a.test", UserIdKind::Email);
    content.payments[0].custom_data = Some(r#"{"to":"Anna"}"#.into());
    content.payments[0].receipt_code = Some("ANNA-1".into());
    content.payments[1].user = user("BORIS", UserIdKind::External);
    content.custom_data = Some(r#"{"gift_for":"Anna"}"#.into());
    content.guest_receipt_code = Some("G-1".into());
    content.envelope_user_id = Some("ANNA".into());
    content.items[0].custom_data = Some(r#"{"engraving":"Anna"}"#.into());
    content
}

fn forget(till: &mut Till, customer: u32) -> Vec<Event> {
    let program = Program::empty(RetailerId(Uuid::from_u128(99)), "Shop");
    let fetched = Fetched::default();
    let ids = IdRun::starting_at(Uuid::nil());
    let context = Context { now: till.now, ids, program: &program, fetched: &fetched };
    let named = vec![Identifier::email("anna@a.test").id(), Identifier::external("ANNA").id()];
    let command = Command::Forget(ForgetMember { customer: id(customer), named });
    let Verdict::Decided(decision) = till.sale.decide(&command, &context).unwrap() else {
        panic!("a sale needs nothing");
    };
    assert!(decision.effects.is_empty());
    decision.events.iter().for_each(|event| till.sale.apply(event));
    decision.events
}

#[test]
fn what_was_sold_stays_and_who_bought_it_does_not() {
    let mut till = Till::new();
    till.send(shared(), &[(Some(0), 1), (Some(1), 2)]);
    let before = till.sale.current().unwrap().clone();
    let events = forget(&mut till, 1);
    let after = till.sale.current().unwrap();
    let text = format!("{:?}", till.sale);
    for trace in ["anna", "Anna", "ANNA", "000000000001\"", "G-1"] {
        assert!(!text.contains(trace), "{trace} in {text}");
    }
    assert_eq!(
        after.content.payments[1], before.content.payments[1],
        "another member's payment is left alone"
    );
    assert_eq!(after.content.payments[0].amount, before.content.payments[0].amount);
    assert_eq!((after.number, after.content.subtotal), (before.number, before.content.subtotal));
    assert_eq!(after.payers, before.payers[1..]);
    assert_eq!(till.sale.credited(), [id(2)]);
    // The event alone makes the sale what it is: nothing before it needs to be kept.
    let mut alone = Sale::default();
    events.iter().for_each(|event| alone.apply(event));
    assert_eq!(alone, till.sale);
}

#[test]
fn a_till_that_sends_the_sale_again_does_not_bring_the_member_back() {
    let mut till = Till::new();
    till.send(shared(), &[(Some(0), 1), (Some(1), 2)]);
    forget(&mut till, 1);
    let again = till.send_with(shared(), &[(Some(1), 2)], true);
    assert_eq!(again.receipt.outcome, Outcome::Duplicate);
    let mut returned = shared();
    returned.modified_time = time("2026-03-02T12:20:00Z");
    returned.items[0].subtotal = money("50");
    returned.subtotal = money("50");
    let returned = till.send_with(returned, &[(Some(1), 2)], true);
    assert_eq!(returned.receipt.outcome, Outcome::Accepted);
    assert_eq!(returned.effects.len(), 1, "only Boris is told: {:?}", returned.effects);
    assert_eq!(returned.parts()[0].0, 2);
    let late = till.send_with(shared(), &[(Some(1), 2)], true);
    assert_eq!(late.receipt.outcome, Outcome::Stale);
    for event in [returned.events, late.events].concat() {
        let text = format!("{event:?}").to_lowercase();
        assert!(!text.contains("anna"), "{text}");
        assert!(text.contains("boris"));
    }
}

#[test]
fn a_sale_that_was_never_heard_of_forgets_nobody() {
    assert_eq!(forget(&mut Till::new(), 1), []);
}

#[test]
fn a_version_that_was_superseded_goes_too() {
    let mut till = Till::new();
    till.send(shared(), &[(Some(0), 1), (Some(1), 2)]);
    let mut other = shared();
    other.modified_time = time("2026-03-02T12:20:00Z");
    other.payments[0].user = None;
    till.send(other, &[(Some(1), 2)]);
    assert!(matches!(&forget(&mut till, 1)[..], [Event::MemberForgotten(_)]));
}
