//! What all calls on customers have in common: admission, finding the customer, the envelope.

use std::future::Future;

use actix_web::{HttpRequest, HttpResponse};
use actors::Clash;
use domain::{Timestamp, customer::Profile, id::CustomerId, identifier::Identifier};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    CoreCode, CoreError,
    query::{Shown, decoded},
    user_object::UserObject,
};
use crate::{auth::Surface, json::wire, request_id::request_id, state::HttpState};

/// The envelope of a success.
#[derive(Serialize, ToSchema)]
pub struct UserAnswer {
    /// `ok`.
    #[schema(value_type = wire::StatusOk)]
    status: &'static str,
    /// The customer.
    user: UserObject,
}

/// Admits the request, lets `work` find the answer, and puts it into the envelope.
pub async fn answer<W>(state: &HttpState, request: &HttpRequest, work: impl FnOnce() -> W) -> HttpResponse
where
    W: Future<Output = Result<UserObject, CoreError>>,
{
    let id = request_id(request, "X-Request-Id");
    let answered = match admit(state, request) {
        Ok(()) => work().await,
        Err(error) => Err(error),
    };
    match answered {
        Ok(user) => {
            HttpResponse::Ok().insert_header(("X-Request-Id", id)).json(UserAnswer { status: "ok", user })
        }
        Err(error) => error.response(state.switches().error_http_mode, &id),
    }
}

/// The key pair must be right, and the key in the path must be that key (A.3).
fn admit(state: &HttpState, request: &HttpRequest) -> Result<(), CoreError> {
    state.verifier().admit(Surface::Core, request)?;
    if request.match_info().get("api_key") == Some(state.verifier().core_key()) {
        return Ok(());
    }
    Err(CoreError::new(CoreCode::InvalidApiKey, "the key in the path is not the key of the credentials"))
}

/// How a path names a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// `/users/:user_id`
    UserId,
    /// `/external/users/:external_id`
    ExternalId,
}

/// The customer that the path names.
pub async fn customer_of(
    state: &HttpState,
    request: &HttpRequest,
    named_by: NamedBy,
) -> Result<CustomerId, CoreError> {
    // From the path as it was sent: the router has decoded a part of the escapes already.
    let last = request.uri().path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = decoded(last, false);
    match named_by {
        NamedBy::UserId => name.parse().map_err(|_| unknown()),
        NamedBy::ExternalId => {
            state.engine().find_customer(&Identifier::external(&name)).await?.ok_or_else(unknown)
        }
    }
}

/// What the query asks to be shown.
pub fn shown(request: &HttpRequest) -> Shown {
    Shown::of(request.query_string())
}

/// The customer as it is to be shown.
pub async fn show(state: &HttpState, id: CustomerId, shown: Shown) -> Result<UserObject, CoreError> {
    let view = state.engine().read_customer(id, move |customer, program, now| {
        customer.identity().map(|identity| UserObject::new(customer, identity, shown, program, now))
    });
    view.await?.flatten().ok_or_else(unknown)
}

/// The profile of a customer and the version it has.
pub async fn profile_of(state: &HttpState, id: CustomerId) -> Result<(Profile, Timestamp), CoreError> {
    let view = state.engine().read_customer(id, |customer, _, _| {
        customer.identity().map(|identity| (identity.profile.clone(), identity.updated_at))
    });
    view.await?.flatten().ok_or_else(unknown)
}

/// Identifiers that belong to somebody else: which ones, and to whom (B1.5).
pub async fn taken(state: &HttpState, clashes: &[Clash]) -> CoreError {
    let mut error = CoreError::new(CoreCode::Validation, "another customer has this email or external_id");
    for clash in clashes {
        let attribute = match clash.identifier {
            Identifier::Email(_) => "email",
            Identifier::External(_) => "external_id",
        };
        error.give_reason(attribute.to_owned(), "taken");
    }
    if let Some(clash) = clashes.first() {
        error.name_other("id", clash.holder.to_string());
        if let Ok((other, _)) = profile_of(state, clash.holder).await
            && let Some(shown) = other.shown_identifier()
        {
            error.name_other("external_id", shown.value.to_string());
        }
    }
    error
}

/// No customer of that id.
pub fn unknown() -> CoreError {
    CoreError::new(CoreCode::UserNotFound, "user not found")
}

/// Work that is spawned, so that a connection that breaks cannot stop it half-way.
pub async fn unbroken<T: 'static>(
    work: impl Future<Output = Result<T, CoreError>> + 'static,
) -> Result<T, CoreError> {
    let done = actix_web::rt::spawn(work).await;
    done.unwrap_or_else(|_| Err(CoreError::new(CoreCode::InternalServerError, "internal server error")))
}
