//! What all requests of the domain have in common: the tenant and the customer (incentives.md 1.1, 1.3).

use std::future::Future;

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    id::{CustomerId, RetailerId},
    identifier::Identifier,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{IncentivesCode, IncentivesError};
use crate::{
    auth::Surface,
    body::{BODY_MAX, take},
    json::{FaultCode, Member, Reader, wire},
    state::HttpState,
};

/// The longest reason or idempotency id.
pub const TEXT_MAX: usize = 200;

/// The envelope of a success.
#[derive(Serialize, ToSchema)]
pub struct IncentivesAnswer<T> {
    /// `ok`.
    #[schema(value_type = wire::StatusOk)]
    status: &'static str,
    /// The result.
    payload: T,
}

/// The tenant and the customer, as the caller names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    retailer: Option<RetailerId>,
    /// `retailer_id` in the caller's letter case.
    pub retailer_id: String,
    /// `user_id` as sent.
    pub user_id: String,
}

impl Named {
    /// Reads `retailer_id` and `user_id`.
    pub fn read(retailer_id: Member<'_>, user_id: Member<'_>, reader: &mut Reader<'_>) -> Self {
        Self::read_as("user_id", retailer_id, user_id, reader)
    }

    /// Reads `retailer_id` and a customer that is named by another member.
    pub fn read_as(
        name: &str,
        retailer_id: Member<'_>,
        user_id: Member<'_>,
        reader: &mut Reader<'_>,
    ) -> Self {
        let retailer = reader.required_guid("retailer_id", retailer_id);
        reader.require(name, user_id);
        Self {
            retailer,
            retailer_id: if retailer.is_some() {
                echoed(reader, "retailer_id", retailer_id)
            } else {
                String::new()
            },
            user_id: echoed(reader, name, user_id),
        }
    }

    /// The retailer is the one that is served.
    pub fn admit(&self, state: &HttpState) -> Result<(), IncentivesError> {
        admit_retailer(state, self.retailer)
    }

    /// The customer: the platform's id first, then any id in another system.
    pub async fn resolve(&self, state: &HttpState) -> Result<CustomerId, IncentivesError> {
        admit_retailer(state, self.retailer)?;
        find_user(state, &self.user_id).await?.ok_or_else(no_such_customer)
    }
}

/// The retailer is the one that is served.
pub fn admit_retailer(state: &HttpState, retailer: Option<RetailerId>) -> Result<(), IncentivesError> {
    if retailer == Some(state.program().retailer().id) {
        return Ok(());
    }
    let message = "The credentials are not those of this retailer.";
    Err(IncentivesError::new(IncentivesCode::RetailerNotAuthorized, message))
}

/// The customer of the platform's id, or of any id in another system.
pub async fn find_user(state: &HttpState, user_id: &str) -> Result<Option<CustomerId>, IncentivesError> {
    if let Ok(id) = user_id.parse::<CustomerId>() {
        let known = state.engine().read_customer(id, |customer, _, _| customer.identity().is_some()).await?;
        if known == Some(true) {
            return Ok(Some(id));
        }
    }
    Ok(state.engine().find_customer(&Identifier::external(user_id)).await?)
}

/// 404.
pub fn no_such_customer() -> IncentivesError {
    IncentivesError::new(IncentivesCode::UserNotFound, "No such customer.")
}

/// Which part of a list is wanted (incentives.md 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// Elements to pass over.
    pub skip: usize,
    /// Elements to give.
    pub take: usize,
}

impl Paging {
    /// Elements of a page: at most, and unless said otherwise.
    const TAKE_MAX: usize = 1_000;
    const TAKE_DEFAULT: usize = 50;

    /// Reads `skip` and `take`.
    pub fn read(skip: Member<'_>, take: Member<'_>, reader: &mut Reader<'_>) -> Self {
        let skip = read_skip(reader, skip);
        let take: Option<u32> = reader.integer("take", take);
        Self {
            skip,
            take: take.map_or(Self::TAKE_DEFAULT, |take| usize::try_from(take).unwrap_or(usize::MAX)),
        }
    }

    /// Refuses pages that are too large.
    pub fn check(self) -> Result<(), IncentivesError> {
        if self.take > Self::TAKE_MAX {
            return Err(IncentivesError::new(IncentivesCode::TakeTooLarge, "take must be at most 1000."));
        }
        Ok(())
    }
}

/// Reads `skip`: elements to pass over, as many as 32 bits with a sign can say (1.4).
pub fn read_skip(reader: &mut Reader<'_>, skip: Member<'_>) -> usize {
    let Some(skip) = reader.integer::<i32>("skip", skip) else { return 0 };
    usize::try_from(skip).unwrap_or_else(|_| {
        reader.fault("skip", FaultCode::OutOfRange, "must not be negative");
        0
    })
}

fn echoed(reader: &mut Reader<'_>, name: &str, member: Member<'_>) -> String {
    reader.key(name, member).map(Into::into).unwrap_or_default()
}

/// Admits the request, takes its body in, lets `work` find the answer, and puts it into the envelope.
pub async fn answer<T, W>(
    state: &HttpState,
    request: &HttpRequest,
    payload: web::Payload,
    work: impl FnOnce(web::Bytes) -> W,
) -> HttpResponse
where
    T: Serialize,
    W: Future<Output = Result<T, IncentivesError>>,
{
    let answered = async {
        state.verifier().admit(Surface::Connect, request)?;
        work(take(payload, BODY_MAX).await?).await
    };
    match answered.await {
        Ok(payload) => HttpResponse::Ok().json(IncentivesAnswer { status: "ok", payload }),
        Err(error) => error.response(),
    }
}
