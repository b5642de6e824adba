//! The configuration as an entity: sections are replaced whole, checked together, numbered without gaps.

use laurel_domain::{
    configuration::{Command, Configuration, Error, Reply, Section},
    customer::Fetched,
    entity::{Context, Entity, Verdict},
    id::{IdRun, RetailerId},
    program::Program,
    time::Timestamp,
};
use uuid::Uuid;

const RETAILER: &str = "00000000-0000-4000-8000-000000000099";

fn document(name: &str) -> String {
    format!(r#"{{"retailer": {{"retailer_id": "{RETAILER}", "name": "{name}"}}}}"#)
}

/// Decides and, if it may, applies; gives the reply and how many events there were.
fn replace(
    configuration: &mut Configuration,
    section: Section,
    text: &str,
    check_only: bool,
) -> Result<(Reply, usize), Error> {
    let program = Program::empty(RETAILER.parse::<RetailerId>().unwrap(), "Shop");
    let context = Context {
        now: Timestamp::from_millis(0),
        ids: IdRun::starting_at(Uuid::nil()),
        program: &program,
        fetched: &Fetched::default(),
    };
    let command = Command::Replace { section, text: text.into(), check_only };
    let Verdict::Decided(decision) = configuration.decide(&command, &context)? else {
        panic!("the configuration needs nothing");
    };
    for event in &decision.events {
        configuration.apply(event);
    }
    Ok((decision.reply, decision.events.len()))
}

#[test]
fn versions_count_changes() {
    let mut configuration = Configuration::default();
    assert!(configuration.compile(None).is_none(), "nothing to compile yet");
    let stores = r#"[{"store_id": "0b000000-0000-4000-8000-000000000001", "number": "1", "name": "One"}]"#;
    assert_eq!(
        replace(&mut configuration, Section::Program, &document("Shop"), false),
        Ok((Reply::Version(1), 1))
    );
    assert_eq!(replace(&mut configuration, Section::Stores, stores, false), Ok((Reply::Version(2), 1)));
    assert_eq!(replace(&mut configuration, Section::Stores, stores, false), Ok((Reply::Version(2), 0)));
    let program = configuration.compile(None).unwrap().unwrap();
    assert_eq!((program.version(), program.stores().len()), (2, 1));
}

#[test]
fn a_check_changes_nothing() {
    let mut configuration = Configuration::default();
    let checked = replace(&mut configuration, Section::Program, &document("Shop"), true);
    assert_eq!(checked, Ok((Reply::Version(1), 0)));
    assert_eq!(configuration, Configuration::default());
}

#[test]
fn bad_texts_and_other_retailers_are_refused_and_change_nothing() {
    let mut configuration = Configuration::default();
    replace(&mut configuration, Section::Program, &document("Shop"), false).unwrap();
    let before = configuration.clone();
    let broken = replace(&mut configuration, Section::Program, "{", false);
    assert!(matches!(broken, Err(Error::Problems(problems)) if !problems.is_empty()));
    let other = document("Shop").replace(RETAILER, "00000000-0000-4000-8000-000000000001");
    assert!(matches!(
        replace(&mut configuration, Section::Program, &other, false),
        Err(Error::OtherRetailer { .. })
    ));
    assert!(matches!(replace(&mut configuration, Section::Stores, "{}", false), Err(Error::Problems(_))));
    assert_eq!(configuration, before);
}
