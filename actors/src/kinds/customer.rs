//! Customers in the store.

use domain::{
    allotment,
    customer::{
        AnsweredEvent, Command, Customer, Effect, Event, Forgotten, MergeCommand, Posting, Purpose,
        Remembered,
    },
    id::CustomerId,
    identifier,
    sale::{self, ForgetMember},
    tombstone,
};
use store::{Haste, IndexChange};

use super::{Decided, Durable, Kind, Residence};
use crate::{delivery::Delivery, index, shard_context::Shared};

impl Durable for Customer {
    const KIND: Kind = Kind::Customer;
    const RESIDENCE: Residence = Residence::Stays;

    /// Idempotency keys, which outlive the window that the state keeps; the moment at which something is due; the
    /// levels held.
    fn rows(before: &Self, command: &Command, decided: Decided<'_, Self>) -> Vec<IndexChange> {
        let id = match (before.identity(), command) {
            (Some(identity), _) => identity.id,
            (None, Command::Create { id, .. }) => *id,
            (None, _) => return Vec::new(),
        };
        let mut rows = Vec::new();
        for event in decided.events {
            if let Event::Forgotten(forgotten) = event {
                return rows_of_forgotten(before, id, forgotten);
            }
            if let Event::EventTriggered(triggered) = event {
                rows.extend(triggered.key.map(|(key, body)| {
                    let answered = AnsweredEvent { body, answer: triggered.answer.clone(), at: triggered.at };
                    index::events::put(id, key, &answered)
                }));
                if triggered.dropped > 0 {
                    let (dropped, event) = (triggered.dropped, &triggered.answer.lookup);
                    tracing::warn!(customer = %id, %event, dropped, "rules lead to events without end");
                }
            }
            let Event::PointsPosted(posted) = event else { continue };
            for ((key, body), detail) in posted.keys.iter().zip(&posted.details) {
                let remembered = Remembered { body: *body, detail: detail.clone(), at: posted.at };
                rows.push(index::remembered::put(id, *key, &remembered));
            }
        }
        let noted = decided.events.iter().rev().find_map(|event| match event {
            Event::DueNoted { due } => Some(*due),
            _ => None,
        });
        if let Some(due) = noted {
            rows.extend(before.due().map(|due| index::due::delete(due, id)));
            rows.extend(due.map(|due| index::due::put(due, id)));
        }
        if let Some(after) = before.tiers_after(decided.events) {
            rows.extend(index::members::changes(before.tiers(), &after, id));
        }
        rows
    }

    /// Nobody waits for the clock's work: a commit for it alone would only hold up those that are waited for.
    fn haste(command: &Command) -> Haste {
        match command {
            Command::Settle | Command::Job(_) => Haste::Soon,
            Command::Create { .. }
            | Command::Update { .. }
            | Command::CreditSale(_)
            | Command::Post(_)
            | Command::Trigger(_)
            | Command::Forget(_)
            | Command::State(_)
            | Command::Merge(_)
            | Command::Tiers(_)
            | Command::Tell { .. } => Haste::Now,
        }
    }

    fn deliveries(_: &[Event], effects: &[Effect]) -> Vec<Delivery> {
        let posting = |customer, purpose| {
            let posting = Posting { purpose, allow_partial_success: false, disable_event_publishing: true };
            Delivery::Customer(customer, Command::Post(Box::new(posting)))
        };
        let merging = |customer, merge| Delivery::Customer(customer, Command::Merge(Box::new(merge)));
        let delivery = |effect: &Effect| match effect {
            Effect::Confirm { identifier, customer } => {
                Delivery::Claim(identifier.id(), identifier::Command::Confirm { customer: *customer })
            }
            Effect::Release { identifier, customer } => {
                Delivery::Claim(identifier.id(), identifier::Command::Release { customer: *customer })
            }
            Effect::SendPoints(transfer) => posting(transfer.to, Purpose::Receive(transfer.clone())),
            Effect::SettleAllotment { allotment, key, used } => {
                Delivery::Allotment(*allotment, allotment::Command::Settle { key: *key, used: *used })
            }
            Effect::GiveBackToAllotment { allotment, key, back, day } => {
                let command = allotment::Command::GiveBack { key: *key, back: *back, part: Some(*day) };
                Delivery::Allotment(*allotment, command)
            }
            Effect::TellAllotment { allotment, key, round } => {
                Delivery::Allotment(*allotment, allotment::Command::Told { key: *key, round: *round })
            }
            Effect::ReturnPoints(returned) => {
                posting(returned.transfer.from, Purpose::TakeBack(returned.clone()))
            }
            Effect::MergeInto(merge) => merging(merge.to, MergeCommand::Take(merge.clone())),
            Effect::ReturnMerge(merge) => merging(merge.from, MergeCommand::TakeBack(merge.clone())),
            Effect::CreditMoved { to, moved } => merging(*to, MergeCommand::Credit(moved.clone())),
            Effect::ReturnMovedCredit(moved) => {
                merging(moved.credit.customer, MergeCommand::CreditBack(moved.clone()))
            }
            Effect::ReleaseClaim { claim, customer } => {
                Delivery::Claim(*claim, identifier::Command::Release { customer: *customer })
            }
            Effect::ForgetIn { sale, customer, named } => {
                let member = ForgetMember { customer: *customer, named: named.clone() };
                Delivery::Sale(*sale, sale::Command::Forget(member))
            }
            Effect::Bury { tombstone, rows } => {
                Delivery::Tombstone(*tombstone, tombstone::Command::Bury(rows.clone()))
            }
        };
        effects.iter().map(delivery).collect()
    }

    /// Whoever was erased must not be found by id in the cache of those who exist.
    fn decided(state: &Self, id: [u8; 16], shared: &Shared) {
        if state.identity().is_none() {
            shared.holders.remove(&id);
        }
    }

    /// A customer who does not exist, or no longer.
    fn is_gone(&self) -> bool {
        self.identity().is_none()
    }

    fn forgets_past(event: &Event) -> bool {
        matches!(event, Event::Forgotten(_))
    }
}

/// The rows of an erasure: its own, and the end of everything that is kept under the customer's id. **Every index whose
/// rows hang on customers must be here.**
fn rows_of_forgotten(before: &Customer, id: CustomerId, forgotten: &Forgotten) -> Vec<IndexChange> {
    let mut rows = vec![index::erasures::put(forgotten)];
    rows.extend(forgotten.keys.iter().map(|key| index::remembered::delete(id, *key)));
    rows.extend(forgotten.event_keys.iter().map(|key| index::events::delete(id, *key)));
    rows.extend(before.due().map(|due| index::due::delete(due, id)));
    rows.extend(index::members::changes(before.tiers(), &[], id));
    rows
}
