//! Rows and sales are explained from what is on disk: after restarts and checkpoints, when what decided them has long
//! left the state, and when the rules have changed since.

use domain::{
    configuration::Section,
    customer::{DepositDetail, Posting, Purpose, SpendDetail},
    id::{CustomerId, SaleId, StoreId},
};
use laurel_actors::{Engine, MemberState};
use store::MemoryDisk;

use crate::support::{
    BONUSES, POINTS, PROGRAM, RETAILER, STORE, member, run, sale, send, start, stop, whole,
};

async fn post(engine: &Engine, id: CustomerId, purpose: Purpose) {
    let posting = Posting { purpose, allow_partial_success: false, disable_event_publishing: false };
    engine.post_points(id, posting).await.unwrap();
}

async fn deposit(engine: &Engine, id: CustomerId) {
    let detail = DepositDetail {
        amount: whole(50),
        account: POINTS.parse().unwrap(),
        source: BONUSES.parse().unwrap(),
        reference_id: "ref".into(),
        reference_type: "MakeGood".into(),
        idempotency_id: None,
        transaction_id: "".into(),
        occurred: None,
    };
    post(engine, id, Purpose::Deposit(vec![detail])).await;
}

async fn spend(engine: &Engine, id: CustomerId) {
    let detail = SpendDetail {
        amount: whole(55),
        accounts: Vec::new(),
        source: None,
        force: false,
        is_return: false,
        reference_id: "".into(),
        reference_type: "AppSpend".into(),
        idempotency_id: None,
        transaction_id: "".into(),
        occurred: None,
        row: None,
        overdraft_row: None,
        overdraft_occurred: None,
    };
    post(engine, id, Purpose::Spend(vec![detail])).await;
}

/// Explains every row; gives how many there are.
async fn explained(engine: &Engine, id: CustomerId) -> usize {
    let log = engine.audit_log(id).await.unwrap().unwrap();
    for row in log.rows() {
        let (now, record) = engine.explain_row(id, row.id).await.unwrap().unwrap();
        assert_eq!(now, *row);
        let known = record.rows.iter().find(|known| known.row.id == row.id).unwrap();
        assert_eq!(known.row.change, row.change);
        assert_eq!(record.explained.reproduced(known.place.event), Ok(()), "{row:?} of {:#?}", record.events);
    }
    log.rows().len()
}

#[test]
fn what_has_long_left_the_state_is_explained_after_a_restart() {
    run(async {
        let disk = MemoryDisk::new();
        let mut engine = start(&disk).await;
        let ann = member(&engine, "ann").await;
        for number in 0..40 {
            let id = format!("T-{number}");
            send(&engine, &id, sale(&id, "ann", "10.5", "2017-01-05T10:00:00Z")).await.unwrap();
            if number % 8 == 0 {
                deposit(&engine, ann).await;
                spend(&engine, ann).await;
            }
            if number == 10 {
                engine.checkpoint().await.unwrap();
            }
            if number == 20 {
                let changed = PROGRAM.replacen("\"Base earn\"", "\"Better earn\"", 1).replacen(
                    "\"rate\": 1,",
                    "\"rate\": 5,",
                    1,
                );
                assert_ne!(changed, PROGRAM);
                engine.configure(Section::Program, changed, false).await.unwrap();
            }
            if number == 30 {
                stop(&engine).await;
                engine = start(&disk).await;
            }
        }
        // The first sale has left the window of what the customer remembers of sales, and the rules have changed.
        send(&engine, "back", sale("T-0", "ann", "4.5", "2017-01-09T10:00:00Z")).await.unwrap();
        let rows = explained_twice(&engine, &disk, ann).await;
        assert!(rows > 80, "{rows} rows");
    });
}

/// Before and after everything is folded away.
async fn explained_twice(engine: &Engine, disk: &MemoryDisk, ann: CustomerId) -> usize {
    // A look waits for what is on its way.
    engine.read_customer(ann, |_, _, _| ()).await.unwrap();
    let rows = explained(engine, ann).await;
    first_sale(engine).await;
    engine.checkpoint().await.unwrap();
    stop(engine).await;
    let engine = start(disk).await;
    assert_eq!(explained(&engine, ann).await, rows);
    first_sale(&engine).await;
    stop(&engine).await;
    rows
}

/// Both versions of the first sale are judged by the rules of then.
async fn first_sale(engine: &Engine) {
    let store: StoreId = STORE.parse().unwrap();
    let id = SaleId::derive(RETAILER.parse().unwrap(), store, "T-0");
    let sale = engine.explain_sale(id, None).await.unwrap().unwrap();
    let numbers: Vec<_> = sale.versions.iter().map(|version| version.number).collect();
    assert_eq!(numbers, [1, 2]);
    for version in &sale.versions {
        let [member] = version.members.as_slice() else { panic!("{version:?}") };
        let MemberState::Booked(place, record) = &member.state else { panic!("{member:?}") };
        assert_eq!(record.explained.reproduced(*place), Ok(()));
        let looked: Vec<_> = record.explained.looked_at(*place).collect();
        let program = record.programs.get(looked[0].program_version).unwrap();
        assert!(program.trees().iter().any(|tree| tree.name == "Base earn"));
        assert!(looked[0].rounds[0].trees.iter().any(|tree| tree.passed));
    }
}
