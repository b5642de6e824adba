//! Where in a trigger's own data a rule looks (`data_path`, incentives.md 6.2, 7.13).

/// A place in the data that a till or a caller sent along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataPath {
    /// Whose data.
    pub level: DataLevel,
    /// `status` in place of a member of `custom_data`.
    pub is_status: bool,
    /// The members to go through, outermost first; empty for a status.
    pub members: Vec<Box<str>>,
}

/// Whose data it is (`level`, incentives.md 7.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataLevel {
    /// The transaction's, or the event's context.
    Trigger,
    /// Each line's.
    Item,
    /// Each payment's.
    Payment,
}

impl DataPath {
    /// The path of a text such as `custom_data.miles_flown`, `items[].custom_data.fare_class` or `items[].status`;
    /// nothing when it leads nowhere. A name alone is a member of `custom_data`.
    pub fn read(text: &str) -> Option<Self> {
        let (level, rest) = match text.split_once("[].") {
            Some(("items", rest)) => (DataLevel::Item, rest),
            Some(("payments", rest)) => (DataLevel::Payment, rest),
            Some(_) => return None,
            None => (DataLevel::Trigger, text),
        };
        if rest == "status" && level != DataLevel::Payment {
            return Some(Self { level, is_status: true, members: Vec::new() });
        }
        let rest = match rest.strip_prefix("custom_data.") {
            Some(members) => members,
            None if level == DataLevel::Trigger => rest,
            None => return None,
        };
        let members: Vec<Box<str>> = rest.split('.').map(Into::into).collect();
        let whole = members.iter().all(|member| !member.is_empty());
        whole.then_some(Self { level, is_status: false, members })
    }
}

/// What becomes of the values of several lines or payments (`aggregate`, incentives.md 7.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// The sum is compared.
    Sum,
    /// The largest is compared.
    Max,
    /// The smallest is compared.
    Min,
    /// One of them passes.
    Any,
    /// All of them pass.
    All,
}

impl Aggregate {
    /// The aggregate of this name, in any letter case.
    pub fn from_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, Aggregate); 5] = [
            ("sum", Aggregate::Sum),
            ("max", Aggregate::Max),
            ("min", Aggregate::Min),
            ("any", Aggregate::Any),
            ("all", Aggregate::All),
        ];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, aggregate)| *aggregate)
    }
}
