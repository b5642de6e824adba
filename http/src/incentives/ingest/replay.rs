//! `POST /incentives/api/1.0/ingest/replay` (incentives.md 7.16).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::id::{RetailerId, StoreId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesCode, IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, admit_retailer, answer},
    },
    taken::EvaluationMembers,
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Which transaction.
#[derive(Debug, Deserialize, ToSchema)]
pub struct IngestReplayRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the transaction; with a `store_id`, also the till's. Required.
    #[schema(value_type = wire::Key)]
    transaction_id: Member<'a>,
    /// The store whose till gave the id.
    #[schema(value_type = Option<wire::Guid>)]
    store_id: Member<'a>,
    /// Only say what would come of it; default false.
    #[schema(value_type = Option<wire::Flag>)]
    dry_run: Member<'a>,
}

/// What came of a transaction that was looked at again.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestReplayPayload {
    /// The platform's id of the transaction.
    transaction_id: String,
    /// Nothing was written.
    dry_run: bool,
    #[serde(flatten)]
    evaluation: EvaluationMembers,
}

/// Evaluate a transaction again: for the customers who are there now, and by the rules of its first evaluation. What it
/// has given is not given again.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/ingest/replay",
    tag = "incentives",
    request_body = IngestReplayRequest,
    responses(
        (status = 200, description = "What came of it", body = IncentivesAnswer<IngestReplayPayload>),
        (status = 404, description = "`transaction_not_found`", body = IncentivesErrorBody),
    ),
)]
pub async fn ingest_replay(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: IngestReplayRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let retailer: Option<RetailerId> = reader.required_guid("retailer_id", request.retailer_id);
        reader.require("transaction_id", request.transaction_id);
        let transaction = reader.key("transaction_id", request.transaction_id).unwrap_or_default();
        let store: Option<StoreId> = reader.guid("store_id", request.store_id);
        let dry_run = reader.flag("dry_run", request.dry_run).unwrap_or(false);
        let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
        admit_retailer(state, retailer)?;
        let engine = state.engine();
        let not_found = || IncentivesError::new(IncentivesCode::TransactionNotFound, "No such transaction.");
        let sale = engine.sale_named(&transaction, store)?.ok_or_else(not_found)?;
        let evaluation = if dry_run {
            EvaluationMembers::of(&engine.foresee_replay(sale).await?).supposed()
        } else {
            EvaluationMembers::of(&engine.replay_sale(sale).await?)
        };
        Ok(IngestReplayPayload { transaction_id: sale.to_string(), dry_run, evaluation })
    })
    .await
}
