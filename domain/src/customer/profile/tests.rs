//! The rules of profiles by the worked examples of customers-campaigns.md B1.

use super::{Change, ExternalId, IdentifierChange, PhoneChange, Profile, ProfileChange, ProfileFaultReason};
use crate::{
    id::CustomerId,
    time::{Timestamp, Zone},
};

fn now() -> Timestamp {
    Timestamp::parse("2026-03-01T12:00:00Z", &Zone::UTC).unwrap()
}

fn id(value: &str, kind: &str) -> ExternalId {
    ExternalId { value: value.into(), kind: (!kind.is_empty()).then(|| kind.into()) }
}

fn add(value: &str, kind: &str) -> IdentifierChange {
    IdentifierChange { id: id(value, kind), delete: false }
}

fn remove(value: &str) -> IdentifierChange {
    IdentifierChange { id: id(value, ""), delete: true }
}

fn set(value: &str) -> Change<Box<str>> {
    Change::Set(value.into())
}

fn with_email() -> Profile {
    Profile::create(ProfileChange { email: set(" Ann@Example.com "), ..ProfileChange::default() }, now())
        .unwrap()
}

fn reasons(change: ProfileChange) -> Vec<(String, ProfileFaultReason)> {
    let faults = with_email().changed(change, now()).unwrap_err();
    faults.into_iter().map(|fault| (fault.field, fault.reason)).collect()
}

fn values(profile: &Profile) -> Vec<&str> {
    profile.identifiers.iter().map(|known| &*known.value).collect()
}

fn shown(profile: &Profile) -> Option<&str> {
    profile.shown_identifier().map(|known| &*known.value)
}

#[test]
fn an_id_alone_or_an_email_alone_is_enough_and_nothing_is_not() {
    let by_id = ProfileChange { external_id: Some(id("900", "")), ..ProfileChange::default() };
    assert_eq!(shown(&Profile::create(by_id, now()).unwrap()), Some("900"));
    assert_eq!(with_email().email.as_deref(), Some("Ann@Example.com"));
    assert!(with_email().opted_in);
    let faults = Profile::create(ProfileChange::default(), now()).unwrap_err();
    assert_eq!(faults[0].reason, ProfileFaultReason::KeyRequired);
}

#[test]
fn the_first_pair_of_a_request_is_shown_and_the_order_is_that_of_mapping() {
    let two =
        ProfileChange { identifiers: vec![add("a", "crm"), add("b", "sso")], ..ProfileChange::default() };
    let created = Profile::create(two, now()).unwrap();
    assert_eq!((shown(&created), values(&created)), (Some("a"), vec!["a", "b"]));

    let again = ProfileChange {
        external_id: Some(id("b", "sso")),
        identifiers: vec![add("b", "sso"), add("c", "")],
        ..ProfileChange::default()
    };
    let updated = created.changed(again, now()).unwrap();
    assert_eq!((shown(&updated), values(&updated)), (Some("b"), vec!["a", "b", "c"]));
}

#[test]
fn clearing_goes_before_adding_and_the_last_key_stays() {
    let two = ProfileChange { identifiers: vec![add("a", ""), add("b", "")], ..ProfileChange::default() };
    let created = Profile::create(two, now()).unwrap();
    let replaced = ProfileChange {
        clear_identifiers: true,
        identifiers: vec![add("c", "")],
        ..ProfileChange::default()
    };
    assert_eq!(values(&created.changed(replaced, now()).unwrap()), ["c"]);

    let one_left =
        created.changed(ProfileChange { identifiers: vec![remove("a")], ..ProfileChange::default() }, now());
    let one_left = one_left.unwrap();
    assert_eq!((shown(&one_left), values(&one_left)), (Some("b"), vec!["b"]));
    let none_left =
        one_left.changed(ProfileChange { identifiers: vec![remove("b")], ..ProfileChange::default() }, now());
    assert_eq!(none_left.unwrap_err()[0].reason, ProfileFaultReason::KeyRequired);
    let no_mail =
        with_email().changed(ProfileChange { email: Change::Clear, ..ProfileChange::default() }, now());
    assert_eq!(no_mail.unwrap_err()[0].reason, ProfileFaultReason::KeyRequired);
}

