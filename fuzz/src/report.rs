//! What came of inputs.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::Target;

/// What was tried, and what came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// Inputs.
    pub inputs: u64,
    /// How often each outcome was seen, such as `accepted` or `create_user 4xx`.
    pub outcomes: BTreeMap<String, u64>,
    /// The input that took longest.
    pub longest: Duration,
}

impl Report {
    pub(crate) fn count(&mut self, outcome: impl Into<String>, took: Duration) {
        self.inputs += 1;
        *self.outcomes.entry(outcome.into()).or_default() += 1;
        self.longest = self.longest.max(took);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} inputs, the longest took {:.1?}", self.inputs, self.longest)?;
        for (outcome, count) in &self.outcomes {
            writeln!(f, "{count:>10}  {outcome}")?;
        }
        Ok(())
    }
}

/// An input that must not be like that.
#[derive(Debug)]
pub struct Finding {
    /// What it was for.
    pub target: Target,
    /// Its number: the same target gives the same input under it.
    pub input: u64,
    /// What is wrong.
    pub what: String,
    /// The input, as far as it can be shown.
    pub shown: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, input, what, shown } = self;
        write!(f, "{target} input {input}: {what}\n{shown}")
    }
}
