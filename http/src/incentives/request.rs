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
    json::{Member, Reader},
    state::HttpState,
};

/// The envelope of a success.
#[derive(Serialize, ToSchema)]
pub struct IncentivesAnswer<T> {
    /// `ok`.
    #[schema(value_type = String)]
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

    /// The customer: the platform's id first, then any id in another system.
    pub async fn resolve(&self, state: &HttpState) -> Result<CustomerId, IncentivesError> {
        if self.retailer != Some(state.program().retailer().id) {
            let message = "The credentials are not those of this retailer.";
            return Err(IncentivesError::new(IncentivesCode::RetailerNotAuthorized, message));
        }
        if let Ok(id) = self.user_id.parse::<CustomerId>() {
            let known =
                state.engine().read_customer(id, |customer, _, _| customer.identity().is_some()).await?;
            if known == Some(true) {
                return Ok(id);
            }
        }
        let found = state.engine().find_customer(&Identifier::external(&self.user_id)).await?;
        found.ok_or_else(|| IncentivesError::new(IncentivesCode::UserNotFound, "No such customer."))
    }
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
