//! What is refused of the retailer, point accounts and sources, with its path and code (incentives.md 2.10, 7.4).

use serde_json::{Value, json};

use crate::{documents::*, refused::check};

#[test]
fn retailer_and_switches() {
    check(&[
        ("/retailer/retailer_id", json!("xyz"), "retailer.retailer_id", "invalid_value"),
        (
            "/retailer/retailer_id",
            json!("00000000-0000-0000-0000-000000000000"),
            "retailer.retailer_id",
            "invalid_value",
        ),
        ("/retailer/name", json!(""), "retailer.name", "required"),
        ("/retailer/time_zone", json!("Mars/Olympus"), "retailer.time_zone", "time_zone_unknown"),
        ("/retailer/switches/include_tax", json!("yes"), "retailer.switches.include_tax", "invalid_value"),
        (
            "/retailer/switches/demote_on_return",
            json!("sometimes"),
            "retailer.switches.demote_on_return",
            "invalid_value",
        ),
        (
            "/retailer/switches/demotion_mode",
            json!("to_the_floor"),
            "retailer.switches.demotion_mode",
            "invalid_value",
        ),
        (
            "/retailer/switches/max_backdate_days",
            json!(-1),
            "retailer.switches.max_backdate_days",
            "out_of_range",
        ),
    ]);
}

#[test]
fn accounts_and_sources() {
    let policy = "/point_accounts/0/expiration_policy";
    let at = |member: &str| format!("point_accounts[0].expiration_policy.{member}");
    for (member, value, code) in [
        ("policy_type", json!(9), "invalid_value"),
        ("point_expiration_percentage", json!(-1), "out_of_range"),
        ("point_expiration_percentage", json!(101), "out_of_range"),
        (
            "rollover_point_account_id",
            json!("9a000000-0000-4000-8000-000000000001"),
            "expiration_policy_invalid",
        ),
        ("rollover_point_account_id", nowhere(), "point_account_not_found"),
        ("frequency_value", json!(0), "expiration_policy_invalid"),
        ("expiration_age_unit_type", json!(7), "expiration_policy_invalid"),
        ("expiration_age_value", Value::Null, "required"),
        ("next_evaluation_date", json!("soon"), "invalid_value"),
        ("point_account_id", nowhere(), "expiration_policy_invalid"),
    ] {
        check(&[(&format!("{policy}/{member}"), value, &at(member), code)]);
    }
    let account = "9a000000-0000-4000-8000-000000000001";
    check(&[
        (
            "/point_accounts/-",
            json!({"id": account, "name": "Other"}),
            "point_accounts[2].id",
            "duplicate_id",
        ),
        ("/point_accounts/1/name", json!("Points"), "point_accounts[1].name", "duplicate_name"),
        ("/point_accounts/1/retailer_id", nowhere(), "point_accounts[1].retailer_id", "retailer_mismatch"),
        (
            "/point_accounts/1/max_allowed_balance",
            json!(-1),
            "point_accounts[1].max_allowed_balance",
            "out_of_range",
        ),
        ("/point_sources/0/status", json!(2), "point_sources[0].status", "out_of_range"),
        (
            "/point_sources/0/point_account_ids/-",
            nowhere(),
            "point_sources[0].point_account_ids[2]",
            "point_account_not_found",
        ),
    ]);
}

#[test]
fn restrictions_of_sources() {
    let limit = |more: Value| {
        let mut limit = json!({"discriminator": 2, "personal": true, "max_points": 10,
                               "time": 1, "unit_of_time": "Month"});
        limit.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        limit
    };
    for (restriction, member, code) in [
        (limit(json!({"discriminator": 3})), "discriminator", "invalid_value"),
        (limit(json!({"discriminator": 1, "max_points": 0})), "max_points", "limit_invalid"),
        (limit(json!({"discriminator": 1, "end_date": "soon"})), "end_date", "invalid_value"),
        (limit(json!({"personal": null})), "personal", "required"),
        (limit(json!({"max_points": 0})), "max_points", "limit_invalid"),
        (limit(json!({"unit_of_time": "Fortnight"})), "unit_of_time", "limit_invalid"),
    ] {
        let path = format!("point_sources[0].restrictions[0].{member}");
        check(&[("/point_sources/0/restrictions/-", restriction, &path, code)]);
    }
    assert!(compile(&spoilt(&[("/point_sources/0/restrictions/-", limit(json!({})))]), "", "").is_ok());
}

#[test]
fn inactivity_and_rollover() {
    let policy = "/point_accounts/0/expiration_policy";
    let at = |member: &str| format!("point_accounts[0].expiration_policy.{member}");
    let events = format!("{policy}/specific_activity_event_types");
    let inactive = |names: Value| spoilt(&[(&format!("{policy}/policy_type"), json!(2)), (&events, names)]);
    assert!(compile(&inactive(json!(["earn_points", "COMPLETE_TRANSACTION"])), "", "").is_ok());
    let at_events = at("specific_activity_event_types");
    assert_eq!(problems(&inactive(json!([]))), [(at_events.clone(), "expiration_policy_invalid")]);
    assert_eq!(problems(&inactive(json!(["LOG_IN"]))), [(format!("{at_events}[0]"), "event_not_found")]);
    assert_eq!(
        problems(&inactive(json!(["OFFER_REDEEMED"]))),
        [(format!("{at_events}[0]"), "not_supported")]
    );
    let event = json!([{"id": nowhere(), "event_lookup": "LOG_IN"}]);
    let defined =
        [(&*format!("{policy}/policy_type"), json!(2)), (&events, json!(["log_in"])), ("/events", event)];
    assert!(compile(&spoilt(&defined), "", "").is_ok());
    let other = "9a000000-0000-4000-8000-000000000002";
    let into_other = (format!("{policy}/rollover_point_account_id"), json!(other));
    let paused = spoilt(&[(&into_other.0, into_other.1), ("/point_accounts/1/active", json!(false))]);
    let rollover = at("rollover_point_account_id");
    assert_eq!(problems(&paused), [(rollover.clone(), "expiration_policy_invalid")]);
}
