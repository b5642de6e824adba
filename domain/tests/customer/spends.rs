//! Spends: the matrix of incentives.md 4.3, all or nothing, partial success.

use laurel_domain::{
    Points,
    customer::{AuditKind, Error, PostedStatus, Purpose, SpendDetail},
    id::LedgerRowId,
};

use crate::{member::*, shop::*};

fn statuses(error: Error) -> Vec<PostedStatus> {
    match error {
        Error::Refused(refused) => refused.details.iter().map(|detail| detail.status).collect(),
        other => panic!("{other:?}"),
    }
}

/// Spends 100 of 60 under flags; gives status or error, balance after, shortfall.
fn outcome(account: u32, force: bool, is_return: bool) -> (Result<Points, PostedStatus>, Points) {
    let mut member = Member::of(&Shop::default());
    member.given(account, "60");
    let detail = SpendDetail { force, is_return, ..spend(&[account], "100") };
    let result = match member.post(Purpose::Spend(vec![detail]), false) {
        Ok(posted) => Ok(posted.details[0].shortfall),
        Err(error) => Err(statuses(error)[0]),
    };
    (result, member.available(account))
}

#[test]
fn the_matrix_of_missing_points() {
    let refused = Err(PostedStatus::InsufficientPoints);
    let (ok, forty) = (Ok(Points::ZERO), Ok(points("40")));
    for (account, force, is_return, result, balance) in [
        (SPEND, false, false, refused, "60"),
        (STRICT, false, false, refused, "60"),
        (STRICT, true, false, refused, "60"),
        (SPEND, true, false, ok, "-40"),
        (SPEND, false, true, ok, "-40"),
        (SPEND, true, true, ok, "-40"),
        (STRICT, false, true, forty, "0"),
        (STRICT, true, true, forty, "0"),
    ] {
        let expected = (result, points(balance));
        assert_eq!(
            outcome(account, force, is_return),
            expected,
            "account {account} force {force} return {is_return}"
        );
    }
}

