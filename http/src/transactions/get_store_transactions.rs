//! `POST /transactions/api/1.0/transactions/info/get_store_transactions` (catalog-transactions.md D.4).

use actix_web::{HttpRequest, HttpResponse, web};
use actors::{SaleDate, SaleFilter, SaleQuery, SaleSort, SortDirection, fingerprint};
use domain::{
    Timestamp,
    id::{CustomerId, RetailerId, StoreId},
    identifier::Identifier,
    time::Zone,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    TransactionsCode, TransactionsError, TransactionsErrorBody,
    request::{TransactionsAnswer, answer, check_retailer},
    token::PageToken,
    transaction_object::TransactionObject,
};
use crate::{
    json::{
        FaultCode, Faults, Member, Reader, parse_object, wire,
        wire::{wire_types, words},
    },
    state::HttpState,
};

/// Stores of a query at most; rows of a page at most, and unless said otherwise; rows to pass over at most (A.5, D.4).
const STORES_MAX: usize = 100;
const TAKE_MAX: usize = 1_000;
const TAKE_DEFAULT: usize = 50;
const SKIP_MAX: usize = 10_000;
const DAY_MS: i64 = 86_400_000;
/// Days of a query unless said otherwise, and at most.
const DAYS_DEFAULT: i64 = 7;
const DAYS_MAX: i64 = 92;

/// A question for the sales of stores.
#[derive(Debug, Deserialize, ToSchema)]
pub struct GetStoreTransactionsRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The store; this or `store_ids` is required.
    #[serde(alias = "storeId")]
    #[schema(value_type = Option<wire::Guid>)]
    store_id: Member<'a>,
    /// At most 100 stores.
    #[schema(value_type = Option<Vec<Option<wire::Guid>>>, max_items = 100)]
    store_ids: Member<'a>,
    /// From then on; default 7 days before `end_date`.
    #[schema(value_type = Option<wire::Time>)]
    start_date: Member<'a>,
    /// Before then; default now. At most 92 days after `start_date`.
    #[schema(value_type = Option<wire::Time>)]
    end_date: Member<'a>,
    /// `open_time` (default), `modified_time`, `sm_transaction_process_date`.
    #[schema(value_type = Option<SaleDateField>)]
    date_field: Member<'a>,
    /// The member who pays, by the platform's id or any other.
    #[schema(value_type = Option<wire::Key>)]
    user_id: Member<'a>,
    /// Exact match.
    #[schema(value_type = Option<wire::Key>)]
    pos_transaction_id: Member<'a>,
    /// Exact match.
    #[schema(value_type = Option<wire::Key>)]
    pos_employee_id: Member<'a>,
    /// Exact match.
    #[schema(value_type = Option<String>)]
    channel: Member<'a>,
    /// Only settled ones, or only open ones.
    #[schema(value_type = Option<wire::Flag>)]
    is_closed: Member<'a>,
    /// Only cancelled ones, or only others.
    #[schema(value_type = Option<wire::Flag>)]
    is_voided: Member<'a>,
    /// At least.
    #[schema(value_type = Option<wire::Amount>)]
    min_check_amount: Member<'a>,
    /// At most.
    #[schema(value_type = Option<wire::Amount>)]
    max_check_amount: Member<'a>,
    /// Not offered yet; refused when sent.
    #[schema(value_type = Option<wire::NotOffered>)]
    normalization_status: Member<'a>,
    /// Rows to pass over, at most 10,000; default 0.
    #[schema(value_type = Option<u32>, maximum = 10000)]
    skip: Member<'a>,
    /// Rows to give, 1 to 1,000; default 50.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    take: Member<'a>,
    /// Where an earlier page ended; wins over `skip`.
    #[schema(value_type = Option<String>)]
    pagination_token: Member<'a>,
    /// `open_time` (default), `modified_time`, `sm_transaction_process_date`, `check_amount`, `pos_transaction_id`.
    #[schema(value_type = Option<SaleSortField>)]
    sort_by: Member<'a>,
    /// `desc` (default) or `asc`.
    #[schema(value_type = Option<wire::SortDirection>)]
    sort_direction: Member<'a>,
}

wire_types! {
    /// Which time of a sale is meant.
    SaleDateField => words(&["open_time", "modified_time", "sm_transaction_process_date"]);
    /// What sales are sorted by.
    SaleSortField => words(
        &["open_time", "modified_time", "sm_transaction_process_date", "check_amount", "pos_transaction_id"]
    );
}

