//! Whose turn it is: the customers whom a job concerns, in the order of their ids.
//!
//! In that order because it stays: rows of what is due and of who is in a level come and go while a job is under way,
//! but whoever has had his turn is behind it for good.

use std::{
    collections::{BinaryHeap, VecDeque},
    ops::Bound,
};

use domain::{
    Timestamp,
    id::{CustomerId, TierSystemId},
    job::{Plan, Work},
};
use store::{Direction, IndexId, IndexRow, ScanRange};

use crate::{engine::Engine, error::EngineError, index};

/// How many are looked for at once: 1 MiB of ids.
const GATHERED: usize = 1 << 16;
/// How many rows are read at once.
const PAGE: usize = 4096;

/// The customers of a job.
pub(super) struct Candidates {
    engine: Engine,
    plan: Plan,
    /// Without another time in the plan, what is due by then concerns it.
    asked: Timestamp,
    gathered: VecDeque<CustomerId>,
}

impl Candidates {
    pub(super) fn new(engine: Engine, plan: Plan, asked: Timestamp) -> Self {
        Self { engine, plan, asked, gathered: VecDeque::new() }
    }

    /// The next customers behind one; none when there are no more.
    pub(super) fn next(
        &mut self,
        after: Option<CustomerId>,
        limit: usize,
    ) -> Result<Vec<CustomerId>, EngineError> {
        if self.gathered.is_empty() {
            self.gathered = self.gather(after)?.into();
        }
        let count = limit.min(self.gathered.len());
        Ok(self.gathered.drain(..count).collect())
    }

    fn gather(&self, after: Option<CustomerId>) -> Result<Vec<CustomerId>, EngineError> {
        match (&self.plan.customers, &self.plan.work) {
            (Some(customers), _) => {
                let left = customers.iter().copied().filter(|id| after.is_none_or(|after| after < *id));
                Ok(left.collect())
            }
            (None, Work::Expiration { .. }) => self.due(after),
            (None, Work::Maintenance { system }) => self.members(*system, after),
        }
    }

    /// Those for whom something is due. The rows are in the order of time, so all of them are looked at.
    fn due(&self, after: Option<CustomerId>) -> Result<Vec<CustomerId>, EngineError> {
        let until = self.plan.as_of.map_or(self.asked, |at| at.max(self.asked));
        let mut range = index::due::between(None, until);
        let mut first = BinaryHeap::with_capacity(GATHERED + 1);
        while let Some(rows) = self.page(index::DUE, &mut range)? {
            for (key, _) in &rows {
                let (_, customer) = index::due::read(key)?;
                if after.is_none_or(|after| after < customer) {
                    first.push(customer);
                    if first.len() > GATHERED {
                        first.pop();
                    }
                }
            }
        }
        let mut first = first.into_sorted_vec();
        first.dedup();
        Ok(first)
    }

    /// The members of all levels of a system. The rows of a level are in the order of ids.
    fn members(
        &self,
        system: TierSystemId,
        after: Option<CustomerId>,
    ) -> Result<Vec<CustomerId>, EngineError> {
        let program = self.engine.program();
        let levels = program.tier_system(system).map_or(&[][..], |system| &system.levels);
        let mut first = Vec::new();
        for level in levels {
            let mut range = index::members::behind(level.id, after);
            let mut found = 0;
            while found < GATHERED
                && let Some(rows) = self.page(index::MEMBERS, &mut range)?
            {
                for (key, value) in &rows {
                    first.push(index::members::read(key, value)?.0);
                }
                found += rows.len();
            }
        }
        first.sort_unstable();
        first.dedup();
        first.truncate(GATHERED);
        Ok(first)
    }

    /// The next rows of a range, which then begins behind them; nothing at its end.
    fn page(&self, index: IndexId, range: &mut ScanRange) -> Result<Option<Vec<IndexRow>>, EngineError> {
        let rows = self.engine.scan(index, range.clone(), Direction::Forward, PAGE)?;
        let Some((last, _)) = rows.last() else { return Ok(None) };
        range.start = Bound::Excluded(last.clone());
        Ok(Some(rows))
    }
}
