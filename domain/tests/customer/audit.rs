//! The point audit log: what has become of each lot (incentives.md 2.4).

use laurel_domain::customer::{AuditKind, DepositDetail, Purpose, SpendDetail};

use crate::{member::*, shop::*};

#[test]
fn numbers_of_the_kinds() {
    let kinds = [
        AuditKind::Issuance,
        AuditKind::Redemption,
        AuditKind::Expiration,
        AuditKind::Overdraft,
        AuditKind::Return,
    ];
    assert_eq!(kinds.map(AuditKind::number), [1, 2, 4, 16, 32]);
}

/// incentives.md 4.4: a lot that repays overdraft is spent from the start.
#[test]
fn lots_know_what_was_spent_of_them() {
    let mut member = Member::of(&Shop::default());
    member.given(SPEND, "80");
    let forced = SpendDetail { force: true, ..spend(&[SPEND], "200") };
    member.post(Purpose::Spend(vec![forced]), false).unwrap();
    member.given(SPEND, "50").given(SPEND, "100");
    member.post(Purpose::Spend(vec![spend(&[SPEND], "10")]), false).unwrap();
    let rows: Vec<_> = member.audit().iter().map(|row| (row.kind, row.change, row.amount_spent)).collect();
    let row = |kind, change: &str, spent: &str| (kind, points(change), points(spent));
    assert_eq!(
        rows,
        [
            row(AuditKind::Issuance, "80", "80"),
            row(AuditKind::Redemption, "-80", "0"),
            row(AuditKind::Overdraft, "-120", "0"),
            row(AuditKind::Issuance, "50", "50"),
            row(AuditKind::Issuance, "100", "80"),
            row(AuditKind::Redemption, "-10", "0"),
        ]
    );
    assert_eq!(member.available(SPEND), points("20"));
}

#[test]
fn postings_are_named_by_the_callers_reference() {
    let mut member = Member::of(&Shop::default());
    let detail = DepositDetail {
        transaction_id: "T-9".into(),
        idempotency_id: Some("k".into()),
        ..deposit(SPEND, "5")
    };
    let posted = member.post(Purpose::Deposit(vec![detail]), false).unwrap();
    let row = &member.audit()[0];
    assert_eq!(posted.rows, std::slice::from_ref(row), "the answer shows what the log will");
    let cause = &row.caused_by;
    assert_eq!((&*cause.modification_type, &*cause.modification_entity_id), ("MakeGood", "ord-77"));
    assert_eq!((&*cause.transaction_id, &*cause.idempotency_id), ("T-9", "k"));
    assert_eq!(cause.request_id.to_string(), posted.details[0].tracking_id.to_string());
    assert_eq!((row.source, row.created, cause.tree), (Some(id(SOURCE)), member.now, None));
}

#[test]
fn sales_are_named_by_the_rule() {
    let mut member = Member::of(&Shop::with(&[tree(100, "", &per_amount(1, SPEND, "2", ""))]));
    member.buy(500, 1, "80");
    member.buy(500, 2, "30");
    let rows: Vec<_> = member
        .audit()
        .iter()
        .map(|row| (row.kind, row.change, row.amount_spent, &*row.caused_by.modification_type))
        .collect();
    assert_eq!(
        rows,
        [
            (AuditKind::Issuance, points("160"), points("100"), "RuleTree"),
            (AuditKind::Return, points("-100"), points("0"), "Return")
        ]
    );
    let keys: Vec<_> = member.audit().iter().map(|row| row.caused_by.idempotency_id.to_string()).collect();
    let key = |revision| format!("{}:{revision}:{}:{}", guid(500), guid(100), guid(1));
    assert_eq!(keys, [key(1), key(2)]);
    assert!(member.audit().iter().all(|row| &*row.caused_by.transaction_id == "T-1"));
}
