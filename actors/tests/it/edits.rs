//! Edits of single objects of the program: kept, in force, and found again as of any version.

use domain::configuration::{Edit, Json, Object, ObjectKind, Operation};
use laurel_actors::{EditError, Engine};
use store::MemoryDisk;

use crate::support::{POINTS, member, options, points, run, sale, send, start, stop, whole};

const BASE_EARN: &str = "9a000000-0000-4000-8000-000000000101";

fn edit(operation: Operation, body: &str) -> Edit {
    Edit { operation, body: Json::parse(body).unwrap(), check_only: false }
}

async fn objects(engine: &Engine, kind: ObjectKind) -> Vec<Object> {
    engine.read_configuration(move |known, _, _| known.objects().list(kind).to_vec()).await.unwrap()
}

async fn base_earn(engine: &Engine) -> Object {
    let trees = objects(engine, ObjectKind::RuleTree).await;
    trees.into_iter().find(|tree| tree.id.to_string() == BASE_EARN).unwrap()
}

/// The base tree gives so many points for each unit.
async fn set_rate(engine: &Engine, rate: i64) {
    let tree = base_earn(engine).await;
    let mut body = tree.json();
    body.elements_mut("outcomes")[0].set("rate", Json::whole(rate));
    body.set("version", Json::whole(tree.version));
    let edit = Edit { operation: Operation::UpdateRuleTree, body, check_only: false };
    let edited = engine.edit(edit).await.unwrap().unwrap();
    assert_eq!(edited.version, tree.version + 1);
}

#[test]
fn a_return_is_judged_by_a_program_of_many_edits_ago() {
    run(async {
        let disk = MemoryDisk::new();
        let engine = start(&disk).await;
        member(&engine, "ann").await;
        send(&engine, "r1", sale("T1", "ann", "10", "2017-01-05T10:00:00Z")).await.unwrap();
        assert_eq!(points(&engine, "ann").await, whole(10));
        set_rate(&engine, 2).await;
        send(&engine, "r2", sale("T2", "ann", "10", "2017-01-05T10:00:00Z")).await.unwrap();
        assert_eq!(points(&engine, "ann").await, whole(30));
        for number in 0..100 {
            let body = format!(r#"{{"id": "{POINTS}", "description": "{number}"}}"#);
            engine.edit(edit(Operation::UpdatePointAccount, &body)).await.unwrap();
        }
        set_rate(&engine, 5).await;
        let version = engine.program().version();
        engine.checkpoint().await.unwrap();
        stop(&engine).await;

        let (engine, recovery) = laurel_actors::start(options(&disk)).await.unwrap();
        assert_eq!(recovery.program_version, version);
        for (transaction, given) in [("T1", 4), ("T2", 8)] {
            let before = points(&engine, "ann").await;
            let part = sale(transaction, "ann", "4", "2017-01-06T10:00:00Z");
            send(&engine, &format!("back {transaction}"), part).await.unwrap();
            let taken = before.units() - points(&engine, "ann").await.units();
            let first = if transaction == "T1" { 10 } else { 20 };
            assert_eq!(taken, whole(first - given).units(), "{transaction}");
        }
    });
}

#[test]
fn a_restart_keeps_every_edit() {
    run(async {
        let disk = MemoryDisk::new();
        let engine = start(&disk).await;
        for number in 0..5 {
            let body = format!(r#"{{"name": "Extra {number}", "label": "kept as sent"}}"#);
            engine.edit(edit(Operation::CreatePointAccount, &body)).await.unwrap();
            if number == 2 {
                engine.checkpoint().await.unwrap();
            }
        }
        let before = objects(&engine, ObjectKind::PointAccount).await;
        let version = engine.program().version();
        assert_eq!((before.len(), engine.program().accounts().len()), (7, 7));
        // Killed, not stopped.
        let (engine, recovery) = laurel_actors::start(options(&disk.crash())).await.unwrap();
        assert_eq!(recovery.program_version, version);
        assert_eq!(objects(&engine, ObjectKind::PointAccount).await, before);
        assert_eq!(engine.program().accounts().len(), 7);
    });
}

#[test]
fn a_refused_or_checked_edit_changes_nothing() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        let version = engine.program().version();
        let taken = engine.edit(edit(Operation::CreatePointAccount, r#"{"name": "Points"}"#)).await;
        assert!(matches!(taken, Err(EditError::Problems(problems)) if problems[0].path == "name"));
        let mut checked = edit(Operation::CreatePointAccount, r#"{"name": "Other"}"#);
        checked.check_only = true;
        engine.edit(checked).await.unwrap();
        let same = format!(r#"{{"id": "{POINTS}", "active": true}}"#);
        engine.edit(edit(Operation::SetPointAccountActive, &same)).await.unwrap();
        assert_eq!(engine.program().version(), version);
        assert_eq!(objects(&engine, ObjectKind::PointAccount).await.len(), 2);
    });
}

#[test]
fn an_object_has_its_versions() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        set_rate(&engine, 2).await;
        set_rate(&engine, 3).await;
        let tree = base_earn(&engine).await;
        let versions = engine.object_versions(ObjectKind::RuleTree, tree.id).await.unwrap();
        let numbers: Vec<_> = versions.iter().map(|(_, known)| known.version).collect();
        assert_eq!(numbers, [1, 2, 3]);
        assert_eq!(versions.last().map(|(_, known)| known), Some(&tree));
    });
}
