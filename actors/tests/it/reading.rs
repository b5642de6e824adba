//! Reads that fail for a while: what needs them is refused for now, and what has to arrive arrives when they go well
//! again.

use std::time::Duration;

use domain::{amount::Points, id::CustomerId, identifier::Identifier};
use laurel_actors::{Engine, EngineError, SaleError};
use store::MemoryDisk;

use crate::support::{POINTS, member, options, points, run, sale, send, start, start_with, stop, whole};

const DAY: &str = "2017-01-05T10:00:00Z";

/// An engine that has just been started, with ann in memory and bob on disk, but for whom his name belongs to.
async fn bob_is_on_disk() -> (MemoryDisk, Engine, CustomerId) {
    let disk = MemoryDisk::new();
    let engine = start(&disk).await;
    for name in ["ann", "bob"] {
        member(&engine, name).await;
    }
    engine.checkpoint().await.unwrap();
    stop(&engine).await;
    let mut options = options(&disk);
    // Nothing is kept of the file.
    options.store.state_cache_bytes = 0;
    let engine = start_with(options).await;
    points(&engine, "ann").await;
    let bob = engine.find_customer(&Identifier::external("bob")).await.unwrap().unwrap();
    (disk, engine, bob)
}

/// Reads go well again; the next checkpoint opens the file.
async fn becomes_readable(disk: &MemoryDisk, engine: &Engine) {
    disk.set_unreadable(false);
    engine.checkpoint().await.unwrap();
}

/// Waits until something has come about.
async fn until(what: &str, has_come: impl AsyncFn() -> bool) {
    for _ in 0..400 {
        if has_come().await {
            return;
        }
        actix::clock::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} has not come about");
}

/// Waits until somebody has as many points.
async fn arrive(engine: &Engine, name: &str, expected: i64) {
    let what = format!("{name} having {expected}");
    until(&what, async || seen(engine, name).await == Ok(Some(whole(expected)))).await;
}

/// The points of somebody, if they can be had at present.
async fn seen(engine: &Engine, name: &str) -> Result<Option<Points>, EngineError> {
    let Some(id) = engine.find_customer(&Identifier::external(name)).await? else { return Ok(None) };
    let account = POINTS.parse().unwrap();
    let read =
        engine.read_customer(id, move |customer, program, now| customer.available(account, program, now));
    read.await
}

#[test]
fn who_cannot_be_read_is_unavailable_and_gets_what_was_sent_meanwhile() {
    run(async {
        let (disk, engine, bob) = bob_is_on_disk().await;
        disk.set_unreadable(true);
        send(&engine, "r1", sale("r1", "bob", "25", DAY)).await.unwrap();
        let seen = engine.read_customer(bob, |customer, _, _| customer.identity().is_some()).await;
        assert_eq!(seen, Err(EngineError::Unavailable));
        becomes_readable(&disk, &engine).await;
        arrive(&engine, "bob", 25).await;
        stop(&engine).await;
    });
}

#[test]
fn a_commit_that_fails_while_nothing_can_be_read_loses_no_effect() {
    run(async {
        let (disk, engine, _) = bob_is_on_disk().await;
        disk.set_unreadable(true);
        send(&engine, "r1", sale("r1", "bob", "25", DAY)).await.unwrap();
        disk.fail_sync(disk.syncs() + 1);
        let lost = send(&engine, "r2", sale("r2", "ann", "10", DAY)).await;
        assert!(matches!(lost, Err(SaleError::Engine(EngineError::Unavailable))), "{lost:?}");
        becomes_readable(&disk, &engine).await;
        arrive(&engine, "bob", 25).await;
        let repeated = async || send(&engine, "r2", sale("r2", "ann", "10", DAY)).await.is_ok();
        until("the sale that was lost", repeated).await;
        arrive(&engine, "ann", 10).await;
        stop(&engine).await;
    });
}
