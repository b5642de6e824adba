//! `POST /incentives/api/1.0/point_audit_logs/explain`. Ours: the platform has nothing of the kind.
//!
//! Asked for a row of the ledger, a change of level, an event, or a sale. The answer has one member for what was asked
//! for:
//!
//! * `row`: the row as the audit log shows it (`audit_log`); its `cause`, with the ids of what caused it; the `lots` it
//!   drew from, in order; the `limits` that cut it, in the order in which they were checked; the row on the
//!   `other_side` of a transfer or rollover; the rule tree with its version, every node with the value that was
//!   compared, and every outcome with what it was computed from; and the `decision` it was part of.
//! * `tier_movement`: the change, the trees that decided about it or the outcome that caused it, and what became of
//!   what joining the level gives.
//! * `event`: as for a sale, what came of an event that was reported or raised.
//! * `sale`: per version and member, all trees that were candidates, where each failed, what became of each outcome,
//!   the rows, the changes of level, and what was not taken back.
//!
//! Each `decision` says whether it is `reproduced`: decided once more from what was before it, by the program of then,
//! exactly what was recorded comes out. If not, `not_reproduced_because` says why, and what is shown of trees is what
//! the program of then says of the customer of then; rows, lots and refusals are always what was recorded.

mod cause;
mod decision;
mod event;
mod level;
mod limit;
mod row;
mod sale;
mod tree;

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    customer::{AuditRow, TierMovement},
    id::{CustomerId, LedgerRowId, RetailerId, SaleId, StoreId, TierMovementId},
    sale::Sale,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use self::{event::EventAnswer, level::TierMovementExplanation, row::RowAnswer, sale::SaleExplanation};
use crate::{
    incentives::{
        IncentivesCode, IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, admit_retailer, answer, find_user, no_such_customer},
    },
    json::{FaultCode, Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// A question for the reasons of a row, a change of level, an event, or a sale; of exactly one of them.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ExplainRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The customer: the platform's id, any id in another system, or the id under which the rows of an erased customer
    /// stay. Required but for a sale, where it names the one member that is asked about.
    #[schema(value_type = Option<wire::Key>)]
    user_id: Member<'a>,
    /// A row of the ledger.
    #[schema(value_type = Option<wire::Guid>)]
    point_audit_log_id: Member<'a>,
    /// A change of level.
    #[schema(value_type = Option<wire::Guid>)]
    tier_movement_id: Member<'a>,
    /// An event: the `id` that reporting it was answered with, the `request_id` of its rows.
    #[schema(value_type = Option<wire::Guid>)]
    event_id: Member<'a>,
    /// A sale by the platform's id of it: the `request_id` of its rows, the `id` of `get_transaction`.
    #[schema(value_type = Option<wire::Guid>)]
    sale_id: Member<'a>,
    /// A sale by the till's id of it.
    #[schema(value_type = Option<wire::Key>)]
    transaction_id: Member<'a>,
    /// The store of `transaction_id`; not needed where only one store has a sale of that id.
    #[schema(value_type = Option<wire::Guid>)]
    store_id: Member<'a>,
}

/// Why. One of its members is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplainPayload {
    /// Of a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<RowAnswer>,
    /// Of a change of level.
    #[serde(skip_serializing_if = "Option::is_none")]
    tier_movement: Option<TierMovementExplanation>,
    /// Of an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventAnswer>,
    /// Of a sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    sale: Option<SaleExplanation>,
}

/// Why a row, a change of level, or what an event or a sale gave, is as it is.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/point_audit_logs/explain",
    tag = "incentives",
    request_body = ExplainRequest,
    responses(
        (status = 200, description = "Why", body = IncentivesAnswer<ExplainPayload>),
        (status = 400, description = "Malformed, or not exactly one thing is asked for", body = IncentivesErrorBody),
        (status = 404, description = "`user_not_found`, `audit_log_not_found`, `tier_movement_not_found`, \
            `event_not_found`, `transaction_not_found`", body = IncentivesErrorBody),
        (status = 409, description = "`ambiguous_transaction`: name the store, too", body = IncentivesErrorBody),
    ),
)]
pub async fn explain(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let question = read(&body)?;
        admit_retailer(state, question.retailer)?;
        question.answer(state).await
    })
    .await
}

