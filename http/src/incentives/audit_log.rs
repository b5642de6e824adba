//! `POST /incentives/api/1.0/point_audit_logs/fetch_point_audit_logs` (incentives.md 7.3).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Timestamp,
    customer::AuditRow,
    id::{CustomerId, PointAccountId, PointSourceId},
    time::{Span, Unit, Zone},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    IncentivesCode, IncentivesError, IncentivesErrorBody,
    objects::{PointAuditLog, RowContext},
    request::{IncentivesAnswer, Named, answer, find_user, no_such_customer, read_skip},
};
use crate::{
    json::{FaultCode, Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Rows of a page: at most, and unless said otherwise (incentives.md 1.4, 1.7).
const TAKE_MAX: usize = 1_000;
const TAKE_DEFAULT: usize = 50;
/// Account or source ids of a query at most, and modification types.
const IDS_MAX: usize = 10;
const TYPES_MAX: usize = 5;
const YEAR: Span = Span { value: 1, unit: Unit::Year };
const DAYS_365: Span = Span { value: 365, unit: Unit::Day };

/// A question for rows of the ledger.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AuditLogRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// From then on; both dates absent: the last 365 days.
    #[schema(value_type = Option<wire::Time>)]
    from_date: Member<'a>,
    /// Until then; one date alone implies the other, a year away.
    #[schema(value_type = Option<wire::Time>)]
    to_date: Member<'a>,
    /// At most 10.
    #[schema(value_type = Option<Vec<Option<wire::Guid>>>, max_items = 10)]
    point_account_ids: Member<'a>,
    /// At most 10.
    #[schema(value_type = Option<Vec<Option<wire::Guid>>>, max_items = 10)]
    point_source_ids: Member<'a>,
    /// At most 5.
    #[schema(value_type = Option<Vec<Option<String>>>, max_items = 5)]
    modification_types: Member<'a>,
    /// The list of types says what to leave out; default false.
    #[schema(value_type = Option<wire::Flag>)]
    exclude_specified_modification_types: Member<'a>,
    /// Exact match.
    #[schema(value_type = Option<wire::Key>)]
    reference_id: Member<'a>,
    /// Exact match.
    #[schema(value_type = Option<wire::Key>)]
    transaction_id: Member<'a>,
    /// 1 issuance, 2 redemption, 4 expiration, 8 transfer, 16 overdraft, 32 return, 64 rollover.
    #[schema(value_type = Option<Vec<Option<wire::AuditType>>>)]
    audit_types: Member<'a>,
    /// Rows to pass over; default 0.
    #[schema(value_type = Option<wire::Skip>)]
    skip: Member<'a>,
    /// Rows to give, at most 1,000; default 50.
    #[schema(value_type = Option<wire::Take>)]
    take: Member<'a>,
    /// The same by its other name.
    #[schema(value_type = Option<wire::Take>)]
    count: Member<'a>,
    /// `desc` (default) or `asc`, by time of occurrence, then id.
    #[schema(value_type = Option<wire::SortDirection>)]
    sort_direction: Member<'a>,
}

/// A page of rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditLogPayload {
    /// Rows that match, on all pages.
    total_records: usize,
    /// The page.
    results: Vec<PointAuditLog>,
}

/// Read the ledger of a customer.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/point_audit_logs/fetch_point_audit_logs",
    tag = "incentives",
    request_body = AuditLogRequest,
    responses(
        (status = 200, description = "A page of rows", body = IncentivesAnswer<AuditLogPayload>),
        (status = 400, description = "Malformed, or over a limit", body = IncentivesErrorBody),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
    ),
)]
pub async fn fetch_point_audit_logs(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (named, query) = read(&body, state.engine().now())?;
        find(state, &named, &query).await
    })
    .await
}

/// Which rows, in which order.
#[derive(Debug)]
struct RowQuery {
    from: Timestamp,
    to: Timestamp,
    accounts: Vec<PointAccountId>,
    sources: Vec<PointSourceId>,
    types: Vec<String>,
    types_excluded: bool,
    reference_id: Option<Box<str>>,
    transaction_id: Option<Box<str>>,
    audit_types: Vec<u8>,
    skip: usize,
    take: usize,
    ascending: bool,
}

fn read(body: &[u8], now: Timestamp) -> Result<(Named, RowQuery), IncentivesError> {
    let request: AuditLogRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let query = request.read_query(now, &mut reader);
    let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
    query.check_limits()?;
    Ok((named, query))
}

