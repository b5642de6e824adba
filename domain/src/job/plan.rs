//! What a job is to do.

use serde::{Deserialize, Serialize};

use crate::{
    customer::Fingerprint,
    id::{CustomerId, PointAccountId, TierSystemId},
    time::Timestamp,
};

/// What is done to each customer. Stored: grows at the end only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Points run out that are due to (incentives.md 4.6).
    Expiration {
        /// The accounts whose points are counted; none: all. What is due in others is done all the same.
        accounts: Vec<PointAccountId>,
    },
    /// The stay rules of the level held in a system are looked at (incentives.md 8.3), as for one customer on request.
    Maintenance {
        /// The system.
        system: TierSystemId,
    },
}

/// A job as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What is done to each customer.
    pub work: Work,
    /// To whom; none: to everybody whom it concerns.
    pub customers: Option<Vec<CustomerId>>,
    /// What is due by then; none: by the time it is done.
    pub as_of: Option<Timestamp>,
    /// Nothing changes, it is only counted what would.
    pub dry_run: bool,
}

impl Plan {
    /// The plan with its customers, and its accounts, in the order of their ids, each once.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        if let Some(customers) = &mut self.customers {
            customers.sort_unstable();
            customers.dedup();
        }
        if let Work::Expiration { accounts } = &mut self.work {
            accounts.sort_unstable();
            accounts.dedup();
        }
        self
    }

    /// The fingerprint of the plan: two requests for the same have the same. The text is stored in effect: its form
    /// never changes.
    pub fn body(&self) -> Fingerprint {
        let Self { work, customers, as_of, dry_run } = self;
        let work = match work {
            Work::Expiration { accounts } => format!("expiration {}", listed(accounts)),
            Work::Maintenance { system } => format!("maintenance {system}"),
        };
        let customers = customers.as_ref().map_or_else(|| "all".to_owned(), |some| listed(some));
        let as_of = as_of.map_or(String::new(), |at| at.millis().to_string());
        Fingerprint::of(&format!("{work}\n{customers}\n{as_of}\n{dry_run}"))
    }
}

fn listed(ids: &[impl ToString]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
