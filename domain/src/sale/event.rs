//! What happens to a sale, and what it makes others do.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Content, Revision, Sale};
use crate::{
    id::{CustomerId, IdentifierId},
    rules::Share,
    time::Timestamp,
};

/// What has happened to a sale. Stored: grows at the end only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A version came into force.
    Revised {
        /// The version.
        revision: Revision,
        /// When the sale counts as sold, once it is closed.
        business_time: Option<Timestamp>,
        /// Whom it credits; none: it is not evaluated, and those credited before stay so.
        credits: Option<Vec<CustomerId>>,
    },
    /// A newer version with the same content came: its time is kept.
    Touched {
        /// The newer time.
        modified_time: Timestamp,
    },
    /// A version older than the one in force came late.
    StaleIgnored {
        /// What it said.
        content: Arc<Content>,
        /// The request that brought it.
        request_id: Box<str>,
        /// When it came.
        at: Timestamp,
    },
    /// A member was erased. This is all that the sale is from now on; what was before is kept nowhere.
    MemberForgotten(Box<Sale>),
}

/// What a sale makes others do. Stored: grows at the end only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Each payer books the revision.
    Credit(Credit),
    /// The claim of an identifier that names somebody who is nobody tells the sale when it is somebody's.
    Await {
        /// The identifier.
        identifier: IdentifierId,
        /// Until when that matters.
        until: Timestamp,
    },
}

/// A payer books the revision. Stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// Whose turn it is.
    pub customer: CustomerId,
    /// An earlier revision has credited the customer.
    pub credited_before: bool,
    /// The customer's part; none: it is no payer any more.
    pub share: Option<Share>,
}
