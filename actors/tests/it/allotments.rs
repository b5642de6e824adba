//! What all customers share, under a race and over crashes: never more than there is, and all of it.

use domain::{
    Points, Quantity,
    configuration::Section,
    customer::{DepositDetail, PostedStatus, Posting, Purpose, UserEvent},
    id::{AllotmentId, CustomerId, RuleTreeId},
};
use laurel_actors::{Engine, EngineOptions, PostError};
use store::MemoryDisk;

use crate::support::{POINTS, member, options, run, start_with, stop, whole};

const TREE: &str = "7aa10000-0000-4000-8000-000000000001";
const SOURCE: &str = "7aa10000-0000-4000-8000-000000000002";
const CLIENTS: usize = 16;

/// One point for each survey, out of a budget of so many awards; and a source with so many points.
fn program(budget: &str, inventory: i64) -> String {
    format!(
        r#"{{"retailer": {{"retailer_id": "6f2d9a34-0c1b-4b57-9a52-7d1e5f0c2a10", "name": "Shop"}},
        "point_accounts": [{{"id": "{POINTS}", "name": "Points", "include_in_default_points": true}}],
        "point_sources": [
          {{"id": "9a000000-0000-4000-8000-000000000012", "name": "Free", "point_account_ids": ["{POINTS}"]}},
          {{"id": "{SOURCE}", "name": "Scarce", "point_account_ids": ["{POINTS}"],
            "restrictions": [{{"discriminator": 1, "max_points": {inventory}}}]}}],
        "events": [{{"id": "7aa10000-0000-4000-8000-000000000003", "event_lookup": "SURVEY"}}],
        "rule_trees": [{{"id": "{TREE}", "name": "Survey", "status": 2, "tree_type": 2,
          "trigger_events": ["SURVEY"], "budget": {{{budget}}},
          "rules": [{{"id": "7aa10000-0000-4000-8000-000000000004", "discriminator": 1}}],
          "outcomes": [{{"id": "7aa10000-0000-4000-8000-000000000005", "discriminator": 1, "amount": 1,
            "point_source_id": "9a000000-0000-4000-8000-000000000012", "point_account_ids": ["{POINTS}"]}}]}}]}}"#
    )
}

fn with(disk: &MemoryDisk, program: String) -> EngineOptions {
    EngineOptions { first_program: program, ..options(disk) }
}

fn survey(key: String) -> UserEvent {
    UserEvent {
        lookup: "SURVEY".into(),
        occurred: None,
        quantity: Quantity::whole(1).unwrap(),
        context: None,
        transaction_id: "".into(),
        idempotency_id: Some(key.into()),
    }
}

async fn members(engine: &Engine) -> Vec<CustomerId> {
    let mut members = Vec::new();
    for number in 0..CLIENTS {
        members.push(member(engine, &format!("m{number}")).await);
    }
    members
}

