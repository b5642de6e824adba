//! Constraints on the moment, on the customer and on what the till sent besides lines (incentives.md 6.3).

use std::borrow::Cow;

use laurel_domain::{
    Timestamp,
    id::TierSystemId,
    program::{Program, ProgramText, tree::Attribute},
    rules::{Payment, Person},
    sale::{Content, SaleDiscount, SoldItem},
};

use crate::shop::*;

/// Somebody with a tag, an attribute and dates.
pub struct Somebody;

impl Person for Somebody {
    fn attribute(&self, attribute: &Attribute) -> Option<Cow<'_, str>> {
        match attribute {
            Attribute::BirthMonth => Some("3".into()),
            Attribute::City => Some("Madrid".into()),
            Attribute::Custom(name) if &**name == "pets" => Some("2".into()),
            Attribute::Zip => Some(" ".into()),
            _ => None,
        }
    }

    fn registered(&self) -> Option<Timestamp> {
        Some(time("2026-03-01T00:00:00Z"))
    }

    fn joined(&self, _: TierSystemId) -> Option<Timestamp> {
        Some(time("2026-03-05T12:00:00Z"))
    }

    fn has_tag(&self, tag: &str) -> bool {
        tag == "vip"
    }
}

/// What a till sends, without lines.
pub fn content(custom_data: &str) -> Content {
    let at = time("2026-03-15T12:00:00Z");
    Content {
        transaction_id: "T-1".into(),
        store: id(STORE),
        from_transaction_id: None,
        pos_employee_id: None,
        sm_employee_id: None,
        table_id: None,
        guest_count: None,
        is_closed: true,
        is_voided: false,
        subtotal: money("10"),
        tax_total: money("0"),
        open_time: at,
        modified_time: at,
        guest_receipt_code: None,
        channel: "POS".into(),
        status: Some("shipped".into()),
        custom_data: (!custom_data.is_empty()).then(|| custom_data.into()),
        business_def_collection: None,
        items: Vec::new(),
        payments: Vec::new(),
        discounts: Vec::new(),
        envelope_user_id: None,
    }
}

pub fn item(custom_data: &str, status: &str) -> SoldItem {
    SoldItem {
        line_id: "1".into(),
        item_id: "unknown".into(),
        quantity: "1".parse().unwrap(),
        unit_price: money("10"),
        subtotal: money("10"),
        tax_included: money("0"),
        modifies_line_id: None,
        status: Some(status.into()),
        custom_data: Some(custom_data.into()),
    }
}

fn discount(reference: &str, kind: Option<&str>) -> SaleDiscount {
    SaleDiscount {
        reference_id: Some(reference.into()),
        reference_id_type: kind.map(Into::into),
        pos_discount_id: None,
        status: None,
        display_name: None,
        image_url: None,
        discounted_line_ids: Vec::new(),
        discounted_line_id_quantities: Vec::new(),
        discount_source: None,
        amount: money("0"),
        stack_order: None,
        applied_time: None,
        user_id: None,
    }
}

