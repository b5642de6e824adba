//! Points on their way from one customer to another (incentives.md 7.1, transfer).
//!
//! The giver's record takes them and carries them in an effect to the receiver. The receiver takes them in, once, under
//! the transfer's id; or it cannot, remembers that, and an effect takes them back to the giver, into the very lots they
//! were in. At every moment they are in one place: with the giver, in an effect that has not arrived, or with the
//! receiver.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Customer, Effect, Fingerprint, PostedDetail, PostedStatus, Posting, Purpose, Recall, Reply, SendDetail,
};
use crate::{
    amount::{AmountError, Points},
    entity::Decision,
    id::{CustomerId, LedgerRowId, PointAccountId},
    ledger::Lot,
};

/// Points that one customer has given and another is to get. Stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Names it; the `transfer_id` of the answer and the `request_id` of all its rows.
    pub id: Uuid,
    /// Who gave them.
    pub from: CustomerId,
    /// Who gets them.
    pub to: CustomerId,
    /// The account they go to.
    pub account: PointAccountId,
    /// What was taken, per account of the giver.
    pub drawn: Vec<Drawn>,
    /// Each lot keeps its time and its date of expiry; else its time begins when it arrives.
    pub preserve_expiration: bool,
    /// As sent.
    pub reference_id: Box<str>,
    /// As sent.
    pub reference_type: Box<str>,
    /// As sent, or made.
    pub idempotency_id: Box<str>,
}

/// What a transfer took from one account of the giver. Stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// The account.
    pub account: PointAccountId,
    /// The row that took it.
    pub row: LedgerRowId,
    /// The lots; `remaining` is what was taken of each.
    pub lots: Vec<Lot>,
}

/// A transfer that comes back. Stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferReturned {
    /// Which.
    pub transfer: Transfer,
    /// Why it was not taken in.
    pub reason: PostedStatus,
}

impl Drawn {
    /// How many points.
    pub fn points(&self) -> Result<Points, AmountError> {
        Points::sum(self.lots.iter().map(|lot| lot.remaining))
    }
}

impl SendDetail {
    /// The transfer that it leads to.
    pub(super) fn transfer(&self, from: CustomerId, posted: &PostedDetail, drawn: Vec<Drawn>) -> Transfer {
        Transfer {
            id: posted.tracking_id,
            from,
            to: self.customer,
            account: self.detail.to,
            drawn,
            preserve_expiration: self.detail.preserve_expiration,
            reference_id: posted.reference_id.clone(),
            reference_type: posted.reference_type.clone(),
            idempotency_id: posted.idempotency_id.clone(),
        }
    }
}

impl Transfer {
    /// How many points.
    pub fn points(&self) -> Result<Points, AmountError> {
        Points::sum(self.drawn.iter().flat_map(|drawn| &drawn.lots).map(|lot| lot.remaining))
    }

    /// The key under which the receiver remembers what became of it. The text is stored in effect.
    pub fn received_key(id: Uuid) -> Fingerprint {
        Fingerprint::of(&format!("transfer received\n{id}"))
    }

    /// The key under which the giver remembers that it came back. The text is stored in effect.
    pub fn returned_key(id: Uuid) -> Fingerprint {
        Fingerprint::of(&format!("transfer returned\n{id}"))
    }
}

impl Customer {
    /// What this customer, who was to get it, remembers of a transfer.
    pub fn transfer_received(&self, id: Uuid) -> Recall<'_, PostedDetail> {
        self.posted_under(Transfer::received_key(id))
    }

    /// What this customer, who gave it, remembers of a transfer that came back.
    pub fn transfer_returned(&self, id: Uuid) -> Recall<'_, PostedDetail> {
        self.posted_under(Transfer::returned_key(id))
    }

    fn posted_under(&self, key: Fingerprint) -> Recall<'_, PostedDetail> {
        match self.memory.remembered(key) {
            Recall::Known(known) => Recall::Known(&known.detail),
            Recall::Never => Recall::Never,
            Recall::Unsure => Recall::Unsure,
        }
    }
}

/// What comes of a part of a transfer that reaches somebody who is no more; nothing of other postings, which are
/// refused.
pub(super) fn for_nobody(posting: &Posting) -> Option<Decision<Customer>> {
    match &posting.purpose {
        Purpose::Receive(transfer) => {
            let returned =
                TransferReturned { transfer: (**transfer).clone(), reason: PostedStatus::CustomerNotFound };
            let effects = vec![Effect::ReturnPoints(Box::new(returned))];
            Some(Decision { events: Vec::new(), reply: Reply::Done, effects })
        }
        // Points of somebody who is no more have gone with them.
        Purpose::TakeBack(_) => Some(Decision::answer(Reply::Done)),
        Purpose::Deposit(_)
        | Purpose::Seed(_)
        | Purpose::Spend(_)
        | Purpose::Move(_)
        | Purpose::Send(_)
        | Purpose::Expire(_)
        | Purpose::Modify(_)
        | Purpose::Reverse(_) => None,
    }
}
