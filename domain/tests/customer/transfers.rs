//! Points that go to another customer (incentives.md 7.1, transfer): taken, brought, brought again, sent back.

use laurel_domain::{
    Points,
    customer::{
        AuditKind, Command, Effect, Error, MoveDetail, Naming, PostedStatus, Posting, Purpose, Recall, Reply,
        SendDetail, Transfer, TransferReturned,
    },
};

use crate::{member::*, shop::*};

fn send(amount: &str, key: &str) -> SendDetail {
    SendDetail {
        customer: id(2000),
        room: None,
        detail: MoveDetail {
            from: vec![id(SPEND)],
            to: id(SPEND),
            amount: points(amount),
            preserve_expiration: true,
            naming: Naming {
                reference_id: "gift-1".into(),
                reference_type: "".into(),
                idempotency_id: Some(key.into()),
            },
        },
    }
}

fn posted(member: &mut Member, purpose: Purpose) -> Result<Reply, Error> {
    member.when(Command::Post(Box::new(Posting {
        purpose,
        allow_partial_success: false,
        disable_event_publishing: true,
    })))
}

/// The transfer that a giver has sent off last.
fn sent(giver: &mut Member) -> Transfer {
    match giver.effects.pop() {
        Some(Effect::SendPoints(transfer)) => *transfer,
        other => panic!("{other:?}"),
    }
}

fn returned(receiver: &mut Member) -> TransferReturned {
    match receiver.effects.pop() {
        Some(Effect::ReturnPoints(returned)) => *returned,
        other => panic!("{other:?}"),
    }
}

fn pair(shop: &Shop) -> (Member, Member) {
    let (mut giver, receiver) = (Member::of(shop), Member::named(shop, 2000));
    giver.given(SPEND, "70");
    giver.at("2026-03-02T12:00:00Z");
    giver.given(SPEND, "30");
    (giver, receiver)
}

#[test]
fn points_arrive_once_with_their_source_and_time() {
    let (mut giver, mut receiver) = pair(&Shop::with(&[]));
    giver.post(Purpose::Send(send("80", "k")), false).unwrap();
    assert_eq!(giver.available(SPEND), points("20"));
    let transfer = sent(&mut giver);
    for _ in 0..3 {
        posted(&mut receiver, Purpose::Receive(Box::new(transfer.clone()))).unwrap();
        assert_eq!(receiver.available(SPEND), points("80"));
    }
    assert!(receiver.effects.is_empty());
    let rows = receiver.audit();
    let times: Vec<_> = rows.iter().map(|row| row.occurred).collect();
    assert_eq!(times, [time("2026-03-01T12:00:00Z"), time("2026-03-02T12:00:00Z")]);
    let changes: Vec<_> = rows.iter().map(|row| row.change).collect();
    assert_eq!(changes, [points("70"), points("10")]);
    for row in rows.iter().chain(&giver.audit()[2..]) {
        assert_eq!((row.kind, &*row.caused_by.modification_type), (AuditKind::Transfer, "Transfer"));
        assert_eq!(*row.caused_by.request_id, *transfer.id.to_string());
        assert_eq!(&*row.caused_by.modification_entity_id, "gift-1");
    }
    assert_eq!(rows[0].source, Some(id(SOURCE)));
    assert_eq!(receiver.lifetime(SPEND), Points::ZERO, "they were issued once");
}

#[test]
fn time_begins_anew_when_it_is_not_preserved() {
    let (mut giver, mut receiver) = pair(&Shop::with(&[]));
    let mut asked = send("80", "k");
    asked.detail.preserve_expiration = false;
    giver.post(Purpose::Send(asked), false).unwrap();
    let transfer = sent(&mut giver);
    receiver.at("2026-03-05T00:00:00Z");
    posted(&mut receiver, Purpose::Receive(Box::new(transfer))).unwrap();
    assert!(receiver.audit().iter().all(|row| row.occurred == time("2026-03-05T00:00:00Z")));
}

#[test]
fn the_same_id_again_sends_nothing_and_answers_the_same() {
    let (mut giver, _) = pair(&Shop::with(&[]));
    let first = giver.post(Purpose::Send(send("80", "k")), false).unwrap();
    sent(&mut giver);
    let mut again = giver.post(Purpose::Send(send("80", "k")), false).unwrap();
    assert!(again.details[0].replayed && giver.effects.is_empty());
    again.details[0].replayed = false;
    assert_eq!(again.details, first.details);
    // The room at the receiver is no part of what was asked for: it differs from moment to moment.
    let full = SendDetail { room: Some(Points::ZERO), ..send("80", "k") };
    assert!(giver.post(Purpose::Send(full), false).unwrap().details[0].replayed);
    let other = giver.post(Purpose::Send(send("81", "k")), false);
    assert_eq!(other, Err(Error::IdempotencyConflict));
    let elsewhere = SendDetail { customer: id(3000), ..send("80", "k") };
    assert_eq!(giver.post(Purpose::Send(elsewhere), false), Err(Error::IdempotencyConflict));
}