/// A tree that gives 5 points under a constraint.
fn gives(constraint: &str) -> Program {
    program(&[tree(100, "", constraint, &outcome(1, 1, r#""amount": 5"#))])
}

fn passes(constraint: &str, basket: &Basket<'_>) -> bool {
    let evaluation = basket.evaluate(&gives(constraint));
    assert!(evaluation.failed.is_empty(), "{constraint}");
    !evaluation.awards.is_empty()
}

/// Checks a constraint and its exclusion.
fn either_way(constraint: &str, basket: &Basket<'_>, expected: bool) {
    assert_eq!(passes(&format!("{{{constraint}}}"), basket), expected, "{constraint}");
    let excluded = format!(r#"{{{constraint}, "mode": "exclude"}}"#);
    assert_eq!(passes(&excluded, basket), !expected, "not {constraint}");
}

#[test]
fn a_time_window_includes_both_ends() {
    let window =
        r#""discriminator": 1, "start_date": "2026-03-15T12:00:00Z", "end_date": "2026-03-16T12:00:00Z""#;
    for (at, inside) in [
        ("2026-03-15T11:59:59.999Z", false),
        ("2026-03-15T12:00:00Z", true),
        ("2026-03-16T12:00:00Z", true),
        ("2026-03-16T12:00:00.001Z", false),
    ] {
        either_way(window, &Basket { time: time(at), ..Basket::worth("10") }, inside);
    }
}

#[test]
fn days_and_hours_follow_the_clock_of_the_store() {
    let text = document(
        "",
        &[tree(
            100,
            "",
            r#"{"discriminator": 128, "days": [5], "from": "22:00", "to": "02:00"}"#,
            &outcome(1, 1, r#""amount": 5"#),
        )],
    );
    let stores = format!(r#"[{{"store_id": "{}", "time_zone": "Europe/Madrid"}}]"#, guid(STORE));
    let program = Program::compile(1, ProgramText { program: &text, stores: &stores, catalog: "" }).unwrap();
    // 2026-03-13 is a Friday; Madrid is an hour ahead of UTC in winter, so the hours are 21:00 to 01:00 UTC.
    for (at, holds) in [
        ("2026-03-13T20:59:59Z", false),
        ("2026-03-13T21:00:00Z", true),
        ("2026-03-14T00:30:00Z", true),
        ("2026-03-14T01:00:59Z", true),
        ("2026-03-14T01:01:00Z", false),
        // The night from Thursday to Friday begins on Thursday, the one from Saturday on Saturday.
        ("2026-03-13T00:30:00Z", false),
        ("2026-03-14T22:00:00Z", false),
    ] {
        let basket = Basket { time: time(at), ..Basket::worth("10") };
        assert_eq!(!basket.rows(&program).is_empty(), holds, "{at}");
    }
    // Elsewhere the retailer's clock counts, here UTC.
    let elsewhere = Basket { store: 31, time: time("2026-03-13T21:30:00Z"), ..Basket::worth("10") };
    assert!(elsewhere.rows(&program).is_empty());
}

#[test]
fn whole_days_and_a_sunday() {
    // 2026-03-15 is a Sunday.
    let basket = Basket::worth("10");
    either_way(r#""discriminator": 128, "days": [0]"#, &basket, true);
    either_way(
        r#""discriminator": 128, "days": [1,2,3,4,5], "from": "00:00", "to": "23:59""#,
        &basket,
        false,
    );
    either_way(r#""discriminator": 128, "from": "12:00", "to": "12:00""#, &basket, true);
}

#[test]
fn levels_and_tags_and_the_join_date() {
    let silver = Basket { level: SILVER, person: &Somebody, ..Basket::worth("10") };
    either_way(&format!(r#""discriminator": 256, "tier_level_ids": ["{}"]"#, guid(SILVER)), &silver, true);
    either_way(&format!(r#""discriminator": 256, "tier_level_ids": ["{}"]"#, guid(GOLD)), &silver, false);
    either_way(r#""discriminator": 512, "tags": ["Gone", "VIP"]"#, &silver, true);
    either_way(r#""discriminator": 512, "tags": ["gone"]"#, &silver, false);
    // Registered on the 1st, bought on the 15th.
    either_way(r#""discriminator": 32768, "within": {"value": 15, "uom": 0}"#, &silver, true);
    either_way(r#""discriminator": 32768, "within": {"value": 13, "uom": 0}"#, &silver, false);
    assert!(!passes(r#"{"discriminator": 32768, "within": {"value": 15, "uom": 0}}"#, &Basket::worth("10")));
}

#[test]
fn payments_by_type_and_share() {
    let pay = |kind, amount| Payment { kind, amount: money(amount) };
    let basket =
        Basket { payments: vec![pay("Store_Card", "30"), pay("Cash", "70")], ..Basket::worth("100") };
    either_way(r#""discriminator": 4, "payment_types": ["store_card"]"#, &basket, true);
    either_way(r#""discriminator": 4, "payment_types": ["store_card"], "minimum_share": 0.3"#, &basket, true);
    either_way(
        r#""discriminator": 4, "payment_types": ["store_card"], "minimum_share": 0.31"#,
        &basket,
        false,
    );
    let both = r#""discriminator": 4, "payment_types": ["cash", "store_card"], "minimum_share": 1"#;
    either_way(both, &basket, true);
    either_way(r#""discriminator": 4, "payment_types": ["voucher"]"#, &basket, false);
    either_way(both, &Basket::worth("100"), false);
}

#[test]
fn offers_and_promo_codes_on_the_ticket() {
    let mut ticket = content("");
    ticket.discounts = vec![discount("B0A6", Some("UserOfferId")), discount("SUMMER", Some("promocode"))];
    let basket = Basket { content: Some(ticket), ..Basket::worth("10") };
    either_way(r#""discriminator": 2048, "offer_ids": ["b0a6"]"#, &basket, true);
    either_way(r#""discriminator": 2048, "offer_ids": ["summer"]"#, &basket, false);
    either_way(r#""discriminator": 8192, "codes": ["winter", "Summer"]"#, &basket, true);
    either_way(r#""discriminator": 8192, "codes": ["b0a6"]"#, &basket, false);
    either_way(r#""discriminator": 8192, "codes": ["summer"]"#, &Basket::worth("10"), false);
}

#[test]
fn context_is_compared_and_missing_context_fails() {
    let basket = |data: &str| Basket { content: Some(content(data)), ..Basket::worth("10") };
    let data =
        basket(r#"{"class": "Y", "miles": 1200.5, "day": "2026-03-10", "trip": {"to": "MAD"}, "no": ""}"#);
    for (asked, holds) in [
        (r#""key": "class", "values": ["y", "j"]"#, true),
        (r#""key": "custom_data.class", "comparison": 8, "values": ["Y"]"#, false),
        (r#""key": "miles", "comparison": 4, "values": [1200.5]"#, true),
        (r#""key": "miles", "comparison": 3, "values": [1200.5]"#, false),
        (r#""key": "miles", "comparison": 6, "values": [1000, 2000]"#, true),
        (r#""key": "miles", "comparison": 1, "data_type": "number", "values": [7]"#, true),
        (r#""key": "trip.to", "comparison": 9, "values": ["ma"]"#, true),
        (r#""key": "day", "comparison": 2, "data_type": "date", "values": ["2026-03-11"]"#, true),
        (r#""key": "class", "comparison": 10, "values": []"#, true),
    ] {
        either_way(&format!(r#""discriminator": 1024, {asked}"#), &data, holds);
    }
    for missing in ["gone", "no", "trip"] {
        for mode in ["include", "exclude"] {
            let asked = format!(
                r#"{{"discriminator": 1024, "key": "{missing}", "values": ["x"], "mode": "{mode}"}}"#
            );
            assert!(!passes(&asked, &data), "{asked}");
        }
    }
    assert!(!passes(r#"{"discriminator": 1024, "key": "class", "values": ["y"]}"#, &Basket::worth("10")));
}

#[test]
fn check_sizes_can_be_excluded() {
    either_way(r#""discriminator": 16, "min": 10, "max": 20"#, &Basket::worth("10"), true);
    either_way(r#""discriminator": 16, "min": 10, "max": 20"#, &Basket::worth("9.99"), false);
}
