//! What a write of several parts has to say when none of them was done (incentives.md 1.2).

use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{Ref, RefOr, Schema, schema::AnyOfBuilder},
};

use super::{
    ingest::{BatchPayload, EventsPayload},
    posting::PostingPayload,
    retailer_standup::SeedPayload,
};

/// What a write has to say of which nothing was done.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum RefusedPayload {
    /// Deposits or spends.
    Posting(PostingPayload),
    /// Opening balances.
    Seeding(SeedPayload),
    /// Transactions.
    Batch(BatchPayload),
    /// Events.
    Events(EventsPayload),
}

/// Any of them: refused transactions and refused events look the same.
impl PartialSchema for RefusedPayload {
    fn schema() -> RefOr<Schema> {
        let names =
            [PostingPayload::name(), SeedPayload::name(), BatchPayload::name(), EventsPayload::name()];
        names.into_iter().fold(AnyOfBuilder::new(), |any, name| any.item(Ref::from_schema_name(name))).into()
    }
}

impl ToSchema for RefusedPayload {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        fn add<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            schemas.push((T::name().into_owned(), T::schema()));
            T::schemas(schemas);
        }
        add::<PostingPayload>(schemas);
        add::<SeedPayload>(schemas);
        add::<BatchPayload>(schemas);
        add::<EventsPayload>(schemas);
    }
}

impl From<PostingPayload> for RefusedPayload {
    fn from(payload: PostingPayload) -> Self {
        Self::Posting(payload)
    }
}

impl From<SeedPayload> for RefusedPayload {
    fn from(payload: SeedPayload) -> Self {
        Self::Seeding(payload)
    }
}

impl From<BatchPayload> for RefusedPayload {
    fn from(payload: BatchPayload) -> Self {
        Self::Batch(payload)
    }
}

impl From<EventsPayload> for RefusedPayload {
    fn from(payload: EventsPayload) -> Self {
        Self::Events(payload)
    }
}
