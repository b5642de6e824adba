//! Opening balances (incentives.md 7.18).

use laurel_domain::{
    customer::{
        AuditKind, DepositDetail, Naming, PostedStatus, Purpose, ReversalTarget, ReverseDetail, SeedDetail,
        SpendDetail, TierCommand,
    },
    id::LedgerRowId,
    time::TimeForm,
};

use crate::{member::*, shop::*};

fn seed(row: u32, amount: &str, occurred: &str) -> Purpose {
    let key = Some(format!("seed {row}").into());
    let deposit = DepositDetail {
        occurred: Some(time(occurred)),
        idempotency_id: key,
        reference_type: "".into(),
        ..deposit(TIER, amount)
    };
    Purpose::Seed(SeedDetail { row: id(row), deposit })
}

/// Gold with 1000 points earned within a year; the source gives 100 a month, the account holds 500.
fn shop() -> Shop {
    let (tree, node, of) = (guid(300), guid(301), guid(302));
    let entrance = format!(
        r#"{{"id": "{tree}", "name": "Gold", "status": 2, "tree_type": 3,
            "tier_assignments": [{{"tier_system_id": "{}", "tier_level_id": "{}"}}],
            "rules": [{{"id": "{node}", "discriminator": 16, "target_points": 1000, "comparison": 4,
                        "lookback": {{"value": 1, "uom": 3}}, "constraints": [
                          {{"id": "{of}", "discriminator": 8, "point_accounts": {{"{}": ""}}}}]}}]}}"#,
        guid(SYSTEM),
        guid(GOLD),
        guid(TIER),
    );
    let restrictions =
        r#"{"discriminator": 2, "personal": true, "max_points": 100, "time": 1, "unit_of_time": "Month"}"#;
    Shop { tier: r#", "max_allowed_balance": 500"#.into(), restrictions, ..Shop::with(&[entrance]) }
}

#[test]
fn what_is_brought_along_was_earned_then_and_no_limit_counts() {
    let mut member = Member::of(&shop());
    let yesterday = member.now.plus_millis(-86_400_000).write(TimeForm::Iso);
    let long_ago = "2011-01-01T00:00:00Z";
    let posted = member.post(seed(801, "900", &yesterday), false).unwrap();
    assert_eq!((posted.rows[0].id, posted.rows[0].kind), (id::<LedgerRowId>(801), AuditKind::Migration));
    assert_eq!(&*posted.rows[0].caused_by.modification_type, "Migration");
    member.post(seed(802, "900", long_ago), false).unwrap();
    assert_eq!((member.available(TIER), member.lifetime(TIER)), (points("1800"), points("1800")));
    // 900 of the last year and 900 of long ago: not enough.
    member.tiers(TierCommand::Qualify).unwrap();
    assert_eq!(member.level(), SILVER);
    member.post(seed(803, "100", &yesterday), false).unwrap();
    assert_eq!(member.level(), SILVER, "nobody is moved by it");
    member.tiers(TierCommand::Qualify).unwrap();
    assert_eq!(member.level(), GOLD);
    // The month of the source has not begun.
    member.given(SPEND, "100");

    let again = member.post(seed(803, "100", &yesterday), false).unwrap();
    assert!(again.details[0].replayed && again.rows.is_empty());
    assert_eq!(member.lifetime(TIER), points("1900"));
}

/// Nothing of it is lost on debts, and it can be undone like a deposit.
#[test]
fn it_repays_overdraft_and_can_be_reversed() {
    let mut member = Member::of(&Shop::default());
    let overdrawn = SpendDetail { force: true, ..spend(&[TIER], "30") };
    member.post(Purpose::Spend(vec![overdrawn]), false).unwrap();
    member.post(seed(801, "50", "2011-01-01T00:00:00Z"), false).unwrap();
    assert_eq!((member.available(TIER), member.lifetime(TIER)), (points("20"), points("50")));
    let reverse =
        ReverseDetail { target: ReversalTarget::Row(id(801)), amount: None, naming: Naming::default() };
    let undone = member.post(Purpose::Reverse(reverse), false).unwrap();
    assert_eq!(undone.details[0].status, PostedStatus::Ok);
    assert_eq!(member.available(TIER), points("-30"));
}
