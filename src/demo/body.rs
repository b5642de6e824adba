//! Writes a packaged sale as the body of `POST /api/2.0/send_transaction`.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use super::slice::{Sale, Slice};

const WEEK_SECONDS: i64 = 7 * 24 * 60 * 60;

/// By how much all sales are moved so that the last lies within the week before `now`: whole weeks, so that a Saturday
/// stays one. The server gives points for recent sales only.
///
/// `last` is in epoch seconds.
pub(super) fn shift(last: i64, now: Timestamp) -> SignedDuration {
    let weeks = (now.as_second() - last).div_euclid(WEEK_SECONDS);
    SignedDuration::from_secs(weeks * WEEK_SECONDS)
}

/// The body of a sale. Its request id depends on the sale alone: sent again, in another week too, it counts once.
pub(super) fn of(slice: &Slice, sale: &Sale, shift: SignedDuration) -> String {
    let second = slice.origin + sale.seconds + shift.as_secs();
    let when =
        Timestamp::from_second(second).expect("a sale of recent years is a time").strftime("%FT%T.000Z");
    let total: u64 = sale.lines.iter().map(|line| u64::from(line.cents)).sum();
    let mut text = String::with_capacity(700 + 110 * sale.lines.len());
    // Nothing here needs escaping: ids and numbers consist of digits, letters and hyphens.
    let mut write = |what: std::fmt::Arguments<'_>| {
        text.write_fmt(what).expect("writing into memory cannot fail");
    };
    let (id, subtotal) = (&sale.transaction_id, Cents(total));
    write(format_args!(
        r#"{{"store_id":"{}","client_id":"{}","request_id":"grocery-{id}","culture":"en-US","request_payload":{{"#,
        slice.stores[sale.store].id, slice.retailer_id
    ));
    write(format_args!(
        r#""transaction_id":"{id}","channel":"POS","is_closed":true,"is_voided":false,"subtotal":{subtotal},"#
    ));
    write(format_args!(r#""tax_total":0,"open_time":"{when}","modified_time":"{when}","items":["#));
    for (number, line) in (1..).zip(&sale.lines) {
        let separator = if number == 1 { "" } else { "," };
        let item = &slice.items[line.item].id;
        let (quantity, unit_price, subtotal) =
            (line.quantity, unit_price(line.cents, line.quantity), Cents(line.cents.into()));
        write(format_args!(r#"{separator}{{"line_id":"{number}","item_id":"{item}","quantity":{quantity},"#));
        write(format_args!(r#""unit_price":{unit_price},"subtotal":{subtotal}}}"#));
    }
    write(format_args!(
        r#"],"discounts":[],"payments":[{{"payment_id":"1","amount":{subtotal},"type":"Credit","#
    ));
    write(format_args!(
        r#""payment_time":"{when}","user_id":"{}","user_id_type":"External_ID"}}]}}}}"#,
        slice.members[sale.member]
    ));
    text
}

/// An amount of money, written as a JSON number.
#[derive(Clone, Copy)]
struct Cents(u64);

impl std::fmt::Display for Cents {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// Price of one, to four decimals, halves up. A line that gives no number of units is one unit.
fn unit_price(cents: u32, quantity: u32) -> String {
    let quantity = u64::from(quantity.max(1));
    let ten_thousandths = (u64::from(cents) * 100 * 2 + quantity) / (quantity * 2);
    format!("{}.{:04}", ten_thousandths / 10_000, ten_thousandths % 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(time: &str) -> i64 {
        time.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn the_last_sale_comes_to_lie_in_the_past_week_on_its_own_weekday() {
        let last = seconds("2017-01-31T23:56:23Z");
        for now in
            ["2017-01-31T23:56:23Z", "2026-11-23T12:00:00Z", "2026-11-24T23:56:22Z", "2026-11-24T23:56:23Z"]
        {
            let now: Timestamp = now.parse().unwrap();
            let moved = last + shift(last, now).as_secs();
            assert!(moved <= now.as_second() && now.as_second() - moved < WEEK_SECONDS, "{now}");
            assert_eq!((moved - last) % WEEK_SECONDS, 0);
        }
    }

    #[test]
    fn every_body_is_a_sale_of_its_member_that_adds_up() {
        let slice = Slice::packaged().unwrap();
        for sale in &slice.sales {
            let body: serde_json::Value =
                serde_json::from_str(&of(&slice, sale, SignedDuration::ZERO)).expect("a body is JSON");
            assert_eq!(body["client_id"], slice.retailer_id.to_string());
            assert_eq!(body["request_id"], format!("grocery-{}", sale.transaction_id));
            let payload = &body["request_payload"];
            assert_eq!(payload["payments"][0]["user_id"], *slice.members[sale.member]);
            assert_eq!(payload["payments"][0]["amount"], payload["subtotal"]);
            let items = payload["items"].as_array().unwrap();
            let sum: u64 = items.iter().map(|item| cents(&item["subtotal"])).sum();
            assert_eq!(sum, cents(&payload["subtotal"]), "{}", sale.transaction_id);
        }
    }

    /// Cents of a number with two decimals, read from its text.
    fn cents(number: &serde_json::Value) -> u64 {
        let text = format!("{:.2}", number.as_f64().unwrap());
        text.replace('.', "").parse().unwrap()
    }

    #[test]
    fn times_move_together() {
        let slice = Slice::packaged().unwrap();
        let body = of(&slice, &slice.sales[0], SignedDuration::from_secs(WEEK_SECONDS));
        assert!(body.contains(
            r#""open_time":"2017-01-08T11:53:26.000Z","modified_time":"2017-01-08T11:53:26.000Z""#
        ));
    }

    #[test]
    fn prices_of_one_are_rounded_to_four_decimals() {
        for (cents, quantity, price) in
            [(50, 1, "0.5000"), (99, 0, "0.9900"), (100, 3, "0.3333"), (200, 3, "0.6667")]
        {
            assert_eq!(unit_price(cents, quantity), price);
        }
    }
}
