//! What the rules remember of a customer, as it is shown (incentives.md 7.9).

use domain::{
    Points, Quantity, Timestamp,
    customer::Customer,
    id::CustomerId,
    program::{
        Program,
        tree::{CountTest, NodeTest},
    },
    rules::{LimitKey, LimitUse, NodeCounter},
    time::{Span, TimeForm},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesError,
        objects::FigureNumber,
        request::{Named, no_such_customer},
    },
    Section,
};
use crate::state::HttpState;

/// What the rules remember of a customer besides points and tiers. Sections that were not asked for are absent.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserStateObject {
    /// As sent.
    retailer_id: String,
    /// As sent.
    user_id: String,
    /// Moves with every change; to be given back to `set_counters`.
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    counters: Option<Vec<CounterObject>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_counters: Option<Vec<NodeCounterObject>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome_usage: Option<Vec<OutcomeUsageObject>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    joining_usage: Option<Vec<JoiningUsageObject>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_activity: Option<Vec<ActivityObject>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<TagObject>>,
}

/// A counter that callers keep.
#[derive(Debug, Serialize, ToSchema)]
pub struct CounterObject {
    name: String,
    #[schema(value_type = f64)]
    value: Quantity,
    updated_at: String,
}

/// What a node has counted, as of now.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeCounterObject {
    tree_id: String,
    rule_id: String,
    #[schema(value_type = f64)]
    value: FigureNumber,
    /// The time that it looks back over; absent: everything since it was first fed.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<WindowObject>,
    /// When it was first fed.
    since: String,
}

/// A sliding span of time.
#[derive(Debug, Serialize, ToSchema)]
pub struct WindowObject {
    value: u32,
    /// A unit of incentives.md 3.1.
    uom: u8,
}

/// What is used of the limits of a tree or an outcome.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeUsageObject {
    tree_id: String,
    /// Not of limits of the tree itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome_id: Option<String>,
    /// Of several limits, that which has counted most.
    times: i32,
    #[schema(value_type = f64)]
    points: Points,
    /// Of a calendar window its start.
    last_applied: String,
}

/// What is used of the cap on joining a level.
#[derive(Debug, Serialize, ToSchema)]
pub struct JoiningUsageObject {
    tier_level_id: String,
    /// How many times that still count.
    times: u32,
    last_applied: String,
}

/// When the customer last did what keeps points alive.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivityObject {
    event_lookup: String,
    time_of_occurrence: String,
}

/// A tag.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagObject {
    name: String,
    /// When it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

impl UserStateObject {
    /// What is remembered of a customer now.
    pub async fn read(
        state: &HttpState,
        named: &Named,
        customer: CustomerId,
        sections: &[Section],
    ) -> Result<Self, IncentivesError> {
        let (form, sections) = (state.incentives_times(), sections.to_vec());
        let look = move |customer: &Customer, program: &Program, now| {
            Shown { customer, program, now, form }.object(&sections)
        };
        let seen = state.engine().read_customer(customer, look).await?;
        let mut object = seen.ok_or_else(no_such_customer)?;
        object.name(named);
        Ok(object)
    }

    /// Whose it is, in the caller's words.
    pub fn name(&mut self, named: &Named) {
        self.retailer_id.clone_from(&named.retailer_id);
        self.user_id.clone_from(&named.user_id);
    }
}

/// All that is remembered, of nobody in particular yet.
pub fn state_object(
    customer: &Customer,
    program: &Program,
    now: Timestamp,
    form: TimeForm,
) -> UserStateObject {
    Shown { customer, program, now, form }.object(&Section::ALL)
}

/// A customer at a moment.
struct Shown<'a> {
    customer: &'a Customer,
    program: &'a Program,
    now: Timestamp,
    form: TimeForm,
}

