//! The program that the simulated retailer runs: points that run out, levels with reviews, limits, a budget, a source
//! with an inventory, and a tree that is switched on and off.

use std::str::FromStr;

use domain::{
    id::{
        AllotmentId, PointAccountId, PointSourceId, RetailerId, RuleTreeId, StoreId, TierLevelId,
        TierSystemId,
    },
    program::Program,
};

/// Accounts: points to be spent, which run out after thirty days and may be overdrawn; and points that decide about
/// levels, which stay.
pub const POINTS: u32 = 1;
/// See [`POINTS`].
pub const STATUS: u32 = 2;
/// Sources: sales, bonuses and gifts; and gifts of which there are only so many.
pub const FREE: u32 = 11;
/// See [`FREE`].
pub const SCARCE: u32 = 12;
/// Levels, the lowest first.
pub const LEVELS: [u32; 3] = [21, 22, 23];
const CLUB: u32 = 20;
const RETAILER: u32 = 99;
/// Stores.
pub const STORES: [u32; 2] = [31, 32];
/// A point for each unit of money.
pub const BASE: u32 = 101;
/// The same as status.
pub const STATUS_EARN: u32 = 102;
const BIG_BASKET: u32 = 103;
/// Five points for a sale, until the budget has run out.
pub const BUDGETED: u32 = 104;
/// Two points for a sale, switched on and off.
pub const SEASON: u32 = 105;
/// Three points for a survey.
pub const SURVEY: u32 = 106;
/// How many points [`SURVEY`] gives.
pub const SURVEY_POINTS: i64 = 3;
/// How many points each award of [`BUDGETED`] has.
pub const AWARD: i64 = 5;

/// So many members pay for a sale together.
pub const PAYERS_MAX: usize = 2;

/// What differs from run to run.
#[derive(Debug, Clone, Copy)]
pub struct Shop {
    /// How many awards the budget has.
    pub awards: i64,
    /// Whether the tree pauses when its budget has run out.
    pub pauses: bool,
    /// How many points the scarce source has.
    pub inventory: i64,
}

fn guid(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

/// The id of that number, of any kind.
pub fn id<T: FromStr>(n: u32) -> T {
    guid(n).parse().ok().expect("the number is written as an id")
}

/// Who is served.
pub fn retailer() -> RetailerId {
    id(RETAILER)
}

/// A store by its place in [`STORES`].
pub fn store(place: usize) -> StoreId {
    id(STORES[place % STORES.len()])
}

/// The account of points to be spent.
pub fn points() -> PointAccountId {
    id(POINTS)
}

/// The account that decides about levels.
pub fn status() -> PointAccountId {
    id(STATUS)
}

/// The source of gifts.
pub fn source(scarce: bool) -> PointSourceId {
    id(if scarce { SCARCE } else { FREE })
}

/// The system of the levels.
pub fn club() -> TierSystemId {
    id(CLUB)
}

/// The levels, the lowest first.
pub fn levels() -> impl Iterator<Item = TierLevelId> {
    LEVELS.into_iter().map(id)
}

/// What is taken of the budget.
pub fn budget() -> AllotmentId {
    AllotmentId::of_tree(id::<RuleTreeId>(BUDGETED))
}

/// What is taken of the scarce source.
pub fn inventory(program: &Program) -> AllotmentId {
    let limits = program.sources().iter().flat_map(|source| &source.shared_limits);
    limits.map(|limit| limit.allotment).next().expect("the program has one source with an inventory")
}

/// The stores, as text.
pub fn stores() -> String {
    let store = |(number, n): (usize, u32)| {
        format!(r#"{{"store_id": "{}", "number": "{number}", "name": "Store", "time_zone": "UTC"}}"#, guid(n))
    };
    format!("[{}]", STORES.into_iter().enumerate().map(store).collect::<Vec<_>>().join(","))
}

impl Shop {
    /// The program as text.
    pub fn program(&self) -> String {
        let pause = if self.pauses { r#", "on_exhausted": 2"# } else { "" };
        let budget = format!(r#""budget": {{"max_awards": {}{pause}}},"#, self.awards);
        let monthly = r#""limits": [{"scope": 0, "max": 2, "value": 1, "uom": 2, "window": 1}],"#;
        let trees = [
            purchase(BASE, "", &per_amount(BASE, POINTS)),
            purchase(STATUS_EARN, "", &per_amount(STATUS_EARN, STATUS)),
            purchase(BIG_BASKET, monthly, &fixed(BIG_BASKET, 7)),
            purchase(BUDGETED, &budget, &fixed(BUDGETED, AWARD)),
            purchase(SEASON, "", &fixed(SEASON, 2)),
            survey(),
            of_level(111, LEVELS[1], 60, 3, ""),
            of_level(112, LEVELS[2], 150, 3, &fixed(112, 10)),
            of_level(113, LEVELS[1], 120, 4, ""),
        ];
        format!(
            r#"{{"retailer": {{"retailer_id": "{retailer}", "name": "Shop", "time_zone": "UTC"}},
            "point_accounts": [
              {{"id": "{points}", "name": "Points", "include_in_default_points": true,
                "allow_negative_balance": true,
                "expiration_policy": {{"policy_type": 1, "next_evaluation_date": "2017-01-01T00:00:00",
                  "frequency_value": 1, "frequency_unit_type": 0, "expiration_age_value": 30,
                  "expiration_age_unit_type": 0, "point_expiration_percentage": 100}}}},
              {{"id": "{status}", "name": "Status", "include_in_default_points": false,
                "allow_negative_balance": true}}],
            "point_sources": [
              {{"id": "{free}", "name": "Free", "point_account_ids": ["{points}", "{status}"]}},
              {{"id": "{scarce}", "name": "Scarce", "point_account_ids": ["{points}"],
                "restrictions": [{{"discriminator": 1, "max_points": {inventory}}}]}}],
            "events": [{{"id": "{event}", "event_lookup": "SURVEY"}}],
            "tier_systems": [{{"id": "{club}", "name": "Club", "status": 2, "tier_levels": [
              {{"id": "{low}", "name": "Member", "rank": 0, "status": 2}},
              {{"id": "{middle}", "name": "Silver", "rank": 1, "status": 2,
                "maintenance_frequency_value": 1, "maintenance_frequency_uom": 2}},
              {{"id": "{high}", "name": "Gold", "rank": 2, "status": 2}}]}}],
            "rule_trees": [{trees}]}}"#,
            retailer = guid(RETAILER),
            points = guid(POINTS),
            status = guid(STATUS),
            free = guid(FREE),
            scarce = guid(SCARCE),
            inventory = self.inventory,
            event = guid(71),
            club = guid(CLUB),
            low = guid(LEVELS[0]),
            middle = guid(LEVELS[1]),
            high = guid(LEVELS[2]),
            trees = trees.join(","),
        )
    }
}

fn purchase(n: u32, more: &str, outcome: &str) -> String {
    let min = if n == BIG_BASKET {
        format!(
            r#"{{"id": "{}", "discriminator": 16, "rank": 0, "min": 50, "max": null, "basis": "subtotal"}}"#,
            guid(n * 100 + 3)
        )
    } else {
        String::new()
    };
    format!(
        r#"{{"id": "{tree}", "name": "Tree {n}", "status": 2, "tree_type": 1, {more}
            "rules": [{{"id": "{node}", "parent_id": "{root}", "discriminator": 32768, "constraints": [{min}]}},
                      {{"id": "{root}", "discriminator": 1, "constraints": []}}],
            "outcomes": [{outcome}]}}"#,
        tree = guid(n),
        root = guid(n * 100),
        node = guid(n * 100 + 1),
    )
}

