//! Nodes that have a value of their own: what they ask.

use super::{
    super::{
        document::{self, Field},
        tree::{
            Aggregate, AmountBasis, Attribute, AttributeTest, BalanceTest, Comparison, CountTest, Counted,
            CounterTest, DataLevel, DataPath, FieldTest, MembershipTest, NodeTest, TagMatch, TagTest, Value,
            ValueKind,
        },
    },
    Path, ProblemCode, Report, circumstances,
    constraints::{self, Documents},
    fingerprint,
    symbols::Symbols,
    trees::Known,
    values::{span, value_test},
};
use crate::{
    amount::{Money, Points, Quantity},
    time::{Span, Unit, Zone},
};

/// A century in days: more is a slip.
pub(super) const DAYS_MAX: i64 = 36_525;
/// Different items that a node can count: each takes room in the customer's state.
pub(crate) const DISTINCT_MAX: i64 = 1_000;

/// A node and its constraints on their way to a test.
pub(super) struct Leaf<'a, 'b> {
    pub(super) document: document::Node,
    pub(super) constraints: Documents,
    pub(super) known: Known<'a>,
    pub(super) symbols: &'a mut Symbols<'b>,
}

impl Leaf<'_, '_> {
    /// What a node of this type asks; nothing when there is no such type, or it cannot be done yet.
    pub(super) fn test(self, number: i64, at: &Path<'_>, report: &mut Report) -> Option<NodeTest> {
        Some(match number {
            2048 => NodeTest::Balance(self.balance(at, report)),
            4096 => NodeTest::Lifetime(self.balance(at, report)),
            32768 => {
                let Self { constraints, known, symbols, .. } = self;
                let (test, _) = constraints::on_purchase(constraints, false, known, symbols, at, report);
                NodeTest::CurrentPurchase(test)
            }
            65536 => {
                let lookup = event_lookup(self.document.event_lookup, self.known, at, report);
                let (test, _) =
                    constraints::on_event(self.constraints, lookup, false, self.known, at, report);
                NodeTest::CurrentEvent(test)
            }
            4 | 8 | 16 | 32 | 64 | 128 => NodeTest::Count(Box::new(self.count(number, at, report))),
            512 => NodeTest::Membership(self.membership(at, report)?),
            1024 => NodeTest::Tags(self.tags(at, report)?),
            8192 => NodeTest::Attribute(self.attribute(at, report)?),
            16384 => NodeTest::Counter(self.counter(at, report)?),
            131_072 => NodeTest::Field(self.field(at, report)?),
            256 => {
                report.not_supported(&at.member("discriminator"), "rule nodes of type 256 are");
                return None;
            }
            other => {
                let message = format!("{other} is no type of rule node");
                report.add(&at.member("discriminator"), ProblemCode::InvalidValue, message);
                return None;
            }
        })
    }

    fn balance(self, at: &Path<'_>, report: &mut Report) -> BalanceTest {
        let target = report.required(at, "target_balance", self.document.target_balance).unwrap_or_default();
        let comparison = comparison(self.document.comparison, at, report);
        let constraints = constraints::on_balance(self.constraints, self.known, at, report);
        let mut accounts = Vec::new();
        for account in constraints.iter().flat_map(|constraint| &constraint.accounts) {
            // Constraints of one node all hold: an account is summed when each of them names it.
            let in_all = constraints.iter().all(|constraint| constraint.accounts.contains(account));
            if in_all && !accounts.contains(account) {
                accounts.push(*account);
            }
        }
        if constraints.is_empty() {
            accounts = self.known.accounts.iter().map(|account| account.id).collect();
        }
        BalanceTest { target, comparison, accounts, constraints }
    }

