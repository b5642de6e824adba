//! Sending a request to the engine, and what its answer comes to.

use actors::{
    CreateError, EditError, Engine, EngineError, EraseError, IngestRequest, IngestState, Ingested, JobError,
    MergeError, PostError, ReplayError, SaleError, SaleRequest, TriggerError, UpdateError,
};
use domain::{
    configuration::{Edit, Json, Operation},
    customer::{PostedDetail, Profile, Reply},
    id::{CustomerId, JobId},
    sale::{Outcome, Receipt},
};

use super::request::{Request, Way};
use crate::{program, report::Violation};

/// What a request was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Nothing was done, for this reason.
    Refused(String),
    /// It was done.
    Done,
    /// A member came into being.
    Created(CustomerId),
    /// A version of a sale was taken in.
    Sold(Receipt),
    /// Everything has gone over under this id; none: there was nothing.
    Merged(Option<uuid::Uuid>),
    /// The details of a posting.
    Posted(Vec<PostedDetail>),
    /// The event has this id.
    Triggered(uuid::Uuid),
    /// The job has this id.
    Begun(JobId),
    /// The rows of the member stay under this id.
    Erased(CustomerId),
}

/// What a client hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// An answer.
    Answer(Told),
    /// The same request is under way.
    Busy,
    /// The engine failed: it may have been done, or not.
    Failure(EngineError),
}

impl From<EngineError> for Heard {
    fn from(error: EngineError) -> Self {
        Self::Failure(error)
    }
}

fn refused(why: impl std::fmt::Debug) -> Result<Heard, Violation> {
    Ok(Heard::Answer(Told::Refused(format!("{why:?}"))))
}

fn wrong(request: &Request, what: impl std::fmt::Debug) -> Result<Heard, Violation> {
    Err(Violation::of(format!("{request:?} was answered {what:?}")))
}

/// Sends a request.
pub async fn perform(engine: &Engine, request: &Request) -> Result<Heard, Violation> {
    match request {
        Request::Create { profile, .. } => create(engine, profile).await,
        Request::Rename { customer, email } => rename(engine, *customer, email).await,
        Request::Sell { request: sent, way, .. } => sell(engine, request, (**sent).clone(), *way).await,
        Request::Replay { sale } => match engine.replay_sale(*sale).await {
            Ok(_) => Ok(Heard::Answer(Told::Done)),
            Err(ReplayError::Engine(error)) => Ok(error.into()),
            Err(error @ ReplayError::NotFound) => refused(error),
            Err(error @ ReplayError::Foreseen(_)) => wrong(request, error),
        },
        Request::Merge { from, to } => match engine.merge_customers(*from, *to).await {
            Ok(merge) => Ok(Heard::Answer(Told::Merged(merge))),
            Err(MergeError::Engine(error)) => Ok(error.into()),
            Err(error @ MergeError::NotFound) => refused(error),
            Err(error) => wrong(request, error),
        },
        Request::Post { customer, posting, .. } => {
            match engine.post_points(*customer, (**posting).clone()).await {
                Ok(Reply::Posted { details, .. }) => Ok(posted(details)),
                Ok(other) => wrong(request, other),
                Err(error) => not_posted(request, error),
            }
        }
        Request::Transfer { from, to, detail, .. } => {
            match engine.transfer_points((*from, *to), (**detail).clone()).await {
                Ok(transferred) => Ok(posted(vec![transferred.sent])),
                Err(error) => not_posted(request, error),
            }
        }
        Request::Survey { customer, event } => match engine.trigger(*customer, (**event).clone()).await {
            Ok(triggered) => Ok(Heard::Answer(Told::Triggered(triggered.id))),
            Err(TriggerError::Engine(error)) => Ok(error.into()),
            Err(error @ TriggerError::NotFound) => refused(error),
            Err(error) => wrong(request, error),
        },
        Request::Erase { customer, external, request: id } => {
            match engine.erase(*customer, id, external).await {
                Ok(erasure) if erasure.completed => Ok(Heard::Answer(Told::Erased(erasure.tombstone))),
                // Asked for twice at once: others are being told.
                Ok(_) => Ok(Heard::Busy),
                Err(EraseError::Engine(error)) => Ok(error.into()),
                Err(error @ EraseError::NotFound) => refused(error),
                Err(error) => wrong(request, error),
            }
        }
        Request::Job { plan, key } => match engine.run_job((**plan).clone(), Some(key)).await {
            Ok(job) => Ok(Heard::Answer(Told::Begun(job))),
            Err(JobError::Engine(error)) => Ok(error.into()),
            Err(error @ (JobError::TooMany | JobError::IdempotencyConflict)) => wrong(request, error),
        },
        Request::Switch { live } => switch(engine, request, *live).await,
    }
}

