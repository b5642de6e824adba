//! `POST /transactions/api/1.0/transactions/info/get_transaction` (catalog-transactions.md D.4).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    id::{RetailerId, SaleId, StoreId},
    sale::Sale,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    TransactionsCode, TransactionsError, TransactionsErrorBody,
    request::{TransactionsAnswer, answer, check_retailer},
    transaction_object::TransactionObject,
};
use crate::{
    json::{FaultCode, Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Candidates that an ambiguous question is answered with, at most.
const CANDIDATES_MAX: usize = 10;

/// A question for one sale: by `id`, by `store_id` and `pos_transaction_id`, or by `pos_transaction_id` alone.
#[derive(Debug, Deserialize, ToSchema)]
pub struct GetTransactionRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the sale.
    #[schema(value_type = Option<wire::Guid>)]
    id: Member<'a>,
    /// The store.
    #[schema(value_type = Option<wire::Guid>)]
    store_id: Member<'a>,
    /// The till's id of the sale.
    #[schema(value_type = Option<wire::Key>)]
    pos_transaction_id: Member<'a>,
    /// Not offered yet; refused when sent.
    #[schema(value_type = Option<wire::NotOffered>)]
    receipt_code: Member<'a>,
}

/// Which sale.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Id(SaleId),
    OfStore(StoreId, Box<str>),
    OfAnyStore(Box<str>),
}

/// Read one sale.
#[utoipa::path(
    post,
    path = "/transactions/api/1.0/transactions/info/get_transaction",
    tag = "transactions",
    request_body = GetTransactionRequest,
    responses(
        (status = 200, description = "The sale", body = TransactionsAnswer<TransactionObject>),
        (status = 404, description = "`transaction_not_found`", body = TransactionsErrorBody),
        (status = 409, description = "`ambiguous_transaction`", body = TransactionsErrorBody),
    ),
)]
pub async fn get_transaction(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (retailer, wanted) = read(&body)?;
        check_retailer(state, retailer)?;
        find(state, wanted).await
    })
    .await
}

fn read(body: &[u8]) -> Result<(Option<RetailerId>, Wanted), TransactionsError> {
    let request: GetTransactionRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let retailer = reader.required_guid("retailer_id", request.retailer_id);
    if reader.key("receipt_code", request.receipt_code).is_some() {
        reader.fault(
            "receipt_code",
            FaultCode::NotOffered,
            "finding by receipt code is not offered in this release",
        );
    }
    let id = reader.guid("id", request.id);
    let store = reader.guid("store_id", request.store_id);
    let transaction = reader.key("pos_transaction_id", request.pos_transaction_id).map(Into::into);
    let wanted = match (id, store, transaction) {
        (Some(id), ..) => Wanted::Id(id),
        (None, Some(store), Some(transaction)) => Wanted::OfStore(store, transaction),
        (None, None, Some(transaction)) => Wanted::OfAnyStore(transaction),
        (None, _, None) => {
            if faults.is_empty() {
                Reader::new(&mut faults).fault(
                    "id",
                    FaultCode::Required,
                    "or pos_transaction_id is required",
                );
            }
            Wanted::OfAnyStore("".into())
        }
    };
    faults.none_or((retailer, wanted)).map_err(|faults| TransactionsError::invalid(&faults))
}

async fn find(state: &HttpState, wanted: Wanted) -> Result<TransactionObject, TransactionsError> {
    let program = state.program();
    let retailer = program.retailer().id;
    let sale = match wanted {
        Wanted::Id(id) => state.engine().sale(id).await?,
        Wanted::OfStore(store, transaction) => {
            state.engine().sale(SaleId::derive(retailer, store, &transaction)).await?
        }
        Wanted::OfAnyStore(transaction) => {
            // A sale's id follows from its store, so each store is asked; there are hundreds, and it is asked rarely.
            let mut found: Vec<(SaleId, Sale)> = Vec::new();
            for store in program.stores() {
                let id = SaleId::derive(retailer, store.id, &transaction);
                let known = state.engine().sale(id).await?.filter(|sale| sale.current().is_some());
                found.extend(known.map(|sale| (id, sale)));
                if found.len() == CANDIDATES_MAX {
                    break;
                }
            }
            if found.len() > 1 {
                return Err(TransactionsError::ambiguous(found.into_iter().map(|(id, _)| id.to_string())));
            }
            found.pop().map(|(_, sale)| sale)
        }
    };
    let object = sale.and_then(|sale| TransactionObject::new(&sale, &program));
    object.ok_or_else(|| {
        TransactionsError::new(TransactionsCode::TransactionNotFound, "No transaction of that id.")
    })
}
