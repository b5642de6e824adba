//! A small shop whose rules each test writes itself.

use laurel_domain::{
    Money, Points, Quantity, Timestamp,
    id::{PointAccountId, RuleTreeId, TierLevelId, TierSystemId},
    program::{Program, ProgramText},
    rules::{
        CountChange, Counters, Evaluation, Figure, Happening, LimitUsage, Line, Nobody, Payment, Person,
        Purchase, RefusalReason, Share, Standing,
    },
    sale::Content,
    time::Zone,
};

pub const SPEND: u32 = 1;
pub const TIER: u32 = 2;
pub const SYSTEM: u32 = 20;
pub const MEMBER: u32 = 21;
pub const SILVER: u32 = 22;
pub const GOLD: u32 = 23;
pub const STORE: u32 = 30;

const CATALOG: &str = r#"
{"item_id": "apple", "category": "FRUIT", "department": "PRODUCE", "brand": "Farm"}
{"item_id": "pear", "category": "FRUIT", "department": "PRODUCE", "brand": ""}
{"item_id": "leek", "category": "VEGETABLES", "department": "PRODUCE", "brand": "Farm"}
{"item_id": "petrol", "category": "", "department": "FUEL", "brand": ""}
{"item_id": "shoes", "category": "SHOES", "department": "CLOTHES", "brand": "Run"}
"#;

/// The text of a made-up GUID.
pub fn guid(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

/// A GUID-based id of any kind.
pub fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(n: u32) -> T {
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

/// Limits as JSON, on the tree itself: `tree(n, r#""limits": [...]"#, ...)`. `more` is any further members of the tree.
pub fn tree(n: u32, more: &str, constraints: &str, outcomes: &str) -> String {
    let (id, node, root) = (guid(n), guid(n * 100 + 1), guid(n * 100));
    let more = if more.is_empty() { String::new() } else { format!("{more},") };
    format!(
        r#"{{"id": "{id}", "name": "Tree {n}", "status": 2, "tree_type": 1, {more}
            "rules": [{{"id": "{node}", "parent_id": "{root}", "discriminator": 32768, "constraints": [{constraints}]}},
                      {{"id": "{root}", "discriminator": 1, "constraints": []}}],
            "outcomes": [{outcomes}]}}"#
    )
}

/// A point outcome into the spendable account.
pub fn outcome(n: u32, discriminator: u32, members: &str) -> String {
    let (id, source, account) = (guid(n), guid(11), guid(SPEND));
    format!(
        r#"{{"id": "{id}", "discriminator": {discriminator}, "point_source_id": "{source}",
            "point_account_ids": ["{account}"], {members}}}"#
    )
}

/// `rate` points for each unit of money, rounded down.
pub fn per_amount(n: u32, rate: &str) -> String {
    outcome(n, 2, &format!(r#""rate": {rate}, "rounding_mode": 1"#))
}

/// A multiplier of everything.
pub fn multiplier(n: u32, factor: &str, combine: &str) -> String {
    let id = guid(n);
    format!(
        r#"{{"id": "{id}", "discriminator": 4096, "factor": {factor}, "combine": "{combine}", "applies_to": "all"}}"#
    )
}

/// For holders of one level.
pub fn only_for(level: u32) -> String {
    format!(
        r#""tier_assignments": [{{"tier_system_id": "{}", "tier_level_id": "{}"}}]"#,
        guid(SYSTEM),
        guid(level)
    )
}

pub fn item_constraint(members: &str) -> String {
    format!(r#"{{"discriminator": 32, {members}}}"#)
}

/// The program with these trees and retailer switches.
pub fn document(switches: &str, trees: &[String]) -> String {
    let level = |n: u32, name: &str, rank: u32| {
        format!(r#"{{"id": "{}", "name": "{name}", "rank": {rank}, "status": 2}}"#, guid(n))
    };
    let levels = [level(MEMBER, "Member", 0), level(SILVER, "Silver", 1), level(GOLD, "Gold", 2)].join(",");
    format!(
        r#"{{"retailer": {{"retailer_id": "{retailer}", "name": "Shop", "switches": {{{switches}}}}},
            "point_accounts": [{{"id": "{spend}", "name": "Spendable"}}, {{"id": "{tier}", "name": "Status"}}],
            "point_sources": [{{"id": "{source}", "name": "Purchases", "point_account_ids": ["{spend}", "{tier}"]}}],
            "events": [{events}],
            "tier_systems": [{{"id": "{system}", "name": "Club", "status": 2, "tier_levels": [{levels}]}}],
            "rule_trees": [{trees}]}}"#,
        retailer = guid(99),
        spend = guid(SPEND),
        tier = guid(TIER),
        source = guid(11),
        system = guid(SYSTEM),
        events = EVENTS.map(event).join(","),
        trees = trees.join(","),
    )
}

/// The events of the shop.
pub const EVENTS: [&str; 4] = ["APP_INSTALLED", "SURVEY", "UPGRADE", "LOOP"];

fn event(lookup: &str) -> String {
    let n = 70 + EVENTS.iter().position(|known| *known == lookup).unwrap();
    format!(r#"{{"id": "{}", "event_lookup": "{lookup}"}}"#, guid(u32::try_from(n).unwrap()))
}

pub fn program_with(switches: &str, trees: &[String]) -> Program {
    let program = document(switches, trees);
    Program::compile(1, ProgramText { program: &program, stores: "", catalog: CATALOG }).unwrap()
}

pub fn program(trees: &[String]) -> Program {
    program_with("", trees)
}

/// A line without tax and discount.
pub fn line<'a>(item_id: &'a str, quantity: &str, subtotal: &str) -> Line<'a> {
    let quantity: Quantity = quantity.parse().unwrap();
    Line { item_id, quantity, subtotal: money(subtotal), tax_included: Money::ZERO, discount: Money::ZERO }
}

/// A purchase by a member, to be varied member by member.
pub struct Basket<'a> {
    pub lines: Vec<Line<'a>>,
    pub payments: Vec<Payment<'a>>,
    pub subtotal: Money,
    pub tax_total: Money,
    pub time: Timestamp,
    pub store: u32,
    pub channel: &'a str,
    pub share: Share,
    pub level: u32,
    pub balance: Points,
    pub usage: LimitUsage,
    pub lifetime: Points,
    pub counters: Counters,
    pub content: Option<Content>,
    pub person: &'a dyn Person,
}

