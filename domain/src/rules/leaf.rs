//! What a node that is no group comes to (incentives.md 6.2, 6.3).

use super::{Figure, Scene, selection::purchase_lines, tally};
use crate::{
    amount::{AmountError, Points, Quantity},
    id::PointAccountId,
    program::{
        RuleTree,
        tree::{
            Aggregate, AttributeTest, BalanceTest, Circumstance, CircumstanceTest, CounterTest, DataLevel,
            EventTest, FieldTest, MembershipTest, Node, NodeTest, TagMatch, TagTest, Value, ValueKind,
        },
    },
};

const DAY_MS: i64 = 86_400_000;

/// What a node came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Leaf {
    pub(super) passed: bool,
    /// What is asked about is not there: the node fails, negated or not.
    pub(super) missing: bool,
    /// The value that was compared.
    pub(super) figure: Option<Figure>,
}

impl Leaf {
    fn passing(passed: bool) -> Self {
        Self { passed, ..Self::default() }
    }

    fn comparing(passed: bool, figure: Figure) -> Self {
        Self { passed, figure: Some(figure), ..Self::default() }
    }

    const MISSING: Self = Self { passed: false, missing: true, figure: None };
}

/// What a node that is no group comes to, before it is negated. Groups come to nothing here.
pub(super) fn leaf(tree: &RuleTree, node: &Node, scene: &Scene<'_>) -> Result<Leaf, AmountError> {
    Ok(match &node.test {
        NodeTest::All(_) | NodeTest::Any(_) => Leaf::default(),
        NodeTest::Balance(test) => compared(test, scene.standing.balance)?,
        NodeTest::Lifetime(test) => compared(test, scene.standing.lifetime)?,
        NodeTest::CurrentPurchase(test) => match scene.current_ticket() {
            None => Leaf::default(),
            Some(ticket) => Leaf::passing(purchase_lines(test, ticket, scene)?.is_some()),
        },
        NodeTest::Count(test) => {
            let value = tally::value(tree, node, test, scene)?;
            Leaf::comparing(test.comparison.holds(value, test.target), tally::figure(&test.what, value))
        }
        NodeTest::Membership(test) => membership(test, scene),
        NodeTest::Tags(test) => Leaf::passing(tags(test, scene)),
        NodeTest::Attribute(test) => attribute(test, scene),
        NodeTest::Counter(CounterTest { name, comparison, target }) => {
            let value = scene.standing.counters.value(name);
            Leaf::comparing(comparison.holds(value, *target), Figure::Quantity(value))
        }
        NodeTest::CurrentEvent(test) => Leaf::passing(event_holds(test, scene)),
        NodeTest::Field(test) => field(test, scene),
    })
}

/// The sum of some accounts' values.
pub(super) fn sum_of(
    accounts: &[PointAccountId],
    value: &dyn Fn(PointAccountId) -> Points,
) -> Result<Points, AmountError> {
    Points::sum(accounts.iter().map(|account| value(*account)))
}

fn compared(test: &BalanceTest, value: &dyn Fn(PointAccountId) -> Points) -> Result<Leaf, AmountError> {
    let sum = sum_of(&test.accounts, value)?;
    Ok(Leaf::comparing(test.comparison.holds(sum, test.target), Figure::Points(sum)))
}

fn membership(test: &MembershipTest, scene: &Scene<'_>) -> Leaf {
    let held = scene.standing.tiers.iter().find(|(system, _)| *system == test.system);
    let Some((system, _)) = held.filter(|(_, level)| test.levels.is_empty() || test.levels.contains(level))
    else {
        return Leaf::default();
    };
    let joined = scene.standing.person.joined(*system).unwrap_or(scene.time);
    let days = (scene.time.millis() - joined.millis()).max(0) / DAY_MS;
    Leaf::comparing(days >= i64::from(test.min_days), Figure::Whole(days))
}

