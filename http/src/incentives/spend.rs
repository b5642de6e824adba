//! `POST /incentives/api/1.0/user_points/spend_multiple` (incentives.md 7.1).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Timestamp,
    customer::{Posting, Purpose, SpendDetail},
    id::PointAccountId,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    IncentivesError, IncentivesErrorBody,
    deposit::{
        AskedPosting, DETAILS_MAX, read_idempotency_id, read_occurrence, read_reference, require_details,
    },
    posting::PostingPayload,
    request::{IncentivesAnswer, Named, answer},
};
use crate::{
    json::{Faults, List, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// A spend.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SpendRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// 1 to 100.
    #[serde(borrow)]
    #[schema(value_type = Vec<SpendDetailBody>, min_items = 1, max_items = 100)]
    spend_details: List<SpendDetailBody<'a>>,
    /// Details stand each alone; default false: all or nothing.
    #[schema(value_type = Option<wire::Flag>)]
    allow_partial_success: Member<'a>,
    /// No loyalty events; default false.
    #[schema(value_type = Option<wire::Flag>)]
    disable_event_publishing: Member<'a>,
}

/// One spend.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SpendDetailBody<'a> {
    /// Points, above zero. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::PositiveAmount)]
    amount: Member<'a>,
    /// The pool; empty: the default accounts.
    #[schema(value_type = Option<Vec<Option<wire::Guid>>>)]
    point_account_ids: Member<'a>,
    /// The caller's business id; any text.
    #[schema(value_type = Option<wire::Reference>)]
    reference_id: Member<'a>,
    /// The caller's reason.
    #[schema(value_type = Option<wire::Reference>)]
    reference_type: Member<'a>,
    /// The purchase being paid.
    #[schema(value_type = Option<wire::Reference>)]
    transaction_id: Member<'a>,
    /// Overdraw where the account allows it.
    #[schema(value_type = Option<wire::Flag>)]
    force_spend: Member<'a>,
    /// Takes back earned points.
    #[schema(value_type = Option<wire::Flag>)]
    is_return: Member<'a>,
    /// Order inside the call; default 0.
    #[schema(value_type = Option<wire::Rank>)]
    rank: Member<'a>,
    /// A repeat under the same id gets the first result.
    #[schema(value_type = Option<String>, max_length = 255)]
    idempotency_id: Member<'a>,
    /// Consume only lots of this source.
    #[schema(value_type = Option<wire::Guid>)]
    point_source_id: Member<'a>,
    /// Id of the resulting ledger row.
    #[schema(value_type = Option<wire::Guid>)]
    id: Member<'a>,
    /// Time of the resulting ledger row.
    #[schema(value_type = Option<wire::Time>)]
    timestamp: Member<'a>,
    /// Id of a resulting overdraft row.
    #[schema(value_type = Option<wire::Guid>)]
    overdraft_id: Member<'a>,
    /// Time of a resulting overdraft row.
    #[schema(value_type = Option<wire::Time>)]
    overdraft_timestamp: Member<'a>,
}

/// A spend of one detail; its members stand beside those of the request.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SingleSpendRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// No loyalty events; default false.
    #[schema(value_type = Option<wire::Flag>)]
    disable_event_publishing: Member<'a>,
}

/// The body of one spend as the document shows it: it is read in its two parts.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "it is there for the document alone")]
pub struct SingleSpendBody<'a> {
    #[serde(borrow, flatten)]
    request: SingleSpendRequest<'a>,
    #[serde(flatten)]
    detail: SpendDetailBody<'a>,
}

/// Take points from a customer, once.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_points/spend",
    tag = "incentives",
    request_body = SingleSpendBody,
    responses(
        (status = 200, description = "The points were taken", body = IncentivesAnswer<PostingPayload>),
        (status = 400, description = "Malformed, or refused", body = IncentivesErrorBody),
        (status = 404, description = "No such customer or account", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn spend(state: web::Data<HttpState>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let asked = read_single(&body, state.engine().now())?;
        asked.post(state).await
    })
    .await
}

fn read_single(body: &[u8], now: Timestamp) -> Result<AskedPosting, IncentivesError> {
    let request: SingleSpendRequest<'_> = parse_object(body)?;
    let detail: SpendDetailBody<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let mut written_accounts = Vec::new();
    let (_, detail) = detail.read(&mut written_accounts, now, &mut reader);
    let disable_event_publishing =
        reader.flag("disable_event_publishing", request.disable_event_publishing).unwrap_or(false);
    let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
    let purpose = Purpose::Spend(vec![detail]);
    let posting = Posting { purpose, allow_partial_success: false, disable_event_publishing };
    Ok(AskedPosting { named, written_accounts, posting, single: true })
}

/// Take points from a customer.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_points/spend_multiple",
    tag = "incentives",
    request_body = SpendRequest,
    responses(
        (status = 200, description = "At least one detail was applied", body = IncentivesAnswer<PostingPayload>),
        (status = 400, description = "Malformed, or no detail was applied", body = IncentivesErrorBody),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn spend_multiple(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let asked = read(&body, state.engine().now())?;
        asked.post(state).await
    })
    .await
}

fn read(body: &[u8], now: Timestamp) -> Result<AskedPosting, IncentivesError> {
    let request: SpendRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    require_details("spend_details", &request.spend_details, &mut reader)?;
    let mut written_accounts = Vec::new();
    let mut details =
        reader.objects("spend_details", &request.spend_details, DETAILS_MAX, |reader, detail| {
            detail.read(&mut written_accounts, now, reader)
        });
    let allow_partial_success =
        reader.flag("allow_partial_success", request.allow_partial_success).unwrap_or(false);
    let disable_event_publishing =
        reader.flag("disable_event_publishing", request.disable_event_publishing).unwrap_or(false);
    let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
    details.sort_by_key(|(rank, _)| *rank);
    let purpose = Purpose::Spend(details.into_iter().map(|(_, detail)| detail).collect());
    Ok(AskedPosting {
        named,
        written_accounts,
        posting: Posting { purpose, allow_partial_success, disable_event_publishing },
        single: false,
    })
}

impl SpendDetailBody<'_> {
    fn read(
        &self,
        written: &mut Vec<(PointAccountId, String)>,
        now: Timestamp,
        reader: &mut Reader<'_>,
    ) -> (i64, SpendDetail) {
        let accounts = reader.elements("point_account_ids", self.point_account_ids, |reader, id| {
            let account: PointAccountId = reader.guid("", id)?;
            written.push((account, reader.text("", id)?.into_owned()));
            Some(account)
        });
        let detail = SpendDetail {
            amount: reader.required_amount("amount", self.amount),
            accounts,
            source: reader.guid("point_source_id", self.point_source_id),
            force: reader.flag("force_spend", self.force_spend).unwrap_or(false),
            is_return: reader.flag("is_return", self.is_return).unwrap_or(false),
            reference_id: read_reference(reader, "reference_id", self.reference_id),
            reference_type: read_reference(reader, "reference_type", self.reference_type),
            idempotency_id: read_idempotency_id(reader, self.idempotency_id),
            transaction_id: read_reference(reader, "transaction_id", self.transaction_id),
            occurred: read_occurrence(reader, "timestamp", self.timestamp, now),
            row: reader.guid("id", self.id),
            overdraft_row: reader.guid("overdraft_id", self.overdraft_id),
            overdraft_occurred: read_occurrence(reader, "overdraft_timestamp", self.overdraft_timestamp, now),
        };
        (reader.integer("rank", self.rank).unwrap_or(0), detail)
    }
}