    fn count(self, number: i64, at: &Path<'_>, report: &mut Report) -> CountTest {
        let Self { mut document, constraints, known, symbols } = self;
        let lookback = span(std::mem::take(&mut document.lookback), "lookback", at, report);
        let comparison = comparison(std::mem::take(&mut document.comparison), at, report);
        let distinct = report.optional(at, "distinct", std::mem::take(&mut document.distinct)) == Some(true);
        let target = target(number, distinct, &mut document, at, report);
        let basis_number = report.number(at, "amount_basis", document.amount_basis, 0..=3, 2);
        let basis = match basis_number {
            0 => AmountBasis::Items,
            1 => AmountBasis::Subtotal,
            2 => AmountBasis::Qualifying,
            _ => AmountBasis::TotalSpend,
        };
        let lookup = match number {
            8 => event_lookup(document.event_lookup, known, at, report),
            _ => None,
        };
        let worded = fingerprint::words(&constraints);
        let (what, last) = match number {
            8 => {
                let (test, last) =
                    constraints::on_event(constraints, lookup.clone(), true, known, at, report);
                (Counted::Events(test), last)
            }
            16 | 32 => {
                let (test, last) = constraints::on_points(constraints, known, at, report);
                (if number == 16 { Counted::Earned(test) } else { Counted::Spent(test) }, last)
            }
            _ => {
                let (test, last) = constraints::on_purchase(constraints, true, known, symbols, at, report);
                let what = match number {
                    4 => Counted::Transactions(test),
                    64 => Counted::Money(test, basis),
                    _ if distinct => Counted::DistinctItems(test),
                    _ => Counted::Items(test),
                };
                (what, last)
            }
        };
        let lookback = shortest(lookback, last).filter(|span| span.unit != Unit::Forever);
        let basis = i64::from(number == 64) * basis_number;
        let more = fingerprint::what(number, distinct, basis, lookup.as_deref(), lookback);
        let fingerprint = fingerprint::of(&[&more, &worded]);
        CountTest { what, comparison, target, lookback, fingerprint }
    }

    fn membership(self, at: &Path<'_>, report: &mut Report) -> Option<MembershipTest> {
        constraints::none(self.constraints, at, report);
        let id = report.required(at, "tier_system_id", self.document.tier_system_id);
        let days = report.number(at, "min_days_in_level", self.document.min_days_in_level, 0..=DAYS_MAX, 0);
        let levels = if self.document.tier_level_ids.is_there() {
            circumstances::levels(self.document.tier_level_ids, self.known, at, report)?
        } else {
            Vec::new()
        };
        let id = id?;
        let Some(system) = self.known.tier_systems.iter().find(|system| system.id == id) else {
            let message = format!("there is no tier system {id}");
            report.add(&at.member("tier_system_id"), ProblemCode::TierSystemNotFound, message);
            return None;
        };
        if levels.iter().any(|level| system.level(*level).is_none()) {
            let message = "a level of another tier system";
            report.add(&at.member("tier_level_ids"), ProblemCode::TierLevelNotFound, message);
        }
        Some(MembershipTest { system: id, levels, min_days: u32::try_from(days).unwrap_or(0) })
    }

    fn tags(self, at: &Path<'_>, report: &mut Report) -> Option<TagTest> {
        constraints::none(self.constraints, at, report);
        report.refuse(at, "audience_ids", &self.document.audience_ids, "audiences are");
        if self.document.audience_ids.is_there() && !self.document.tags.is_there() {
            return None;
        }
        let matched = match report.optional(at, "match", self.document.matched).as_deref() {
            None | Some("any") => TagMatch::Any,
            Some("all") => TagMatch::All,
            Some("none") => TagMatch::None,
            Some(other) => {
                let message = format!("{other} is neither any, all nor none");
                report.add(&at.member("match"), ProblemCode::InvalidValue, message);
                TagMatch::Any
            }
        };
        let tags = circumstances::tags(self.document.tags, at, report)?;
        Some(TagTest { tags, matched })
    }

    fn attribute(self, at: &Path<'_>, report: &mut Report) -> Option<AttributeTest> {
        constraints::none(self.constraints, at, report);
        let document = self.document;
        let attribute = report.required(at, "attribute", document.attribute);
        let test = value_test(document.comparison, document.data_type, document.values, at, report);
        let attribute = attribute?;
        let read = Attribute::named(&attribute);
        if read.is_none() {
            let message = format!("{attribute} is no attribute of a customer");
            report.add(&at.member("attribute"), ProblemCode::InvalidValue, message);
        }
        Some(AttributeTest { attribute: read?, test: test? })
    }

    fn counter(self, at: &Path<'_>, report: &mut Report) -> Option<CounterTest> {
        constraints::none(self.constraints, at, report);
        let name = report.required(at, "counter_name", self.document.counter_name);
        let target = report.required(at, "target_value", self.document.target_value);
        let comparison = comparison(self.document.comparison, at, report);
        Some(CounterTest { name: name?.into(), comparison, target: target? })
    }

