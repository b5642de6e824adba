//! The table of catalog-transactions.md F.2, row by row.

use laurel_domain::sale::{Content, Event, Outcome, SalesWarning};
use proptest::prelude::*;

use crate::till::*;

const FIRST: &str = "2026-03-02T12:12:00Z";
const SECOND: &str = "2026-03-02T12:13:00Z";

fn after_first() -> Till {
    let mut till = Till::new();
    let first = till.send(sale("20", FIRST), &[(None, 1)]);
    assert_eq!((first.outcome(), first.warnings()), ((Outcome::Accepted, 1), &[][..]));
    assert_eq!(first.effects.len(), 1);
    till
}

#[test]
fn newer_with_other_content_is_the_next_revision() {
    let mut till = after_first();
    let next = till.send(sale("15", SECOND), &[(None, 1)]);
    assert_eq!(next.outcome(), (Outcome::Accepted, 2));
    assert_eq!(next.parts(), [(1, true, Some(money("100")))]);
    assert_eq!(till.sale.current().unwrap().content.subtotal, money("15"), "replaced as a whole");
}

#[test]
fn newer_with_the_same_content_moves_the_time() {
    let mut till = after_first();
    let same = till.send(sale("20", SECOND), &[(None, 1)]);
    assert_eq!((same.outcome(), same.effects.len()), ((Outcome::NoChange, 1), 0));
    assert_eq!(till.sale.current().unwrap().content.modified_time, time(SECOND));
    let late = till.send(sale("15", "2026-03-02T12:12:30Z"), &[(None, 1)]);
    assert_eq!(late.outcome(), (Outcome::Stale, 1), "older than the time that was moved");
}

#[test]
fn the_same_again_is_a_duplicate() {
    let mut till = after_first();
    let again = till.send(sale("20", FIRST), &[(None, 1)]);
    assert_eq!((again.outcome(), again.events.len(), again.effects.len()), ((Outcome::Duplicate, 1), 0, 0));
}

/// Sent again before the answer could be remembered.
#[test]
fn the_same_request_again_gets_the_same_answer() {
    let mut till = Till::new();
    let first = till.send_with(sale("20", FIRST), &[(None, 1)], true);
    let again = till.send_again(sale("20", FIRST), &[(None, 1)]);
    assert_eq!(first.receipt, again.receipt);
    assert_eq!((again.events.len(), again.effects.len()), (0, 0));
    till.send(sale("15", SECOND), &[(None, 1)]);
    let late = till.send_again(sale("20", FIRST), &[(None, 1)]);
    assert_eq!(late.outcome(), (Outcome::Stale, 2), "another version has come in between");
}

#[test]
fn the_same_time_with_other_content_is_the_next_revision_with_a_warning() {
    let mut till = after_first();
    let other = till.send(sale("15", FIRST), &[(None, 1)]);
    assert_eq!(
        (other.outcome(), other.warnings()),
        ((Outcome::Accepted, 2), &[SalesWarning::SameModifiedTime][..])
    );
    assert_eq!(other.effects.len(), 1);
}

#[test]
fn an_older_one_is_kept_without_effects() {
    let mut till = after_first();
    let before = till.sale.clone();
    let stale = till.send(sale("99", "2026-03-02T12:11:59.999Z"), &[(None, 1)]);
    assert_eq!((stale.outcome(), stale.effects.len()), ((Outcome::Stale, 1), 0));
    assert!(
        matches!(stale.events.as_slice(), [Event::StaleIgnored { content, .. }] if content.subtotal == money("99"))
    );
    assert_eq!(till.sale, before);
}

/// A member who could not be found then and can be now is news.
#[test]
fn the_same_content_with_another_member_is_no_duplicate() {
    let mut till = Till::new();
    let unknown = till.send_with(sale("20", FIRST), &[], true);
    assert_eq!((unknown.warnings(), unknown.effects.len()), (&[SalesWarning::UserNotFound][..], 0));
    let known = till.send(sale("20", FIRST), &[(None, 1)]);
    assert_eq!(known.outcome(), (Outcome::Accepted, 2));
    assert_eq!(known.parts(), [(1, false, Some(money("100")))]);
}

/// catalog-transactions.md F.3: open, closed, reopened, closed.
#[test]
fn open_sales_are_stored_and_not_evaluated() {
    let open = |content: Content| Content { is_closed: false, ..content };
    let mut till = Till::new();
    let opened = till.send(open(sale("20", FIRST)), &[(None, 1)]);
    assert_eq!((opened.outcome(), opened.effects.len()), ((Outcome::Accepted, 1), 0));
    assert_eq!(till.sale.business_time(), None);
    assert_eq!(till.send(sale("20", SECOND), &[(None, 1)]).parts(), [(1, false, Some(money("100")))]);
    let reopened = till.send(open(sale("25", "2026-03-02T12:14:00Z")), &[(None, 1)]);
    assert_eq!((reopened.outcome(), reopened.effects.len()), ((Outcome::Accepted, 3), 0));
    assert_eq!(till.sale.credited(), [id(1)], "what was earned stays until it is closed again");
    let closed = till.send(sale("25", "2026-03-02T12:15:00Z"), &[(None, 1)]);
    assert_eq!(closed.parts(), [(1, true, Some(money("100")))]);
}

#[test]
fn a_void_is_a_version_like_any_other() {
    let mut till = after_first();
    let void = till.send(Content { is_voided: true, ..sale("20", SECOND) }, &[(None, 1)]);
    assert_eq!((void.outcome(), void.effects.len()), ((Outcome::Accepted, 2), 1));
    let late = till.send(sale("20", FIRST), &[(None, 1)]);
    assert_eq!(late.outcome(), (Outcome::Stale, 2), "an unvoid needs a newer time");
}

#[test]
fn totals_that_do_not_add_up_are_marked() {
    let subtotal = |text: &str| Content { subtotal: money(text), ..sale("20", FIRST) };
    for (text, marked) in
        [("20", false), ("20.01", false), ("19.99", false), ("20.0101", true), ("-20", true)]
    {
        let warned = Till::new().send(subtotal(text), &[]).warnings() == [SalesWarning::TotalsMismatch];
        assert_eq!(warned, marked, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// pos-offers.md, part E 6: out of order, the newest version is in force, and revisions have no gaps.
    #[test]
    fn the_newest_version_prevails(order in prop::collection::vec((0_i64..8, 1_u32..4), 1..20)) {
        let mut till = Till::new();
        let mut effects = 0;
        for (minute, amount) in &order {
            let at = time(FIRST).plus_millis(minute * 1_000);
            let content = Content { modified_time: at, ..sale(&amount.to_string(), FIRST) };
            let before = till.sale.current().map_or(0, |current| current.number);
            let recorded = till.send(content, &[(None, 1)]);
            let accepted = recorded.receipt.outcome == Outcome::Accepted;
            prop_assert_eq!(till.number(), before + u32::from(accepted));
            prop_assert_eq!(recorded.effects.len(), usize::from(accepted));
            effects += recorded.effects.len();
        }
        let newest = order.iter().map(|(minute, _)| *minute).max().unwrap();
        let (_, amount) = order.iter().rev().find(|(minute, _)| *minute == newest).unwrap();
        let current = till.sale.current().unwrap();
        prop_assert_eq!(&current.content.subtotal, &money(&amount.to_string()));
        prop_assert_eq!(current.content.modified_time, time(FIRST).plus_millis(newest * 1_000));
        prop_assert_eq!(effects, usize::try_from(current.number).unwrap());
    }
}