/// A page of sales.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoreTransactionsPayload {
    /// Sales that match, on all pages.
    total_records: usize,
    /// For the next page; null on the last one.
    pagination_token: Option<String>,
    /// The page.
    results: Vec<TransactionObject>,
}

/// List the sales of stores.
#[utoipa::path(
    post,
    path = "/transactions/api/1.0/transactions/info/get_store_transactions",
    tag = "transactions",
    request_body = GetStoreTransactionsRequest,
    responses(
        (status = 200, description = "A page of sales", body = TransactionsAnswer<StoreTransactionsPayload>),
        (
            status = 400,
            description = "Malformed, over a limit, or a token of another query",
            body = TransactionsErrorBody,
        ),
        (status = 404, description = "`store_not_found`, `user_not_found`", body = TransactionsErrorBody),
    ),
)]
pub async fn get_store_transactions(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let asked = read(&body, state.engine().now())?;
        check_retailer(state, asked.retailer)?;
        find(state, asked).await
    })
    .await
}

/// A query as asked: the member and the page token are still texts.
struct Asked {
    retailer: Option<RetailerId>,
    user_id: Option<String>,
    token: Option<String>,
    query: SaleQuery,
    /// The interval was left open at the end, so it moves with the clock.
    until_now: bool,
}

fn read(body: &[u8], now: Timestamp) -> Result<Asked, TransactionsError> {
    let request: GetStoreTransactionsRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let retailer = reader.required_guid("retailer_id", request.retailer_id);
    let stores = request.read_stores(&mut reader);
    let end = reader.time("end_date", request.end_date, &Zone::UTC);
    let to = end.unwrap_or(now.plus_millis(1));
    let start = reader.time("start_date", request.start_date, &Zone::UTC);
    let from = start.unwrap_or(to.plus_millis(-DAYS_DEFAULT * DAY_MS));
    let date_field = request.read_date_field(&mut reader);
    let filter = request.read_filter(&mut reader);
    let user_id = reader.key("user_id", request.user_id).map(Into::into);
    let token = reader.text("pagination_token", request.pagination_token).map(Into::into);
    let sort = request.read_sort(&mut reader)?;
    let direction = request.read_direction(&mut reader);
    let skip = reader
        .integer::<u32>("skip", request.skip)
        .map_or(0, |skip| usize::try_from(skip).unwrap_or(usize::MAX));
    let take = reader.integer::<u32>("take", request.take);
    let take = take.map_or(TAKE_DEFAULT, |take| usize::try_from(take).unwrap_or(usize::MAX));
    if skip > SKIP_MAX {
        reader.fault("skip", FaultCode::OutOfRange, "must be at most 10000");
    }
    if !(1..=TAKE_MAX).contains(&take) {
        reader.fault("take", FaultCode::OutOfRange, "must be between 1 and 1000");
    }
    let () = faults.none_or(()).map_err(|faults| TransactionsError::invalid(&faults))?;
    if to.millis().saturating_sub(from.millis()) > DAYS_MAX * DAY_MS {
        let message = "start_date and end_date must be at most 92 days apart.";
        return Err(TransactionsError::new(TransactionsCode::DateRangeTooLarge, message));
    }
    let query = SaleQuery { stores, date_field, from, to, filter, sort, direction, skip, take, after: None };
    Ok(Asked { retailer, user_id, token, query, until_now: end.is_none() })
}

