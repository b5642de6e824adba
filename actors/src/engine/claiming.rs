//! Customers for whom identifiers are being claimed at this moment. Whoever is not among them, and does not have an
//! identifier that it has claimed, will not get it any more: its creation ended, or was cut off with the process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::id::CustomerId;

/// The registry.
#[derive(Default)]
pub struct Claiming(Mutex<HashMap<CustomerId, u32>>);

/// A creation or change that is running; dropped when it is answered or given up.
pub struct Claimant<'a> {
    registry: &'a Claiming,
    customer: CustomerId,
}

impl Claiming {
    /// Enters a creation or change, of which there may be several for one customer.
    pub fn enter(&self, customer: CustomerId) -> Claimant<'_> {
        *self.running().entry(customer).or_default() += 1;
        Claimant { registry: self, customer }
    }

    /// Identifiers may be on their way to that customer.
    pub fn is_running(&self, customer: CustomerId) -> bool {
        self.running().contains_key(&customer)
    }

    fn running(&self) -> MutexGuard<'_, HashMap<CustomerId, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claimant<'_> {
    fn drop(&mut self) {
        let mut running = self.registry.running();
        let left = running.get_mut(&self.customer).map(|count| {
            *count = count.saturating_sub(1);
            *count
        });
        if left == Some(0) {
            running.remove(&self.customer);
        }
    }
}
