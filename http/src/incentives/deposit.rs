//! `POST /incentives/api/1.0/user_points/deposit` (incentives.md 7.1).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Timestamp,
    customer::{DepositDetail, Posting, Purpose, Reply},
    id::{PointAccountId, PointSourceId},
    time::{Span, Unit, Zone},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    IncentivesCode, IncentivesError, IncentivesErrorBody,
    posting::{Direction, Posted, PostingPayload},
    request::{IncentivesAnswer, Named, answer},
};
use crate::{
    json::{FaultCode, Faults, List, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Details of a call at most (incentives.md 1.7).
pub const DETAILS_MAX: usize = 100;
/// Characters of a reference at most.
const REFERENCE_MAX: usize = 200;
/// Characters of an idempotency id at most.
const IDEMPOTENCY_MAX: usize = 255;

/// A deposit.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DepositRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// 1 to 100.
    #[serde(borrow)]
    #[schema(value_type = Vec<DepositDetailBody>, min_items = 1, max_items = 100)]
    deposit_details: List<DepositDetailBody<'a>>,
    /// Details stand each alone, and are done in part where a limit cuts them; default false.
    #[schema(value_type = Option<wire::Flag>)]
    allow_partial_success: Member<'a>,
    /// No loyalty events, hence no tier qualification; default false.
    #[schema(value_type = Option<wire::Flag>)]
    disable_event_publishing: Member<'a>,
}

/// One deposit.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DepositDetailBody<'a> {
    /// Points, above zero. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::PositiveAmount)]
    amount: Member<'a>,
    /// Where the points go. Required.
    #[schema(value_type = wire::Guid)]
    point_account_id: Member<'a>,
    /// Where they come from; must be linked to the account. Required.
    #[schema(value_type = wire::Guid)]
    point_source_id: Member<'a>,
    /// The caller's business id; any text.
    #[schema(value_type = Option<wire::Reference>)]
    reference_id: Member<'a>,
    /// The caller's reason.
    #[schema(value_type = Option<wire::Reference>)]
    reference_type: Member<'a>,
    /// Order inside the call; default 0.
    #[schema(value_type = Option<wire::Rank>)]
    rank: Member<'a>,
    /// A repeat under the same id gets the first result.
    #[schema(value_type = Option<String>, max_length = 255)]
    idempotency_id: Member<'a>,
    /// The purchase it belongs to.
    #[schema(value_type = Option<wire::Reference>)]
    transaction_id: Member<'a>,
    /// Business time, at most two years back; default now.
    #[schema(value_type = Option<wire::Time>)]
    time_of_occurrence: Member<'a>,
}