/// Whoever is named on what was taken in has booked it by the time at which that can be said.
async fn booked(engine: &Engine, request: &Request, ingested: &Ingested) -> Result<(), Violation> {
    let Ok(evaluation) = engine.evaluation_of(ingested).await else { return Ok(()) };
    let is_stale = ingested.answer.receipt.outcome == Outcome::Stale;
    match evaluation.state {
        IngestState::IgnoredStale if is_stale => Ok(()),
        IngestState::Queued | IngestState::Done | IngestState::NoCustomer if !is_stale => Ok(()),
        state => wrong(request, (state, ingested)).map(drop),
    }
}

async fn sell(engine: &Engine, request: &Request, sent: SaleRequest, way: Way) -> Result<Heard, Violation> {
    let answer = match way {
        Way::Till => engine.send_sale(sent).await,
        Way::Service => {
            let SaleRequest { request_id, body, content } = sent;
            let ingested =
                engine.ingest(IngestRequest { request: Some((request_id, None)), body, content }).await;
            if let Ok(ingested) = &ingested {
                booked(engine, request, ingested).await?;
            }
            ingested.map(|ingested| ingested.answer)
        }
    };
    match answer {
        Ok(answer) if answer.other_body => wrong(request, "another body"),
        Ok(answer) => Ok(Heard::Answer(Told::Sold(answer.receipt))),
        Err(SaleError::Pending) => Ok(Heard::Busy),
        Err(SaleError::Engine(error)) => Ok(error.into()),
        Err(error @ SaleError::Amount(_)) => wrong(request, error),
    }
}

fn posted(mut details: Vec<PostedDetail>) -> Heard {
    details.iter_mut().for_each(|detail| detail.replayed = false);
    Heard::Answer(Told::Posted(details))
}

fn not_posted(request: &Request, error: PostError) -> Result<Heard, Violation> {
    match error {
        PostError::Engine(error) => Ok(error.into()),
        PostError::NotFound => refused("not found"),
        PostError::Refused(why) => {
            refused(why.details.iter().map(|detail| detail.status).collect::<Vec<_>>())
        }
        error @ (PostError::IdempotencyConflict | PostError::Amount(_)) => wrong(request, error),
    }
}

async fn create(engine: &Engine, profile: &Profile) -> Result<Heard, Violation> {
    match engine.create_customer(profile.clone()).await {
        Ok(id) => Ok(Heard::Answer(Told::Created(id))),
        Err(CreateError::Engine(error)) => Ok(error.into()),
        Err(error @ (CreateError::Taken(_) | CreateError::Slow)) => refused(error),
    }
}

async fn rename(engine: &Engine, customer: CustomerId, email: &str) -> Result<Heard, Violation> {
    let read = engine.read_customer(customer, |customer, _, _| customer.identity().cloned()).await;
    let identity = match read {
        Ok(read) => read.flatten(),
        Err(error) => return Ok(error.into()),
    };
    let Some(identity) = identity else { return refused("not found") };
    let profile = Profile { email: Some(email.into()), ..identity.profile };
    match engine.update_customer(customer, identity.updated_at, profile).await {
        Ok(()) => Ok(Heard::Answer(Told::Done)),
        Err(UpdateError::Engine(error)) => Ok(error.into()),
        Err(error) => refused(error),
    }
}

async fn switch(engine: &Engine, request: &Request, live: bool) -> Result<Heard, Violation> {
    let status = if live { 2 } else { 1 };
    let tree = program::id::<domain::id::RuleTreeId>(program::SEASON);
    let body = Json::object([("id", Some(Json::text(tree))), ("status", Some(Json::whole(status)))]);
    let edit = Edit { operation: Operation::SetRuleTreeStatus, body, check_only: false };
    match engine.edit(edit).await {
        Ok(_) => Ok(Heard::Answer(Told::Done)),
        Err(EditError::Engine(error)) => Ok(error.into()),
        Err(error) => wrong(request, error),
    }
}