/// Everybody reports so many surveys, at once.
async fn race(engine: &Engine, members: &[CustomerId], each: usize) {
    let clients: Vec<_> = members
        .iter()
        .enumerate()
        .map(|(client, id)| {
            let (engine, id) = (engine.clone(), *id);
            actix::spawn(async move {
                for number in 0..each {
                    let asked = engine.trigger(id, survey(format!("{client}-{number}")));
                    let patience = std::time::Duration::from_millis(500);
                    if !matches!(actix::clock::timeout(patience, asked).await, Ok(Ok(_))) {
                        return;
                    }
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
}

async fn given(engine: &Engine, members: &[CustomerId]) -> Points {
    let account = POINTS.parse().unwrap();
    let mut sum = Points::ZERO;
    for id in members {
        let points = engine
            .read_customer(*id, move |customer, program, now| customer.available(account, program, now));
        sum = sum.plus(points.await.unwrap().unwrap()).unwrap();
    }
    sum
}

fn budget() -> AllotmentId {
    AllotmentId::of_tree(TREE.parse::<RuleTreeId>().unwrap())
}

#[test]
fn a_race_for_a_budget_gives_all_of_it_and_no_more() {
    run(async {
        let disk = MemoryDisk::new();
        let engine = start_with(with(&disk, program(r#""max_awards": 500"#, 1))).await;
        let members = members(&engine).await;
        race(&engine, &members, 40).await;
        assert_eq!(given(&engine, &members).await, whole(500));
        let taken = engine.taken_of(budget()).await.unwrap();
        assert_eq!((taken.points, taken.awards), (whole(500), 500));
        // The same again is the same.
        race(&engine, &members, 40).await;
        assert_eq!(given(&engine, &members).await, whole(500));
        engine.checkpoint().await.unwrap();
        stop(&engine).await;
    });
}

#[test]
fn a_budget_is_exact_after_a_power_cut_at_any_moment() {
    run(async {
        let disk = MemoryDisk::new();
        let engine = start_with(with(&disk, program(r#""max_awards": 30"#, 1))).await;
        let members = members(&engine).await;
        stop(&engine).await;
        let begin = disk.copy();
        let whole_run = begin.copy();
        let engine = start_with(with(&whole_run, String::new())).await;
        let from = whole_run.operations();
        race(&engine, &members, 3).await;
        let to = whole_run.operations();
        stop(&engine).await;
        for cut in (from..to + 40).step_by(5) {
            let disk = begin.copy();
            disk.power_off_at(cut);
            let Ok((engine, _)) = laurel_actors::start(with(&disk, String::new())).await else { continue };
            race(&engine, &members, 3).await;
            let recovered = start_with(with(&disk.crash(), String::new())).await;
            assert!(given(&recovered, &members).await <= whole(30), "cut at {cut}");
            // Everybody again: what was answered is repeated, and what is left is given.
            race(&recovered, &members, 3).await;
            assert_eq!(given(&recovered, &members).await, whole(30), "cut at {cut}");
            let taken = recovered.taken_of(budget()).await.unwrap();
            assert_eq!((taken.points, taken.awards), (whole(30), 30), "cut at {cut}");
            stop(&recovered).await;
        }
    });
}

#[test]
fn deposits_race_for_an_inventory() {
    run(async {
        let disk = MemoryDisk::new();
        let engine = start_with(with(&disk, program("", 1000))).await;
        let members = members(&engine).await;
        let clients: Vec<_> = (0..CLIENTS * 10)
            .map(|number| {
                let (engine, id) = (engine.clone(), members[number % CLIENTS]);
                let detail = DepositDetail {
                    amount: whole(7),
                    account: POINTS.parse().unwrap(),
                    source: SOURCE.parse().unwrap(),
                    reference_id: "".into(),
                    reference_type: "".into(),
                    idempotency_id: (number % 2 == 0).then(|| format!("k{number}").into()),
                    transaction_id: "".into(),
                    occurred: None,
                };
                let purpose = Purpose::Deposit(vec![detail]);
                let posting = Posting {
                    purpose,
                    allow_partial_success: number % 3 == 0,
                    disable_event_publishing: false,
                };
                actix::spawn(async move { engine.post_points(id, posting).await })
            })
            .collect();
        for client in clients {
            match client.await.unwrap() {
                Ok(_) => {}
                Err(PostError::Refused(refused)) => {
                    assert_eq!(refused.details[0].status, PostedStatus::SourceLimitExceeded);
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        // 142 deposits of 7 are 994; whoever takes a part takes the last 6.
        let sum = given(&engine, &members).await;
        assert!(sum == whole(994) || sum == whole(1000), "{sum}");
        stop(&engine).await;
    });
}

#[test]
fn a_tree_whose_budget_has_run_out_is_paused() {
    run(async {
        let disk = MemoryDisk::new();
        let paused = program(r#""max_points": 5, "on_exhausted": 2"#, 1);
        let engine = start_with(with(&disk, paused)).await;
        let members = members(&engine).await;
        race(&engine, &members, 2).await;
        assert_eq!(given(&engine, &members).await, whole(5));
        let tree = TREE.parse().unwrap();
        for _ in 0..400 {
            if !engine.program().tree(tree).unwrap().live {
                break;
            }
            actix::clock::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert!(!engine.program().tree(tree).unwrap().live);
        let version = engine.program().version();
        race(&engine, &members, 3).await;
        assert_eq!((given(&engine, &members).await, engine.program().version()), (whole(5), version));
        assert!(engine.configure(Section::Stores, "[]".to_owned(), true).await.is_ok());
        stop(&engine).await;
    });
}
