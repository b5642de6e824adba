//! A customer up to a record of its history, with everything a decision may ask for.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{MissingProgram, Programs};
use crate::{
    allotment::Granted,
    customer::{
        AnsweredEvent, AuditLog, Customer, Effect, EvaluationRecord, Event, Fetched, Fingerprint, History,
        Need, Remembered,
    },
    entity::Entity,
    id::SaleId,
};

/// What a customer was before a record.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// As its actor had it.
    state: Customer,
    history: History,
    evaluations: BTreeMap<SaleId, EvaluationRecord>,
    remembered: HashMap<Fingerprint, Remembered>,
    answered: HashMap<Fingerprint, AnsweredEvent>,
}

impl Past {
    /// Folds the next event in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::SaleCredited(credited) => {
                let earlier = self.evaluations.remove(&credited.sale);
                self.evaluations.insert(credited.sale, EvaluationRecord::after(earlier, credited));
            }
            Event::PointsPosted(posted) => {
                for ((key, body), detail) in posted.keys.iter().zip(&posted.details) {
                    let remembered = Remembered { body: *body, detail: detail.clone(), at: posted.at };
                    self.remembered.insert(*key, remembered);
                }
            }
            Event::EventTriggered(triggered) => {
                if let Some((key, body)) = triggered.key {
                    let answered = AnsweredEvent { body, answer: triggered.answer.clone(), at: triggered.at };
                    self.answered.insert(key, answered);
                }
            }
            Event::MergedAway(merged) => {
                self.evaluations.values_mut().for_each(|record| record.give_away(merged.moved()));
            }
            Event::MergedIn(merged) if merged.back => {
                self.evaluations.values_mut().for_each(|record| record.take_back(merged.merge.id));
            }
            Event::Forgotten(_) => return *self = Self::default(),
            _ => {}
        }
        self.state.apply(event);
        self.history.apply(event);
    }

    /// The customer is there.
    pub fn is_known(&self) -> bool {
        self.state.identity().is_some()
    }

    /// The customer as its actor had it.
    pub(super) fn state(&self) -> &Customer {
        &self.state
    }

    /// The customer with every lot of which something remained.
    pub(super) fn whole(&self) -> &Customer {
        self.history.customer()
    }

    /// Every row so far.
    pub fn log(&self) -> &AuditLog {
        self.history.log()
    }

    /// What a sale had given so far.
    pub fn evaluation(&self, sale: SaleId) -> Option<&EvaluationRecord> {
        self.evaluations.get(&sale)
    }

    /// Everything that a decision may ask for, but for what is granted, and the history, which costs most.
    pub(super) fn fetched_for(&self, sale: Option<SaleId>, programs: &Programs) -> Fetched {
        let evaluations = sale.map(|sale| (sale, self.evaluations.get(&sale).cloned()));
        Fetched {
            evaluations: evaluations.into_iter().collect(),
            programs: programs.0.clone(),
            ..Fetched::default()
        }
    }

    /// What a decision has asked for. Of what all customers share it gets what the record says that it has used.
    pub(super) fn fetch(
        &self,
        need: &Need,
        effects: &[Effect],
        programs: &Programs,
        into: &mut Fetched,
    ) -> Result<(), MissingProgram> {
        match need {
            Need::Evaluation(sale) => into.evaluations.push((*sale, self.evaluations.get(sale).cloned())),
            Need::Remembered(key) => into.remembered.push((*key, self.remembered.get(key).cloned())),
            Need::AnsweredEvent(key) => into.answered.push((*key, self.answered.get(key).cloned())),
            Need::History => into.history = Some(Box::new(self.history.clone())),
            Need::Program(version) => into.programs.push(Arc::clone(programs.get(*version)?)),
            Need::Allotment(asking) => {
                let used = effects.iter().find_map(|effect| match effect {
                    Effect::SettleAllotment { allotment, used, .. } if *allotment == asking.allotment => {
                        Some(*used)
                    }
                    _ => None,
                });
                let amounts = used.unwrap_or_default();
                into.grants.push(Granted { allotment: asking.allotment, amounts, short: used.is_none() });
            }
        }
        Ok(())
    }
}
