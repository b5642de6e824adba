//! Points from one customer to another: crashes anywhere, and many askers at once.

use std::collections::HashSet;

use domain::{
    Points,
    customer::{MoveDetail, Naming, PostedStatus},
    id::CustomerId,
    identifier::Identifier,
};
use laurel_actors::{Engine, PostError, Transferred};
use store::MemoryDisk;

use crate::support::{
    POINTS, balance, member, options, points, run, sale, send as send_sale, start, stop, whole,
};

const DAY: &str = "2017-01-05T10:00:00Z";

fn gift(amount: i64, key: &str) -> MoveDetail {
    MoveDetail {
        from: vec![POINTS.parse().unwrap()],
        to: POINTS.parse().unwrap(),
        amount: whole(amount),
        preserve_expiration: true,
        naming: Naming { idempotency_id: Some(key.into()), ..Naming::default() },
    }
}

async fn who(engine: &Engine, name: &str) -> Result<CustomerId, PostError> {
    engine.find_customer(&Identifier::external(name)).await?.ok_or(PostError::NotFound)
}

async fn give(engine: &Engine, amount: i64, key: &str) -> Result<Transferred, PostError> {
    let pair = (who(engine, "ann").await?, who(engine, "bob").await?);
    engine.transfer_points(pair, gift(amount, key)).await
}

async fn ann_and_bob(engine: &Engine) {
    for name in ["ann", "bob"] {
        member(engine, name).await;
    }
    for id in ["r1", "r2", "r3", "r4"] {
        send_sale(engine, id, sale(id, "ann", "25", DAY)).await.unwrap();
    }
    assert_eq!(points(engine, "ann").await, whole(100));
}

#[test]
fn a_transfer_is_whole_after_a_power_cut_at_any_moment() {
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
        assert!(to > from + 8, "the script does something");
        stop(&engine).await;
        for cut in from..to {
            let disk = begin.copy();
            disk.power_off_at(cut);
            let Ok((engine, _)) = laurel_actors::start(options(&disk)).await else { continue };
            script(&engine).await;
            let recovered = start(&disk.crash()).await;
            // Whoever is asked first sees what has arrived; what is on its way arrives before both are asked again.
            for name in ["ann", "bob", "ann"] {
                balance(&recovered, name, POINTS).await;
            }
            let sum = points(&recovered, "ann").await.plus(points(&recovered, "bob").await).unwrap();
            assert_eq!(sum, whole(100), "cut at {cut}");
            script(&recovered).await;
            assert_eq!(points(&recovered, "bob").await, whole(60), "cut at {cut}");
            assert_eq!(points(&recovered, "ann").await, whole(40), "cut at {cut}");
            stop(&recovered).await;
        }
    });
}

/// Three transfers, as far as the disk lets them. With the disk gone for good nobody answers for points on their way.
async fn script(engine: &Engine) {
    for number in 1..=3_i64 {
        let key = format!("k{number}");
        let given = give(engine, number * 10, &key);
        let patience = std::time::Duration::from_millis(200);
        if !matches!(actix::clock::timeout(patience, given).await, Ok(Ok(_))) {
            return;
        }
    }
}

#[test]
fn one_id_asked_for_64_times_at_once_is_one_transfer() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        ann_and_bob(&engine).await;
        let asked: Vec<_> = (0..64)
            .map(|_| {
                let engine = engine.clone();
                actix::spawn(async move { give(&engine, 30, "once").await })
            })
            .collect();
        let (mut ids, mut fresh) = (HashSet::new(), 0);
        for answer in asked {
            let Transferred { sent, taken, received } = answer.await.unwrap().unwrap();
            ids.insert(sent.tracking_id);
            fresh += usize::from(!sent.replayed);
            assert_eq!((taken.len(), received.len()), (1, 2), "one row of the giver, one for each lot of 25");
            assert_eq!(taken[0].change, whole(-30));
            assert_eq!(Points::sum(received.iter().map(|row| row.change)), Ok(whole(30)));
        }
        assert_eq!((ids.len(), fresh), (1, 1));
        assert_eq!((points(&engine, "ann").await, points(&engine, "bob").await), (whole(70), whole(30)));
    });
}

/// Both ways at once, more than there is: neither goes below zero, and the sum stays.
#[test]
fn two_members_who_give_to_each_other_keep_the_sum() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        ann_and_bob(&engine).await;
        let (ann, bob) = (who(&engine, "ann").await.unwrap(), who(&engine, "bob").await.unwrap());
        let asked: Vec<_> = (0..60_i64)
            .map(|number| {
                let engine = engine.clone();
                let pair = if number % 2 == 0 { (ann, bob) } else { (bob, ann) };
                let detail = gift(number % 7 + 5, &format!("k{number}"));
                actix::spawn(async move { engine.transfer_points(pair, detail).await })
            })
            .collect();
        for answer in asked {
            match answer.await.unwrap() {
                Ok(_) => {}
                Err(PostError::Refused(refused)) => {
                    assert_eq!(refused.details[0].status, PostedStatus::InsufficientPoints);
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        let (ann, bob) = (points(&engine, "ann").await, points(&engine, "bob").await);
        assert!(!ann.is_negative() && !bob.is_negative(), "{ann} {bob}");
        assert_eq!(ann.plus(bob), Ok(whole(100)));
        assert_ne!(bob, Points::ZERO);
    });
}
