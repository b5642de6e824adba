//! Holding lots again that the state has left out, once a decision had to fetch them anyway.

use std::collections::HashSet;

use super::{Customer, Event};
use crate::{
    entity::Context,
    id::LedgerRowId,
    ledger::{Lot, Movement},
};

/// How many lots are held again at once.
const RECALLED: usize = 64;
/// With fewer lots in front of the gap, more are recalled.
const FRONT_MIN: usize = 16;

/// The events that come before those of a decision: the lots that will be spent next after its `movements`, of accounts
/// of which few of them are held. Nothing unless the history has been fetched.
pub(super) fn recalled(customer: &Customer, movements: &[Movement], context: &Context<'_>) -> Vec<Event> {
    let Some(history) = &context.fetched.history else { return Vec::new() };
    let mut events = Vec::new();
    for held in customer.ledger.accounts() {
        let Some(front) = held.lots_before_gap() else { continue };
        let drawn = drawn(movements);
        let stays = |lot: &&Lot| lot.expires.is_none() && !drawn.contains(&lot.row);
        if front.iter().filter(stays).count() >= FRONT_MIN {
            continue;
        }
        let all = history.ledger().account(held.account).map_or(&[][..], |known| known.lots());
        let left_out = all.iter().filter(|lot| held.lots().iter().all(|known| known.row != lot.row));
        let mut staying = 0;
        let next = left_out.take_while(|lot| {
            staying += usize::from(stays(lot));
            staying <= RECALLED
        });
        let lots: Vec<Lot> = next.cloned().collect();
        if !lots.is_empty() {
            events.push(Event::LotsRecalled { account: held.account, lots });
        }
    }
    events
}

/// The lots that the movements draw from.
fn drawn(movements: &[Movement]) -> HashSet<LedgerRowId> {
    let mut rows = HashSet::new();
    for movement in movements {
        match movement {
            Movement::Taken { draws, .. } => rows.extend(draws.iter().map(|draw| draw.lot)),
            Movement::Expired { losses, .. } => rows.extend(losses.iter().map(|loss| loss.lot)),
            Movement::Earned { .. }
            | Movement::Overdrawn { .. }
            | Movement::Received { .. }
            | Movement::Restored { .. } => {}
        }
    }
    rows
}
