//! Who registers after the sale has his part of it (incentives.md 7.16).

use laurel_domain::{
    id::IdentifierId,
    identifier::Identifier,
    sale::{Content, NamedUser, UserIdKind},
};

use crate::till::*;

const FIRST: &str = "2026-03-02T12:12:00Z";
const SECOND: &str = "2026-03-02T12:13:00Z";

fn external(text: &str) -> IdentifierId {
    Identifier::external(text).id()
}

fn user(kind: UserIdKind, text: &str) -> Option<NamedUser> {
    Some(NamedUser { id: text.into(), kind })
}

/// 75 paid by somebody with a card, 25 by somebody with an e-mail address.
fn named() -> Content {
    let mut content = paid(&["75", "25"], FIRST);
    content.payments[0].user = user(UserIdKind::LoyaltyCard, "card-1");
    content.payments[1].user = user(UserIdKind::Phone, "555");
    content.payments[1].additional_user = user(UserIdKind::Email, "Ann@Example.com");
    content
}

#[test]
fn a_sale_waits_for_those_it_names_by_what_one_registers_with() {
    let mut till = Till::new();
    let recorded = till.send(named(), &[]);
    let mut expected = [external("card-1"), Identifier::email("ann@example.com").id()];
    expected.sort_unstable();
    assert_eq!((recorded.parts(), recorded.awaited()), (vec![], expected.to_vec()));
    // Whoever is known is not waited for.
    let recorded = Till::new().send(named(), &[(Some(0), 1)]);
    assert_eq!(recorded.awaited(), [Identifier::email("ann@example.com").id()]);
}

#[test]
fn who_registers_has_the_payments_that_name_him_and_others_keep_theirs() {
    let mut till = Till::new();
    till.send(named(), &[(Some(1), 2)]);
    let effects = till.registered(external("card-1"), 1);
    assert_eq!(parts(&effects), [(1, false, Some(money("75"))), (2, true, Some(money("25")))]);
    assert_eq!((till.number(), awaited(&effects)), (2, vec![]));
    // Told again, or of somebody whose payment is a member's by now: nothing happens.
    assert_eq!(till.registered(external("card-1"), 1), []);
    assert_eq!(till.registered(Identifier::email("ann@example.com").id(), 3), []);
    assert_eq!(till.registered(external("card-9"), 4), []);
    assert_eq!(till.number(), 2);
    // The till's next version finds the member by itself.
    let recorded =
        till.send(Content { modified_time: time(SECOND), ..named() }, &[(Some(0), 1), (Some(1), 2)]);
    assert_eq!(recorded.parts(), []);
}

#[test]
fn who_is_named_beside_the_payments_has_the_whole_if_it_is_nobodys() {
    let on_envelope = Content { envelope_user_id: Some("card-7".into()), ..paid(&["100"], FIRST) };
    let mut till = Till::new();
    assert_eq!(till.send(on_envelope.clone(), &[]).awaited(), [external("card-7")]);
    assert_eq!(parts(&till.registered(external("card-7"), 7)), [(7, false, Some(money("100")))]);

    let mut till = Till::new();
    assert_eq!(till.send(on_envelope, &[(Some(0), 1)]).awaited(), []);
    assert_eq!(till.registered(external("card-7"), 7), []);
}

#[test]
fn what_is_not_evaluated_waits_for_nobody() {
    for content in [Content { is_closed: false, ..named() }, Content { is_voided: true, ..named() }] {
        let mut till = Till::new();
        assert_eq!(till.send(content, &[]).awaited(), []);
        assert_eq!(till.registered(external("card-1"), 1), []);
    }
    // Voided while it waits.
    let mut till = Till::new();
    till.send(named(), &[]);
    till.send(Content { is_voided: true, modified_time: time(SECOND), ..named() }, &[]);
    assert_eq!(till.registered(external("card-1"), 1), []);
    // Too old by then.
    let mut till = Till::new();
    till.send(named(), &[]);
    till.now = time("2026-06-02T12:30:00Z");
    assert_eq!(till.registered(external("card-1"), 1), []);
}
