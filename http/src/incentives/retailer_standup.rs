//! `POST /incentives/api/1.0/retailer_standup/…`: migration of opening balances (incentives.md 7.18).

use actix_web::{HttpRequest, HttpResponse, web};
use actors::{Seed, Seeded, StandupError};
use domain::{
    Points,
    customer::Fingerprint,
    id::{LedgerRowId, PointAccountId, PointSourceId, RetailerId},
    time::Zone,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    IncentivesCode, IncentivesError, IncentivesErrorBody,
    error::{REPLAYED, detail_code},
    request::{IncentivesAnswer, TEXT_MAX, admit_retailer, answer, find_user},
};
use crate::{
    json::{FaultCode, Faults, List, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Rows of a batch at most.
const BATCH_MAX: usize = 1_000;

/// Whose mode.
#[derive(Debug, Deserialize, ToSchema)]
pub struct StandupModeRequest<'a> {
    /// Who asks. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    requesting_retailer_id: Member<'a>,
    /// Whose mode it is. Required.
    #[schema(value_type = wire::Guid)]
    target_retailer_id: Member<'a>,
}

/// Whose mode, and its end.
#[derive(Debug, Deserialize, ToSchema)]
pub struct StandupExpirationRequest<'a> {
    /// Who asks. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    requesting_retailer_id: Member<'a>,
    /// Whose mode it is. Required.
    #[schema(value_type = wire::Guid)]
    target_retailer_id: Member<'a>,
    /// From then on it is off; now or before switches it off. Required.
    #[schema(value_type = wire::Time)]
    expiration_date_utc: Member<'a>,
}

/// A batch of issuance rows.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SeedRequest<'a> {
    /// Who asks. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    requesting_retailer_id: Member<'a>,
    /// Repeats under the same id write nothing again. Required.
    #[schema(value_type = wire::Guid)]
    request_id: Member<'a>,
    /// 1 to 1,000 rows.
    #[serde(borrow)]
    #[schema(value_type = Vec<SeedRow>, min_items = 1, max_items = 1000)]
    point_issuance_logs_batch: List<SeedRow<'a>>,
}

/// Points that a customer brings along.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SeedRow<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// Above zero. Required.
    #[schema(value_type = wire::PositiveAmount)]
    amount: Member<'a>,
    /// When they were issued; expiry counts from it. Required.
    #[schema(value_type = wire::Time)]
    time_of_occurrence: Member<'a>,
    /// Where they come from. Required.
    #[schema(value_type = wire::Guid)]
    point_source_id: Member<'a>,
    /// Where they go. Required.
    #[schema(value_type = wire::Guid)]
    point_account_id: Member<'a>,
    /// Free text.
    #[schema(value_type = Option<String>, max_length = 200)]
    modification_type: Member<'a>,
    /// What caused them.
    #[schema(value_type = Option<wire::Guid>)]
    modification_entity_id: Member<'a>,
}

/// The mode is as asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandupPayload {
    success: bool,
}

/// What became of a batch.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SeedPayload {
    /// Every row is in the ledger.
    success: bool,
    /// Rows that are in the ledger, now or by an earlier request of this id.
    processed: usize,
    /// One per row, in the order of the batch.
    results: Vec<SeedResult>,
}

/// What became of a row.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SeedResult {
    /// As sent.
    user_id: String,
    /// The row of the ledger; `""` when there is none.
    id: String,
    /// 0 done, 4 done before; else why not, as for deposits (2 and 3 account, 5 amount, time or customer, 6 source,
    /// 7 source not linked).
    error_status: u8,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    error_code: Option<&'static str>,
}

/// Switch standup mode on, so that opening balances can be seeded.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/retailer_standup/enable_standup_mode",
    tag = "incentives",
    request_body = StandupModeRequest,
    responses(
        (status = 200, description = "It is on", body = IncentivesAnswer<StandupPayload>),
    ),
)]
pub async fn enable_standup_mode(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: StandupModeRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let retailers = [
            reader.required_guid("requesting_retailer_id", request.requesting_retailer_id),
            reader.required_guid("target_retailer_id", request.target_retailer_id),
        ];
        let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
        admit_both(state, retailers)?;
        state.engine().enable_standup().await?;
        Ok(StandupPayload { success: true })
    })
    .await
}