/// The switch `overdraft_without_force` (incentives.md 2.10).
#[test]
fn a_retailer_may_let_the_account_alone_decide() {
    let shop = Shop { switches: r#""overdraft_without_force": true"#, ..Shop::default() };
    let mut member = Member::of(&shop);
    member.given(SPEND, "60").given(STRICT, "60");
    member.post(Purpose::Spend(vec![spend(&[SPEND], "100")]), false).unwrap();
    assert_eq!(member.available(SPEND), points("-40"));
    member.post(Purpose::Spend(vec![spend(&[STRICT], "100")]), false).unwrap_err();
    assert_eq!(member.available(STRICT), points("60"));
}

/// The policy of the first account decides, and the rest is booked to it.
#[test]
fn the_first_account_of_the_pool_is_overdrawn() {
    let mut member = Member::of(&Shop::default());
    member.given(SPEND, "10").given(STRICT, "20");
    let forced = |accounts| Purpose::Spend(vec![SpendDetail { force: true, ..spend(accounts, "100") }]);
    member.post(forced(&[STRICT, SPEND]), false).unwrap_err();
    let posted = member.post(forced(&[SPEND, STRICT]), false).unwrap();
    assert_eq!((member.available(SPEND), member.available(STRICT)), (points("-70"), points("0")));
    let rows: Vec<_> =
        posted.details[0].rows.iter().map(|row| (row.account, row.amount, row.remaining_balance)).collect();
    assert_eq!(rows, [(id(SPEND), points("80"), points("-70")), (id(STRICT), points("20"), points("0"))]);
    let kinds: Vec<_> = posted.rows.iter().map(|row| (row.kind, row.change)).collect();
    assert_eq!(
        kinds,
        [
            (AuditKind::Redemption, points("-10")),
            (AuditKind::Redemption, points("-20")),
            (AuditKind::Overdraft, points("-70"))
        ]
    );
}

#[test]
fn all_or_nothing_and_partial_success() {
    let details =
        || Purpose::Spend(vec![spend(&[SPEND], "50"), spend(&[SPEND], "60"), spend(&[SPEND], "40")]);
    let mut member = Member::of(&Shop::default());
    member.given(SPEND, "100");
    let events = member.events.len();
    let refused = statuses(member.post(details(), false).unwrap_err());
    use PostedStatus::{InsufficientPoints, NotAttempted, Ok as Done};
    assert_eq!(refused, [NotAttempted, InsufficientPoints, NotAttempted]);
    assert_eq!((member.available(SPEND), member.events.len()), (points("100"), events));
    let posted = member.post(details(), true).unwrap();
    let found: Vec<_> = posted.details.iter().map(|detail| detail.status).collect();
    assert_eq!(found, [Done, InsufficientPoints, Done]);
    assert_eq!(member.available(SPEND), points("10"));
    let remaining: Vec<_> = posted.details.iter().map(|detail| detail.rows[0].remaining_balance).collect();
    assert_eq!(remaining, [points("50"), points("50"), points("10")], "each as of its turn");
}

/// incentives.md 1.2: a write of which no detail was applied is an error, partial success or not.
#[test]
fn nothing_done_is_an_error() {
    let mut member = Member::of(&Shop::default());
    let details =
        vec![spend(&[SPEND], "1"), spend(&[UNKNOWN], "1"), spend(&[INACTIVE], "1"), spend(&[SPEND], "0")];
    let refused = statuses(member.post(Purpose::Spend(details), true).unwrap_err());
    assert_eq!(
        refused,
        [
            PostedStatus::InsufficientPoints,
            PostedStatus::AccountNotFound,
            PostedStatus::AccountInactive,
            PostedStatus::InvalidAmount
        ]
    );
    let mut member = Member::of(&Shop { without_default_pool: true, ..Shop::default() });
    let refused = statuses(member.post(Purpose::Spend(vec![spend(&[], "1")]), true).unwrap_err());
    assert_eq!(refused, [PostedStatus::NoDefaultAccount]);
}

#[test]
fn no_account_named_is_the_default_pool() {
    let mut member = Member::of(&Shop::default());
    member.given(SPEND, "30").given(TIER, "30");
    member.post(Purpose::Spend(vec![spend(&[], "40")]), false).unwrap_err();
    member.post(Purpose::Spend(vec![spend(&[], "30")]), false).unwrap();
    assert_eq!((member.available(SPEND), member.available(TIER)), (points("0"), points("30")));
}

#[test]
fn an_account_named_twice_is_one_account() {
    let mut member = Member::of(&Shop::default());
    member.given(SPEND, "30");
    member.post(Purpose::Spend(vec![spend(&[SPEND, SPEND], "40")]), false).unwrap_err();
    member.post(Purpose::Spend(vec![spend(&[SPEND, SPEND], "25")]), false).unwrap();
    assert_eq!(member.available(SPEND), points("5"));
}

#[test]
fn the_caller_names_rows_and_times() {
    let mut member = Member::of(&Shop::default());
    member.given(SPEND, "30");
    let detail = SpendDetail {
        force: true,
        row: Some(id(801)),
        overdraft_row: Some(id(802)),
        occurred: Some(time("2026-02-28T10:00:00Z")),
        overdraft_occurred: Some(time("2026-02-28T11:00:00Z")),
        ..spend(&[SPEND], "40")
    };
    let posted = member.post(Purpose::Spend(vec![detail]), false).unwrap();
    let rows: Vec<_> = posted.rows.iter().map(|row| (row.id, row.occurred, row.created)).collect();
    let expected: [(LedgerRowId, _, _); 2] = [
        (id(801), time("2026-02-28T10:00:00Z"), member.now),
        (id(802), time("2026-02-28T11:00:00Z"), member.now),
    ];
    assert_eq!(rows, expected);
}
