//! Levels are deleted when nobody is in them, also against members who enter at the same moment.

use domain::{
    configuration::{Edit, Json, ObjectKind, Operation, Refusal},
    customer::{Placement, TierCommand},
    id::{TierLevelId, TierSystemId},
};
use laurel_actors::{Doomed, EditError, Engine};
use store::MemoryDisk;
use uuid::Uuid;

use crate::support::{member, options, run, start, start_with, stop};

const CLUB: &str = "9a000000-0000-4000-8000-000000000020";

async fn edited(engine: &Engine, operation: Operation, body: &str) -> Json {
    let body = Json::parse(body).unwrap();
    engine.edit(Edit { operation, body, check_only: false }).await.unwrap().unwrap().json()
}

/// A live level at the top of the club.
async fn diamond(engine: &Engine) -> Uuid {
    let body = format!(r#"{{"tier_system_id": "{CLUB}", "name": "Diamond", "rank": 9, "status": 2}}"#);
    let system = edited(engine, Operation::CreateTierLevel, &body).await;
    system.elements("tier_levels").last().unwrap().get_id("id").unwrap()
}

fn into(level: Uuid) -> TierCommand {
    TierCommand::Place(Placement {
        system: CLUB.parse::<TierSystemId>().unwrap(),
        level: TierLevelId(level),
        process_intermediate_levels: false,
        evaluate_qualifying_rules: false,
        process_joining_outcomes: false,
        reason: "".into(),
        idempotency_id: None,
    })
}

async fn status_of(engine: &Engine, level: Uuid) -> Option<i64> {
    let systems =
        engine.read_configuration(|known, _, _| known.objects().list(ObjectKind::TierSystem).to_vec());
    let systems: Vec<_> = systems.await.unwrap().iter().map(|system| system.json()).collect();
    let levels = systems.iter().flat_map(|system| system.elements("tier_levels"));
    let mut levels = levels.filter(|known| known.get_id("id") == Some(level));
    levels.next().and_then(|level| level.get_whole("status"))
}

#[test]
fn whoever_enters_at_the_same_moment_keeps_the_level_or_does_not_get_in() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        let mut members = Vec::new();
        for number in 0..48 {
            members.push(member(&engine, &format!("m{number}")).await);
        }
        let (mut kept, mut deleted) = (0, 0);
        for round in 0..40_u64 {
            let level = diamond(&engine).await;
            let entering = (0_u64..).zip(&members).map(|(place, id)| {
                let (engine, id) = (engine.clone(), *id);
                actix::spawn(async move {
                    // One after the other, so that each step of the deletion meets somebody who is entering.
                    for _ in 0..place * (round % 8) * 4 {
                        tokio::task::yield_now().await;
                    }
                    engine.change_tiers(id, into(level)).await.is_ok()
                })
            });
            let entering: Vec<_> = entering.collect();
            let gone = engine.delete_tier(Doomed::Level(level)).await;
            let mut entered = 0;
            for entering in entering {
                entered += usize::from(entering.await.unwrap());
            }
            let inside = engine.tier_members(TierLevelId(level), 0, 100).await.unwrap().total;
            assert_eq!(inside, entered);
            match gone {
                Ok(()) => {
                    assert_eq!((inside, status_of(&engine, level).await), (0, None), "round {round}");
                    deleted += 1;
                }
                Err(EditError::Refused(Refusal::LevelInUse)) => {
                    assert!(inside > 0, "round {round}");
                    assert_eq!(status_of(&engine, level).await, Some(2), "it is open as before");
                    kept += 1;
                }
                Err(error) => panic!("{error}"),
            }
            for id in &members {
                engine.change_tiers(*id, into(crate::support::GOLD.parse().unwrap())).await.unwrap();
            }
            if status_of(&engine, level).await.is_some() {
                engine.delete_tier(Doomed::Level(level)).await.unwrap();
            }
        }
        assert!(kept > 0, "{kept} kept, {deleted} deleted");
        stop(&engine).await;
    });
}

/// Wherever the power is cut, a level with a member is there afterwards.
#[test]
fn a_power_cut_leaves_no_member_without_a_level() {
    run(async {
        for cut in 1..24 {
            let disk = MemoryDisk::new();
            let engine = start(&disk).await;
            let (id, level) = (member(&engine, "ann").await, diamond(&engine).await);
            disk.power_off_at(disk.operations() + cut);
            let entering = actix::spawn({
                let engine = engine.clone();
                async move { engine.change_tiers(id, into(level)).await.is_ok() }
            });
            let _ = engine.delete_tier(Doomed::Level(level)).await;
            let entered = entering.await.unwrap();
            let engine = start_with(options(&disk.crash())).await;
            let inside = engine.tier_members(TierLevelId(level), 0, 10).await.unwrap().total;
            let status = status_of(&engine, level).await;
            assert!(inside == 0 || status.is_some(), "cut {cut}: {inside} inside, {status:?}");
            assert!(inside == 1 || !entered, "cut {cut}: what was answered is there");
            stop(&engine).await;
        }
    });
}