#[test]
fn attributes_take_their_stored_form() {
    let change = ProfileChange {
        locale: set("en_US"),
        gender: set("Female"),
        country: set("us"),
        state: set("Massachusetts"),
        zip: set("01001"),
        dob: set("1990-04-02"),
        latitude: set("42.0695"),
        ..ProfileChange::default()
    };
    let profile = with_email().changed(change, now()).unwrap();
    assert_eq!(profile.locale.as_deref(), Some("en-us"));
    assert_eq!(profile.gender.as_deref(), Some("f"));
    assert_eq!(profile.address.country.as_deref(), Some("USA"));
    assert_eq!(profile.address.state.as_deref(), Some("MA"));
    let cleared =
        profile.changed(ProfileChange { zip: Change::Clear, ..ProfileChange::default() }, now()).unwrap();
    assert_eq!((cleared.address.zip, cleared.dob.as_deref()), (None, Some("1990-04-02")));
}

#[test]
fn wrong_attributes_are_named_together_and_change_nothing() {
    use ProfileFaultReason::{Format, NotInList, OutOfRange, TooLong, TooYoung};
    let change = ProfileChange {
        email: set("no address"),
        first_name: set(&"x".repeat(101)),
        dob: set("2013-03-02"),
        gender: set("x"),
        country: set("XX"),
        latitude: set("90.1"),
        ..ProfileChange::default()
    };
    let expected = [
        ("email", Format),
        ("first_name", TooLong(100)),
        ("dob", TooYoung),
        ("gender", NotInList),
        ("country", NotInList),
        ("latitude", OutOfRange),
    ];
    assert_eq!(reasons(change), expected.map(|(field, reason)| (field.to_owned(), reason)));
    assert_eq!(reasons(ProfileChange { dob: set("2012-02-30"), ..ProfileChange::default() })[0].1, Format);
    let birthday = ProfileChange { dob: set("2013-03-01"), ..ProfileChange::default() };
    assert!(with_email().changed(birthday, now()).is_ok(), "thirteen on this very day");
    let parked = ProfileChange { email: set("ann@example.com.delete_20260301"), ..ProfileChange::default() };
    assert!(with_email().changed(parked, now()).is_ok(), "withdrawal pattern, B1.10");
}

#[test]
fn phones_are_replaced_as_a_whole_cleaned_and_one_is_primary() {
    let phone = |number: &str, kind: Option<&str>, primary| PhoneChange {
        number: number.into(),
        kind: kind.map(Into::into),
        primary,
    };
    let phones = vec![phone("+1 (413) 555-0100", None, false), phone("413.555.0101", Some("home"), false)];
    let profile = with_email()
        .changed(ProfileChange { phones: Some(phones), ..ProfileChange::default() }, now())
        .unwrap();
    assert_eq!(&*profile.phones[0].number, "14135550100");
    assert_eq!((&*profile.phones[0].kind, profile.phones[0].primary), ("mobile", true));
    assert!(!profile.phones[1].primary);
    let none = profile
        .changed(ProfileChange { phones: Some(Vec::new()), ..ProfileChange::default() }, now())
        .unwrap();
    assert!(none.phones.is_empty());

    let wrong = vec![phone("12ab", None, true), phone("1", Some("fax"), true)];
    let found = reasons(ProfileChange { phones: Some(wrong), ..ProfileChange::default() });
    let expected = [
        ("phone_numbers", ProfileFaultReason::SecondPrimary),
        ("phone_numbers[0].phone_number", ProfileFaultReason::Format),
        ("phone_numbers[1].phone_type", ProfileFaultReason::NotInList),
    ];
    assert_eq!(found, expected.map(|(field, reason)| (field.to_owned(), reason)));
}

#[test]
fn the_referral_code_is_made_at_creation_and_outlives_a_change_of_name() {
    let named = ProfileChange {
        email: set("a@b.example"),
        first_name: set("Brendan"),
        last_name: set("Turner"),
        ..ProfileChange::default()
    };
    let customer = CustomerId::from_bytes([9; 16]);
    let created = Profile::create(named, now()).unwrap();
    let code = created.referrer_code(customer);
    assert!(code.starts_with("BRENDANT-") && code.len() == "BRENDANT-8B3AFC".len(), "{code}");
    let renamed =
        created.changed(ProfileChange { first_name: set("Bo"), ..ProfileChange::default() }, now()).unwrap();
    assert_eq!(renamed.referrer_code(customer), code);
    let nameless = with_email().referrer_code(customer);
    assert_eq!(nameless.len(), "21FAB2-3F636C-9DF80C".len(), "{nameless}");
}