/// A question that has been read.
struct Question {
    retailer: Option<RetailerId>,
    retailer_id: String,
    user_id: Option<String>,
    about: About,
}

/// What is asked about.
enum About {
    Row(LedgerRowId),
    Movement(TierMovementId),
    Event(Uuid),
    Sale(SaleId),
    Transaction(Option<StoreId>, Box<str>),
}

fn read(body: &[u8]) -> Result<Question, IncentivesError> {
    let request: ExplainRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let retailer: Option<RetailerId> = reader.required_guid("retailer_id", request.retailer_id);
    let retailer_id = retailer.and_then(|_| reader.key("retailer_id", request.retailer_id));
    let retailer_id = retailer_id.map(Into::into).unwrap_or_default();
    let user_id: Option<String> = reader.key("user_id", request.user_id).map(Into::into);
    let about = request.about(user_id.is_some(), &mut reader);
    let read = about.map(|about| Question { retailer, retailer_id, user_id, about });
    let read = faults.none_or(read).map_err(|faults| IncentivesError::invalid(&faults))?;
    Ok(read.expect("what is not asked about is a fault"))
}

impl ExplainRequest<'_> {
    fn about(&self, has_user: bool, reader: &mut Reader<'_>) -> Option<About> {
        let asked = [
            ("point_audit_log_id", self.point_audit_log_id),
            ("tier_movement_id", self.tier_movement_id),
            ("event_id", self.event_id),
            ("sale_id", self.sale_id),
            ("transaction_id", self.transaction_id),
        ];
        let mut sent = Vec::new();
        for (name, member) in asked {
            sent.extend(reader.key(name, member).map(|_| name));
        }
        let [name] = sent.as_slice() else {
            let message =
                "or else one of tier_movement_id, event_id, sale_id and transaction_id: exactly one";
            reader.fault("point_audit_log_id", FaultCode::Required, message);
            return None;
        };
        if !has_user && !matches!(*name, "sale_id" | "transaction_id") {
            reader.require("user_id", self.user_id);
        }
        let store = reader.guid("store_id", self.store_id);
        match *name {
            "point_audit_log_id" => reader.guid(name, self.point_audit_log_id).map(About::Row),
            "tier_movement_id" => reader.guid(name, self.tier_movement_id).map(About::Movement),
            "event_id" => {
                let id = reader.key(name, self.event_id)?;
                let id = Uuid::parse_str(id.trim());
                if id.is_err() {
                    reader.fault(name, FaultCode::Format, "not a GUID");
                }
                id.ok().map(About::Event)
            }
            "sale_id" => reader.guid(name, self.sale_id).map(About::Sale),
            _ => {
                let id = reader.key(name, self.transaction_id);
                id.map(|id| About::Transaction(store, id.into_owned().into()))
            }
        }
    }
}

impl Question {
    async fn answer(&self, state: &HttpState) -> Result<ExplainPayload, IncentivesError> {
        let mut payload = ExplainPayload { row: None, tier_movement: None, event: None, sale: None };
        match &self.about {
            About::Row(row) => payload.row = Some(self.row(state, *row).await?),
            About::Movement(movement) => payload.tier_movement = Some(self.movement(state, *movement).await?),
            About::Event(event) => payload.event = Some(self.event(state, *event).await?),
            About::Sale(sale) => payload.sale = Some(self.sale(state, *sale).await?),
            About::Transaction(store, id) => {
                let sale = sale_of(state, *store, id).await?;
                payload.sale = Some(self.sale(state, sale).await?);
            }
        }
        Ok(payload)
    }

