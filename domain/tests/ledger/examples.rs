//! The worked examples of incentives.md section 4, number by number.

use laurel_domain::{
    Points,
    id::{IdRun, PointAccountId, SaleId},
    ledger::{Draft, First, Movement, Room, TakenFor, Taking},
};

use crate::book::*;

const DAY: u32 = 0;
const MONTH: u32 = 2;

fn each(amounts: &[&str]) -> Vec<Points> {
    amounts.iter().map(|text| points(text)).collect()
}

/// incentives.md 4.2: A holds 300 until 1 March and 200 for ever, B 150 until 1 February; 400 come from B, then A.
#[test]
fn the_lot_that_expires_first_is_spent_first_over_all_accounts() {
    let march = aged("2026-03-01T00:00:00", (1, MONTH), (1, DAY));
    let february = aged("2026-02-01T00:00:00", (1, MONTH), (1, DAY));
    let accounts = [account(1, &march, ""), account(2, &february, "")];
    // The never-expiring lot of A needs a program in which A does not expire.
    let mut book = Book::new(program(&[account(1, "", ""), account(2, &february, "")], ""));
    book.earn(1, "200", "2026-01-01T10:00:00Z");
    book.program = program(&accounts, "");
    book.earn(1, "300", "2026-01-02T10:00:00Z");
    book.earn(2, "150", "2026-01-03T10:00:00Z");
    let before = book.written.len();
    book.force(&[1, 2], "400", "2026-01-20T10:00:00Z");
    let rows: Vec<_> = book.written[before..].iter().map(|row| (row.account(), row.change())).collect();
    assert_eq!(rows, [(id(1), points("-250")), (id(2), points("-150"))], "a row per account, as requested");
    assert_eq!(book.lots(1), each(&["50", "200"]));
    assert_eq!((book.available(id(1)), book.available(id(2))), (points("250"), Points::ZERO));
}

/// incentives.md 4.4: 80, forced spend of 200, deposits of 50 and 100.
#[test]
fn deposits_repay_the_overdraft_first() {
    let mut book = Book::new(program(&[account(1, "", "")], ""));
    book.earn(1, "80", "2026-01-01T10:00:00Z");
    book.force(&[1], "200", "2026-01-02T10:00:00Z");
    assert_eq!(book.available(id(1)), points("-120"));
    book.earn(1, "50", "2026-01-03T10:00:00Z");
    assert!(matches!(book.written.last(), Some(Movement::Earned { repaid, .. }) if *repaid == points("50")));
    assert_eq!((book.available(id(1)), book.lots(1)), (points("-70"), each(&[])));
    book.earn(1, "100", "2026-01-04T10:00:00Z");
    assert!(matches!(book.written.last(), Some(Movement::Earned { repaid, .. }) if *repaid == points("70")));
    assert_eq!((book.available(id(1)), book.lots(1)), (points("30"), each(&["30"])));
    assert_eq!(book.lifetime(id(1)), points("230"), "repaying is no loss of lifetime value");
}

fn room(book: &mut Book, occurred: &str) -> Room {
    book.decide(None, |draft, program| {
        let (account, source) = (&program.accounts()[0], &program.sources()[0]);
        draft.room(account, source, time(occurred), program).unwrap()
    })
}

