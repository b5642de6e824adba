//! A customer folded from the whole history: what the state leaves out is in it.

use super::{AuditLog, Customer, Event};
use crate::{entity::Entity, ledger::Ledger};

/// Every row there ever was, and a ledger that holds every lot.
#[derive(Debug, Clone)]
pub struct History {
    customer: Customer,
    log: AuditLog,
}

impl Default for History {
    fn default() -> Self {
        Self { customer: Customer::keeping_all(), log: AuditLog::default() }
    }
}

impl History {
    /// Folds the next event in.
    pub fn apply(&mut self, event: &Event) {
        self.customer.apply(event);
        self.log.apply(event);
    }

    /// The customer, with every lot of which something remains.
    pub fn customer(&self) -> &Customer {
        &self.customer
    }

    /// Its ledger.
    pub fn ledger(&self) -> &Ledger {
        self.customer.ledger()
    }

    /// Every row.
    pub fn log(&self) -> &AuditLog {
        &self.log
    }
}
