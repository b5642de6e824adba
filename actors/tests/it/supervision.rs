//! An actor that panics takes nobody with it, and its successor knows everything.

use laurel_actors::EngineError;
use store::MemoryDisk;

use crate::support::{member, points, run, sale, send, start, whole};

const DAY: &str = "2017-01-05T10:00:00Z";

#[test]
fn a_crashed_actor_is_replaced_from_durable_state() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        let ann = member(&engine, "ann").await;
        member(&engine, "bob").await;
        for number in 0..20_i64 {
            send(&engine, &format!("a{number}"), sale(&format!("a{number}"), "ann", "10", DAY))
                .await
                .unwrap();
            let crashed = engine.read_customer(ann, |_, _, _| -> () { panic!("as the test wants it") }).await;
            assert_eq!(crashed, Err(EngineError::Crashed));
            send(&engine, &format!("b{number}"), sale(&format!("b{number}"), "bob", "10", DAY))
                .await
                .unwrap();
        }
        assert_eq!(points(&engine, "ann").await, whole(200));
        assert_eq!(points(&engine, "bob").await, whole(200));
    });
}

#[test]
fn sales_credited_around_a_crash_arrive_once() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        let ann = member(&engine, "ann").await;
        let mut tries = Vec::new();
        for number in 0..200 {
            let (sender, crasher) = (engine.clone(), engine.clone());
            let id = format!("s{number}");
            tries.push(actix::spawn(async move {
                send(&sender, &id, sale(&id, "ann", "1", DAY)).await.map(|_| ())
            }));
            if number % 10 == 0 {
                actix::spawn(async move {
                    let _ =
                        crasher.read_customer(ann, |_, _, _| -> () { panic!("as the test wants it") }).await;
                });
            }
        }
        for done in tries {
            done.await.unwrap().unwrap();
        }
        let mut seen = whole(0);
        for _ in 0..400 {
            // A read may meet a crash that is being recovered from.
            if let Ok(Some(now)) = engine
                .read_customer(ann, |customer, program, now| {
                    customer.balances(program, now).accounts[0].available
                })
                .await
            {
                seen = now;
            }
            if seen == whole(200) {
                break;
            }
            actix::clock::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert_eq!(seen, whole(200));
    });
}