impl AuditLogRequest<'_> {
    fn read_query(&self, now: Timestamp, reader: &mut Reader<'_>) -> RowQuery {
        let (from, to) = interval(
            reader.time("from_date", self.from_date, &Zone::UTC),
            reader.time("to_date", self.to_date, &Zone::UTC),
            now,
        );
        let direction = reader.text("sort_direction", self.sort_direction);
        let ascending = direction.as_deref().is_some_and(|direction| direction.eq_ignore_ascii_case("asc"));
        if direction.is_some_and(|direction| !ascending && !direction.eq_ignore_ascii_case("desc")) {
            reader.fault("sort_direction", FaultCode::NotInList, "must be asc or desc");
        }
        let excluded =
            reader.flag("exclude_specified_modification_types", self.exclude_specified_modification_types);
        let take: Option<u32> =
            reader.integer("take", self.take).or_else(|| reader.integer("count", self.count));
        let skip = read_skip(reader, self.skip);
        RowQuery {
            from,
            to,
            accounts: reader
                .elements("point_account_ids", self.point_account_ids, |reader, id| reader.guid("", id)),
            sources: reader
                .elements("point_source_ids", self.point_source_ids, |reader, id| reader.guid("", id)),
            types: reader.elements("modification_types", self.modification_types, |reader, kind| {
                reader.text("", kind).map(Into::into)
            }),
            types_excluded: excluded.unwrap_or(false),
            reference_id: reader.key("reference_id", self.reference_id).map(Into::into),
            transaction_id: reader.key("transaction_id", self.transaction_id).map(Into::into),
            audit_types: reader
                .elements("audit_types", self.audit_types, |reader, kind| reader.integer("", kind)),
            skip,
            take: take.map_or(TAKE_DEFAULT, |take| usize::try_from(take).unwrap_or(usize::MAX)),
            ascending,
        }
    }
}

/// Both absent: the last 365 days. One alone: a year from it.
fn interval(from: Option<Timestamp>, to: Option<Timestamp>, now: Timestamp) -> (Timestamp, Timestamp) {
    let before = |at, span| Zone::UTC.earlier(at, span).unwrap_or(Timestamp::MIN);
    match (from, to) {
        (Some(from), Some(to)) => (from, to),
        (Some(from), None) => (from, Zone::UTC.later(from, YEAR).unwrap_or(Timestamp::MAX)),
        (None, Some(to)) => (before(to, YEAR), to),
        (None, None) => (before(now, DAYS_365), now),
    }
}

impl RowQuery {
    fn check_limits(&self) -> Result<(), IncentivesError> {
        let span_end = Zone::UTC.later(self.from, YEAR).unwrap_or(Timestamp::MAX);
        let over = [
            (self.take > TAKE_MAX, IncentivesCode::TakeTooLarge, "take must be at most 1000."),
            (
                self.to > span_end,
                IncentivesCode::DateRangeTooLong,
                "from_date and to_date must be at most a year apart.",
            ),
            (
                self.accounts.len() > IDS_MAX,
                IncentivesCode::TooManyPointAccounts,
                "At most 10 point_account_ids.",
            ),
            (
                self.sources.len() > IDS_MAX,
                IncentivesCode::TooManyPointSources,
                "At most 10 point_source_ids.",
            ),
            (
                self.types.len() > TYPES_MAX,
                IncentivesCode::TooManyModificationTypes,
                "At most 5 modification_types.",
            ),
        ];
        match over.into_iter().find(|(over, ..)| *over) {
            Some((_, code, message)) => Err(IncentivesError::new(code, message)),
            None => Ok(()),
        }
    }

    fn matches(&self, row: &AuditRow) -> bool {
        let cause = &row.caused_by;
        let listed = self.types.iter().any(|kind| **kind == *cause.modification_type);
        let by_type = self.types.is_empty() || listed != self.types_excluded;
        by_type
            && (self.from..=self.to).contains(&row.occurred)
            && (self.accounts.is_empty() || self.accounts.contains(&row.account))
            && (self.sources.is_empty() || row.source.is_some_and(|source| self.sources.contains(&source)))
            && (self.audit_types.is_empty() || self.audit_types.contains(&row.kind.number()))
            && self.reference_id.as_ref().is_none_or(|wanted| *wanted == cause.modification_entity_id)
            && self.transaction_id.as_ref().is_none_or(|wanted| *wanted == cause.transaction_id)
    }
}

async fn find(
    state: &HttpState,
    named: &Named,
    query: &RowQuery,
) -> Result<AuditLogPayload, IncentivesError> {
    let (customer, all) = rows_of(state, named).await?;
    let mut rows: Vec<&AuditRow> = all.iter().filter(|row| query.matches(row)).collect();
    rows.sort_by_key(|row| (row.occurred, row.id));
    if !query.ascending {
        rows.reverse();
    }
    let program = state.program();
    let customer = customer.to_string();
    let form = state.incentives_times();
    let context = RowContext { retailer_id: &named.retailer_id, user_id: &customer, form };
    let page = rows.iter().skip(query.skip).take(query.take);
    Ok(AuditLogPayload {
        total_records: rows.len(),
        results: page.map(|row| PointAuditLog::new(row, context, &program)).collect(),
    })
}

/// The ledger of a customer, or what stays of one that was erased (incentives.md 7.17).
async fn rows_of(state: &HttpState, named: &Named) -> Result<(CustomerId, Vec<AuditRow>), IncentivesError> {
    named.admit(state)?;
    let engine = state.engine();
    if let Some(customer) = find_user(state, &named.user_id).await? {
        let log = engine.audit_log(customer).await?.ok_or_else(no_such_customer)?;
        return Ok((customer, log.into_rows()));
    }
    let tombstone = named.user_id.parse::<CustomerId>().map_err(|_| no_such_customer())?;
    let rows = engine.buried(tombstone).await?.ok_or_else(no_such_customer)?;
    Ok((tombstone, rows))
}
