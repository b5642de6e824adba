//! The clock supervisor: what becomes due is done, once, whatever happens in between.

use domain::{
    Timestamp,
    configuration::Section,
    customer::{
        AuditKind, DepositDetail, Placement, Posting, Purpose, TierCommand, TierMoveCause, TierMovement,
    },
    id::{CustomerId, TierLevelId},
};
use laurel_actors::{Clock, Engine, EngineOptions};
use store::MemoryDisk;

use crate::support::{
    BONUSES, POINTS, PROGRAM, balance, member, options, points, profile, run, start_with, stop, time, whole,
};

pub const SYSTEM: &str = "9a000000-0000-4000-8000-000000000020";
pub const MEMBER: &str = "9a000000-0000-4000-8000-000000000021";
pub const SILVER: &str = "9a000000-0000-4000-8000-000000000022";

/// The grocery program, with Silver reviewed every month: who has no status points falls.
pub fn reviewing() -> String {
    let stay = r#""rule_trees": [
  { "id": "9a000000-0000-4000-8000-000000000901", "name": "Stay in Silver", "status": 2, "tree_type": 4,
    "tier_assignments": [ { "tier_system_id": "9a000000-0000-4000-8000-000000000020",
                            "tier_level_id": "9a000000-0000-4000-8000-000000000022" } ],
    "rules": [ { "id": "9a000000-0000-4000-8000-000000000902", "discriminator": 2048, "target_balance": 1,
                 "comparison": 4, "constraints": [ { "id": "9a000000-0000-4000-8000-000000000903", "discriminator": 8,
                    "point_accounts": { "9a000000-0000-4000-8000-000000000002": "" } } ] } ] },"#;
    let silver = r#""name": "Silver", "maintenance_frequency_value": 1, "maintenance_frequency_uom": 2,"#;
    let program = PROGRAM.replacen(r#""name": "Silver","#, silver, 1).replacen(r#""rule_trees": ["#, stay, 1);
    assert!(program.contains(silver) && program.contains("Stay in Silver"));
    program
}

pub fn with(disk: &MemoryDisk, program: &str, clock: &str) -> EngineOptions {
    EngineOptions {
        first_program: program.to_owned(),
        clock: Clock::test(time(clock)),
        customers_max: 500,
        ..options(disk)
    }
}

pub fn deposit(amount: i64) -> Posting {
    let detail = DepositDetail {
        amount: whole(amount),
        account: POINTS.parse().unwrap(),
        source: BONUSES.parse().unwrap(),
        reference_id: "".into(),
        reference_type: "".into(),
        idempotency_id: None,
        transaction_id: "".into(),
        occurred: None,
    };
    Posting {
        purpose: Purpose::Deposit(vec![detail]),
        allow_partial_success: false,
        disable_event_publishing: false,
    }
}

fn to_silver() -> TierCommand {
    TierCommand::Place(Placement {
        system: SYSTEM.parse().unwrap(),
        level: SILVER.parse().unwrap(),
        process_intermediate_levels: false,
        evaluate_qualifying_rules: false,
        process_joining_outcomes: true,
        reason: "".into(),
        idempotency_id: None,
    })
}

/// Members in Silver with points that will run out.
pub async fn populate(engine: &Engine, count: usize) -> Vec<CustomerId> {
    let tasks: Vec<_> = (0..count)
        .map(|number| {
            let engine = engine.clone();
            actix::spawn(async move {
                let id = engine.create_customer(profile(&format!("m{number}"))).await.unwrap();
                engine.post_points(id, deposit(10)).await.unwrap();
                engine.change_tiers(id, to_silver()).await.unwrap();
                id
            })
        })
        .collect();
    let mut ids = Vec::with_capacity(count);
    for task in tasks {
        ids.push(task.await.unwrap());
    }
    ids
}

fn gauge(engine: &Engine, name: &str) -> u64 {
    engine.gauges().into_iter().find(|(known, _)| *known == name).unwrap().1
}

/// Everything of a member that was due is done, once, and as of its time.
async fn check(engine: &Engine, id: CustomerId) {
    let log = engine.audit_log(id).await.unwrap().unwrap();
    let expired: Vec<_> = log.rows().iter().filter(|row| row.kind == AuditKind::Expiration).collect();
    assert_eq!(expired.len(), 1);
    assert_eq!((expired[0].change, expired[0].occurred), (whole(-10), time("2017-08-01T00:00:00Z")));
    let history = engine.tier_history(id).await.unwrap().unwrap();
    let moves: Vec<_> = history.movements().iter().map(|step: &TierMovement| (step.cause, step.at)).collect();
    let (begun, reviewed) = (time("2017-02-01T00:00:00Z"), time("2017-03-01T00:00:00Z"));
    use TierMoveCause::{Enrolled, Maintenance, Manual};
    assert_eq!(moves, [(Enrolled, begun), (Manual, begun), (Maintenance, reviewed)]);
}

#[test]
fn a_clock_moved_far_through_crashes_does_everything_once() {
    const MEMBERS: usize = 2_500;
    run(async {
        let disk = MemoryDisk::new();
        let engine = start_with(with(&disk, &reviewing(), "2017-02-01T00:00:00Z")).await;
        let ids = populate(&engine, MEMBERS).await;
        engine.checkpoint().await.unwrap();
        stop(&engine).await;
        let later = "2018-01-15T10:00:00Z";
        let (mut in_the_middle, mut disk) = (0, disk);
        for cut in [2, 30, 45, 60] {
            disk = disk.copy();
            let begun = disk.operations();
            // Many small frames, so that no commit does everything at once.
            let mut options = with(&disk, &reviewing(), "2017-02-01T00:00:00Z");
            options.store.frame_records = 32;
            let (engine, _) = laurel_actors::start(options).await.unwrap();
            disk.power_off_at(disk.operations() + cut);
            engine.move_clock(time(later)).unwrap();
            let left = engine.settle_due().await.unwrap_or(u64::MAX);
            assert!(disk.operations() > begun);
            let done = gauge(&engine, "laurel_due_processed_total");
            in_the_middle += usize::from(left > 0 && done > 0);
            disk = disk.crash();
        }
        assert!(in_the_middle > 0, "some crash came in the middle");
        let (engine, _) = laurel_actors::start(with(&disk, &reviewing(), later)).await.unwrap();
        assert_eq!(engine.settle_due().await, Ok(0));
        for id in ids {
            check(&engine, id).await;
        }
        let lowest = engine.tier_members(MEMBER.parse().unwrap(), 0, 1).await.unwrap();
        let silver = engine.tier_members(SILVER.parse().unwrap(), 0, 1).await.unwrap();
        assert_eq!((lowest.total, silver.total), (MEMBERS, 0));
        // Nothing is due any more: another look finds nobody.
        let done = gauge(&engine, "laurel_due_processed_total");
        assert_eq!(engine.settle_due().await, Ok(0));
        assert_eq!(gauge(&engine, "laurel_due_processed_total"), done);
        assert_eq!((gauge(&engine, "laurel_due_rows"), gauge(&engine, "laurel_due_lag_seconds")), (0, 0));
    });
}

#[test]
fn a_failed_commit_loses_nothing_that_is_due() {
    run(async {
        let disk = MemoryDisk::new();
        let engine = start_with(with(&disk, &reviewing(), "2017-02-01T00:00:00Z")).await;
        let ids = populate(&engine, 300).await;
        disk.fail_sync(disk.syncs() + 1);
        engine.move_clock(time("2017-09-01T00:00:00Z")).unwrap();
        let mut left = u64::MAX;
        for _ in 0..100 {
            left = engine.settle_due().await.unwrap();
            if left == 0 {
                break;
            }
            actix::clock::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert_eq!(left, 0);
        for id in ids {
            check(&engine, id).await;
        }
    });
}

/// Sales that come while the clock is being moved are judged on what was due before them.
#[test]
fn whoever_comes_before_the_clock_does_what_was_due_first() {
    run(async {
        let disk = MemoryDisk::new();
        let engine = start_with(with(&disk, &reviewing(), "2017-02-01T00:00:00Z")).await;
        let ids = populate(&engine, 200).await;
        engine.move_clock(time("2017-09-01T00:00:00Z")).unwrap();
        for (number, id) in ids.iter().enumerate() {
            engine.post_points(*id, deposit(3)).await.unwrap();
            assert_eq!(points(&engine, &format!("m{number}")).await, whole(3));
        }
        assert_eq!(engine.settle_due().await, Ok(0));
        for id in ids {
            check(&engine, id).await;
        }
    });
}

/// Settings that change after people have joined: their reviews are computed anew, from the change on.
#[test]
fn members_are_looked_through_when_the_program_changes() {
    run(async {
        let disk = MemoryDisk::new();
        let engine = start_with(with(&disk, PROGRAM, "2017-02-01T00:00:00Z")).await;
        let ids = populate(&engine, 50).await;
        engine.move_clock(time("2017-04-10T00:00:00Z")).unwrap();
        engine.settle_due().await.unwrap();
        let level = async |id| {
            let seen = engine.read_customer(id, |customer, _, _| customer.tiers()[0].level).await;
            seen.unwrap().unwrap()
        };
        let (lowest, silver): (TierLevelId, TierLevelId) = (MEMBER.parse().unwrap(), SILVER.parse().unwrap());
        assert_eq!(level(ids[0]).await, silver);
        engine.configure(Section::Program, reviewing(), false).await.unwrap();
        assert_eq!(engine.settle_due().await, Ok(0));
        assert_eq!(level(ids[0]).await, silver, "nobody is reviewed for the past");
        engine.move_clock(time("2017-05-01T00:00:00Z")).unwrap();
        assert_eq!(engine.settle_due().await, Ok(0));
        for id in ids {
            let history = engine.tier_history(id).await.unwrap().unwrap();
            let last: Option<(TierMoveCause, Timestamp)> =
                history.movements().last().map(|step| (step.cause, step.at));
            assert_eq!(last, Some((TierMoveCause::Maintenance, time("2017-05-01T00:00:00Z"))));
            assert_eq!(level(id).await, lowest);
        }
    });
}

/// The ticking clock does it without being asked.
#[test]
fn nobody_needs_to_wait_for_it() {
    run(async {
        let engine = start_with(with(&MemoryDisk::new(), PROGRAM, "2017-02-01T00:00:00Z")).await;
        let ann = member(&engine, "ann").await;
        let mut late = deposit(5);
        let Purpose::Deposit(details) = &mut late.purpose else { unreachable!() };
        details[0].occurred = Some(time("2016-01-01T00:00:00Z"));
        engine.post_points(ann, late).await.unwrap();
        assert_eq!(balance(&engine, "ann", POINTS).await, whole(0), "run out before it came");
        let mut rows = 0;
        for _ in 0..500 {
            rows = engine.audit_log(ann).await.unwrap().unwrap().rows().len();
            if rows == 2 {
                break;
            }
            actix::clock::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(rows, 2, "written down at the next tick");
    });
}
