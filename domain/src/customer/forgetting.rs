//! Erasure: the customer ceases to exist, and what others keep of it is told to forget (incentives.md 7.17).
//!
//! What is decided here holds no personal data: identifiers go as the ids of their claims, and the rows without names.
//! So a record of it that still waits somewhere gives nothing away.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    AuditRow, CausedBy, Customer, Effect, Error, Event, Fingerprint, Identity, Need, Reply, stop::Stop,
};
use crate::{
    entity::{Context, Decision},
    id::{CustomerId, IdentifierId, SaleId},
    time::Timestamp,
};

/// So many sales can be told in one record.
const SALES_MAX: usize = 50_000;
/// So many rows fit into one record.
const ROWS_MAX: usize = 200_000;

/// A request to erase a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forget {
    /// Under which the request is known.
    pub request: Fingerprint,
    /// Fingerprint of what it asks: another one under the same id is a conflict.
    pub body: Fingerprint,
    /// Random; the ledger rows stay under it.
    pub tombstone: CustomerId,
    /// Sales that name the customer and have given nothing: they are not in the customer's history.
    pub other_sales: Vec<SaleId>,
}

/// A customer was erased. Says what else is kept under the customer's id, so that it goes too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// When.
    pub at: Timestamp,
    /// The request.
    pub request: Fingerprint,
    /// Fingerprint of what it asked.
    pub body: Fingerprint,
    /// Whom the ledger rows belong to from now on.
    pub tombstone: CustomerId,
    /// Idempotency keys that were answered.
    pub keys: Vec<Fingerprint>,
    /// Keys of events that were answered.
    pub event_keys: Vec<Fingerprint>,
}

/// Who still has to forget, to be waited for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgetting {
    /// Sales that name the customer.
    pub sales: Vec<SaleId>,
    /// Its identifiers.
    pub claims: Vec<IdentifierId>,
}

/// What a customer's events have left elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Traces {
    sales: BTreeSet<SaleId>,
    keys: Vec<Fingerprint>,
    event_keys: Vec<Fingerprint>,
}

impl Traces {
    /// Takes the next event in.
    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::SaleCredited(credited) => {
                self.sales.insert(credited.sale);
            }
            Event::PointsPosted(posted) => self.keys.extend(posted.keys.iter().map(|(key, _)| *key)),
            Event::EventTriggered(triggered) => self.event_keys.extend(triggered.key.map(|(key, _)| key)),
            Event::Created { .. }
            | Event::ProfileChanged { .. }
            | Event::TiersEntered { .. }
            | Event::PointsExpired { .. }
            | Event::LotsRecalled { .. }
            | Event::LotsRedated { .. }
            | Event::TierReviewsSet { .. }
            | Event::TierBenefitsGiven { .. }
            | Event::TierLeft(_)
            | Event::TierRequestKept(_)
            | Event::DueNoted { .. }
            | Event::RulesActed(_)
            | Event::PointsCounted { .. }
            | Event::MergedAway(_)
            | Event::MergedIn(_)
            | Event::TiersDated(_)
            | Event::JobStepped(_)
            | Event::CountersSet(_)
            | Event::StateReset { .. }
            | Event::Forgotten(_) => {}
        }
    }
}

pub(super) fn decide(
    identity: &Identity,
    forget: &Forget,
    context: &Context<'_>,
) -> Result<Decision<Customer>, Stop> {
    let history = context.fetched.history.as_deref().ok_or(Stop::Need(Need::History))?;
    let traces = history.traces();
    let mut sales = traces.sales.clone();
    sales.extend(&forget.other_sales);
    let rows = history.log().rows();
    if sales.len() > SALES_MAX || rows.len() > ROWS_MAX {
        return Err(Stop::Refuse(Error::TooMuchToForget));
    }
    let customer = identity.id;
    let claims: Vec<_> =
        identity.profile.unique_identifiers().iter().map(|identifier| identifier.id()).collect();
    let released = claims.iter().map(|&claim| Effect::ReleaseClaim { claim, customer });
    let forgotten = sales.iter().map(|&sale| Effect::ForgetIn { sale, customer, named: claims.clone() });
    let buried = rows.iter().map(without_name).collect();
    let buried = Effect::Bury { tombstone: forget.tombstone, rows: buried };
    let effects = std::iter::once(buried).chain(released).chain(forgotten).collect();
    let event = Event::Forgotten(Box::new(Forgotten {
        at: context.now,
        request: forget.request,
        body: forget.body,
        tombstone: forget.tombstone,
        keys: traces.keys.clone(),
        event_keys: traces.event_keys.clone(),
    }));
    let reply = Reply::Forgotten(Forgetting { sales: sales.into_iter().collect(), claims });
    Ok(Decision { events: vec![event], reply, effects })
}

/// The row for accounting. Beside what the platform blanks go the keys, which callers make of anything, and a type that
/// repeats the reference: clients put the same text into both (incentives.md 1.5).
fn without_name(row: &AuditRow) -> AuditRow {
    let CausedBy { modification_type, modification_entity_id, tree, .. } = &row.caused_by;
    let repeats = modification_type == modification_entity_id;
    let modification_type = if repeats { Box::default() } else { modification_type.clone() };
    let caused_by = CausedBy { modification_type, tree: *tree, ..CausedBy::default() };
    AuditRow { sale: None, caused_by, ..row.clone() }
}
