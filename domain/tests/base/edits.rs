//! Edits of single objects, and the JSON they are made of.

use laurel_domain::{
    configuration::{Change, Command, Configuration, Edit, Event, Json, Operation, Reply, Section},
    customer::Fetched,
    entity::{Context, Entity, Verdict},
    id::IdRun,
    program::Program,
    time::Timestamp,
};
use proptest::prelude::*;
use uuid::Uuid;

const RETAILER: &str = "00000000-0000-4000-8000-000000000099";

/// Decides and applies; gives the reply and the events.
fn ask(configuration: &mut Configuration, command: &Command, seed: u128) -> (Reply, Vec<Event>) {
    let program = Program::empty(RETAILER.parse().unwrap(), "Shop");
    let context = Context {
        now: Timestamp::from_millis(0),
        ids: IdRun::starting_at(Uuid::from_u128(seed << 64)),
        program: &program,
        fetched: &Fetched::default(),
    };
    let Ok(Verdict::Decided(decision)) = configuration.decide(command, &context) else {
        panic!("refused: {command:?}");
    };
    decision.events.iter().for_each(|event| configuration.apply(event));
    (decision.reply, decision.events)
}

fn shop() -> Configuration {
    let mut configuration = Configuration::default();
    let text = format!(
        r#"{{"retailer": {{"retailer_id": "{RETAILER}", "name": "Shop", "logo": 1.10}}, "point_accounts":
            [{{"id": "9a000000-0000-4000-8000-000000000001", "name": "Points", "max_allowed_balance": 10.50}}]}}"#
    );
    let command = Command::Replace { section: Section::Program, text: text.into(), check_only: false };
    ask(&mut configuration, &command, 1);
    configuration
}

#[test]
fn an_edit_records_the_object_alone_and_counts_it() {
    let mut configuration = shop();
    let body = Json::parse(r#"{"name": "Bonus", "colour": {"tone": 0.30}, "grouping_label": ""}"#).unwrap();
    let edit = Edit { operation: Operation::CreatePointAccount, body, check_only: false };
    let (reply, events) = ask(&mut configuration, &Command::Edit(Box::new(edit)), 2);
    let Reply::Edited { version: 2, object: Some(object) } = reply else { panic!("{reply:?}") };
    assert_eq!(object.version, 1);
    assert_eq!(object.json().get("colour").map(ToString::to_string).as_deref(), Some(r#"{"tone":0.30}"#));
    let [Event::Edited { version: 2, changes }] = &events[..] else { panic!("{events:?}") };
    assert!(matches!(&changes[..], [Change::Put { object: put, .. }] if *put == object));
    let program = configuration.compile(None).unwrap().unwrap();
    let names: Vec<_> = program.accounts().iter().map(|account| account.name.as_str()).collect();
    assert_eq!((program.version(), names), (2, vec!["Points", "Bonus"]));
    assert!(configuration.objects().text().contains(r#""logo":1.10"#), "numbers stay as they were written");
}

#[test]
fn the_same_edit_again_is_no_version() {
    let mut configuration = shop();
    let body = r#"{"id": "9A000000-0000-4000-8000-000000000001", "name": "Points", "description": "x"}"#;
    let body = Json::parse(body).unwrap();
    let edit = Edit { operation: Operation::UpdatePointAccount, body, check_only: false };
    let command = Command::Edit(Box::new(edit));
    assert_eq!(ask(&mut configuration, &command, 2).1.len(), 1);
    assert_eq!(ask(&mut configuration, &command, 3).1.len(), 0);
    assert_eq!(configuration.version(), 2);
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        (any::<u32>(), 0..1_000_000_u32).prop_map(|(whole, part)| format!("{whole}.{part:06}")),
        "[a-z\\PC]{0,6}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(","))),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(|all| {
                let members = all.into_iter().map(|(name, member)| format!("\"{name}\":{member}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn json_is_written_as_it_was_read(text in json()) {
        prop_assert_eq!(Json::parse(&text).unwrap().to_string(), text);
    }
}

#[test]
fn nesting_has_a_bound() {
    let deep = format!("{}1{}", "[".repeat(121), "]".repeat(121));
    assert!(Json::parse(&deep).is_err());
    assert!(Json::parse(&deep[1..deep.len() - 1]).is_ok());
}
