//! Deposits and spends, and that repeats do nothing.

use domain::{
    customer::{AuditKind, DepositDetail, PostedStatus, Posting, Purpose, Reply, SpendDetail},
    id::CustomerId,
};
use laurel_actors::{Engine, PostError};
use store::MemoryDisk;

use crate::support::{BONUSES, POINTS, STATUS, balance, member, points, run, sale, send, start, stop, whole};

fn deposit(amount: i64, key: Option<&str>) -> DepositDetail {
    DepositDetail {
        amount: whole(amount),
        account: POINTS.parse().unwrap(),
        source: BONUSES.parse().unwrap(),
        reference_id: "ref".into(),
        reference_type: "MakeGood".into(),
        idempotency_id: key.map(Into::into),
        transaction_id: "".into(),
        occurred: None,
    }
}

fn spend(amount: i64, force: bool) -> SpendDetail {
    SpendDetail {
        amount: whole(amount),
        accounts: Vec::new(),
        source: None,
        force,
        is_return: false,
        reference_id: "".into(),
        reference_type: "AppSpend".into(),
        idempotency_id: None,
        transaction_id: "".into(),
        occurred: None,
        row: None,
        overdraft_row: None,
        overdraft_occurred: None,
    }
}

async fn post(engine: &Engine, id: CustomerId, purpose: Purpose) -> Result<Reply, PostError> {
    engine
        .post_points(id, Posting { purpose, allow_partial_success: false, disable_event_publishing: false })
        .await
}

#[test]
fn a_deposit_under_one_key_is_done_once_even_long_after() {
    run(async {
        let disk = MemoryDisk::new();
        let engine = start(&disk).await;
        let ann = member(&engine, "ann").await;
        let once = || Purpose::Deposit(vec![deposit(50, Some("key"))]);
        post(&engine, ann, once()).await.unwrap();
        let Reply::Posted { details, rows, .. } = post(&engine, ann, once()).await.unwrap() else { panic!() };
        assert!(details[0].replayed && rows.is_empty());
        // Push the key out of the window, into the index, and the index into the tables.
        for number in 0..40 {
            post(&engine, ann, Purpose::Deposit(vec![deposit(1, Some(&format!("other-{number}")))]))
                .await
                .unwrap();
        }
        engine.checkpoint().await.unwrap();
        stop(&engine).await;
        let engine = start(&disk.copy()).await;
        post(&engine, ann, once()).await.unwrap();
        assert_eq!(points(&engine, "ann").await, whole(90));
        let conflict = post(&engine, ann, Purpose::Deposit(vec![deposit(51, Some("key"))])).await;
        assert!(matches!(conflict, Err(PostError::IdempotencyConflict)), "{conflict:?}");
    });
}

#[test]
fn overdraft_is_repaid_by_the_next_deposits() {
    // incentives.md 4.4: balance 80, forced spend 200, deposits 50 and 100.
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        let ann = member(&engine, "ann").await;
        post(&engine, ann, Purpose::Deposit(vec![deposit(80, None)])).await.unwrap();
        let refused = post(&engine, ann, Purpose::Spend(vec![spend(200, false)])).await;
        assert!(
            matches!(&refused, Err(PostError::Refused(refused))
                if refused.details[0].status == PostedStatus::InsufficientPoints),
            "{refused:?}"
        );
        for (purpose, balance) in [
            (Purpose::Spend(vec![spend(200, true)]), -120),
            (Purpose::Deposit(vec![deposit(50, None)]), -70),
            (Purpose::Deposit(vec![deposit(100, None)]), 30),
        ] {
            post(&engine, ann, purpose).await.unwrap();
            assert_eq!(points(&engine, "ann").await, whole(balance));
        }
        let log = engine.audit_log(ann).await.unwrap().unwrap();
        let kinds: Vec<_> = log.rows().iter().map(|row| row.kind).collect();
        use AuditKind::{Issuance, Overdraft, Redemption};
        assert_eq!(kinds, [Issuance, Redemption, Overdraft, Issuance, Issuance]);
        let spent: Vec<_> = log.rows().iter().map(|row| row.amount_spent).collect();
        assert_eq!(spent, [80, 0, 0, 50, 70].map(whole));
    });
}

#[test]
fn all_details_or_none() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        let ann = member(&engine, "ann").await;
        let mut unlinked = deposit(5, None);
        unlinked.account = STATUS.parse().unwrap();
        let refused = post(&engine, ann, Purpose::Deposit(vec![deposit(10, None), unlinked])).await;
        let Err(PostError::Refused(refused)) = refused else { panic!("{refused:?}") };
        let statuses: Vec<_> = refused.details.iter().map(|detail| detail.status).collect();
        assert_eq!(statuses, [PostedStatus::NotAttempted, PostedStatus::SourceNotLinked]);
        assert_eq!(points(&engine, "ann").await, whole(0));
    });
}

#[test]
fn what_a_return_could_not_take_back_is_not_given_twice() {
    run(async {
        let engine = start(&MemoryDisk::new()).await;
        let ann = member(&engine, "ann").await;
        let day = |day: u8| format!("2017-01-0{day}T10:00:00Z");
        send(&engine, "buy", sale("t1", "ann", "100", &day(1))).await.unwrap();
        let mut all = spend(100, false);
        all.accounts = vec![STATUS.parse().unwrap()];
        post(&engine, ann, Purpose::Spend(vec![all])).await.unwrap();
        let mut void = sale("t1", "ann", "100", &day(2));
        void.is_voided = true;
        send(&engine, "void", void).await.unwrap();
        assert_eq!(balance(&engine, "ann", STATUS).await, whole(0), "the account does not go below zero");
        send(&engine, "buy again", sale("t1", "ann", "100", &day(3))).await.unwrap();
        assert_eq!(balance(&engine, "ann", STATUS).await, whole(0), "the first hundred were kept");
        send(&engine, "buy more", sale("t1", "ann", "130", &day(4))).await.unwrap();
        assert_eq!(balance(&engine, "ann", STATUS).await, whole(30));
    });
}
