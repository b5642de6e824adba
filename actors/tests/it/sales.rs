//! Sales: what they earn, versions, replays, several payers, queries.

use std::{
    future::{Future, poll_fn},
    task::Poll,
    time::Duration,
};

use domain::{Money, sale::Outcome};
use laurel_actors::{SaleDate, SaleError, SaleFilter, SaleQuery, SaleSort, SortDirection};
use store::MemoryDisk;

use crate::support::{
    STATUS, STORE, balance, item, member, payment, points, run, sale, send, start, time, whole,
};

const DAY: &str = "2017-01-05T10:00:00Z";

#[test]
fn whoever_has_the_answer_finds_the_points() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        member(&engine, "ann").await;
        for number in 1..=50_i64 {
            send(&engine, &format!("r{number}"), sale(&format!("t{number}"), "ann", "10.99", DAY))
                .await
                .unwrap();
            assert_eq!(points(&engine, "ann").await, whole(10 * number), "no waiting in between");
        }
        assert_eq!(balance(&engine, "ann", STATUS).await, whole(500));
    });
}

#[test]
fn a_repeated_request_is_answered_and_not_done_again() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        member(&engine, "ann").await;
        let first = send(&engine, "r1", sale("t1", "ann", "20", DAY)).await.unwrap();
        let again = send(&engine, "r1", sale("t1", "ann", "20", DAY)).await.unwrap();
        assert_eq!((first.replayed, again.replayed, again.other_body), (false, true, false));
        assert_eq!(first.receipt, again.receipt);
        let other = send(&engine, "r1", sale("t2", "ann", "99", DAY)).await.unwrap();
        assert!(other.replayed && other.other_body);
        assert_eq!(other.receipt.transaction_id.as_ref(), "t1", "the first answer, whatever the body says");
        let same_sale = send(&engine, "r2", sale("t1", "ann", "20", DAY)).await.unwrap();
        assert_eq!(same_sale.receipt.outcome, Outcome::Duplicate);
        assert_eq!(points(&engine, "ann").await, whole(20));
    });
}

/// A till hangs up while nothing is on disk, another reports the same sale, and the first comes again.
#[test]
fn a_request_that_was_given_up_and_repeated_is_one_version() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        member(&engine, "ann").await;
        send(&engine, "r0", sale("t0", "ann", "1", DAY)).await.unwrap();
        for shard in 0..8 {
            engine.hold_up(shard, Duration::from_millis(40));
        }
        let mut given_up = Box::pin(send(&engine, "r1", sale("t1", "ann", "20", DAY)));
        let polled = poll_fn(|context| Poll::Ready(given_up.as_mut().poll(context).is_pending())).await;
        assert!(polled, "nothing is on disk yet");
        drop(given_up);
        let other = engine.clone();
        let other = actix::spawn(async move { send(&other, "r2", sale("t1", "ann", "30", DAY)).await });
        let repeated = loop {
            match send(&engine, "r1", sale("t1", "ann", "20", DAY)).await {
                Err(SaleError::Pending) => actix::clock::sleep(Duration::from_millis(1)).await,
                answered => break answered.unwrap(),
            }
        };
        assert!(repeated.replayed, "{repeated:?}");
        other.await.unwrap().unwrap();
        let stored = engine.sale(repeated.receipt.sale).await.unwrap().unwrap();
        assert_eq!(stored.current().unwrap().number, 2);
        assert_eq!(points(&engine, "ann").await, whole(31));
    });
}

#[test]
fn of_equal_requests_at_once_one_is_done() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        member(&engine, "ann").await;
        let tries: Vec<_> = (0..50)
            .map(|_| {
                let engine = engine.clone();
                actix::spawn(async move { send(&engine, "same", sale("t1", "ann", "20", DAY)).await })
            })
            .collect();
        let mut done = 0;
        for answer in tries {
            match answer.await.unwrap() {
                Ok(answer) => done += i32::from(!answer.replayed),
                Err(SaleError::Pending) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(done, 1);
        assert_eq!(points(&engine, "ann").await, whole(20));
    });
}

#[test]
fn versions_in_any_order_end_with_the_newest() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        member(&engine, "ann").await;
        send(&engine, "v3", sale("t1", "ann", "60", "2017-01-05T12:00:00Z")).await.unwrap();
        assert_eq!(points(&engine, "ann").await, whole(60 + 25));
        let stale = send(&engine, "v1", sale("t1", "ann", "10", "2017-01-05T10:00:00Z")).await.unwrap();
        let older = send(&engine, "v2", sale("t1", "ann", "90", "2017-01-05T11:00:00Z")).await.unwrap();
        assert_eq!((stale.receipt.outcome, older.receipt.outcome), (Outcome::Stale, Outcome::Stale));
        assert_eq!(points(&engine, "ann").await, whole(85));
    });
}

