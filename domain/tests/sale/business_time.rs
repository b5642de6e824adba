//! When a sale counts as sold (catalog-transactions.md F.3).

use laurel_domain::sale::{Content, SalesWarning};

use crate::till::*;

const MODIFIED: &str = "2026-03-02T12:12:00Z";

#[test]
fn the_latest_payment_else_the_last_change() {
    let mut till = Till::new();
    let payments = vec![
        payment("9", "2026-03-02T12:09:00Z"),
        payment("1", "2026-03-02T12:10:00Z"),
        payment("1", "2026-03-02T12:08:00Z"),
    ];
    till.send(Content { payments, ..sale("20", MODIFIED) }, &[]);
    assert_eq!(till.sale.business_time(), Some(time("2026-03-02T12:10:00Z")));
    let mut till = Till::new();
    till.send(sale("20", MODIFIED), &[]);
    assert_eq!(till.sale.business_time(), Some(time(MODIFIED)));
}

#[test]
fn it_is_fixed_by_the_first_closed_revision() {
    let mut till = Till::new();
    till.send(paid(&["100"], MODIFIED), &[]);
    let payments = vec![payment("90", "2026-03-02T12:20:00Z")];
    till.send(Content { payments, ..sale("90", "2026-03-02T12:20:00Z") }, &[]);
    assert_eq!(till.sale.business_time(), Some(time("2026-03-02T12:10:00Z")));
    assert_eq!(till.sale.created(), Some(till.now));
}

#[test]
fn a_wrong_clock_is_set_to_the_arrival() {
    let mut till = Till::new();
    let ahead = till.send(sale("20", "2026-03-02T12:40:00Z"), &[(None, 1)]);
    assert_eq!((ahead.warnings(), till.sale.business_time()), (&[][..], Some(time("2026-03-02T12:40:00Z"))));
    let mut till = Till::new();
    let ahead = till.send(sale("20", "2026-03-02T12:40:00.001Z"), &[(None, 1)]);
    assert_eq!(ahead.warnings(), [SalesWarning::ClockSkew]);
    assert_eq!(till.sale.business_time(), Some(till.now));
    assert_eq!(ahead.effects.len(), 1, "evaluated all the same");
}

/// 90 days are evaluated, a millisecond more is not.
#[test]
fn what_is_too_old_is_stored_and_not_evaluated() {
    let mut till = Till::new();
    let just = till.send(sale("20", "2025-12-02T12:30:00Z"), &[(None, 1)]);
    assert_eq!((just.warnings(), just.effects.len()), (&[][..], 1));
    let mut till = Till::new();
    let old = till.send(sale("20", "2025-12-02T12:29:59.999Z"), &[(None, 1)]);
    assert_eq!((old.warnings(), old.effects.len()), (&[SalesWarning::TooOld][..], 0));
    assert!(till.sale.credited().is_empty() && till.number() == 1);
}

/// A return of an old purchase that was credited in its time is booked however late it comes.
#[test]
fn a_late_return_is_evaluated() {
    let mut till = Till::new();
    till.send(sale("20", MODIFIED), &[(None, 1)]);
    till.now = time("2027-03-02T12:00:00Z");
    let late = till.send(sale("5", "2027-03-02T12:00:00Z"), &[(None, 1)]);
    assert_eq!((late.warnings(), late.effects.len()), (&[][..], 1));
}
