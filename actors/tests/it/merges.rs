//! One customer merged into another: crashes anywhere, and merges that cross.

use domain::{Points, id::CustomerId, identifier::Identifier};
use laurel_actors::{Engine, MergeError};
use store::MemoryDisk;

use crate::support::{
    POINTS, balance, member, options, points, run, sale, send as send_sale, start, stop, whole,
};

const DAY: &str = "2017-01-05T10:00:00Z";
const LATER: &str = "2017-01-06T10:00:00Z";

async fn who(engine: &Engine, name: &str) -> Result<CustomerId, MergeError> {
    engine.find_customer(&Identifier::external(name)).await?.ok_or(MergeError::NotFound)
}

async fn merge(engine: &Engine, from: &str, to: &str) -> Result<(), MergeError> {
    let pair = (who(engine, from).await?, who(engine, to).await?);
    engine.merge_customers(pair.0, pair.1).await.map(|_| ())
}

async fn ann_and_bob(engine: &Engine) {
    for name in ["ann", "bob"] {
        member(engine, name).await;
    }
    for (id, name) in [("r1", "ann"), ("r2", "ann"), ("r3", "bob")] {
        send_sale(engine, id, sale(id, name, "25", DAY)).await.unwrap();
    }
    assert_eq!((points(engine, "ann").await, points(engine, "bob").await), (whole(50), whole(25)));
}

async fn sum(engine: &Engine) -> Points {
    points(engine, "ann").await.plus(points(engine, "bob").await).unwrap()
}

/// A merge and the return of a purchase of before, as far as the disk lets them.
async fn script(engine: &Engine) {
    let patience = std::time::Duration::from_millis(200);
    let merged = actix::clock::timeout(patience, merge(engine, "ann", "bob")).await;
    if matches!(merged, Ok(Ok(()))) {
        let half = send_sale(engine, "r4", sale("r1", "ann", "10", LATER));
        let _ = actix::clock::timeout(patience, half).await;
    }
}

#[test]
fn a_merge_is_whole_after_a_power_cut_at_any_moment() {
    run(async {
        let disk = MemoryDisk::new();
        let engine = start(&disk).await;
        ann_and_bob(&engine).await;
        stop(&engine).await;
        let begin = disk.copy();
        let whole_run = begin.copy();
        let engine = start(&whole_run).await;
        let from = whole_run.operations();
        script(&engine).await;
        let to = whole_run.operations();
        assert!(to > from + 4, "the script does something");
        assert_eq!((points(&engine, "ann").await, points(&engine, "bob").await), (whole(0), whole(60)));
        stop(&engine).await;
        for cut in from..to {
            let disk = begin.copy();
            disk.power_off_at(cut);
            let Ok((engine, _)) = laurel_actors::start(options(&disk)).await else { continue };
            script(&engine).await;
            let recovered = start(&disk.crash()).await;
            // Whoever is asked first sees what has arrived; what is on its way arrives before both are asked again.
            for name in ["ann", "bob", "ann", "bob"] {
                balance(&recovered, name, POINTS).await;
            }
            let sum = sum(&recovered).await;
            assert!(sum == whole(75) || sum == whole(60), "cut at {cut}: {sum}");
            script(&recovered).await;
            // The return goes by way of the giver.
            assert_eq!(points(&recovered, "ann").await, whole(0), "cut at {cut}");
            assert_eq!(points(&recovered, "bob").await, whole(60), "cut at {cut}");
            stop(&recovered).await;
        }
    });
}

#[test]
fn merges_that_cross_lose_nothing() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        ann_and_bob(&engine).await;
        let asked: Vec<_> = (0..16)
            .map(|number| {
                let engine = engine.clone();
                let (from, to) = if number % 2 == 0 { ("ann", "bob") } else { ("bob", "ann") };
                actix::spawn(async move { merge(&engine, from, to).await })
            })
            .collect();
        for answer in asked {
            answer.await.unwrap().unwrap();
        }
        assert_eq!(sum(&engine).await, whole(75));
        // Wherever the points are now, the return finds them.
        send_sale(&engine, "r5", sale("r2", "ann", "5", LATER)).await.unwrap();
        for name in ["ann", "bob", "ann", "bob"] {
            points(&engine, name).await;
        }
        assert_eq!(sum(&engine).await, whole(55));
        assert!(!points(&engine, "ann").await.is_negative() && !points(&engine, "bob").await.is_negative());
    });
}