/// Say when standup mode ends.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/retailer_standup/set_standup_mode_expiration_for_retailer",
    tag = "incentives",
    request_body = StandupExpirationRequest,
    responses(
        (status = 200, description = "It ends then", body = IncentivesAnswer<StandupPayload>),
        (status = 400, description = "Malformed, or it is off and was to be prolonged", body = IncentivesErrorBody),
    ),
)]
pub async fn set_standup_mode_expiration(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: StandupExpirationRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let retailers = [
            reader.required_guid("requesting_retailer_id", request.requesting_retailer_id),
            reader.required_guid("target_retailer_id", request.target_retailer_id),
        ];
        let at = reader.required_time("expiration_date_utc", request.expiration_date_utc, &Zone::UTC);
        let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
        admit_both(state, retailers)?;
        state.engine().expire_standup(at).await?;
        Ok(StandupPayload { success: true })
    })
    .await
}

/// Write opening balances: issuance rows with the given time, without rules, events, restrictions or tiers. Then let
/// `movement/qualifying` place each customer.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/retailer_standup/seed_point_issuance_logs",
    tag = "incentives",
    request_body = SeedRequest,
    responses(
        (status = 200, description = "What became of each row", body = IncentivesAnswer<SeedPayload>),
        (status = 400, description = "Malformed, over a limit, no row fits, or standup mode is off",
            body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`: the id came with other rows", body = IncentivesErrorBody),
    ),
)]
pub async fn seed_point_issuance_logs(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let Batch { request_id, rows } = read_batch(state, &body)?;
        let mut seeds = Vec::with_capacity(rows.len());
        let mut users = Vec::with_capacity(rows.len());
        for ReadRow { user_id, mut seed, .. } in rows {
            seed.customer = find_user(state, &user_id).await?;
            seeds.push(seed);
            users.push(user_id);
        }
        let body = fingerprint(&users, &seeds);
        let seeded = state.engine().seed(&request_id, body, &seeds).await?;
        SeedPayload::of(users, &seeded)
    })
    .await
}

/// An engine serves one retailer: both are it.
fn admit_both(state: &HttpState, retailers: [Option<RetailerId>; 2]) -> Result<(), IncentivesError> {
    retailers.into_iter().try_for_each(|retailer| admit_retailer(state, retailer))
}

struct Batch {
    request_id: String,
    rows: Vec<ReadRow>,
}

fn read_batch(state: &HttpState, body: &[u8]) -> Result<Batch, IncentivesError> {
    let request: SeedRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let retailer: Option<RetailerId> =
        reader.required_guid("requesting_retailer_id", request.requesting_retailer_id);
    let request_id: Option<LedgerRowId> = reader.required_guid("request_id", request.request_id);
    let batch = &request.point_issuance_logs_batch;
    match batch {
        List::Present(rows) if rows.len() > BATCH_MAX => {
            let message = format!("point_issuance_logs_batch must have at most {BATCH_MAX} elements.");
            return Err(IncentivesError::new(IncentivesCode::TooManyDetails, message));
        }
        List::Present(rows) if !rows.is_empty() => {}
        List::Present(_) | List::Absent => {
            reader.fault("point_issuance_logs_batch", FaultCode::Required, "must have at least one element");
        }
        List::Wrong => {}
    }
    let rows = reader.objects("point_issuance_logs_batch", batch, BATCH_MAX, |reader, row| row.read(reader));
    let read = faults.none_or(()).map(|()| request_id.zip(rows.into_iter().collect::<Option<Vec<_>>>()));
    let read = read.map_err(|faults| IncentivesError::invalid(&faults))?;
    let (request_id, rows) = read.expect("whatever is required and absent is a fault");
    let of_rows = rows.iter().map(|row| Some(row.retailer));
    std::iter::once(retailer).chain(of_rows).try_for_each(|retailer| admit_retailer(state, retailer))?;
    Ok(Batch { request_id: request_id.to_string(), rows })
}

/// A row as it was read, its customer not found yet.
struct ReadRow {
    retailer: RetailerId,
    user_id: String,
    seed: Seed,
}

impl SeedRow<'_> {
    fn read(&self, reader: &mut Reader<'_>) -> Option<ReadRow> {
        let retailer = reader.required_guid("retailer_id", self.retailer_id);
        reader.require("user_id", self.user_id);
        let user_id = reader.key("user_id", self.user_id).map(Into::into).unwrap_or_default();
        let amount: Points = reader.required_amount("amount", self.amount);
        let occurred = reader.required_time("time_of_occurrence", self.time_of_occurrence, &Zone::UTC);
        let account: Option<PointAccountId> = reader.required_guid("point_account_id", self.point_account_id);
        let source: Option<PointSourceId> = reader.required_guid("point_source_id", self.point_source_id);
        let kind = reader.text_within("modification_type", self.modification_type, TEXT_MAX);
        let entity: Option<LedgerRowId> = reader.guid("modification_entity_id", self.modification_entity_id);
        let (account, source) = account.zip(source)?;
        let seed = Seed {
            customer: None,
            amount,
            occurred,
            account,
            source,
            modification_type: kind.unwrap_or_default(),
            modification_entity_id: entity.map(|id| id.to_string().into()).unwrap_or_default(),
        };
        Some(ReadRow { retailer: retailer?, user_id, seed })
    }
}

/// What is asked for, whoever the users turn out to be. The text is stored in effect: its form never changes.
fn fingerprint(users: &[String], seeds: &[Seed]) -> Fingerprint {
    let of = |(user, seed): (&String, &Seed)| {
        let Seed { amount, occurred, account, source, modification_type, modification_entity_id, .. } = seed;
        let occurred = occurred.millis();
        let what = format!("{amount}\n{occurred}\n{account}\n{source}");
        format!("{user}\n{what}\n{modification_type}\n{modification_entity_id}")
    };
    Fingerprint::of(&users.iter().zip(seeds).map(of).collect::<Vec<_>>().join("\n\n"))
}

impl SeedPayload {
    /// A batch of which no row fits is refused, with the code of the first (incentives.md 1.2).
    fn of(users: Vec<String>, seeded: &[Seeded]) -> Result<Self, IncentivesError> {
        let results: Vec<_> = users
            .into_iter()
            .zip(seeded)
            .map(|(user_id, seeded)| SeedResult::new(user_id, *seeded))
            .collect();
        let refused = |seeded: &Seeded| match seeded {
            Seeded::Done { .. } => None,
            Seeded::Refused(status) => Some(*status),
        };
        let processed = results.iter().filter(|result| result.error_code.is_none()).count();
        let payload = Self { success: processed == results.len(), processed, results };
        match seeded.iter().find_map(refused) {
            Some(first) if processed == 0 => Err(IncentivesError::refused(first, payload)),
            Some(_) | None => Ok(payload),
        }
    }
}

impl SeedResult {
    fn new(user_id: String, seeded: Seeded) -> Self {
        let (id, error_status, error_code) = match seeded {
            Seeded::Done { row, replayed: false } => (row.to_string(), 0, None),
            Seeded::Done { row, replayed: true } => (row.to_string(), REPLAYED, None),
            Seeded::Refused(status) => {
                let (code, number) = detail_code(status);
                (String::new(), number, Some(code))
            }
        };
        Self { user_id, id, error_status, error_code }
    }
}

impl From<StandupError> for IncentivesError {
    fn from(error: StandupError) -> Self {
        let message = error.to_string();
        let code = match error {
            StandupError::Off => IncentivesCode::StandupModeRequired,
            StandupError::IdempotencyConflict => IncentivesCode::IdempotencyConflict,
            StandupError::Engine(error) => return error.into(),
        };
        Self::new(code, message)
    }
}
