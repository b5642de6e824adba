//! Reads what the members have, through the customer API (customers-campaigns.md B1.9, incentives.md 2.9).

use std::time::Duration;

use anyhow::{Context, ensure};
use hyper::{Method, StatusCode, body::Bytes};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::{
    client::{Address, Call, Connection},
    keys::Keys,
};

const PATIENCE: Duration = Duration::from_secs(30);
/// A sale is answered when it is durable, which is before its points are booked; how long that is waited for.
const SETTLING_MAX: Duration = Duration::from_secs(20);
/// Points that stay the same for so long are taken for final.
const STILL: Duration = Duration::from_millis(400);

/// A member and what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Customer {
    pub external_id: Box<str>,
    /// Name and rank of its tier; a higher rank is a better tier.
    pub tier: Option<(String, u32)>,
    /// Points to spend.
    pub points: i64,
    /// Points to spend, ever.
    pub points_lifetime: i64,
    /// Points that count towards tiers.
    pub status: i64,
}

#[derive(Deserialize)]
struct Answer {
    user: User,
}

#[derive(Deserialize)]
struct User {
    tier_details: TierDetails,
}

#[derive(Deserialize)]
struct TierDetails {
    tier_levels: Vec<Level>,
    point_account_balances: Balances,
}

#[derive(Deserialize)]
struct Level {
    tier_overview: Overview,
}

#[derive(Deserialize)]
struct Overview {
    name: String,
    rank: u32,
}

#[derive(Deserialize)]
struct Balances {
    details: Vec<Balance>,
}

/// Points are whole: all rules of the demo's program round to whole points.
#[derive(Deserialize)]
struct Balance {
    grouping_label: String,
    available_balance: i64,
    life_time_value: i64,
}

/// Reads all members, again and again until nothing changes any more.
pub(super) async fn read_settled(
    server: &Address,
    keys: &Keys,
    members: &[Box<str>],
) -> anyhow::Result<Vec<Customer>> {
    let deadline = Instant::now() + SETTLING_MAX;
    let mut before = read(server, keys, members).await?;
    loop {
        sleep(STILL).await;
        let now = read(server, keys, members).await?;
        if now == before {
            return Ok(now);
        }
        ensure!(
            Instant::now() < deadline,
            "the members' points still change after {} s",
            SETTLING_MAX.as_secs()
        );
        before = now;
    }
}

async fn read(server: &Address, keys: &Keys, members: &[Box<str>]) -> anyhow::Result<Vec<Customer>> {
    let mut connection = Connection::open(server, PATIENCE).await?;
    let mut customers = Vec::with_capacity(members.len());
    for external_id in members {
        let path = path(keys, external_id);
        let authorization = keys.core.authorization();
        let call = Call {
            method: Method::GET,
            path: &path,
            authorization: &authorization,
            content_type: "application/json",
            body: Bytes::new(),
        };
        let answer = connection.call(server, call, PATIENCE).await?;
        ensure!(answer.status == StatusCode::OK, "{path} answered {}: {}", answer.status, answer.excerpt());
        customers.push(customer(external_id, &answer.body).with_context(|| path.clone())?);
    }
    Ok(customers)
}

/// Path and query under which a member is read.
pub(super) fn path(keys: &Keys, external_id: &str) -> String {
    format!("/priv/v1/apps/{}/external/users/{external_id}?expand_incentives=true", keys.core.key)
}

fn customer(external_id: &str, answer: &[u8]) -> serde_json::Result<Customer> {
    let Answer { user: User { tier_details: details } } = serde_json::from_slice(answer)?;
    let accounts = &details.point_account_balances.details;
    let sum = |label: &str, amount: fn(&Balance) -> i64| {
        accounts.iter().filter(|account| account.grouping_label == label).map(amount).sum()
    };
    let tier = details.tier_levels.into_iter().next().map(|level| level.tier_overview);
    Ok(Customer {
        external_id: external_id.into(),
        tier: tier.map(|tier| (tier.name, tier.rank)),
        points: sum("Spend", |account| account.available_balance),
        points_lifetime: sum("Spend", |account| account.life_time_value),
        status: sum("Tier", |account| account.available_balance),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_told_apart_by_their_label() {
        let answer = br#"{"status":"ok","user":{"id":"x","tier":"Silver","tier_details":{
            "tier_levels":[{"id":"t","tier_overview":{"name":"Silver","rank":1,"status":2}}],
            "point_account_balances":{"summary":{"total_points":930},"details":[
                {"account_name":"Points","grouping_label":"Spend","available_balance":640,"life_time_value":3200},
                {"account_name":"Status","grouping_label":"Tier","available_balance":290,"life_time_value":900}]}}}}"#;
        let customer = customer("900", answer).unwrap();
        assert_eq!(customer.tier, Some(("Silver".to_owned(), 1)));
        assert_eq!((customer.points, customer.points_lifetime, customer.status), (640, 3200, 290));
    }
}