impl Shown<'_> {
    fn object(&self, sections: &[Section]) -> UserStateObject {
        fn of<T>(wanted: bool, section: impl FnOnce() -> Vec<T>) -> Option<Vec<T>> {
            wanted.then(section)
        }
        let wanted = |section| sections.contains(&section);
        UserStateObject {
            retailer_id: String::new(),
            user_id: String::new(),
            version: self.customer.rule_state().version,
            counters: of(wanted(Section::Counters), || self.counters()),
            node_counters: of(wanted(Section::NodeCounters), || self.node_counters()),
            outcome_usage: of(wanted(Section::OutcomeUsage), || self.outcome_usage()),
            joining_usage: of(wanted(Section::JoiningUsage), || self.joining_usage()),
            last_activity: of(wanted(Section::LastActivity), || self.last_activity()),
            tags: of(wanted(Section::Tags), || self.tags()),
        }
    }

    fn counters(&self) -> Vec<CounterObject> {
        let named = self.customer.rule_state().counters.named().iter();
        let counters = named.map(|known| CounterObject {
            name: known.name.to_string(),
            value: known.value,
            updated_at: known.updated.write(self.form),
        });
        counters.collect()
    }

    fn node_counters(&self) -> Vec<NodeCounterObject> {
        let nodes = self.customer.rule_state().counters.nodes().iter();
        nodes.filter_map(|counter| self.node_counter(counter)).collect()
    }

    /// What a node of the present program has counted; nothing of one that is there no more or counts something else
    /// now.
    fn node_counter(&self, counter: &NodeCounter) -> Option<NodeCounterObject> {
        let Self { customer, program, now, form } = *self;
        let tree = program.tree(counter.key.tree)?;
        let counts = |test: &CountTest| test.fingerprint == counter.key.fingerprint;
        let (place, test) = tree.nodes.iter().enumerate().find_map(|(place, node)| match &node.test {
            NodeTest::Count(test) if node.id == counter.key.node && counts(test) => Some((place, test)),
            _ => None,
        })?;
        let figure = customer.standing(program, now, |standing| {
            program.progress(tree, standing, now).nodes[place].query_result
        })?;
        Some(NodeCounterObject {
            tree_id: counter.key.tree.to_string(),
            rule_id: counter.key.node.to_string(),
            value: FigureNumber(figure),
            window: test.lookback.map(WindowObject::new),
            since: counter.since.write(form),
        })
    }

    /// One for each tree or outcome. A use counts against each of its limits, so they are not added up.
    fn outcome_usage(&self) -> Vec<OutcomeUsageObject> {
        let mut limits: Vec<LimitUse> = Vec::new();
        for used in self.customer.usage().all().iter().filter(|used| self.matters(used.until)) {
            match limits.iter_mut().find(|known| known.key == used.key) {
                Some(known) => {
                    known.times = known.times.saturating_add(used.times);
                    known.points = known.points.plus(used.points).unwrap_or(known.points);
                    known.at = known.at.max(used.at);
                }
                None => limits.push(used.clone()),
            }
        }
        let owner = |key: LimitKey| (key.tree, key.outcome);
        let mut most: Vec<LimitUse> = Vec::new();
        for used in limits {
            match most.iter_mut().find(|known| owner(known.key) == owner(used.key)) {
                Some(known) if (used.times, used.points) > (known.times, known.points) => *known = used,
                Some(_) => {}
                None => most.push(used),
            }
        }
        let object = |used: &LimitUse| OutcomeUsageObject {
            tree_id: used.key.tree.to_string(),
            outcome_id: used.key.outcome.map(|outcome| outcome.to_string()),
            times: used.times,
            points: used.points,
            last_applied: used.at.write(self.form),
        };
        most.iter().map(object).collect()
    }

    fn joining_usage(&self) -> Vec<JoiningUsageObject> {
        let mut usage: Vec<(domain::id::TierLevelId, u32, Timestamp)> = Vec::new();
        for used in self.customer.joining_usage().iter().filter(|used| self.matters(used.until)) {
            match usage.iter_mut().find(|(level, ..)| *level == used.level) {
                Some((_, times, at)) => {
                    *times = times.saturating_add(used.times);
                    *at = used.at.max(*at);
                }
                None => usage.push((used.level, used.times, used.at)),
            }
        }
        let object = |(level, times, at): (domain::id::TierLevelId, u32, Timestamp)| JoiningUsageObject {
            tier_level_id: level.to_string(),
            times,
            last_applied: at.write(self.form),
        };
        usage.into_iter().map(object).collect()
    }

    fn last_activity(&self) -> Vec<ActivityObject> {
        let all = self.customer.ledger().activity().all().iter();
        let object = |(kind, at): &(domain::program::ActivityKind, Timestamp)| ActivityObject {
            event_lookup: kind.lookup().to_owned(),
            time_of_occurrence: at.write(self.form),
        };
        all.map(object).collect()
    }

    fn tags(&self) -> Vec<TagObject> {
        let tags = self.customer.rule_state().tags.iter().filter(|tag| tag.is_there(self.now));
        let object = |tag: &domain::customer::Tag| TagObject {
            name: tag.name.to_string(),
            expires_at: tag.until.map(|until| until.write(self.form)),
        };
        tags.map(object).collect()
    }

    fn matters(&self, until: Option<Timestamp>) -> bool {
        until.is_none_or(|until| until > self.now)
    }
}

impl WindowObject {
    fn new(span: Span) -> Self {
        Self { value: span.value, uom: span.unit.number() }
    }
}