fn survey() -> String {
    format!(
        r#"{{"id": "{tree}", "name": "Survey", "status": 2, "tree_type": 2, "trigger_events": ["SURVEY"],
            "rules": [{{"id": "{root}", "discriminator": 1}}], "outcomes": [{outcome}]}}"#,
        tree = guid(SURVEY),
        root = guid(SURVEY * 100),
        outcome = fixed(SURVEY, SURVEY_POINTS),
    )
}

/// A tree that lets members enter a level (type 3), or stay in it (type 4), at a balance of status points.
fn of_level(n: u32, level: u32, target: u32, tree_type: u32, outcomes: &str) -> String {
    format!(
        r#"{{"id": "{tree}", "name": "Level {n}", "status": 2, "tree_type": {tree_type},
            "tier_assignments": [{{"tier_system_id": "{club}", "tier_level_id": "{level}"}}],
            "outcomes": [{outcomes}],
            "rules": [{{"id": "{root}", "discriminator": 1, "rank": 0}},
                      {{"id": "{leaf}", "parent_id": "{root}", "rank": 0, "discriminator": 2048,
                        "target_balance": {target}, "comparison": 4, "constraints": [
                          {{"id": "{constraint}", "discriminator": 8,
                            "point_accounts": {{"{account}": "Status"}}}}]}}]}}"#,
        tree = guid(n),
        club = guid(CLUB),
        level = guid(level),
        root = guid(n * 100),
        leaf = guid(n * 100 + 1),
        constraint = guid(n * 100 + 2),
        account = guid(STATUS),
    )
}

fn per_amount(n: u32, account: u32) -> String {
    format!(
        r#"{{"id": "{}", "discriminator": 2, "point_source_id": "{}", "point_account_ids": ["{}"], "rate": 1,
            "rounding_mode": 1}}"#,
        guid(n * 100 + 9),
        guid(FREE),
        guid(account)
    )
}

fn fixed(n: u32, amount: i64) -> String {
    format!(
        r#"{{"id": "{}", "discriminator": 1, "point_source_id": "{}", "point_account_ids": ["{}"],
            "amount": {amount}}}"#,
        guid(n * 100 + 9),
        guid(FREE),
        guid(POINTS)
    )
}
