//! Points from one customer to another (incentives.md 7.1, transfer).

use domain::{
    Points,
    customer::{
        AuditRow, Customer, Fingerprint, MoveDetail, PostedDetail, PostedStatus, Posting, PostingRefused,
        Purpose, Recall, Remembered, Reply, SendDetail, Transfer,
    },
    id::CustomerId,
};
use uuid::Uuid;

use super::{Engine, PostError};
use crate::{error::EngineError, index};

/// A transfer that has arrived.
#[derive(Debug)]
pub struct Transferred {
    /// What the giver was answered; its `tracking_id` names the transfer.
    pub sent: PostedDetail,
    /// The rows of the giver.
    pub taken: Vec<AuditRow>,
    /// The rows of the receiver.
    pub received: Vec<AuditRow>,
}

/// Which half of a transfer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Received,
    Returned,
}

impl Engine {
    /// Moves points from one customer to another; answers when they have arrived and both sides are durable. What the
    /// receiver cannot take in has gone back by then, or is on its way back, and the call is refused.
    pub async fn transfer_points(
        &self,
        (from, to): (CustomerId, CustomerId),
        detail: MoveDetail,
    ) -> Result<Transferred, PostError> {
        let target = detail.to;
        let room = self.read_customer(to, move |receiver, program, now| {
            let ceiling = program.account(target)?.max_allowed_balance?;
            let available = receiver.available(target, program, now);
            Some(ceiling.minus(available).unwrap_or(Points::ZERO).max(Points::ZERO))
        });
        let room = room.await?.ok_or(PostError::NotFound)?;
        let posting = Posting {
            purpose: Purpose::Send(SendDetail { customer: to, room, detail }),
            allow_partial_success: false,
            disable_event_publishing: true,
        };
        let sent = match self.post_points(from, posting).await? {
            Reply::Posted { mut details, .. } => details.pop(),
            _ => None,
        };
        let sent = sent.ok_or(PostError::Engine(EngineError::Crashed))?;
        let transfer = sent.tracking_id;
        let arrived = self.outcome_of((from, to), transfer).await?;
        if arrived.status != PostedStatus::Ok {
            let refused = PostingRefused { details: vec![arrived], at: self.now() };
            return Err(PostError::Refused(Box::new(refused)));
        }
        let taken = self.rows_of(from, transfer).await?;
        let received = self.rows_of(to, transfer).await?;
        Ok(Transferred { sent, taken, received })
    }

    /// What became of a transfer whose sending is durable. The effect is in the receiver's mailbox in front of the
    /// look, so it has been taken in or has come back, unless the receiver crashes over it.
    async fn outcome_of(
        &self,
        (from, to): (CustomerId, CustomerId),
        transfer: Uuid,
    ) -> Result<PostedDetail, EngineError> {
        if let Some(arrived) = self.half_of(to, transfer, Half::Received).await? {
            return Ok(arrived);
        }
        // A receiver who is no more remembers nothing.
        let returned = self.half_of(from, transfer, Half::Returned).await?;
        let returned = returned.ok_or(EngineError::Unavailable)?;
        Ok(PostedDetail { status: PostedStatus::CustomerNotFound, ..returned })
    }

    async fn half_of(
        &self,
        customer: CustomerId,
        transfer: Uuid,
        half: Half,
    ) -> Result<Option<PostedDetail>, EngineError> {
        let seen = self.look::<Customer, _>(customer.bytes(), move |customer, _, _| {
            let recall = match half {
                Half::Received => customer.transfer_received(transfer),
                Half::Returned => customer.transfer_returned(transfer),
            };
            match recall {
                Recall::Known(detail) => Some(detail.clone()),
                Recall::Never | Recall::Unsure => None,
            }
        });
        if let Some(known) = seen.await? {
            return Ok(Some(known));
        }
        let key = match half {
            Half::Received => Transfer::received_key(transfer),
            Half::Returned => Transfer::returned_key(transfer),
        };
        Ok(self.remembered(customer, key)?.map(|known| known.detail))
    }

    /// What was answered under a customer's key, as far as it is durable.
    fn remembered(&self, customer: CustomerId, key: Fingerprint) -> Result<Option<Remembered>, EngineError> {
        let row = self.inner.shared.store.get(index::REMEMBERED, &index::remembered::key(customer, key))?;
        row.map(|value| index::remembered::read(&value)).transpose()
    }

    async fn rows_of(&self, customer: CustomerId, transfer: Uuid) -> Result<Vec<AuditRow>, EngineError> {
        let Some(log) = self.audit_log(customer).await? else { return Ok(Vec::new()) };
        let id = transfer.to_string();
        Ok(log.into_rows().into_iter().filter(|row| *row.caused_by.request_id == *id).collect())
    }
}