/// incentives.md 4.5: ceiling 1400, balance 1300, award 150: 100.
#[test]
fn a_ceiling_leaves_what_is_missing_to_it() {
    let mut book = Book::new(program(&[account(1, "", r#", "max_allowed_balance": 1400"#)], ""));
    book.earn(1, "1300", "2026-01-01T10:00:00Z");
    let left = room(&mut book, "2026-01-02T10:00:00Z");
    assert_eq!((left.allowed(points("150")), left.source_is_stricter()), (points("100"), false));
    assert_eq!(left.allowed(points("99.5")), points("99.5"));
    book.force(&[1], "1500", "2026-01-03T10:00:00Z");
    assert_eq!(room(&mut book, "2026-01-04T10:00:00Z").allowed(points("9999")), points("1600"), "from -200");
}

/// incentives.md 4.5: personal limit 1500 a month, 1000 issued in the last month, award 600: 500. The window rolls.
#[test]
fn a_personal_limit_counts_a_rolling_window() {
    let limit =
        r#"{"discriminator": 2, "personal": true, "max_points": 1500, "time": 1, "unit_of_time": "Month"}"#;
    let mut book = Book::new(program(&[account(1, "", "")], limit));
    book.earn(1, "1000", "2026-01-10T10:00:00Z");
    let left = room(&mut book, "2026-02-10T09:59:59Z");
    assert_eq!((left.allowed(points("600")), left.source_is_stricter()), (points("500"), true));
    assert_eq!(
        room(&mut book, "2026-02-10T10:00:00Z").allowed(points("600")),
        points("600"),
        "a month later"
    );
    assert_eq!(
        room(&mut book, "2026-01-10T09:00:00Z").allowed(points("600")),
        points("600"),
        "an hour before"
    );
    book.force(&[1], "1000", "2026-01-11T10:00:00Z");
    assert_eq!(
        room(&mut book, "2026-01-12T10:00:00Z").allowed(points("600")),
        points("500"),
        "spent, but issued"
    );
    book.earn(1, "500", "2026-01-12T10:00:00Z");
    assert_eq!(room(&mut book, "2026-01-12T10:00:00Z").allowed(points("0.0001")), Points::ZERO);
    assert_eq!(book.ledger.issued().len(), 2);
    book.earn(1, "1", "2026-03-20T10:00:00Z");
    assert_eq!(book.ledger.issued().len(), 1, "what no window reaches is forgotten");
}

#[test]
fn the_drafts_own_earnings_count_against_limits() {
    let limit =
        r#"{"discriminator": 2, "personal": true, "max_points": 100, "time": 1, "unit_of_time": "Day"}"#;
    let mut book = Book::new(program(&[account(1, "", r#", "max_allowed_balance": 80"#)], limit));
    let now = time("2026-01-10T10:00:00Z");
    let (before, after) = book.decide(None, |draft, program| {
        let (account, source) = (&program.accounts()[0], &program.sources()[0]);
        let before = draft.room(account, source, now, program).unwrap();
        earn(draft, program, 1, 101, points("30"), now, None);
        (before, draft.room(account, source, now, program).unwrap())
    });
    assert_eq!(before, Room { ceiling: Some(points("80")), source: Some(points("100")), reserved: None });
    assert_eq!(after, Room { ceiling: Some(points("50")), source: Some(points("70")), reserved: None });
}

/// The balance as a reader sees it, whatever has been written down.
fn available_at(book: &Book, account: u32, at: &str) -> Points {
    let mut draft = Draft::new(&book.ledger, IdRun::starting_at(uuid::Uuid::nil()), 0);
    draft.settle(time(at), &book.program).unwrap();
    draft.available(id(account))
}

/// incentives.md 4.6, calendar month: the lot of 30 January goes on 1 February, that of 31 January 20:00 on 1 March.
#[test]
fn a_calendar_month() {
    let mut book =
        Book::new(program(&[account(1, &aged("2026-01-01T00:00:00", (1, MONTH), (1, DAY)), "")], ""));
    book.earn(1, "10", "2026-01-30T10:00:00Z");
    book.earn(1, "20", "2026-01-31T20:00:00Z");
    let at = |book: &Book, text: &str| available_at(book, 1, text);
    assert_eq!(at(&book, "2026-01-31T23:59:59.999Z"), points("30"));
    assert_eq!(at(&book, "2026-02-01T00:00:00Z"), points("20"), "right before it has been written down");
    assert_eq!(at(&book, "2026-02-28T23:59:59.999Z"), points("20"));
    assert_eq!(at(&book, "2026-03-01T00:00:00Z"), Points::ZERO);
    book.decide(None, |draft, program| draft.settle(time("2026-02-10T00:00:00Z"), program).unwrap());
    assert_eq!(book.available(id(1)), points("20"));
    let expired = book.written.last().unwrap();
    assert!(matches!(expired, Movement::Expired { into: None, .. }));
    assert_eq!((expired.occurred(), expired.change()), (time("2026-02-01T00:00:00Z"), points("-10")));
    assert_eq!(book.lifetime(id(1)), points("30"));
}

/// incentives.md 4.6, rolling year: every lot dies on its own anniversary; one row per moment.
#[test]
fn a_rolling_year() {
    let mut book =
        Book::new(program(&[account(1, &aged("2026-01-01T00:00:00", (1, DAY), (12, MONTH)), "")], ""));
    for (amount, occurred) in [
        ("1", "2026-01-31T00:00:00Z"),
        ("2", "2026-01-31T10:00:00Z"),
        ("4", "2026-02-01T00:00:00Z"),
        ("8", "2026-02-01T00:00:00.001Z"),
    ] {
        book.earn(1, amount, occurred);
    }
    let before = book.written.len();
    book.decide(None, |draft, program| draft.settle(time("2027-02-01T23:00:00Z"), program).unwrap());
    let rows: Vec<_> = book.written[before..].iter().map(|row| (row.occurred(), row.change())).collect();
    assert_eq!(
        rows,
        [(time("2027-01-31T00:00:00Z"), points("-1")), (time("2027-02-01T00:00:00Z"), points("-6"))]
    );
    assert_eq!(book.lots(1), each(&["8"]));
    book.decide(None, |draft, program| draft.settle(time("2027-02-01T23:00:00Z"), program).unwrap());
    assert_eq!(book.written.len(), before + 2, "nothing expires twice");
}

/// incentives.md 9.3: the sale's own lots first, newest first, although others expire sooner.
#[test]
fn a_return_takes_from_the_sales_own_lots_first() {
    let soon = aged("2026-01-01T00:00:00", (1, DAY), (1, MONTH));
    let mut book = Book::new(program(&[account(1, &soon, "")], ""));
    let sale: SaleId = id(500);
    book.earn(1, "100", "2026-01-01T10:00:00Z");
    for (amount, occurred) in [("30", "2026-01-05T10:00:00Z"), ("20", "2026-01-06T10:00:00Z")] {
        let (amount, occurred) = (points(amount), time(occurred));
        book.decide(Some(sale), |draft, program| earn(draft, program, 1, 101, amount, occurred, Some(sale)));
    }
    let give_back = |book: &mut Book, amount: &str| {
        let accounts: [PointAccountId; 1] = [id(1)];
        book.decide(Some(sale), |draft, _| {
            let taking = taking(&accounts, points(amount), time("2026-01-07T10:00:00Z"));
            let taking = Taking { reason: TakenFor::Return, first_from: First::Sale(sale), ..taking };
            draft.take_from_pool(&taking).unwrap()
        })
    };
    assert_eq!(give_back(&mut book, "25"), Points::ZERO);
    assert_eq!(book.lots(1), each(&["100", "25"]), "20 of the newer lot, 5 of the older");
    assert_eq!(give_back(&mut book, "40"), Points::ZERO);
    assert_eq!(book.lots(1), each(&["85"]));
    assert_eq!(give_back(&mut book, "90"), points("5"), "five were not there");
    assert_eq!(book.available(id(1)), Points::ZERO);
}