    async fn row(&self, state: &HttpState, id: LedgerRowId) -> Result<RowAnswer, IncentivesError> {
        let user_id = self.user_id.as_deref().unwrap_or_default();
        let Some(customer) = find_user(state, user_id).await? else {
            let tombstone = user_id.parse::<CustomerId>().map_err(|_| no_such_customer())?;
            let rows = state.engine().buried(tombstone).await?.ok_or_else(no_such_customer)?;
            let row: Option<&AuditRow> = rows.iter().find(|row| row.id == id);
            let row = row.ok_or_else(no_such_row)?;
            return RowAnswer::of_erased(row, &self.retailer_id, tombstone, state);
        };
        let explained = state.engine().explain_row(customer, id).await?;
        let (row, record) = explained.ok_or_else(no_such_row)?;
        RowAnswer::new(&row, &record, &self.retailer_id, customer, state)
    }

    async fn movement(
        &self,
        state: &HttpState,
        id: TierMovementId,
    ) -> Result<TierMovementExplanation, IncentivesError> {
        let user_id = self.user_id.as_deref().unwrap_or_default();
        let customer = find_user(state, user_id).await?.ok_or_else(no_such_customer)?;
        let explained = state.engine().explain_tier_movement(customer, id).await?;
        let no_such =
            || IncentivesError::new(IncentivesCode::TierMovementNotFound, "No such change of level.");
        let ((place, movement), record): ((usize, TierMovement), _) = explained.ok_or_else(no_such)?;
        Ok(TierMovementExplanation::alone(&movement, place, &record, state))
    }

    async fn event(&self, state: &HttpState, id: Uuid) -> Result<EventAnswer, IncentivesError> {
        let user_id = self.user_id.as_deref().unwrap_or_default();
        let customer = find_user(state, user_id).await?.ok_or_else(no_such_customer)?;
        let explained = state.engine().explain_event(customer, id).await?;
        let no_such =
            || IncentivesError::new(IncentivesCode::EventNotFound, "Nothing of that id has happened.");
        let (place, record) = explained.ok_or_else(no_such)?;
        EventAnswer::new(place, &record, state)?.ok_or_else(no_such)
    }

    async fn sale(&self, state: &HttpState, id: SaleId) -> Result<SaleExplanation, IncentivesError> {
        let only = match self.user_id.as_deref() {
            None => None,
            Some(user_id) => Some(find_user(state, user_id).await?.ok_or_else(no_such_customer)?),
        };
        let explained = state.engine().explain_sale(id, only).await?.ok_or_else(no_such_sale)?;
        SaleExplanation::new(&explained, state)
    }
}

fn no_such_row() -> IncentivesError {
    IncentivesError::new(IncentivesCode::AuditLogNotFound, "No such row of the ledger.")
}

fn no_such_sale() -> IncentivesError {
    IncentivesError::new(IncentivesCode::TransactionNotFound, "No transaction of that id.")
}

/// The sale of a till's id, of one store or of the only one that has it. Rows show the platform's id of a sale, too,
/// and clients send back what they see.
async fn sale_of(state: &HttpState, store: Option<StoreId>, id: &str) -> Result<SaleId, IncentivesError> {
    let (program, engine) = (state.program(), state.engine());
    let retailer = program.retailer().id;
    if let Some(store) = store {
        return Ok(SaleId::derive(retailer, store, id));
    }
    if let Ok(sale) = id.parse::<SaleId>()
        && engine.sale(sale).await?.is_some()
    {
        return Ok(sale);
    }
    let mut found = Vec::new();
    for store in program.stores() {
        let sale = SaleId::derive(retailer, store.id, id);
        let known: Option<Sale> = engine.sale(sale).await?;
        found.extend(known.map(|_| sale));
        if found.len() > 1 {
            let message = "Several stores have a transaction of that id: name the store, too.";
            return Err(IncentivesError::new(IncentivesCode::AmbiguousTransaction, message));
        }
    }
    found.pop().ok_or_else(no_such_sale)
}
