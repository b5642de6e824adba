//! Who a customer is and what a customer holds in the eyes of rules: now, or as of an earlier evaluation (incentives.md
//! 9.1).

use std::borrow::Cow;

use super::{Customer, EvaluationRecord, Identity};
use crate::{
    id::{TierLevelId, TierSystemId},
    program::{Program, tree::Attribute},
    rules::{Person, Standing, scalar_text},
    time::Timestamp,
};

/// What rules see of a customer beside points and limits.
#[derive(Debug, Clone)]
pub(super) struct Standpoint<'a> {
    identity: Option<&'a Identity>,
    /// The level held in each system.
    pub(super) tiers: Vec<(TierSystemId, TierLevelId)>,
    seen: Seen<'a>,
}

/// When it is seen.
#[derive(Debug, Clone, Copy)]
enum Seen<'a> {
    /// The customer as of now.
    Now(&'a Customer, Timestamp),
    /// As of the first evaluation of a sale.
    Then(&'a EvaluationRecord),
}

impl<'a> Standpoint<'a> {
    /// As of now.
    pub(super) fn now(customer: &'a Customer, now: Timestamp) -> Self {
        let (identity, tiers) = (customer.identity(), customer.held_levels());
        Self { identity, tiers, seen: Seen::Now(customer, now) }
    }

    /// As of the first evaluation of a sale, or now when there was none.
    pub(super) fn of(customer: &'a Customer, earlier: Option<&'a EvaluationRecord>, now: Timestamp) -> Self {
        let Some(earlier) = earlier else { return Self::now(customer, now) };
        let (identity, tiers) = (customer.identity(), earlier.tiers.clone());
        Self { identity, tiers, seen: Seen::Then(earlier) }
    }

    /// Since when each of the levels is held, if rules of the program ask for it.
    pub(super) fn joined_for(&self, program: &Program) -> Vec<Timestamp> {
        match self.seen {
            _ if !program.asks_days_in_level() => Vec::new(),
            Seen::Now(customer, _) => customer.tiers.held().iter().map(|tier| tier.joined).collect(),
            Seen::Then(earlier) => earlier.joined.clone(),
        }
    }

    /// The tags held.
    pub(super) fn tags(&self) -> Vec<Box<str>> {
        match self.seen {
            Seen::Now(customer, now) => {
                let there = customer.rule_state.tags.iter().filter(|tag| tag.is_there(now));
                there.map(|tag| tag.name.clone()).collect()
            }
            Seen::Then(earlier) => earlier.rare.tags.clone(),
        }
    }
}

impl Person for Standpoint<'_> {
    fn attribute(&self, attribute: &Attribute) -> Option<Cow<'_, str>> {
        let profile = &self.identity?.profile;
        let part = |from: usize, to: usize| profile.dob.as_deref().and_then(|dob| dob.get(from..to));
        fn text(text: &Option<Box<str>>) -> Option<Cow<'_, str>> {
            text.as_deref().map(Cow::Borrowed)
        }
        match attribute {
            Attribute::BirthDate => text(&profile.dob),
            Attribute::BirthMonth => part(5, 7).map(|month| Cow::Borrowed(month.trim_start_matches('0'))),
            Attribute::BirthDay => part(8, 10).map(|day| Cow::Borrowed(day.trim_start_matches('0'))),
            Attribute::Gender => text(&profile.gender),
            Attribute::Locale => text(&profile.locale),
            Attribute::FirstName => text(&profile.names.first),
            Attribute::LastName => text(&profile.names.last),
            Attribute::City => text(&profile.address.city),
            Attribute::State => text(&profile.address.state),
            Attribute::Zip => text(&profile.address.zip),
            Attribute::Country => text(&profile.address.country),
            Attribute::Dma => text(&profile.address.dma),
            Attribute::Custom(name) => profile.attributes.get(name).and_then(|json| scalar_text(json)),
        }
    }

    fn registered(&self) -> Option<Timestamp> {
        self.identity.map(|identity| identity.profile.registered_at.unwrap_or(identity.created_at))
    }

    fn joined(&self, system: TierSystemId) -> Option<Timestamp> {
        match self.seen {
            Seen::Now(customer, _) => {
                customer.tiers.held().iter().find(|tier| tier.system == system).map(|tier| tier.joined)
            }
            Seen::Then(earlier) => {
                let place = self.tiers.iter().position(|(known, _)| *known == system)?;
                earlier.joined.get(place).copied()
            }
        }
    }

    fn has_tag(&self, tag: &str) -> bool {
        match self.seen {
            Seen::Now(customer, now) => {
                customer.rule_state.tags.iter().any(|known| *known.name == *tag && known.is_there(now))
            }
            Seen::Then(earlier) => earlier.rare.tags.iter().any(|known| **known == *tag),
        }
    }
}

impl Customer {
    /// Shows what rules see of the customer.
    pub fn standing<R>(&self, program: &Program, now: Timestamp, look: impl FnOnce(&Standing<'_>) -> R) -> R {
        let standpoint = Standpoint::now(self, now);
        let balance = |account| self.available(account, program, now);
        let lifetime = |account| self.lifetime(account, program, now);
        look(&Standing {
            lifetime: &lifetime,
            counters: &self.rule_state.counters,
            person: &standpoint,
            ..Standing::anonymous(&standpoint.tiers, &balance, &self.usage)
        })
    }
}
