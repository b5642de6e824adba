//! What a decision changes in what nodes have counted (incentives.md 6.2, 9.1).

use super::{Customer, EvaluationRecord};
use crate::{
    id::PointSourceId,
    ledger::{Ledger, Movement, ReceivedBy, TakenFor},
    program::Program,
    rules::{CountChange, Counters, PointsMoved, Standing},
    time::Timestamp,
};

/// What a revision of a sale counts now, less what it counted before.
pub(super) fn difference(
    counted: &[CountChange],
    earlier: Option<&EvaluationRecord>,
    (judged_by, present): (&Program, &Program),
) -> Vec<CountChange> {
    let mut changes = counted.to_vec();
    for known in earlier.map_or(&[][..], |earlier| &earlier.rare.counted) {
        let same = |change: &&mut CountChange| same(change, known);
        match changes.iter_mut().find(same) {
            Some(change) => change.part.amount = change.part.amount.saturating_sub(known.part.amount),
            None => {
                let mut taken_back = *known;
                taken_back.part.amount = known.part.amount.saturating_neg();
                changes.push(taken_back);
            }
        }
    }
    // A node that has changed since counts something else now: what it counted before is not missed.
    let known =
        |change: &CountChange| judged_by.version() == present.version() || present.has_count(change.key);
    changes.retain(|change| change.part.amount != 0 && known(change));
    changes
}

/// The same part of the same count.
pub(super) fn same(one: &CountChange, other: &CountChange) -> bool {
    one.key == other.key && one.part.at == other.part.at && one.part.item == other.part.item
}

/// What these movements add to the nodes that count points. Issues and spends count, and returns take back issues;
/// what ran out does not count. `at`: their business time; `source`: where a movement's points come from.
pub(super) fn of_movements<'a>(
    movements: impl Iterator<Item = (&'a Movement, Option<PointSourceId>)>,
    ledger: &Ledger,
    (program, standing): (&Program, &Standing<'_>),
    at: Timestamp,
) -> Vec<CountChange> {
    if !program.counts_points() {
        return Vec::new();
    }
    let mut moved = Vec::new();
    for (movement, source) in movements {
        let account = movement.account();
        match movement {
            // What was brought along was earned elsewhere, at that time.
            Movement::Earned { source, points, .. }
            | Movement::Received { by: ReceivedBy::Migration, source, points, .. } => {
                moved.push(PointsMoved { time: at, account, source: *source, points: *points, spent: false });
            }
            Movement::Taken { reason: TakenFor::Return, points, .. }
            | Movement::Overdrawn { reason: TakenFor::Return, points, .. } => {
                if let (Some(source), Ok(points)) = (source, points.negated()) {
                    moved.push(PointsMoved { time: at, account, source, points, spent: false });
                }
            }
            Movement::Taken { reason: TakenFor::Spend, draws, .. } => {
                let lots = ledger.account(account).map_or(&[][..], |known| known.lots());
                for draw in draws {
                    let source = lots.iter().find(|lot| lot.row == draw.lot).map(|lot| lot.source);
                    let source = source.unwrap_or(NO_SOURCE);
                    moved.push(PointsMoved { time: at, account, source, points: draw.points, spent: true });
                }
            }
            Movement::Overdrawn { reason: TakenFor::Spend, points, .. } => {
                let source = NO_SOURCE;
                moved.push(PointsMoved { time: at, account, source, points: *points, spent: true });
            }
            // Neither earned nor spent (incentives.md 6.2).
            Movement::Taken { reason: TakenFor::Transfer | TakenFor::Correction, .. }
            | Movement::Overdrawn { reason: TakenFor::Transfer | TakenFor::Correction, .. }
            | Movement::Expired { .. }
            | Movement::Received { by: ReceivedBy::Rollover | ReceivedBy::Transfer, .. }
            | Movement::Restored { .. } => {}
        }
    }
    program.count_points(&moved, standing)
}

/// Stands for the source of points that no lot held, or a lot of the same decision. No program has it.
const NO_SOURCE: PointSourceId = PointSourceId::from_bytes([0; 16]);

impl Customer {
    /// The counters with changes on top of them, for what is decided later in the same decision.
    pub(super) fn counters_with(&self, changes: [&[CountChange]; 2], at: Timestamp) -> Option<Counters> {
        changes.iter().any(|changes| !changes.is_empty()).then(|| {
            let mut counters = self.rule_state.counters.clone();
            changes.into_iter().flatten().for_each(|change| counters.record(change, at));
            counters
        })
    }
}
