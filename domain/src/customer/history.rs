//! A customer folded from the whole history: what the state leaves out is in it.

use super::{AuditLog, Customer, Event, Traces};
use crate::{entity::Entity, ledger::Ledger};

/// Every row there ever was, and a ledger that holds every lot.
#[derive(Debug, Clone)]
pub struct History {
    customer: Customer,
    log: AuditLog,
    traces: Traces,
}

impl Default for History {
    fn default() -> Self {
        Self { customer: Customer::keeping_all(), log: AuditLog::default(), traces: Traces::default() }
    }
}

impl History {
    /// Folds the next event in.
    pub fn apply(&mut self, event: &Event) {
        self.customer.apply(event);
        self.log.apply(event);
        self.traces.apply(event);
    }

    /// The customer, with every lot of which something remains.
    pub fn customer(&self) -> &Customer {
        &self.customer
    }

    /// Its ledger.
    pub fn ledger(&self) -> &Ledger {
        self.customer.ledger()
    }

    /// What the customer has left elsewhere.
    pub fn traces(&self) -> &Traces {
        &self.traces
    }

    /// Every row.
    pub fn log(&self) -> &AuditLog {
        &self.log
    }
}