impl<'a> Basket<'a> {
    pub fn new(lines: Vec<Line<'a>>) -> Self {
        let subtotal = Money::sum(lines.iter().map(|line| line.subtotal)).unwrap();
        Self {
            lines,
            payments: Vec::new(),
            subtotal,
            tax_total: Money::ZERO,
            time: time("2026-03-15T12:00:00Z"),
            store: STORE,
            channel: "POS",
            share: Share::whole(),
            level: MEMBER,
            balance: Points::ZERO,
            usage: LimitUsage::default(),
            lifetime: Points::ZERO,
            counters: Counters::default(),
            content: None,
            person: &Nobody,
        }
    }

    /// One line of an item that is in no catalog.
    pub fn worth(subtotal: &str) -> Self {
        Self::new(vec![line("unknown", "1", subtotal)])
    }

    pub fn evaluate_only(&self, program: &Program, only: Option<&[RuleTreeId]>) -> Evaluation {
        let purchase = Purchase {
            time: self.time,
            store: id(self.store),
            channel: self.channel,
            subtotal: self.subtotal,
            tax_total: self.tax_total,
            lines: &self.lines,
            payments: &self.payments,
            share: &self.share,
            content: self.content.as_ref(),
        };
        self.standing(|standing| program.evaluate(&purchase, standing, only))
    }

    /// What the customer has.
    pub fn standing<R>(&self, look: impl FnOnce(&Standing<'_>) -> R) -> R {
        let tiers = [(id::<TierSystemId>(SYSTEM), id::<TierLevelId>(self.level))];
        let (balance, lifetime) = (|_: PointAccountId| self.balance, |_: PointAccountId| self.lifetime);
        look(&Standing {
            lifetime: &lifetime,
            counters: &self.counters,
            person: self.person,
            ..Standing::anonymous(&tiers, &balance, &self.usage)
        })
    }

    /// What an event of this name gives.
    pub fn happens(
        &self,
        program: &Program,
        lookup: &str,
        quantity: &str,
        context: Option<&str>,
    ) -> Evaluation {
        let happening = Happening { time: self.time, lookup, quantity: quantity.parse().unwrap(), context };
        self.standing(|standing| program.evaluate_event(&happening, standing))
    }

    /// Remembers what was counted.
    pub fn count(&mut self, counted: &[CountChange]) {
        for change in counted {
            self.counters.record(change, self.time);
        }
    }

    /// The values that the nodes of a tree compare when nothing happens.
    pub fn figures(&self, program: &Program, tree: u32) -> Vec<Option<Figure>> {
        let tree = program.tree(id(tree)).unwrap();
        self.standing(|standing| {
            program.progress(tree, standing, self.time).nodes.iter().map(|node| node.query_result).collect()
        })
    }

    pub fn evaluate(&self, program: &Program) -> Evaluation {
        self.evaluate_only(program, None)
    }

    /// Tree and points of each row.
    pub fn rows(&self, program: &Program) -> Vec<(RuleTreeId, Points)> {
        self.evaluate(program).awards.iter().map(|award| (award.tree, award.points)).collect()
    }

    /// All points into the spendable account.
    pub fn points(&self, program: &Program) -> Points {
        let awards = self.evaluate(program).awards;
        let spendable = awards.iter().filter(|award| award.account == id(SPEND));
        Points::sum(spendable.map(|award| award.points)).unwrap()
    }

    pub fn reasons(&self, program: &Program) -> Vec<(RuleTreeId, RefusalReason)> {
        self.evaluate(program).refused.iter().map(|refused| (refused.tree, refused.reason)).collect()
    }

    /// Remembers what an evaluation used of the limits.
    pub fn buy(&mut self, program: &Program) -> Points {
        let evaluation = self.evaluate(program);
        for used in &evaluation.uses {
            self.usage.record(used).unwrap();
        }
        self.count(&evaluation.counted);
        Points::sum(evaluation.awards.iter().map(|award| award.points)).unwrap()
    }
}
