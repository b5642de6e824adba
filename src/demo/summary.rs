//! What the demo says at the end.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    fmt::{Arguments, Write},
    path::Path,
};

use super::customer::{self, Customer};
use crate::{
    client::Address,
    delivery::{Outcome, rate},
    keys::Keys,
};

const MOST_LOYAL: usize = 5;

/// What came of the sales.
pub(super) fn text(outcome: &Outcome, customers: &[Customer]) -> String {
    let mut text = Text::default();
    let elapsed = outcome.elapsed;
    text.line(format_args!(""));
    text.line(format_args!(
        "{} sales in {elapsed:.1?}, {} a second, each answered when it was on disk",
        outcome.taken,
        rate(outcome.taken, elapsed)
    ));
    let issued: i64 = customers.iter().map(|customer| customer.points_lifetime).sum();
    text.line(format_args!("{issued} points issued to {} members", customers.len()));
    text.line(format_args!(""));
    for ((_, tier), count) in tiers(customers).into_iter().rev() {
        text.line(format_args!("  {tier:<10} {count:>5} members"));
    }
    text.line(format_args!(""));
    text.line(format_args!("The most loyal:"));
    text.line(format_args!("  {:<10} {:<10} {:>8} {:>8}", "household", "tier", "status", "points"));
    for customer in most_loyal(customers) {
        let tier = customer.tier.as_ref().map_or("-", |(name, _)| name);
        let Customer { external_id, status, points, .. } = customer;
        text.line(format_args!("  {external_id:<10} {tier:<10} {status:>8} {points:>8}"));
    }
    text.0
}

/// Where to look next; holds keys in clear, which is what the demo's are for.
pub(super) fn where_next(server: &Address, keys: &Keys, keys_file: &Path, customers: &[Customer]) -> String {
    let mut text = Text::default();
    let member = most_loyal(customers).first().map_or("1", |customer| &customer.external_id);
    let path = customer::path(keys, member);
    text.line(format_args!(""));
    text.line(format_args!("Where to look next:"));
    text.line(format_args!("  curl -su {}:{} '{server}{path}'", keys.core.key, keys.core.secret));
    text.line(format_args!("  curl -s {server}/metrics"));
    text.line(format_args!("  {server}/docs describes the whole interface"));
    text.line(format_args!("  {} holds the keys of all surfaces", keys_file.display()));
    text.line(format_args!(""));
    text.line(format_args!(
        "The engine goes on serving. Ctrl-c stops it; `laurel serve` starts it again on the same data."
    ));
    text.0
}

/// Members by tier, the lowest first.
fn tiers(customers: &[Customer]) -> BTreeMap<(u32, &str), usize> {
    let mut tiers = BTreeMap::new();
    for customer in customers {
        let tier = customer.tier.as_ref().map_or((0, "no tier"), |(name, rank)| (*rank, name.as_str()));
        *tiers.entry(tier).or_default() += 1;
    }
    tiers
}

fn most_loyal(customers: &[Customer]) -> Vec<&Customer> {
    let mut ranked: Vec<&Customer> = customers.iter().collect();
    ranked.sort_by_key(|customer| {
        (
            Reverse(customer.tier.as_ref().map(|(_, rank)| *rank)),
            Reverse(customer.status),
            customer.external_id.clone(),
        )
    });
    ranked.truncate(MOST_LOYAL);
    ranked
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, what: Arguments<'_>) {
        writeln!(self.0, "{what}").expect("writing into memory cannot fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(external_id: &str, tier: &str, rank: u32, status: i64) -> Customer {
        Customer {
            external_id: external_id.into(),
            tier: Some((tier.to_owned(), rank)),
            points: status + 7,
            points_lifetime: status + 9,
            status,
        }
    }

    #[test]
    fn a_better_tier_comes_before_more_points() {
        let customers =
            [customer("1", "Member", 0, 499), customer("2", "Gold", 2, 10), customer("3", "Silver", 1, 700)];
        let order: Vec<&str> =
            most_loyal(&customers).into_iter().map(|customer| &*customer.external_id).collect();
        assert_eq!(order, ["2", "3", "1"]);
    }

    #[test]
    fn tiers_are_counted_by_rank() {
        let customers =
            [customer("1", "Member", 0, 1), customer("2", "Silver", 1, 2), customer("3", "Member", 0, 3)];
        let counted: Vec<_> = tiers(&customers).into_iter().collect();
        assert_eq!(counted, [((0, "Member"), 2), ((1, "Silver"), 1)]);
    }
}
