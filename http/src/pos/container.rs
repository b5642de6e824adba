//! The general request container around a sale (pos-offers.md B.1).

use std::borrow::Cow;

use actix_web::{HttpResponse, web};
use domain::{
    id::{RetailerId, StoreId},
    program::Program,
    sale::Content,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{PosCode, PosError, sale_body::SaleBody};
use crate::{
    body::{BODY_MAX, take},
    json::{FaultCode, Faults, Member, Object, Reader, parse_object, wire},
    state::HttpState,
};

/// Characters of `request_id` at most.
const REQUEST_ID_MAX: usize = 128;

/// The container of `send_transaction`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SendTransactionRequest<'a> {
    /// Which store. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    store_id: Member<'a>,
    /// The tenant. Required.
    #[schema(value_type = wire::Guid)]
    client_id: Member<'a>,
    /// The request is processed once; a repeat gets the first answer. 1 to 128 characters. Required.
    #[schema(value_type = wire::TillKey)]
    request_id: Member<'a>,
    /// The member, used when no payment names one.
    #[schema(value_type = Option<wire::Key>)]
    user_id: Member<'a>,
    /// The sale. Required.
    #[serde(borrow)]
    #[schema(value_type = SaleBody)]
    request_payload: Object<SaleBody<'a>>,
}

/// A sale that can be given to the engine.
#[derive(Debug)]
pub struct ReadSale {
    /// The key under which it is processed once.
    pub request_id: Box<str>,
    /// The sale.
    pub content: Content,
}

/// Reads the body of a `send_transaction`. The first of these fails it: the body, the container, the tenant, the store,
/// the sale (pos-offers.md B.11); within one of them, all faults are listed.
pub fn read_sale(body: &[u8], program: &Program) -> Result<ReadSale, PosError> {
    let request: SendTransactionRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let store: Option<StoreId> = reader.required_guid("store_id", request.store_id);
    let client: Option<RetailerId> = reader.required_guid("client_id", request.client_id);
    reader.require("request_id", request.request_id);
    let request_id = reader.key("request_id", request.request_id).unwrap_or(Cow::Borrowed(""));
    if request_id.chars().count() > REQUEST_ID_MAX {
        reader.fault("request_id", FaultCode::TooLong, "must have at most 128 characters");
    }
    let user_id = reader.key("user_id", request.user_id).map(Into::into);
    let (Some(store), Some(client), true) = (store, client, faults.is_empty()) else {
        return Err(PosError::invalid(with_payload_faults(faults, &request)));
    };
    if client != program.retailer().id {
        return Err(PosError::new(
            PosCode::RetailerMismatch,
            "client_id is not the tenant of these credentials",
        ));
    }
    let store = program
        .store(store)
        .ok_or_else(|| PosError::new(PosCode::UnknownStore, format!("there is no store {store}")))?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let Object::Present(sale) = &request.request_payload else {
        return Err(PosError::invalid(with_payload_faults(faults, &request)));
    };
    let content = sale.read(store.id, &store.zone, user_id, &mut reader.inside("request_payload"));
    faults.none_or(ReadSale { request_id: request_id.into(), content }).map_err(PosError::invalid)
}

/// The faults of a container, and that its payload is missing when it is.
fn with_payload_faults(mut faults: Faults, request: &SendTransactionRequest<'_>) -> Faults {
    let mut reader = Reader::new(&mut faults);
    match request.request_payload {
        Object::Present(_) => {}
        Object::Absent => reader.fault("request_payload", FaultCode::Required, "is required"),
        Object::Wrong => reader.fault("request_payload", FaultCode::Type, "must be an object"),
    }
    faults
}

/// Reads a sale and answers, nothing else: what the HTTP layer costs without an engine behind it.
pub async fn bench_parse(state: web::Data<HttpState>, payload: web::Payload) -> HttpResponse {
    let read = async { read_sale(&take(payload, BODY_MAX).await?, &state.program()) };
    match read.await {
        Ok(_) => HttpResponse::Ok().content_type("application/json").body(r#"{"status":"OK"}"#),
        Err(error) => error.response(true),
    }
}
