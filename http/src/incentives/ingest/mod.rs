//! `POST /incentives/api/1.0/ingest/{transaction,batch,event,status,replay}` (incentives.md 7.16).
//!
//! An ingested transaction is a version of the same sale that a till may have sent: identity, order and repeats are the
//! sale's (catalog-transactions.md F.2), so of two with one `modified_time` and different contents the later arrival
//! counts. A customer who is not known when it comes is found by a replay, or by a later version; the sale is kept.
//!
//! Ours: `state` in synchronous answers; `store_id` of a replay, which makes the till's id unambiguous; events are
//! evaluated when they are answered, so there is nothing left to ask about.

mod batch;
mod event;
mod parts;
mod replay;
mod status;
mod taken;
mod transaction;

pub(crate) use batch::{__path_ingest_batch, BatchPayload, ingest_batch};
pub(crate) use event::{__path_ingest_event, EventsPayload, ingest_event};
pub(crate) use replay::{__path_ingest_replay, ingest_replay};
pub(crate) use status::{__path_ingest_status, ingest_status};
pub(crate) use transaction::{__path_ingest_transaction, ingest_transaction};
