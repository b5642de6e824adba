//! Where in a record a row, or a change of level, was written.

use crate::{
    customer::{Cause, Event, TierBenefit, TierHistory, TierMovement},
    id::{LedgerRowId, TierMovementId},
    ledger::{Movement, ReceivedBy, TakenFor},
};

/// Where in a record a row was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowPlace {
    /// The place of the event.
    pub event: usize,
    /// What in it.
    pub part: RowPart,
}

/// What in an event wrote a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowPart {
    /// It was due: points ran out, or rolled over.
    Due,
    /// The detail of this place in a posting.
    Detail(usize),
    /// It went to, or came from, a customer in a merge.
    Merge,
    /// An outcome of a tree, for a sale or an event.
    Rule(Cause),
    /// An outcome of a tree of a level, in the benefit of this place.
    Benefit(usize, Cause),
}

impl RowPlace {
    /// Where the rows of a record were written, in order.
    pub fn all(events: &[Event]) -> Vec<(Self, &Movement)> {
        let all = events.iter().enumerate().flat_map(|(event, known)| {
            parts(known).into_iter().map(move |(part, movement)| (Self { event, part }, movement))
        });
        all.collect()
    }

    /// Where a row was written; none: not in this record.
    pub fn of(row: LedgerRowId, events: &[Event]) -> Option<(Self, &Movement)> {
        Self::all(events).into_iter().find(|(_, movement)| movement.row() == row)
    }

    /// The outcome that wrote the row, if a rule did.
    pub const fn cause(&self) -> Option<Cause> {
        match self.part {
            RowPart::Due | RowPart::Detail(_) | RowPart::Merge => None,
            RowPart::Rule(cause) | RowPart::Benefit(_, cause) => Some(cause),
        }
    }
}

impl RowPlace {
    /// The rows of the record in which the points of a row came from, or went to, another account of the customer.
    pub fn other_side<'e>(&self, movement: &Movement, events: &'e [Event]) -> Vec<&'e Movement> {
        let near =
            Self::all(events).into_iter().filter(|(place, _)| place == self && place.part != RowPart::Merge);
        near.map(|(_, other)| other)
            .filter(|other| are_sides(movement, other) || are_sides(other, movement))
            .collect()
    }
}

/// Points went with the one and came with the other.
fn are_sides(gone: &Movement, come: &Movement) -> bool {
    match (gone, come) {
        (
            Movement::Taken { reason: TakenFor::Transfer, .. },
            Movement::Received { by: ReceivedBy::Transfer, .. },
        ) => true,
        (
            Movement::Expired { into: Some(into), occurred, .. },
            Movement::Received { by: ReceivedBy::Rollover, account, occurred: came, .. },
        ) => into == account && occurred == came,
        _ => false,
    }
}

fn parts(event: &Event) -> Vec<(RowPart, &Movement)> {
    match event {
        Event::PointsExpired { movements, .. } => {
            movements.iter().map(|movement| (RowPart::Due, movement)).collect()
        }
        Event::PointsPosted(posted) => {
            let details = posted.rows.iter().enumerate();
            let detail_of =
                details.flat_map(|(detail, rows)| std::iter::repeat_n(detail, usize::from(*rows)));
            detail_of.map(RowPart::Detail).zip(&posted.movements).collect()
        }
        Event::SaleCredited(credited) => {
            credited.entries.iter().map(|entry| (RowPart::Rule(entry.cause), &entry.movement)).collect()
        }
        Event::EventTriggered(triggered) => {
            triggered.entries.iter().map(|entry| (RowPart::Rule(entry.cause), &entry.movement)).collect()
        }
        Event::RulesActed(acted) => {
            acted.movements.iter().map(|(cause, movement)| (RowPart::Rule(*cause), movement)).collect()
        }
        Event::TierBenefitsGiven { benefits, .. } => {
            let of = |(place, benefit)| benefit_parts(place, benefit);
            benefits.iter().enumerate().flat_map(of).collect()
        }
        Event::MergedAway(merged) => merged.movements.iter().map(|known| (RowPart::Merge, known)).collect(),
        Event::MergedIn(merged) => merged.movements.iter().map(|known| (RowPart::Merge, known)).collect(),
        Event::Created { .. }
        | Event::ProfileChanged { .. }
        | Event::TiersEntered { .. }
        | Event::LotsRecalled { .. }
        | Event::LotsRedated { .. }
        | Event::TierReviewsSet { .. }
        | Event::TierLeft(_)
        | Event::TierRequestKept(_)
        | Event::DueNoted { .. }
        | Event::PointsCounted { .. }
        | Event::TiersDated(_)
        | Event::JobStepped(_)
        | Event::Forgotten(_)
        | Event::CountersSet(_)
        | Event::StateReset { .. } => Vec::new(),
    }
}

fn benefit_parts(place: usize, benefit: &TierBenefit) -> Vec<(RowPart, &Movement)> {
    let acted = benefit.acted.iter().map(|(cause, movement)| (*cause, movement));
    let given = benefit.entries.iter().map(|entry| (entry.cause, &entry.movement));
    acted.chain(given).map(|(cause, movement)| (RowPart::Benefit(place, cause), movement)).collect()
}

impl TierMovement {
    /// The changes of level in a record, with the places of their events.
    pub fn all_in(events: &[Event]) -> Vec<(usize, Self)> {
        let of = |(place, event): (usize, &Event)| {
            let mut history = TierHistory::default();
            history.apply(event);
            history.movements().iter().map(|movement| (place, movement.clone())).collect::<Vec<_>>()
        };
        events.iter().enumerate().flat_map(of).collect()
    }

    /// A change of level; none: not in this record.
    pub fn find_in(id: TierMovementId, events: &[Event]) -> Option<(usize, Self)> {
        Self::all_in(events).into_iter().find(|(_, movement)| movement.id == id)
    }
}
