//! Jobs over many customers: each has his turn once, whatever happens in between (incentives.md 7.12).

use std::{
    future::{Future, poll_fn},
    task::Poll,
    time::Duration,
};

use domain::{
    Timestamp,
    customer::{TierMoveCause, TierMovement},
    id::{CustomerId, JobId},
    job::{Counts, Plan, Stage, Work},
};
use laurel_actors::{Engine, JobError};
use store::MemoryDisk;

use crate::{
    due::{MEMBER, SILVER, SYSTEM, populate, reviewing, with},
    support::{POINTS, points, run, start_with, stop, time, whole},
};

const BEGUN: &str = "2017-02-01T00:00:00Z";

fn maintenance() -> Plan {
    let work = Work::Maintenance { system: SYSTEM.parse().unwrap() };
    Plan { work, customers: None, as_of: None, dry_run: false }
}

fn expiration() -> Plan {
    Plan { work: Work::Expiration { accounts: vec![POINTS.parse().unwrap()] }, ..maintenance() }
}

async fn seen(engine: &Engine, job: JobId) -> (Stage, Counts) {
    let look = |job: &domain::job::Job, _: &_, _| (job.stage().unwrap().clone(), job.counts());
    engine.read_job(job, look).await.unwrap().unwrap()
}

/// Waits for the end of a job that must not fail.
async fn done(engine: &Engine, job: JobId) -> Counts {
    for _ in 0..2_000 {
        match seen(engine, job).await {
            (Stage::Done { .. }, counts) => return counts,
            (Stage::Failed { why, .. }, _) => panic!("{why}"),
            (Stage::Queued | Stage::Running { .. }, _) => {
                actix::clock::sleep(Duration::from_millis(5)).await;
            }
        }
    }
    panic!("the job does not end: {:?}", seen(engine, job).await);
}

/// How often a member's level was reviewed away.
async fn demotions(engine: &Engine, id: CustomerId) -> usize {
    let history = engine.tier_history(id).await.unwrap().unwrap();
    let falls = |step: &&TierMovement| step.cause == TierMoveCause::Maintenance;
    history.movements().iter().filter(falls).count()
}

/// Whoever asks, hangs up and asks again while nothing is on disk yet must not get a second job.
#[test]
fn a_caller_who_hangs_up_and_comes_again_gets_one_job() {
    run(async {
        let engine = start_with(with(&MemoryDisk::new(), &reviewing(), BEGUN)).await;
        for shard in 0..8 {
            engine.hold_up(shard, Duration::from_millis(30));
        }
        let mut given_up = Box::pin(engine.run_job(expiration(), None));
        let polled = poll_fn(|context| Poll::Ready(given_up.as_mut().poll(context).is_pending())).await;
        assert!(polled, "nothing is on disk yet");
        drop(given_up);
        let asked_again = async || loop {
            match engine.run_job(expiration(), None).await {
                Err(JobError::Engine(_)) => actix::clock::sleep(Duration::from_millis(1)).await,
                answered => return answered.unwrap(),
            }
        };
        let job = asked_again().await;
        actix::clock::sleep(Duration::from_millis(50)).await;
        assert_eq!(asked_again().await, job);
    });
}

#[test]
fn a_job_that_is_killed_in_the_middle_goes_on_where_it_was() {
    const MEMBERS: usize = 2_500;
    run(async {
        let mut disk = MemoryDisk::new();
        let engine = start_with(with(&disk, &reviewing(), BEGUN)).await;
        let ids = populate(&engine, MEMBERS).await;
        engine.checkpoint().await.unwrap();
        let later = "2017-02-20T00:00:00Z";
        engine.move_clock(time(later)).unwrap();
        let job = engine.run_job(maintenance(), Some("nightly")).await.unwrap();
        stop(&engine).await;
        let mut in_the_middle = 0;
        for cut in [3, 25, 40, 60] {
            disk = disk.copy();
            // Many small frames, so that no commit does everything at once.
            let mut options = with(&disk, &reviewing(), later);
            options.store.frame_records = 32;
            disk.power_off_at(disk.operations() + cut);
            let Ok((engine, _)) = laurel_actors::start(options).await else {
                disk = disk.crash();
                continue;
            };
            for _ in 0..400 {
                if seen_by(&engine, job).await.is_none() {
                    break;
                }
                actix::clock::sleep(Duration::from_millis(5)).await;
            }
            disk = disk.crash();
            let (check, _) = laurel_actors::start(with(&disk.copy(), &reviewing(), later)).await.unwrap();
            in_the_middle += usize::from(matches!(seen(&check, job).await.0, Stage::Running { .. }));
            stop(&check).await;
        }
        assert!(in_the_middle > 0, "some crash came in the middle");
        let (engine, _) = laurel_actors::start(with(&disk, &reviewing(), later)).await.unwrap();
        let all = u64::try_from(MEMBERS).unwrap();
        let expected = Counts { processed: all, moved: all, ..Counts::default() };
        assert_eq!(done(&engine, job).await, expected);
        for id in &ids {
            assert_eq!(demotions(&engine, *id).await, 1);
        }
        let lowest = engine.tier_members(MEMBER.parse().unwrap(), 0, 1).await.unwrap();
        let silver = engine.tier_members(SILVER.parse().unwrap(), 0, 1).await.unwrap();
        assert_eq!((lowest.total, silver.total), (MEMBERS, 0));
        // Asked for again, it is the same job, and nobody falls deeper.
        assert_eq!(engine.run_job(maintenance(), Some("nightly")).await.unwrap(), job);
        assert_eq!(done(&engine, job).await, expected);
    });
}