fn tags(test: &TagTest, scene: &Scene<'_>) -> bool {
    let mut tags = test.tags.iter();
    match test.matched {
        TagMatch::Any => tags.any(|tag| scene.standing.person.has_tag(tag)),
        TagMatch::All => tags.all(|tag| scene.standing.person.has_tag(tag)),
        TagMatch::None => tags.all(|tag| !scene.standing.person.has_tag(tag)),
    }
}

fn attribute(test: &AttributeTest, scene: &Scene<'_>) -> Leaf {
    match scene.standing.person.attribute(&test.attribute) {
        Some(text) if !text.trim().is_empty() => Leaf::passing(test.test.holds(&text)),
        _ => Leaf::MISSING,
    }
}

/// Whether the event is of the name and under the circumstances asked for.
pub(super) fn event_holds(test: &EventTest, scene: &Scene<'_>) -> bool {
    scene.event.is_some_and(|event| {
        test.lookup.as_deref().is_none_or(|lookup| lookup == event.lookup)
            && circumstances_hold(&test.circumstances, scene)
    })
}

/// Whether all of the circumstances are as asked for.
pub(super) fn circumstances_hold(circumstances: &[Circumstance], scene: &Scene<'_>) -> bool {
    circumstances.iter().all(|circumstance| holds(circumstance, scene))
}

fn holds(circumstance: &Circumstance, scene: &Scene<'_>) -> bool {
    let (standing, time) = (scene.standing, scene.time);
    let holds = match &circumstance.test {
        CircumstanceTest::Time { starts, ends } => {
            starts.is_none_or(|starts| starts <= time) && ends.is_none_or(|ends| time <= ends)
        }
        CircumstanceTest::DayAndHour(hours) => {
            let (weekday, minute) = scene.zone().weekday_and_minute(time);
            hours.holds(weekday, minute)
        }
        CircumstanceTest::Levels(levels) => standing.holds(levels),
        CircumstanceTest::Tags(tags) => tags.iter().any(|tag| standing.person.has_tag(tag)),
        CircumstanceTest::Context { key, test } => match scene.datum(key) {
            Some(text) if !text.trim().is_empty() => test.holds(&text),
            _ => return false,
        },
        CircumstanceTest::JoinedWithin(span) => standing.person.registered().is_some_and(|registered| {
            let since = scene.program.retailer().zone.earlier(time, *span);
            since.is_none_or(|since| registered >= since)
        }),
    };
    holds == circumstance.include
}

fn field(test: &FieldTest, scene: &Scene<'_>) -> Leaf {
    if test.path.level == DataLevel::Trigger {
        return match scene.datum(&test.path) {
            Some(text) => judged(test, &[text]),
            None => Leaf::MISSING,
        };
    }
    let found: Vec<_> = scene.data(&test.path).into_iter().map(|(_, text)| text).collect();
    if found.is_empty() { Leaf::MISSING } else { judged(test, &found) }
}

fn judged(test: &FieldTest, found: &[std::borrow::Cow<'_, str>]) -> Leaf {
    let number = |text: &str| match ValueKind::Number.read(text) {
        Some(Value::Number(number)) => Some(number),
        _ => None,
    };
    let numbers = || found.iter().filter_map(|text| number(text));
    let whole = match test.aggregate {
        Aggregate::Any => {
            let figure = numbers().next().filter(|_| found.len() == 1).map(Figure::Quantity);
            return Leaf {
                passed: found.iter().any(|text| test.test.holds(text)),
                figure,
                ..Leaf::default()
            };
        }
        Aggregate::All => return Leaf::passing(found.iter().all(|text| test.test.holds(text))),
        Aggregate::Sum => Quantity::sum(numbers()).ok().filter(|_| numbers().next().is_some()),
        Aggregate::Max => numbers().max(),
        Aggregate::Min => numbers().min(),
    };
    match whole {
        None => Leaf::MISSING,
        Some(whole) => Leaf::comparing(test.test.holds_for(&Value::Number(whole)), Figure::Quantity(whole)),
    }
}
