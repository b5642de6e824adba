//! Decisions that depend on what has left a customer's state: they wait until the history holds it, and never guess.

use std::sync::Arc;

use domain::{
    customer::{DepositDetail, Posting, Purpose},
    sale::Content,
};
use laurel_actors::Engine;
use store::{FolderDisk, MemoryDisk};

use crate::support::{BONUSES, POINTS, member, options, points, run, sale, send, start, start_with, whole};

const DAY: &str = "2017-01-05T10:00:00Z";

/// So many deposits of a point, each under a key of its own.
fn posting(prefix: &str, count: usize) -> Posting {
    let detail = |number| DepositDetail {
        amount: whole(1),
        account: POINTS.parse().unwrap(),
        source: BONUSES.parse().unwrap(),
        reference_id: "r".into(),
        reference_type: "t".into(),
        idempotency_id: Some(format!("{prefix}-{number}").into()),
        transaction_id: "".into(),
        occurred: None,
    };
    let purpose = Purpose::Deposit((0..count).map(detail).collect());
    Posting { purpose, allow_partial_success: false, disable_event_publishing: false }
}

#[test]
fn a_request_may_bring_as_many_keys_as_the_interface_allows() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        let ann = member(&engine, "ann").await;
        for prefix in ["a", "b"] {
            engine.post_points(ann, posting(prefix, 100)).await.unwrap();
        }
        assert_eq!(points(&engine, "ann").await, whole(200));
    });
}

#[test]
fn keys_that_leave_the_window_before_they_are_durable_are_remembered() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        let ann = member(&engine, "ann").await;
        for round in 0..50 {
            let names = ["first", "1", "2", "3", "4", "5", "first"];
            let tries = names.map(|name| {
                let (engine, posting) = (engine.clone(), posting(&format!("{round}-{name}"), 5));
                actix::spawn(async move { engine.post_points(ann, posting).await })
            });
            for done in tries {
                done.await.unwrap().unwrap();
            }
        }
        assert_eq!(points(&engine, "ann").await, whole(30 * 50));
    });
}

#[test]
fn sales_that_leave_the_window_before_they_are_durable_are_corrected_not_credited_again() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let mut options = options(&MemoryDisk::new());
        options.disk = Arc::new(FolderDisk::new(folder.path()).unwrap());
        let engine = start_with(options).await;
        for round in 0..100 {
            let who = format!("m{round}");
            member(&engine, &who).await;
            let mut tries = vec![sending(&engine, "first", sale(&format!("{round}-x"), &who, "10", DAY))];
            for number in 0..40 {
                let id = format!("{round}-{number}");
                tries.push(sending(&engine, &id, sale(&id, &who, "1", DAY)));
            }
            tries.push(sending(
                &engine,
                "again",
                sale(&format!("{round}-x"), &who, "12", "2017-01-06T10:00:00Z"),
            ));
            for done in tries {
                done.await.unwrap();
            }
            assert_eq!(points(&engine, &who).await, whole(40 + 12), "round {round}");
        }
    });
}

fn sending(engine: &Engine, request: &str, content: Content) -> tokio::task::JoinHandle<()> {
    let (engine, request) = (engine.clone(), format!("{request}-{}", content.transaction_id));
    actix::spawn(async move {
        send(&engine, &request, content).await.unwrap();
    })
}