/// Nothing can be seen any more once the disk is off.
async fn seen_by(engine: &Engine, job: JobId) -> Option<Stage> {
    let look = |job: &domain::job::Job, _: &_, _| job.stage().cloned();
    match actix::clock::timeout(Duration::from_millis(200), engine.checkpoint()).await {
        Ok(Ok(_)) => engine.read_job(job, look).await.ok().flatten().flatten(),
        Ok(Err(_)) | Err(_) => None,
    }
}

#[test]
fn a_dry_run_counts_and_changes_nothing() {
    run(async {
        let engine = start_with(with(&MemoryDisk::new(), &reviewing(), BEGUN)).await;
        let ids = populate(&engine, 40).await;
        let ahead = Some(time("2017-08-02T00:00:00Z"));
        let plan = Plan { as_of: ahead, dry_run: true, ..expiration() };
        let job = engine.run_job(plan.clone(), None).await.unwrap();
        let counts = done(&engine, job).await;
        assert_eq!((counts.processed, counts.moved, counts.failed), (40, 40, 0));
        assert_eq!(counts.points, whole(400));
        let named = Plan { customers: Some(ids[..7].to_vec()), ..plan };
        let named = done(&engine, engine.run_job(named, None).await.unwrap()).await;
        assert_eq!((named.processed, named.points), (7, whole(70)));
        let falls = Plan { as_of: ahead, dry_run: true, ..maintenance() };
        let falls = done(&engine, engine.run_job(falls, None).await.unwrap()).await;
        assert_eq!((falls.processed, falls.moved), (40, 40));
        assert_eq!(points(&engine, "m3").await, whole(10));
        assert_eq!(demotions(&engine, ids[3]).await, 0);
    });
}

#[test]
fn jobs_are_done_one_after_the_other_beside_live_traffic() {
    run(async {
        let engine = start_with(with(&MemoryDisk::new(), &reviewing(), BEGUN)).await;
        let ids = populate(&engine, 600).await;
        engine.move_clock(time("2017-02-02T00:00:00Z")).unwrap();
        let first = engine.run_job(maintenance(), None).await.unwrap();
        let second = engine.run_job(expiration(), None).await.unwrap();
        assert_eq!(engine.run_job(maintenance(), None).await.unwrap(), first, "a repeat is the same job");
        for id in ids.iter().step_by(20) {
            engine.post_points(*id, crate::due::deposit(3)).await.unwrap();
        }
        assert_eq!(done(&engine, first).await.moved, 600);
        assert_eq!(done(&engine, second).await, Counts::default(), "nothing is due yet");
        let ended = |stage: &Stage| -> Timestamp {
            let Stage::Done { finished, .. } = stage else { panic!("{stage:?}") };
            *finished
        };
        assert!(ended(&seen(&engine, first).await.0) <= ended(&seen(&engine, second).await.0));
        assert_eq!(points(&engine, "m0").await, whole(13));
        let other = Plan { dry_run: true, ..maintenance() };
        engine.run_job(maintenance(), Some("k")).await.unwrap();
        let conflict = engine.run_job(other, Some("k")).await;
        assert!(matches!(conflict, Err(JobError::IdempotencyConflict)));
    });
}

/// A system that is gone by the time it is a job's turn.
#[test]
fn a_job_that_cannot_be_done_fails() {
    run(async {
        let engine = start_with(with(&MemoryDisk::new(), &reviewing(), BEGUN)).await;
        let work = Work::Maintenance { system: MEMBER.parse().unwrap() };
        let job = engine.run_job(Plan { work, ..maintenance() }, None).await.unwrap();
        for _ in 0..500 {
            if let (Stage::Failed { why, .. }, counts) = seen(&engine, job).await {
                assert_eq!((&*why, counts), ("there is no such tier system", Counts::default()));
                return;
            }
            actix::clock::sleep(Duration::from_millis(5)).await;
        }
        panic!("the job does not fail");
    });
}
