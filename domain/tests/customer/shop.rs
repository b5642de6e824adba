//! The shop of the tests: its program as JSON text, and the ids in it.

use std::str::FromStr;

use laurel_domain::{
    Money, Points, Timestamp,
    program::{Program, ProgramText},
    time::Zone,
};

/// Spendable points, in the default pool; may be overdrawn.
pub const SPEND: u32 = 1;
/// Points that decide about tiers; may be overdrawn.
pub const TIER: u32 = 2;
/// May not be overdrawn.
pub const STRICT: u32 = 3;
/// Takes no part in anything.
pub const INACTIVE: u32 = 4;
/// Of no program.
pub const UNKNOWN: u32 = 5;
pub const SOURCE: u32 = 11;
/// Linked to no account.
pub const UNLINKED: u32 = 12;
pub const SYSTEM: u32 = 20;
pub const SILVER: u32 = 21;
pub const GOLD: u32 = 22;
pub const PLATINUM: u32 = 23;

/// The text of a made-up GUID.
pub fn guid(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

/// A GUID-based id of any kind.
pub fn id<T: FromStr<Err: std::fmt::Debug>>(n: u32) -> T {
    guid(n).parse().unwrap()
}

pub fn points(text: &str) -> Points {
    text.parse().unwrap()
}

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub fn time(text: &str) -> Timestamp {
    Timestamp::parse(text, &Zone::UTC).unwrap()
}

/// What differs from shop to shop, as JSON members.
#[derive(Debug, Clone, Default)]
pub struct Shop {
    pub version: u32,
    /// `"name": value, ...`
    pub switches: &'static str,
    /// Further members of the spendable account, with a comma in front.
    pub spend: String,
    /// The same of the account that decides about tiers.
    pub tier: String,
    /// Time zone; UTC when empty.
    pub zone: &'static str,
    /// Restrictions of the source.
    pub restrictions: &'static str,
    pub trees: Vec<String>,
    /// Further members of levels, with a comma in front.
    pub levels: Vec<(u32, String)>,
    /// Levels that are not live.
    pub paused: Vec<u32>,
    pub without_default_pool: bool,
}

impl Shop {
    pub fn with(trees: &[String]) -> Self {
        Self { version: 1, trees: trees.to_vec(), ..Self::default() }
    }

    pub fn program(&self) -> Program {
        let account = |n: u32, more: &str| format!(r#"{{"id": "{}", "name": "Account {n}"{more}}}"#, guid(n));
        let pool = format!(r#", "include_in_default_points": {}{}"#, !self.without_default_pool, self.spend);
        let accounts = [
            account(SPEND, &pool),
            account(TIER, &self.tier),
            account(STRICT, r#", "allow_negative_balance": false"#),
            account(INACTIVE, r#", "active": false"#),
        ];
        let level = |n: u32, rank: u32| {
            let more: String =
                self.levels.iter().filter(|(of, _)| *of == n).map(|(_, more)| more.as_str()).collect();
            let status = if self.paused.contains(&n) { 1 } else { 2 };
            format!(
                r#"{{"id": "{}", "name": "Level {rank}", "rank": {rank}, "status": {status}{more}}}"#,
                guid(n)
            )
        };
        let linked: Vec<_> =
            [SPEND, TIER, STRICT, INACTIVE].iter().map(|n| format!("\"{}\"", guid(*n))).collect();
        let text = format!(
            r#"{{"retailer": {{"retailer_id": "{retailer}", "name": "Shop", "time_zone": "{zone}",
                             "switches": {{{switches}}}}},
                "point_accounts": [{accounts}],
                "point_sources": [
                  {{"id": "{source}", "name": "One", "point_account_ids": [{linked}],
                    "restrictions": [{restrictions}]}},
                  {{"id": "{unlinked}", "name": "Two", "point_account_ids": []}}],
                "events": [{{"id": "{survey}", "event_lookup": "SURVEY"}},
                  {{"id": "{upgrade}", "event_lookup": "UPGRADE"}},
                  {{"id": "{installed}", "event_lookup": "APP_INSTALLED"}},
                  {{"id": "{paused}", "event_lookup": "PAUSED", "status": 1}}],
                "tier_systems": [{{"id": "{system}", "name": "Club", "status": 2, "tier_levels": [{levels}]}}],
                "rule_trees": [{trees}]}}"#,
            retailer = guid(99),
            zone = self.zone,
            switches = self.switches,
            accounts = accounts.join(","),
            source = guid(SOURCE),
            linked = linked.join(","),
            restrictions = self.restrictions,
            unlinked = guid(UNLINKED),
            survey = guid(71),
            upgrade = guid(72),
            installed = guid(73),
            paused = guid(74),
            system = guid(SYSTEM),
            levels = [level(SILVER, 0), level(GOLD, 1), level(PLATINUM, 2)].join(","),
            trees = self.trees.join(","),
        );
        Program::compile(self.version, ProgramText { program: &text, stores: "", catalog: "" }).unwrap()
    }
}

/// A purchase tree for every sale; `more` is any further members of the tree, with a comma behind.
pub fn tree(n: u32, more: &str, outcomes: &str) -> String {
    let (tree, root, node) = (guid(n), guid(n * 100), guid(n * 100 + 1));
    format!(
        r#"{{"id": "{tree}", "name": "Tree {n}", "status": 2, "tree_type": 1, {more}
            "rules": [{{"id": "{node}", "parent_id": "{root}", "discriminator": 32768, "constraints": []}},
                      {{"id": "{root}", "discriminator": 1, "constraints": []}}],
            "outcomes": [{outcomes}]}}"#
    )
}