    fn field(self, at: &Path<'_>, report: &mut Report) -> Option<FieldTest> {
        constraints::none(self.constraints, at, report);
        let document = self.document;
        let path = report.required(at, "data_path", document.data_path);
        let test = value_test(document.comparison, document.data_type, document.values, at, report);
        let aggregate = report.optional(at, "aggregate", document.aggregate);
        let path = data_path(&path?, "data_path", at, report)?;
        let test = test?;
        let numbers = test.values.first().map(Value::kind) == Some(ValueKind::Number);
        let default = if numbers { Aggregate::Sum } else { Aggregate::Any };
        let aggregate = match aggregate.as_deref() {
            None => default,
            Some(name) => {
                let read = Aggregate::from_name(name);
                let sums = matches!(read, Some(Aggregate::Sum | Aggregate::Max | Aggregate::Min));
                if read.is_none() || (sums && !numbers) {
                    let message = format!("{name} is no way to put data of this type together");
                    report.add(&at.member("aggregate"), ProblemCode::InvalidValue, message);
                }
                read.unwrap_or(default)
            }
        };
        // A single value is itself, however it would be put together.
        let aggregate = if path.level == DataLevel::Trigger { Aggregate::Any } else { aggregate };
        Some(FieldTest { path, aggregate, test })
    }
}

/// A path into the trigger's data.
pub(super) fn data_path(
    text: &str,
    name: &'static str,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<DataPath> {
    let path = DataPath::read(text);
    if path.is_none() {
        let message = format!("{text} leads nowhere; write custom_data.x, items[].custom_data.x or status");
        report.add(&at.member(name), ProblemCode::InvalidValue, message);
    }
    path
}

/// A defined event, in upper case; any when none is named.
pub(super) fn event_lookup(
    field: Field<String>,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<Box<str>> {
    let lookup = report.optional(at, "event_lookup", field)?.to_ascii_uppercase();
    if !known.raises(&lookup) {
        let message = format!("there is no event {lookup}, or it is not supported yet");
        report.add(&at.member("event_lookup"), ProblemCode::EventNotFound, message);
    }
    Some(lookup.into())
}

fn comparison(field: Field<i64>, at: &Path<'_>, report: &mut Report) -> Comparison {
    let number = report.optional(at, "comparison", field);
    let comparison = number.map_or(Some(Comparison::AtLeast), Comparison::from_number);
    if comparison.is_none() {
        let at = at.member("comparison");
        match number {
            Some(6..=10) => report.not_supported(&at, "this comparison of a single number is"),
            _ => report.add(&at, ProblemCode::InvalidValue, "no comparison has this number"),
        }
    }
    comparison.unwrap_or(Comparison::AtLeast)
}

/// The target of a counting node, in its smallest units.
fn target(
    number: i64,
    distinct: bool,
    document: &mut document::Node,
    at: &Path<'_>,
    report: &mut Report,
) -> i64 {
    let (name, units) = match number {
        4 => {
            ("target_count", report.required(at, "target_count", std::mem::take(&mut document.target_count)))
        }
        8 => {
            let count = report.required(at, "target_count", std::mem::take(&mut document.target_count));
            ("target_count", count.and_then(|count| Quantity::whole(count).ok()).map(Quantity::units))
        }
        16 | 32 => {
            let points = report.required(at, "target_points", std::mem::take(&mut document.target_points));
            ("target_points", points.map(Points::units))
        }
        64 => {
            let amount = report.required(at, "target_amount", std::mem::take(&mut document.target_amount));
            ("target_amount", amount.map(Money::units))
        }
        _ => {
            let field = std::mem::take(&mut document.target_quantity);
            let quantity = report.required(at, "target_quantity", field).map(Quantity::units);
            (
                "target_quantity",
                if distinct { quantity.map(|units| units / Quantity::UNIT) } else { quantity },
            )
        }
    };
    if units.is_some_and(|units| units < 0 || (distinct && units > DISTINCT_MAX)) {
        let message = if distinct { "not between 0 and 1000 different items" } else { "below 0" };
        report.add(&at.member(name), ProblemCode::OutOfRange, message);
    }
    units.unwrap_or(0)
}

/// The shorter of two spans that end at the same moment.
fn shortest(one: Option<Span>, other: Option<Span>) -> Option<Span> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other) };
    let end = crate::Timestamp::from_millis(0);
    let begins = |span| Zone::UTC.earlier(end, span).unwrap_or(crate::Timestamp::MIN);
    Some(if begins(one) >= begins(other) { one } else { other })
}