#[test]
fn what_cannot_succeed_moves_nothing() {
    let (mut giver, _) = pair(&Shop::with(&[]));
    let target = |account| {
        let mut asked = send("1", "k");
        asked.detail.to = id(account);
        asked
    };
    for (asked, status) in [
        (send("101", "k"), PostedStatus::InsufficientPoints),
        (send("0", "k"), PostedStatus::InvalidAmount),
        (target(UNKNOWN), PostedStatus::AccountNotFound),
        (target(INACTIVE), PostedStatus::AccountInactive),
        (SendDetail { room: Some(points("79")), ..send("80", "k") }, PostedStatus::MaxBalanceExceeded),
    ] {
        let Err(Error::Refused(refused)) = giver.post(Purpose::Send(asked), false) else {
            panic!("{status:?}")
        };
        assert_eq!(refused.details[0].status, status);
    }
    assert!(giver.effects.is_empty() && giver.available(SPEND) == points("100"));
}

#[test]
fn what_the_ceiling_does_not_admit_comes_back_into_the_very_lots() {
    let shop = Shop { spend: r#", "max_allowed_balance": 110"#.to_owned(), ..Shop::with(&[]) };
    let (mut giver, mut receiver) = pair(&shop);
    receiver.given(SPEND, "31");
    let before = giver.customer.ledger().account(id(SPEND)).unwrap().lots().to_vec();
    giver.post(Purpose::Send(send("80", "k")), false).unwrap();
    let transfer = sent(&mut giver);
    posted(&mut receiver, Purpose::Receive(Box::new(transfer.clone()))).unwrap();
    let back = returned(&mut receiver);
    assert_eq!(back.reason, PostedStatus::MaxBalanceExceeded);
    assert_eq!(receiver.available(SPEND), points("31"));
    // It is on its way back: brought again, it is not taken in, though there is room by now.
    receiver.post(Purpose::Spend(vec![spend(&[SPEND], "31")]), false).unwrap();
    posted(&mut receiver, Purpose::Receive(Box::new(transfer.clone()))).unwrap();
    assert!(receiver.available(SPEND).is_zero() && receiver.effects.is_empty());
    match receiver.customer.transfer_received(transfer.id) {
        Recall::Known(detail) => assert_eq!(detail.status, PostedStatus::MaxBalanceExceeded),
        other => panic!("{other:?}"),
    }
    for _ in 0..2 {
        posted(&mut giver, Purpose::TakeBack(Box::new(back.clone()))).unwrap();
        assert_eq!(giver.available(SPEND), points("100"));
    }
    assert_eq!(giver.customer.ledger().account(id(SPEND)).unwrap().lots(), before);
    assert_eq!(giver.audit().last().unwrap().kind, AuditKind::Return);
    assert!(matches!(giver.customer.transfer_returned(transfer.id), Recall::Known(_)));
    // A spend of the same points later is no matter of the transfer, and can be undone by itself.
    giver.post(Purpose::Spend(vec![spend(&[SPEND], "100")]), false).unwrap();
    assert!(giver.available(SPEND).is_zero());
}

#[test]
fn who_is_no_more_sends_them_back() {
    let shop = Shop::with(&[]);
    let (mut giver, _) = pair(&shop);
    giver.post(Purpose::Send(send("80", "k")), false).unwrap();
    let transfer = sent(&mut giver);
    let mut nobody = Member::nobody(&shop);
    posted(&mut nobody, Purpose::Receive(Box::new(transfer))).unwrap();
    let back = returned(&mut nobody);
    assert_eq!(back.reason, PostedStatus::CustomerNotFound);
    posted(&mut nobody, Purpose::TakeBack(Box::new(back.clone()))).unwrap();
    assert!(nobody.events.is_empty() && nobody.effects.is_empty());
    posted(&mut giver, Purpose::TakeBack(Box::new(back))).unwrap();
    assert_eq!(giver.available(SPEND), points("100"));
}

/// Whatever is lost and brought again on the way, the points are in one place in the end.
#[test]
fn nothing_is_lost_or_doubled_over_many_transfers() {
    let shop = Shop { spend: r#", "max_allowed_balance": 130"#.to_owned(), ..Shop::with(&[]) };
    let (mut giver, mut receiver) = pair(&shop);
    receiver.given(SPEND, "50");
    for round in 0_u32..40 {
        let amount = (round * 7 % 23 + 1).to_string();
        let key = format!("k{}", round / 2 * 2 + round % 3 / 2);
        if giver.post(Purpose::Send(send(&amount, &key)), false).is_err() || giver.effects.is_empty() {
            // Something comes the other way, so that both sides go up and down.
            let spent = receiver.post(Purpose::Spend(vec![spend(&[SPEND], "15")]), false);
            if spent.is_ok() {
                giver.given(SPEND, "15");
            }
            continue;
        }
        let transfer = sent(&mut giver);
        for _ in 0..=round % 2 {
            posted(&mut receiver, Purpose::Receive(Box::new(transfer.clone()))).unwrap();
        }
        if !receiver.effects.is_empty() {
            let back = returned(&mut receiver);
            for _ in 0..=round % 3 {
                posted(&mut giver, Purpose::TakeBack(Box::new(back.clone()))).unwrap();
            }
        }
        let sum = giver.available(SPEND).plus(receiver.available(SPEND)).unwrap();
        assert_eq!(sum, points("150"), "round {round}");
    }
}