/// Give a customer points.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_points/deposit",
    tag = "incentives",
    request_body = DepositRequest,
    responses(
        (status = 200, description = "At least one detail was applied", body = IncentivesAnswer<PostingPayload>),
        (status = 400, description = "Malformed, or no detail was applied", body = IncentivesErrorBody),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn deposit(
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

/// Give a customer points, version 2.0: the same, with `success` and `message` in the payload.
#[utoipa::path(
    post,
    path = "/incentives/api/2.0/user_points/deposit",
    operation_id = "deposit_2",
    tag = "incentives",
    request_body = DepositRequest,
    responses(
        (status = 200, description = "At least one detail was applied", body = IncentivesAnswer<PostingPayload>),
        (status = 400, description = "Malformed, or no detail was applied", body = IncentivesErrorBody),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn deposit_2(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let asked = read(&body, state.engine().now())?;
        Ok(asked.post(state).await?.in_version_2())
    })
    .await
}

/// A posting that has been read, with what its answer needs of the request.
pub struct AskedPosting {
    pub named: Named,
    pub written_accounts: Vec<(PointAccountId, String)>,
    pub posting: Posting,
    /// One detail, asked for as such: a failure is the call's.
    pub single: bool,
}

impl AskedPosting {
    /// Has the posting done.
    pub async fn post(self, state: &HttpState) -> Result<PostingPayload, IncentivesError> {
        let Self { named, written_accounts, posting, single } = self;
        let customer = named.resolve(state).await?;
        let direction = match posting.purpose {
            Purpose::Deposit(_) | Purpose::Seed(_) => Direction::Deposit,
            Purpose::Spend(_)
            | Purpose::Move(_)
            | Purpose::Expire(_)
            | Purpose::Modify(_)
            | Purpose::Reverse(_)
            | Purpose::Send(_)
            | Purpose::Receive(_)
            | Purpose::TakeBack(_) => Direction::Spend,
        };
        let outcome = state.engine().post_points(customer, posting).await;
        let program = state.program();
        let form = state.incentives_times();
        let posted =
            Posted { direction, named: &named, written_accounts: &written_accounts, program: &program, form };
        let customer = customer.to_string();
        if single && let Err(error) = outcome {
            return Err(IncentivesError::of_single(error));
        }
        match outcome {
            Ok(Reply::Posted { details, rows, at, outcomes }) => {
                Ok(posted.payload(&details, &rows, at, &customer).with_outcomes(&outcomes, &program))
            }
            Ok(
                Reply::Done
                | Reply::Credited
                | Reply::Tiers(_)
                | Reply::Settled
                | Reply::Stepped(_)
                | Reply::Merged(_)
                | Reply::Forgotten(_)
                | Reply::Triggered(_),
            ) => Err(IncentivesError::new(
                IncentivesCode::SystemError,
                "The posting got the answer to something else.",
            )),
            Err(error) => Err(IncentivesError::of_posting(error, |refused| {
                posted.payload(&refused.details, &[], refused.at, &customer)
            })),
        }
    }
}

fn read(body: &[u8], now: Timestamp) -> Result<AskedPosting, IncentivesError> {
    let request: DepositRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    require_details("deposit_details", &request.deposit_details, &mut reader)?;
    let mut written_accounts = Vec::new();
    let mut details =
        reader.objects("deposit_details", &request.deposit_details, DETAILS_MAX, |reader, detail| {
            detail.read(&mut written_accounts, now, reader)
        });
    let allow_partial_success =
        reader.flag("allow_partial_success", request.allow_partial_success).unwrap_or(false);
    let disable_event_publishing =
        reader.flag("disable_event_publishing", request.disable_event_publishing).unwrap_or(false);
    let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
    details.sort_by_key(|(rank, _)| *rank);
    let purpose = Purpose::Deposit(details.into_iter().filter_map(|(_, detail)| detail).collect());
    Ok(AskedPosting {
        named,
        written_accounts,
        posting: Posting { purpose, allow_partial_success, disable_event_publishing },
        single: false,
    })
}

/// A call has one detail at least, and not too many.
pub fn require_details<T>(
    name: &str,
    details: &List<T>,
    reader: &mut Reader<'_>,
) -> Result<(), IncentivesError> {
    match details {
        List::Present(details) if details.len() > DETAILS_MAX => {
            let message = format!("{name} must have at most {DETAILS_MAX} elements.");
            return Err(IncentivesError::new(IncentivesCode::TooManyDetails, message));
        }
        List::Present(details) if !details.is_empty() => {}
        List::Present(_) | List::Absent => {
            reader.fault(name, FaultCode::Required, "must have at least one element")
        }
        List::Wrong => {}
    }
    Ok(())
}

impl DepositDetailBody<'_> {
    /// The rank and the deposit; no deposit when something is wrong with it.
    fn read(
        &self,
        written: &mut Vec<(PointAccountId, String)>,
        now: Timestamp,
        reader: &mut Reader<'_>,
    ) -> (i64, Option<DepositDetail>) {
        let amount = reader.required_amount("amount", self.amount);
        let account: Option<PointAccountId> = reader.required_guid("point_account_id", self.point_account_id);
        let source: Option<PointSourceId> = reader.required_guid("point_source_id", self.point_source_id);
        if let (Some(account), Some(text)) = (account, reader.text("point_account_id", self.point_account_id))
        {
            written.push((account, text.into_owned()));
        }
        let reference_id = read_reference(reader, "reference_id", self.reference_id);
        let reference_type = read_reference(reader, "reference_type", self.reference_type);
        let idempotency_id = read_idempotency_id(reader, self.idempotency_id);
        let transaction_id = read_reference(reader, "transaction_id", self.transaction_id);
        let occurred = read_occurrence(reader, "time_of_occurrence", self.time_of_occurrence, now);
        let rank = reader.integer("rank", self.rank).unwrap_or(0);
        let detail = account.zip(source).map(|(account, source)| DepositDetail {
            amount,
            account,
            source,
            reference_id,
            reference_type,
            idempotency_id,
            transaction_id,
            occurred,
        });
        (rank, detail)
    }
}

/// A reference of the caller's; any text.
pub fn read_reference(reader: &mut Reader<'_>, name: &str, member: Member<'_>) -> Box<str> {
    let reference: Box<str> = reader.key(name, member).map(Into::into).unwrap_or_default();
    if reference.chars().count() > REFERENCE_MAX {
        reader.fault(name, FaultCode::TooLong, format!("must have at most {REFERENCE_MAX} characters"));
    }
    reference
}

/// An idempotency id.
pub fn read_idempotency_id(reader: &mut Reader<'_>, member: Member<'_>) -> Option<Box<str>> {
    reader.text_within("idempotency_id", member, IDEMPOTENCY_MAX)
}

/// Business time: not in the future, and at most two years back.
pub fn read_occurrence(
    reader: &mut Reader<'_>,
    name: &str,
    member: Member<'_>,
    now: Timestamp,
) -> Option<Timestamp> {
    let occurred = reader.time(name, member, &Zone::UTC)?;
    let oldest = Zone::UTC.earlier(now, Span { value: 2, unit: Unit::Year }).unwrap_or(Timestamp::MIN);
    if occurred > now {
        reader.fault(name, FaultCode::OutOfRange, "must not be in the future");
    } else if occurred < oldest {
        reader.fault(name, FaultCode::OutOfRange, "must be at most two years back");
    }
    Some(occurred)
}
