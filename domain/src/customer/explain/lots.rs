//! The lots that a row drew from, or gave back to.

use super::{Past, Recorded};
use crate::{
    amount::Points,
    customer::AuditLog,
    id::{LedgerRowId, PointSourceId},
    ledger::Movement,
    time::Timestamp,
};

/// What a row did to a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotTouched {
    /// The row of the lot.
    pub lot: LedgerRowId,
    /// How many points left it; below zero: came back to it.
    pub points: Points,
    /// Where its points came from.
    pub source: Option<PointSourceId>,
    /// When they were issued.
    pub occurred: Option<Timestamp>,
    /// When they would have run out.
    pub expires: Option<Timestamp>,
    /// What was left of it after the record.
    pub remaining: Option<Points>,
}

impl Past {
    /// Every row up to the record and with it.
    pub fn log_after(&self, recorded: &Recorded<'_>) -> AuditLog {
        let mut log = self.log().clone();
        recorded.events.iter().for_each(|event| log.apply(event));
        log
    }

    /// What a row of the record, after which the log is this, did to which lots, in order.
    pub fn lots_touched(&self, movement: &Movement, after: &AuditLog) -> Vec<LotTouched> {
        let touched = |lot: LedgerRowId, points: Points| {
            let (before, then) = (self.log().row(lot), after.row(lot));
            // A lot of the same record was not there before.
            let known = before.or(then);
            LotTouched {
                lot,
                points,
                source: known.and_then(|row| row.source),
                occurred: known.map(|row| row.occurred),
                expires: known.and_then(|row| row.expires),
                remaining: then.map(|row| row.remaining()),
            }
        };
        match movement {
            Movement::Taken { draws, .. } => {
                draws.iter().map(|draw| touched(draw.lot, draw.points)).collect()
            }
            Movement::Expired { losses, .. } => {
                losses.iter().map(|loss| touched(loss.lot, loss.points)).collect()
            }
            Movement::Restored { lots, .. } => {
                let back = |points: Points| points.negated().expect("what a lot gets back is an amount");
                lots.iter().map(|lot| touched(lot.row, back(lot.remaining))).collect()
            }
            Movement::Earned { .. } | Movement::Received { .. } | Movement::Overdrawn { .. } => Vec::new(),
        }
    }
}
