//! What both kinds of runs are asked with, and how they are begun.

use actors::JobError;
use domain::{
    Timestamp,
    id::CustomerId,
    job::{Plan, Work},
    time::Zone,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{
    IncentivesCode, IncentivesError,
    request::{TEXT_MAX, find_user, no_such_customer},
};
use crate::{
    json::{Member, Reader},
    state::HttpState,
};

/// Customers that may be named.
const USERS_MAX: usize = 1_000;

/// A run that will be done.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobPayload {
    /// To be asked for with `job_status`.
    job_id: String,
}

/// To whom, as of when, and under which key.
pub struct Asked {
    users: Option<Vec<String>>,
    pub as_of: Option<Timestamp>,
    pub dry_run: bool,
    idempotency_id: Option<Box<str>>,
}

impl Asked {
    /// Reads `user_ids`, `as_of`, `dry_run` and `idempotency_id`. No `user_ids`, or an empty list: everybody.
    pub fn read(
        (user_ids, as_of): (Member<'_>, Member<'_>),
        (dry_run, idempotency_id): (Member<'_>, Member<'_>),
        reader: &mut Reader<'_>,
    ) -> Self {
        let users = reader.elements("user_ids", user_ids, |reader, id| {
            reader.require("", id);
            reader.key("", id).map(std::borrow::Cow::into_owned)
        });
        Self {
            users: (!users.is_empty()).then_some(users),
            as_of: reader.time("as_of", as_of, &Zone::UTC),
            dry_run: reader.flag("dry_run", dry_run).unwrap_or(false),
            idempotency_id: reader.text_within("idempotency_id", idempotency_id, TEXT_MAX),
        }
    }

    /// A time ahead can only be tried.
    pub fn check_ahead(&self, state: &HttpState) -> Result<(), IncentivesError> {
        if !self.dry_run && self.as_of.is_some_and(|at| at > state.engine().now()) {
            let message = "as_of lies in the future, which takes dry_run.";
            return Err(IncentivesError::new(IncentivesCode::InvalidRequest, message));
        }
        Ok(())
    }

    /// Begins the run.
    pub async fn begin(self, work: Work, state: &HttpState) -> Result<JobPayload, IncentivesError> {
        let customers = match self.users {
            Some(users) => Some(resolve(&users, state).await?),
            None => None,
        };
        let plan = Plan { work, customers, as_of: self.as_of, dry_run: self.dry_run };
        let job = state.engine().run_job(plan, self.idempotency_id.as_deref()).await?;
        Ok(JobPayload { job_id: job.to_string() })
    }
}

/// All of them; one who is not known is none to be left out in silence.
async fn resolve(users: &[String], state: &HttpState) -> Result<Vec<CustomerId>, IncentivesError> {
    if users.len() > USERS_MAX {
        return Err(IncentivesError::new(IncentivesCode::TooManyUsers, "At most 1000 user_ids."));
    }
    let mut customers = Vec::with_capacity(users.len());
    for user in users {
        customers.push(find_user(state, user).await?.ok_or_else(no_such_customer)?);
    }
    Ok(customers)
}

impl From<JobError> for IncentivesError {
    fn from(error: JobError) -> Self {
        let message = error.to_string();
        match error {
            JobError::IdempotencyConflict => Self::new(IncentivesCode::IdempotencyConflict, message),
            JobError::TooMany => Self::new(IncentivesCode::TooManyJobs, message),
            JobError::Engine(error) => error.into(),
        }
    }
}
