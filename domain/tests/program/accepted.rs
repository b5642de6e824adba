//! What compiles, and what comes out.

use laurel_domain::{
    Points, Timestamp,
    id::RetailerId,
    program::{
        ExpirationPolicy, Loss, LostShare, Program, Schedule, Switches,
        tree::{Effect, NodeTest, TreeKind},
    },
    time::{Span, Unit, Zone},
};
use serde_json::{Value, json};

use crate::documents::*;

fn guid<T: std::str::FromStr<Err: std::fmt::Debug>>(end: &str) -> T {
    format!("9a000000-0000-4000-8000-{end:0>12}").parse().unwrap()
}

#[test]
fn the_grocery_program_compiles() {
    let program = compile(GROCERY, STORES, CATALOG).unwrap();
    assert_eq!(program.version(), 7);
    assert_eq!(program.retailer().name, "Grocery");
    assert_eq!(program.retailer().switches, Switches::default());
    assert_eq!(
        program.accounts().iter().map(|known| known.name.as_str()).collect::<Vec<_>>(),
        ["Points", "Status"]
    );
    let points = program.account(guid("1")).unwrap();
    assert!(points.in_default_pool && points.active && points.allow_negative_balance);
    assert_eq!(
        points.expiration,
        ExpirationPolicy::Aged {
            schedule: Schedule {
                first: Timestamp::parse("2017-01-02T00:00:00Z", &Zone::UTC).unwrap(),
                every: Span { value: 1, unit: Unit::Day },
            },
            age: Span { value: 6, unit: Unit::Month },
            loss: Loss { share: LostShare::WHOLE, rollover: None },
        }
    );
    assert_eq!(program.account(guid("2")).unwrap().expiration, ExpirationPolicy::Never);
    assert_eq!(program.source(guid("11")).unwrap().accounts, [guid("1"), guid("2")]);
    assert_eq!(program.sources().len(), 2);
    let system = program.tier_system(guid("20")).unwrap();
    assert!(system.live);
    assert_eq!(system.levels.iter().map(|level| level.rank).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(program.tier_systems().len(), 1);
    assert_eq!(program.trees().len(), 10);
    let gold = program.tree(guid("106")).unwrap();
    assert_eq!(
        (gold.name.as_str(), gold.live, gold.levels.as_slice()),
        ("Gold earns 1.5", true, &[guid("23")][..])
    );
    assert!(matches!(gold.outcomes()[0].effect, Effect::Multiplier { .. }));
    assert!(matches!(program.tree(guid("108")).unwrap().kind, TreeKind::Enter(..)));
    assert_eq!(program.entrance_threshold(guid("23")), Some(Points::whole(1500).unwrap()));
    assert!(program.tree(guid("999")).is_none() && program.account(guid("999")).is_none());
}

#[test]
fn stores_and_catalog_are_found_by_their_ids() {
    let program = compile(GROCERY, STORES, CATALOG).unwrap();
    let second = program.store("{0b000000-0000-4000-8000-000000000002}".parse().unwrap()).unwrap();
    assert_eq!((second.number.as_str(), second.zone.name()), ("2", "Europe/Madrid"));
    assert_eq!(program.stores().iter().map(|store| store.number.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(program.stores()[0].zone, Zone::UTC);
    let catalog = program.catalog();
    assert_eq!(catalog.len(), 2);
    let petrol = catalog.item("2").unwrap();
    assert_eq!((petrol.category, petrol.department), (None, catalog.symbol("FUEL")));
    assert!(petrol.brand.is_some() && catalog.item("3").is_none() && catalog.symbol("SHOES").is_none());
}

#[test]
fn children_may_stand_inside_their_parent() {
    let leaf = |id: &str, rank: i64| json!({"id": id, "rank": rank, "discriminator": 32768});
    let (root, group) = ("9a000000-0000-4000-8000-00000000a000", "9A000000-0000-4000-8000-00000000B000");
    let (first, second) = ("9a000000-0000-4000-8000-00000000c001", "9a000000-0000-4000-8000-00000000c002");
    let nested = json!([{"id": root, "discriminator": 1, "children": [
        {"id": group, "rank": 2, "discriminator": 2, "children": [leaf(second, 9), leaf(first, 1)]},
        {"id": "9a000000-0000-4000-8000-00000000c003", "rank": 1, "discriminator": 2048, "target_balance": 1},
    ]}]);
    let program = compile(&spoilt(&[("/rule_trees/0/rules", nested)]), "", "").unwrap();
    let nodes = &program.tree(guid("101")).unwrap().nodes;
    let ids: Vec<_> = nodes.iter().map(|node| node.id.to_string()).collect();
    let group = group.to_lowercase();
    assert_eq!(ids, ["9a000000-0000-4000-8000-00000000c003", first, second, &group, root]);
    assert!(matches!(&nodes[4].test, NodeTest::All(children) if *children == [0, 3]));
    assert!(matches!(&nodes[3].test, NodeTest::Any(children) if *children == [1, 2]));
    assert_eq!(nodes[1].parent, Some(nodes[3].id));
}

#[test]
fn empty_texts_are_absent_and_unknown_members_are_ignored() {
    let text = spoilt(&[
        ("/rule_trees/0/end_date", json!("")),
        ("/rule_trees/0/exclusivity_group", json!("")),
        ("/rule_trees/0/template_id", json!("no guid at all")),
        ("/rule_trees/0/budget", json!({"max_points": null, "consumed_points": ""})),
        ("/point_accounts/0/expiration_policy/rollover_point_account_id", json!("")),
        ("/point_accounts/0/colour", json!({"deep": [1.5, {}]})),
    ]);
    assert!(compile(&text, "", "").is_ok());
}

#[test]
fn guids_are_read_in_any_letter_case() {
    let text = GROCERY.replace(
        "9a000000-0000-4000-8000-000000000001\"\n     ]",
        "9A000000-0000-4000-8000-000000000001\"\n     ]",
    );
    assert_ne!(text, GROCERY);
    assert!(compile(&text, "", "").is_ok());
}

#[test]
fn drafts_are_known_but_do_not_run() {
    let program = compile(&spoilt(&[("/rule_trees/0/status", json!(0))]), "", "").unwrap();
    assert!(!program.tree(guid("101")).unwrap().live);
}

#[test]
fn drafts_and_archived_trees_may_be_incomplete_but_not_malformed() {
    for status in [0, 3] {
        let unfinished = |tree: &str, member: &str, value: Value| {
            let status = (format!("/rule_trees/{tree}/status"), json!(status));
            let member = (format!("/rule_trees/{tree}/{member}"), value);
            spoilt(&[(&status.0, status.1), (&member.0, member.1)])
        };
        for (member, value) in
            [("outcomes", json!([])), ("rules", json!([])), ("trigger_events", json!(["BIRTHDAY"]))]
        {
            let program = compile(&unfinished("0", member, value), "", "").unwrap();
            assert!(program.tree(guid("101")).is_none(), "{member}");
        }
        for (member, value, code) in [
            ("name", json!(""), "required"),
            ("priority", json!("high"), "invalid_value"),
            ("priority", json!(1001), "out_of_range"),
            ("time_zone", json!("Mars/Olympus"), "time_zone_unknown"),
        ] {
            let found = problems(&unfinished("0", member, value));
            assert_eq!(found, [(format!("rule_trees[0].{member}"), code)]);
        }
    }
}

#[test]
fn a_first_start_needs_no_document() {
    let retailer: RetailerId = guid("5");
    let program = Program::empty(retailer, "New");
    assert_eq!(
        (program.version(), program.retailer().id, program.retailer().name.as_str()),
        (0, retailer, "New")
    );
    assert_eq!(program.retailer().zone, Zone::UTC);
    assert!(program.accounts().is_empty() && program.trees().is_empty() && program.catalog().is_empty());
    assert!(Program::default().stores().is_empty());
}
