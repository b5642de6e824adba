//! What became of the outcomes of a sale, as for an event (incentives.md 6.5).

use super::{Cause, OutcomeResult, PointsGiven, SaleCredited, happened::discriminator};
use crate::{ledger::Movement, program::Program, rules::RefusalReason};

impl SaleCredited {
    /// In the order of incentives.md 6.4, step 8; refused ones at the end. What a revision takes back is below zero.
    pub fn outcomes(&self, program: &Program) -> Vec<OutcomeResult> {
        let result =
            |cause: Cause, given: Option<PointsGiven>, refused: Option<RefusalReason>| OutcomeResult {
                tree: cause.tree,
                outcome: cause.outcome,
                discriminator: discriminator(program, cause.tree, cause.outcome),
                given,
                refused,
            };
        let given = self.entries.iter().map(|entry| {
            let points = entry.movement.change();
            let (account, source, row) = (entry.account, entry.source, row_of(&entry.movement));
            result(entry.cause, Some(PointsGiven { points, account, source, row }), None)
        });
        let acted = |first: bool| {
            let carried_out = self.acted.iter().map(|cause| result(*cause, None, None));
            carried_out.filter(move |result| takes_points(result.discriminator) == first)
        };
        let refused = self.refused.iter().map(|refused| {
            result(Cause { tree: refused.tree, outcome: refused.outcome }, None, Some(refused.reason))
        });
        acted(true).chain(given).chain(acted(false)).chain(refused).collect()
    }
}

/// Spends and expiries come before what is given.
const fn takes_points(discriminator: u32) -> bool {
    const SPEND: u32 = 32;
    const EXPIRE: u32 = 512;
    matches!(discriminator, SPEND | EXPIRE)
}

const fn row_of(movement: &Movement) -> crate::id::LedgerRowId {
    match movement {
        Movement::Earned { row, .. }
        | Movement::Taken { row, .. }
        | Movement::Overdrawn { row, .. }
        | Movement::Expired { row, .. }
        | Movement::Received { row, .. }
        | Movement::Restored { row, .. } => *row,
    }
}
