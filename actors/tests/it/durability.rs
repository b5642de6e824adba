//! Crashes, failing disks, passivation: nothing acknowledged is lost, nothing is done twice.

use store::MemoryDisk;

use crate::support::{member, options, points, run, sale, send, start, start_with, stop, whole};

const DAY: &str = "2017-01-05T10:00:00Z";

#[test]
fn a_sale_that_was_acknowledged_is_credited_once_after_a_power_cut_at_any_moment() {
    run(async {
        let disk = MemoryDisk::new();
        let engine = start(&disk).await;
        for name in ["ann", "bob"] {
            member(&engine, name).await;
        }
        stop(&engine).await;
        let begin = disk.copy();
        let whole_run = begin.copy();
        let engine = start(&whole_run).await;
        let from = whole_run.operations();
        script(&engine).await;
        let to = whole_run.operations();
        assert!(to > from + 20, "the script does something");
        stop(&engine).await;
        for cut in (from..to).step_by(3) {
            let disk = begin.copy();
            disk.power_off_at(cut);
            let engine = match laurel_actors::start(options(&disk)).await {
                Ok((engine, _)) => engine,
                Err(_) => continue,
            };
            let acknowledged = script(&engine).await;
            let recovered = start(&disk.crash()).await;
            for (name, sold) in [("ann", acknowledged[0]), ("bob", acknowledged[1])] {
                let points = points(&recovered, name).await;
                assert!(
                    points >= whole(10 * sold),
                    "cut at {cut}: {name} has {points} of {sold} acknowledged sales"
                );
            }
            // The same requests again: now everything is there, once.
            script(&recovered).await;
            for name in ["ann", "bob"] {
                assert_eq!(points(&recovered, name).await, whole(60), "cut at {cut}: {name}");
            }
            stop(&recovered).await;
        }
    });
}

/// Six sales each of 10 points for two members; says how many were acknowledged.
async fn script(engine: &laurel_actors::Engine) -> [i64; 2] {
    let mut acknowledged = [0, 0];
    for number in 0..6 {
        for (place, name) in ["ann", "bob"].into_iter().enumerate() {
            let id = format!("{name}-{number}");
            if send(engine, &id, sale(&id, name, "10.5", DAY)).await.is_ok() {
                acknowledged[place] += 1;
            }
        }
        if number == 3 {
            let _ = engine.checkpoint().await;
        }
    }
    acknowledged
}

#[test]
fn a_failed_sync_refuses_what_depends_on_it_and_the_engine_goes_on() {
    run(async {
        let disk = MemoryDisk::new();
        let engine = start(&disk).await;
        for number in 0..8 {
            member(&engine, &format!("m{number}")).await;
        }
        let mut expected = [0_i64; 8];
        for round in 0..30 {
            disk.fail_sync(disk.syncs() + 2);
            let tries: Vec<_> = (0..8)
                .map(|number| {
                    let (engine, id) = (engine.clone(), format!("r{round}-{number}"));
                    actix::spawn(async move {
                        send(&engine, &id, sale(&id, &format!("m{number}"), "10", DAY)).await
                    })
                })
                .collect();
            for (number, answer) in tries.into_iter().enumerate() {
                let id = format!("r{round}-{number}");
                let mut answer = answer.await.unwrap().map(|_| ()).map_err(|_| ());
                // A client that got no answer sends the same request again until it gets one.
                while answer.is_err() {
                    actix::clock::sleep(std::time::Duration::from_millis(1)).await;
                    answer = send(&engine, &id, sale(&id, &format!("m{number}"), "10", DAY))
                        .await
                        .map(|_| ())
                        .map_err(|_| ());
                }
                expected[number] += 10;
            }
        }
        // The last fault may still lie ahead: let it happen to a sale that nobody counts.
        disk.fail_sync(0);
        for (number, expected) in expected.into_iter().enumerate() {
            let name = format!("m{number}");
            let mut seen = None;
            for _ in 0..200 {
                let id = engine.find_customer(&domain::identifier::Identifier::external(&name)).await;
                if let Ok(Some(_)) = id {
                    seen = Some(points(&engine, &name).await);
                    if seen == Some(whole(expected)) {
                        break;
                    }
                }
                actix::clock::sleep(std::time::Duration::from_millis(5)).await;
            }
            assert_eq!(seen, Some(whole(expected)), "{name}");
        }
    });
}

#[test]
fn few_residents_and_many_customers_give_the_same_balances() {
    run(async {
        let disk = MemoryDisk::new();
        let mut options = options(&disk);
        options.customers_max = 2;
        let engine = start_with(options).await;
        for number in 0..40 {
            member(&engine, &format!("m{number}")).await;
        }
        for round in 0..3 {
            for number in 0..40 {
                let id = format!("{round}-{number}");
                send(&engine, &id, sale(&id, &format!("m{number}"), "7", DAY)).await.unwrap();
            }
            engine.checkpoint().await.unwrap();
        }
        for number in 0..40 {
            assert_eq!(points(&engine, &format!("m{number}")).await, whole(21));
        }
        let resident =
            engine.gauges().into_iter().find(|(name, _)| *name == "laurel_resident_actors").unwrap().1;
        assert!(resident <= 12, "{resident} actors stay for a limit of 2 customers");
    });
}
