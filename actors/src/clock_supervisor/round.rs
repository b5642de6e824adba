//! One round: everybody for whom something is due is told to do it, in the order of time, with a bound on how many are
//! at it at once.

use std::{
    collections::VecDeque,
    ops::Bound,
    sync::{Arc, atomic::Ordering},
};

use domain::{
    Timestamp,
    customer::{Command, Customer},
    id::CustomerId,
    program::Program,
};
use store::{Direction, IndexId, IndexRow, ScanRange};

use super::DueGauges;
use crate::{
    engine::{Answer, Engine},
    error::EngineError,
    index,
    shard_context::RETRY_AFTER,
};

/// How many customers are at it at once. Enough to fill a commit that waits for [`store::Haste::SOON_MAX`].
const UNDER_WAY_MAX: usize = 4096;
/// How many rows are read at once.
const PAGE: usize = 2048;
/// A customer may become due again while a round runs; those of later passes wait for the next round.
const PASSES_MAX: usize = 16;

/// One round.
pub(super) struct Round {
    engine: Engine,
    gauges: Arc<DueGauges>,
    under_way: VecDeque<Answer<Customer>>,
    /// Customers that could not do what was due.
    failed: u64,
    draining: bool,
}

/// What came of a round.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoundReport {
    /// What was due until then has been done, but for those left.
    pub(super) until: Timestamp,
    /// Customers that could not do what was due; tried again at the next tick.
    pub(super) left: u64,
    /// The program whose settings every member's next review was computed by.
    pub(super) swept: Option<u32>,
    /// The engine takes no more work.
    pub(super) draining: bool,
}

impl Round {
    pub(super) fn new(engine: Engine, gauges: Arc<DueGauges>) -> Self {
        Self { engine, gauges, under_way: VecDeque::new(), failed: 0, draining: false }
    }

    /// Runs it. Rows before `since` are known to be gone; the members' reviews were last looked through for the program
    /// of version `swept`.
    pub(super) async fn run(mut self, since: Option<Timestamp>, swept: Option<u32>) -> RoundReport {
        let (until, program) = (self.engine.now(), self.engine.program());
        let mut swept = swept.filter(|version| *version == program.version());
        if swept.is_none() {
            let done = self.sweep(&program).await;
            swept = (done.is_ok() && self.failed == 0).then(|| program.version());
        }
        let mut left = 0;
        for _ in 0..PASSES_MAX {
            self.failed = 0;
            let seen = self.pass(since, until).await;
            left = self.failed;
            match seen {
                Ok(seen) if seen > left && !self.draining => {}
                Ok(_) => break,
                Err(_) => {
                    left = left.max(1);
                    break;
                }
            }
        }
        if left > 0 && !self.draining {
            tracing::warn!(left, "customers could not do what was due; they are asked again");
        }
        self.gauges.lag_ms.store(0, Ordering::Relaxed);
        RoundReport { until, left, swept, draining: self.draining }
    }

    /// Wakes all customers with a row until then, and says how many there were.
    async fn pass(&mut self, since: Option<Timestamp>, until: Timestamp) -> Result<u64, EngineError> {
        let mut range = index::due::between(since, until);
        let mut seen = 0;
        while let Some(rows) = self.page(index::DUE, &mut range)? {
            let mut page = Vec::with_capacity(rows.len());
            for (key, _) in &rows {
                page.push(index::due::read(key)?);
            }
            if let Some((due, _)) = page.first() {
                let lag = u64::try_from(until.millis() - due.millis()).unwrap_or(0);
                self.gauges.lag_ms.store(lag, Ordering::Relaxed);
            }
            self.gauges.rows.fetch_add(u64::try_from(page.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
            for (_, customer) in page {
                seen += 1;
                self.wake(customer).await;
            }
            if self.draining {
                break;
            }
        }
        self.finish().await;
        self.gauges.rows.store(0, Ordering::Relaxed);
        Ok(seen)
    }

    /// Wakes the members whose next review was computed by other settings than those in force.
    async fn sweep(&mut self, program: &Program) -> Result<(), EngineError> {
        for system in program.tier_systems() {
            for level in &system.levels {
                let Some(maintenance) = program.maintenance_of(system.id, level.id) else { continue };
                let mut range = index::members::of(level.id);
                while let Some(rows) = self.page(index::MEMBERS, &mut range)? {
                    for (key, value) in &rows {
                        let (customer, membership) = index::members::read(key, value)?;
                        if membership.maintenance.as_ref() != Some(maintenance) {
                            self.wake(customer).await;
                        }
                    }
                    if self.draining {
                        return Err(EngineError::Draining);
                    }
                }
            }
        }
        self.finish().await;
        Ok(())
    }

    /// The next rows of a range, which then begins behind them; nothing at its end.
    fn page(&self, index: IndexId, range: &mut ScanRange) -> Result<Option<Vec<IndexRow>>, EngineError> {
        let rows = self.engine.scan(index, range.clone(), Direction::Forward, PAGE)?;
        let Some((last, _)) = rows.last() else { return Ok(None) };
        range.start = Bound::Excluded(last.clone());
        Ok(Some(rows))
    }

    /// Tells a customer to do what is due; waits for others while too many are at it.
    async fn wake(&mut self, customer: CustomerId) {
        while !self.draining {
            if self.under_way.len() >= UNDER_WAY_MAX {
                self.wait_for_oldest().await;
            }
            match self.engine.start::<Customer>(customer.bytes(), Command::Settle) {
                Ok(answer) => return self.under_way.push_back(answer),
                Err(EngineError::Draining) => self.draining = true,
                Err(EngineError::Overloaded) => {
                    self.wait_for_oldest().await;
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                Err(error @ (EngineError::Unavailable | EngineError::Crashed | EngineError::Damaged)) => {
                    tracing::debug!(%error, %customer, "a customer cannot be woken");
                    self.failed += 1;
                    return;
                }
            }
        }
    }

    async fn finish(&mut self) {
        while !self.under_way.is_empty() {
            self.wait_for_oldest().await;
        }
    }

    async fn wait_for_oldest(&mut self) {
        let Some(answer) = self.under_way.pop_front() else { return };
        match answer.wait().await {
            Ok(_) => {
                self.gauges.processed.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                tracing::debug!(?error, "a customer could not do what was due");
                self.failed += 1;
            }
        }
        let rows = self.gauges.rows.load(Ordering::Relaxed);
        self.gauges.rows.store(rows.saturating_sub(1), Ordering::Relaxed);
    }
}