/// Points per unit of money into an account, rounded down; `more` with a comma in front.
pub fn per_amount(n: u32, account: u32, rate: &str, more: &str) -> String {
    format!(
        r#"{{"id": "{}", "discriminator": 2, "point_source_id": "{}", "point_account_ids": ["{}"],
            "rate": {rate}, "rounding_mode": 1{more}}}"#,
        guid(n),
        guid(SOURCE),
        guid(account)
    )
}

/// A multiplier of everything that adds `factor` - 1 times the award.
pub fn multiplier(n: u32, factor: &str) -> String {
    format!(
        r#"{{"id": "{}", "discriminator": 4096, "factor": {factor}, "combine": "add", "applies_to": "all"}}"#,
        guid(n)
    )
}

/// Only members of a level.
pub fn only_for(level: u32) -> String {
    format!(
        r#""tier_assignments": [{{"tier_system_id": "{}", "tier_level_id": "{}"}}],"#,
        guid(SYSTEM),
        guid(level)
    )
}

/// The tree that lets members enter a level at a balance of the tier account.
pub fn enter(n: u32, level: u32, target: u32) -> String {
    of_level(n, level, target, 3, "")
}

/// The same, and what joining the level gives.
pub fn enter_for(n: u32, level: u32, target: u32, outcomes: &str) -> String {
    of_level(n, level, target, 3, outcomes)
}

/// The tree that lets members stay in a level at a balance of the tier account.
pub fn stay(n: u32, level: u32, target: u32, outcomes: &str) -> String {
    of_level(n, level, target, 4, outcomes)
}

/// So many points into an account.
pub fn fixed(n: u32, account: u32, amount: u32) -> String {
    format!(
        r#"{{"id": "{}", "discriminator": 1, "point_source_id": "{}", "point_account_ids": ["{}"],
            "amount": {amount}}}"#,
        guid(n),
        guid(SOURCE),
        guid(account)
    )
}

fn of_level(n: u32, level: u32, target: u32, tree_type: u32, outcomes: &str) -> String {
    let (tree, root, leaf) = (guid(n), guid(n * 100), guid(n * 100 + 1));
    format!(
        r#"{{"id": "{tree}", "name": "Enter {n}", "status": 2, "tree_type": {tree_type},
            {assigned} "outcomes": [{outcomes}],
            "rules": [{{"id": "{root}", "discriminator": 1, "rank": 0}},
                      {{"id": "{leaf}", "parent_id": "{root}", "rank": 0, "discriminator": 2048,
                        "target_balance": {target}, "comparison": 4, "constraints": [
                        {{"id": "{constraint}", "discriminator": 8, "point_accounts": {{"{account}": "Tier"}}}}]}}]}}"#,
        assigned = only_for(level),
        constraint = guid(n * 100 + 2),
        account = guid(TIER),
    )
}
