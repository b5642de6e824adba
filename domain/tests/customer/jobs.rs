//! A job's turn at a customer, and the job's own state (incentives.md 7.12).

use laurel_domain::{
    Points, Timestamp,
    customer::{Command, Fetched, JobStep, Reply, StepOutcome},
    entity::{Context, Entity, Verdict},
    id::{CustomerId, IdRun, JobId},
    job::{self, Counts, Job, Plan, Stage, Work},
    program::Program,
};

use crate::{member::*, shop::*};

const YEARLY: &str = r#", "maintenance_frequency_value": 1, "maintenance_frequency_uom": 3,
    "maintenance_frequency_is_relative": true"#;

/// A member of Gold who has too little to stay.
fn gold() -> Member {
    let levels = [SILVER, GOLD].map(|level| (level, YEARLY.to_owned())).to_vec();
    let shop = Shop { levels, ..Shop::with(&[enter(201, GOLD, 1000), stay(301, GOLD, 5000, "")]) };
    let mut member = Member::of(&shop);
    member.at("2026-03-10T12:00:00Z").given(TIER, "4300");
    assert_eq!(member.level(), GOLD);
    member.at("2026-04-01T12:00:00Z");
    member
}

fn maintenance(job: u32, as_of: Option<&str>) -> JobStep {
    let work = Work::Maintenance { system: id(SYSTEM) };
    JobStep { job: id(job), work, as_of: as_of.map(time), dry_run: as_of.is_some() }
}

fn step(member: &mut Member, step: JobStep) -> StepOutcome {
    match member.when(Command::Job(Box::new(step))) {
        Ok(Reply::Stepped(outcome)) => outcome,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_customer_has_one_turn_in_a_job_however_often_it_is_asked() {
    let mut member = gold();
    let tried = step(&mut member, maintenance(1, Some("2026-05-01T00:00:00Z")));
    assert!(tried.moved && member.level() == GOLD, "a dry run changes nothing");
    let events = member.events.len();
    assert!(step(&mut member, maintenance(2, None)).moved);
    assert_eq!(member.level(), SILVER);
    let after = member.events.len();
    assert!(after > events);
    member.at("2026-04-01T13:00:00Z").placed(GOLD);
    let again = member.events.len();
    member.at("2026-04-01T14:00:00Z");
    assert!(step(&mut member, maintenance(2, None)).moved, "the first answer again");
    assert_eq!((member.level(), member.events.len()), (GOLD, again));
    assert!(step(&mut member, maintenance(3, None)).moved, "another job is another turn");
    assert_eq!(member.level(), SILVER);
}

#[test]
fn a_turn_that_changes_nothing_leaves_no_trace() {
    let mut member = gold();
    let events = member.events.len();
    let work = Work::Expiration { accounts: Vec::new() };
    let expiration = JobStep { job: id(5), work, as_of: None, dry_run: false };
    assert_eq!(step(&mut member, expiration), StepOutcome::default());
    assert_eq!(member.events.len(), events);
}

fn ask(job: &mut Job, command: &job::Command, at: i64) -> Result<(), job::Error> {
    let program = Program::empty(id(99), "Shop");
    let context = Context {
        now: Timestamp::from_millis(at),
        ids: IdRun::starting_at(uuid::Uuid::nil()),
        program: &program,
        fetched: &Fetched::default(),
    };
    let Verdict::Decided(decision) = job.decide(command, &context)? else {
        panic!("a job needs nothing old");
    };
    decision.events.iter().for_each(|event| job.apply(event));
    Ok(())
}

#[test]
fn a_job_goes_forward_only() {
    let plan = Plan {
        work: Work::Maintenance { system: id(SYSTEM) },
        customers: Some(vec![id(8), id(7), id(8)]),
        as_of: None,
        dry_run: false,
    }
    .in_order();
    assert_eq!(plan.customers, Some(vec![id(7), id(8)]));
    let (mut job, name) = (Job::default(), id::<JobId>(1));
    let advance = |customer: u32, moved: u64| job::Command::Advance {
        through: id::<CustomerId>(customer),
        counts: Counts { processed: 2, moved, failed: 1, points: Points::whole(3).unwrap() },
    };
    assert_eq!(ask(&mut job, &job::Command::Start, 0), Err(job::Error::NotFound));
    let asked = job::Command::Ask { id: name, key: plan.body(), plan };
    ask(&mut job, &asked, 1).unwrap();
    assert_eq!(ask(&mut job, &asked, 2), Err(job::Error::Exists));
    assert_eq!(job.stage(), Some(&Stage::Queued));
    assert_eq!(ask(&mut job, &advance(7, 1), 3), Err(job::Error::NotThere), "it is not its turn yet");
    ask(&mut job, &job::Command::Start, 4).unwrap();
    ask(&mut job, &job::Command::Start, 5).unwrap();
    ask(&mut job, &advance(7, 1), 6).unwrap();
    assert_eq!(ask(&mut job, &advance(7, 1), 7), Err(job::Error::NotThere), "a page counts once");
    ask(&mut job, &advance(8, 2), 8).unwrap();
    ask(&mut job, &job::Command::End(Ok(())), 9).unwrap();
    let points = Points::whole(6).unwrap();
    assert_eq!(job.counts(), Counts { processed: 4, moved: 3, failed: 2, points });
    let (started, finished) = (Timestamp::from_millis(4), Timestamp::from_millis(9));
    assert_eq!(job.stage(), Some(&Stage::Done { started, finished }));
    assert_eq!(ask(&mut job, &job::Command::End(Err("late".into())), 10), Err(job::Error::NotThere));
}