#[test]
fn a_return_takes_back_what_the_purchase_gave() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        member(&engine, "ann").await;
        send(&engine, "buy", sale("t1", "ann", "60", "2017-01-05T12:00:00Z")).await.unwrap();
        assert_eq!(points(&engine, "ann").await, whole(85), "60 and the big basket's 25");
        send(&engine, "part", sale("t1", "ann", "40", "2017-01-06T12:00:00Z")).await.unwrap();
        assert_eq!(points(&engine, "ann").await, whole(40), "no big basket any more");
        let mut void = sale("t1", "ann", "40", "2017-01-07T12:00:00Z");
        void.is_voided = true;
        send(&engine, "void", void).await.unwrap();
        assert_eq!(
            (points(&engine, "ann").await, balance(&engine, "ann", STATUS).await),
            (whole(0), whole(0))
        );
        // The calendar limit of two big baskets a month has been given back as well.
        for number in 2..=4 {
            send(
                &engine,
                &format!("b{number}"),
                sale(&format!("t{number}"), "ann", "50", "2017-01-08T12:00:00Z"),
            )
            .await
            .unwrap();
        }
        assert_eq!(points(&engine, "ann").await, whole(3 * 50 + 2 * 25));
    });
}

#[test]
fn a_return_after_many_other_sales_is_found_in_the_history() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        member(&engine, "ann").await;
        for number in 0..40 {
            send(&engine, &format!("r{number}"), sale(&format!("t{number}"), "ann", "10", DAY))
                .await
                .unwrap();
        }
        engine.checkpoint().await.unwrap();
        send(&engine, "back", sale("t0", "ann", "4", "2017-01-20T10:00:00Z")).await.unwrap();
        assert_eq!(points(&engine, "ann").await, whole(39 * 10 + 4));
        send(&engine, "back again", sale("t0", "ann", "3", "2017-01-21T10:00:00Z")).await.unwrap();
        assert_eq!(points(&engine, "ann").await, whole(39 * 10 + 3));
    });
}

#[test]
fn payers_share_a_sale_to_the_cent() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        member(&engine, "ann").await;
        member(&engine, "bob").await;
        let mut shared = sale("t1", "ann", "100", DAY);
        let third = "33.33".parse::<Money>().unwrap();
        let rest = "66.67".parse::<Money>().unwrap();
        shared.items = vec![item("1", "BREAD", "100".parse().unwrap())];
        shared.payments = vec![payment("1", "ann", third, DAY), payment("2", "bob", rest, DAY)];
        send(&engine, "r1", shared).await.unwrap();
        // 33.33 and 66.67, each rounded down once; the big basket's fixed points are the larger payer's.
        assert_eq!(points(&engine, "ann").await, whole(33));
        assert_eq!(points(&engine, "bob").await, whole(66 + 25));
    });
}

#[test]
fn sales_of_a_store_are_paged_from_the_index() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        member(&engine, "ann").await;
        for day in 1..=9 {
            let at = format!("2017-01-0{day}T10:00:00Z");
            send(&engine, &format!("r{day}"), sale(&format!("t{day}"), "ann", &format!("{day}"), &at))
                .await
                .unwrap();
            if day == 5 {
                engine.checkpoint().await.unwrap();
            }
        }
        let mut query = SaleQuery {
            stores: vec![STORE.parse().unwrap()],
            date_field: SaleDate::Opened,
            from: time("2017-01-02"),
            to: time("2017-01-09"),
            filter: SaleFilter::default(),
            sort: SaleSort::CheckAmount,
            direction: SortDirection::Descending,
            skip: 0,
            take: 3,
            after: None,
        };
        let mut seen = Vec::new();
        loop {
            let page = engine.find_sales(query.clone()).await.unwrap();
            assert_eq!(page.total, 7);
            seen.extend(
                page.sales.iter().map(|sale| sale.current().unwrap().content.transaction_id.to_string()),
            );
            let Some(next) = page.next else { break };
            query.after = Some(next);
        }
        assert_eq!(seen, ["t8", "t7", "t6", "t5", "t4", "t3", "t2"]);
        query.after = None;
        query.filter.min_check_amount = Some("7".parse().unwrap());
        assert_eq!(engine.find_sales(query).await.unwrap().total, 2);
    });
}
