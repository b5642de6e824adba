//! Customers in the store.

use domain::customer::{Command, Customer, Effect, Event, Remembered};
use domain::identifier;
use store::IndexChange;

use super::{Decided, Durable, Kind, Residence};
use crate::{delivery::Delivery, index};

impl Durable for Customer {
    const KIND: Kind = Kind::Customer;
    const RESIDENCE: Residence = Residence::Stays;

    /// Idempotency keys: they outlive the window that the state keeps.
    fn rows(before: &Self, _: &Command, decided: Decided<'_, Self>) -> Vec<IndexChange> {
        let Some(identity) = before.identity() else { return Vec::new() };
        let mut rows = Vec::new();
        for event in decided.events {
            let Event::PointsPosted(posted) = event else { continue };
            for ((key, body), detail) in posted.keys.iter().zip(&posted.details) {
                let remembered = Remembered { body: *body, detail: detail.clone(), at: posted.at };
                rows.push(index::remembered::put(identity.id, *key, &remembered));
            }
        }
        rows
    }

    fn deliveries(_: &[Event], effects: &[Effect]) -> Vec<Delivery> {
        let delivery = |effect: &Effect| match effect {
            Effect::Confirm { identifier, customer } => {
                Delivery::Claim(identifier.id(), identifier::Command::Confirm { customer: *customer })
            }
            Effect::Release { identifier, customer } => {
                Delivery::Claim(identifier.id(), identifier::Command::Release { customer: *customer })
            }
        };
        effects.iter().map(delivery).collect()
    }
}