impl GetStoreTransactionsRequest<'_> {
    fn read_stores(&self, reader: &mut Reader<'_>) -> Vec<StoreId> {
        let mut stores = reader.elements("store_ids", self.store_ids, |reader, store| reader.guid("", store));
        stores.extend(reader.guid::<StoreId>("store_id", self.store_id));
        stores.sort_unstable();
        stores.dedup();
        if stores.is_empty() {
            reader.fault("store_id", FaultCode::Required, "or store_ids is required");
        }
        if stores.len() > STORES_MAX {
            reader.fault("store_ids", FaultCode::Limit, "must have at most 100 elements");
        }
        stores
    }

    fn read_date_field(&self, reader: &mut Reader<'_>) -> SaleDate {
        match reader.text("date_field", self.date_field).as_deref() {
            None | Some("open_time") => SaleDate::Opened,
            Some("modified_time") => SaleDate::Modified,
            Some("sm_transaction_process_date") => SaleDate::Processed,
            Some(_) => {
                let known = "must be open_time, modified_time or sm_transaction_process_date";
                reader.fault("date_field", FaultCode::NotInList, known);
                SaleDate::Opened
            }
        }
    }

    fn read_filter(&self, reader: &mut Reader<'_>) -> SaleFilter {
        if reader.text("normalization_status", self.normalization_status).is_some() {
            let message = "this filter is not offered in this release";
            reader.fault("normalization_status", FaultCode::NotOffered, message);
        }
        SaleFilter {
            customer: None,
            transaction_id: reader.key("pos_transaction_id", self.pos_transaction_id).map(Into::into),
            pos_employee_id: reader.key("pos_employee_id", self.pos_employee_id).map(Into::into),
            channel: reader.boxed("channel", self.channel),
            is_closed: reader.flag("is_closed", self.is_closed),
            is_voided: reader.flag("is_voided", self.is_voided),
            min_check_amount: reader.amount("min_check_amount", self.min_check_amount),
            max_check_amount: reader.amount("max_check_amount", self.max_check_amount),
        }
    }

    fn read_sort(&self, reader: &mut Reader<'_>) -> Result<SaleSort, TransactionsError> {
        match reader.text("sort_by", self.sort_by).as_deref() {
            None | Some("open_time") => Ok(SaleSort::Opened),
            Some("modified_time") => Ok(SaleSort::Modified),
            Some("sm_transaction_process_date") => Ok(SaleSort::Processed),
            Some("check_amount") => Ok(SaleSort::CheckAmount),
            Some("pos_transaction_id") => Ok(SaleSort::TransactionId),
            Some(other) => {
                let message = format!("It is not possible to sort by {other}.");
                Err(TransactionsError::new(TransactionsCode::InvalidSortField, message))
            }
        }
    }

    fn read_direction(&self, reader: &mut Reader<'_>) -> SortDirection {
        match reader.text("sort_direction", self.sort_direction).as_deref() {
            None => SortDirection::Descending,
            Some(direction) if direction.eq_ignore_ascii_case("desc") => SortDirection::Descending,
            Some(direction) if direction.eq_ignore_ascii_case("asc") => SortDirection::Ascending,
            Some(_) => {
                reader.fault("sort_direction", FaultCode::NotInList, "must be asc or desc");
                SortDirection::Descending
            }
        }
    }
}

async fn find(state: &HttpState, asked: Asked) -> Result<StoreTransactionsPayload, TransactionsError> {
    let program = state.program();
    if let Some(unknown) = asked.query.stores.iter().find(|store| program.store(**store).is_none()) {
        let message = format!("There is no store {unknown}.");
        return Err(TransactionsError::new(TransactionsCode::StoreNotFound, message));
    }
    let now = state.engine().now();
    let same_query = fingerprint_of(&asked);
    let Asked { user_id, token, mut query, .. } = asked;
    if let Some(user_id) = user_id {
        query.filter.customer = Some(customer_of(state, &user_id).await?);
    }
    if let Some(token) = token {
        query.after = Some(PageToken::read(&token, same_query, now, state.verifier())?);
        query.skip = 0;
    }
    let page = state.engine().find_sales(query).await?;
    let objects = page.sales.iter().filter_map(|sale| TransactionObject::new(sale, &program));
    Ok(StoreTransactionsPayload {
        total_records: page.total,
        pagination_token: page.next.map(|next| PageToken::new(next, same_query, now).write(state.verifier())),
        results: objects.collect(),
    })
}

async fn customer_of(state: &HttpState, user_id: &str) -> Result<CustomerId, TransactionsError> {
    if let Ok(id) = user_id.parse::<CustomerId>() {
        let known = state.engine().read_customer(id, |customer, _, _| customer.identity().is_some()).await?;
        if known == Some(true) {
            return Ok(id);
        }
    }
    let found = state.engine().find_customer(&Identifier::external(user_id)).await?;
    found.ok_or_else(|| TransactionsError::new(TransactionsCode::UserNotFound, "No such customer."))
}

/// What must be the same on all pages: everything but where the page begins and how long it is. An interval that ends
/// now moves with the clock, so its ends are left out.
fn fingerprint_of(asked: &Asked) -> u64 {
    let Asked { user_id, query, until_now, .. } = asked;
    let interval = if *until_now { None } else { Some((query.from, query.to)) };
    let SaleQuery { stores, date_field, filter, sort, direction, .. } = query;
    fingerprint(
        format!("{stores:?} {date_field:?} {interval:?} {user_id:?} {filter:?} {sort:?} {direction:?}")
            .as_bytes(),
    )
}
