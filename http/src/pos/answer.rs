//! The answer to a sale that was taken (pos-offers.md B.10, catalog-transactions.md D.1).

use domain::{
    id::SaleId,
    sale::{Outcome, Receipt},
};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::json::wire;

use super::error::PosErrorBody;

/// The container of a success.
#[derive(Serialize, ToSchema)]
pub struct SendTransactionAnswer<'a> {
    /// `OK`.
    #[schema(value_type = wire::StatusOkUpper)]
    status: &'static str,
    /// What was taken.
    payload: SendTransactionPayload<'a>,
}

/// What a till is answered with 200, as the document shows it.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is there for the document alone")]
pub enum SendTransactionOutcome<'a> {
    /// The sale is stored.
    Taken(SendTransactionAnswer<'a>),
    /// It is refused.
    Refused(PosErrorBody<'a>),
}

/// What was taken. The same for every repeat of the request: it is made of the remembered receipt alone.
#[derive(Serialize, ToSchema)]
#[schema(as = SendTransactionReceipt)]
pub struct SendTransactionPayload<'a> {
    /// The till's id of the sale.
    #[schema(value_type = String)]
    transaction_id: &'a str,
    /// The platform's id of the sale.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, format = "uuid")]
    id: SaleId,
    /// The same, by the name that tills know.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, format = "uuid")]
    queued_id: SaleId,
    /// The revision in force.
    revision: u32,
    /// `queued`: durably stored; points appear at once or a little later.
    #[schema(value_type = String)]
    state: &'static str,
    /// The version in force, once more.
    duplicate: bool,
    /// What was odd and is no reason to refuse a sale.
    #[schema(value_type = Vec<String>)]
    warnings: Vec<&'static str>,
}

fn as_text<S: Serializer>(id: &SaleId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

impl<'a> SendTransactionAnswer<'a> {
    /// The answer to a receipt.
    pub fn to(receipt: &'a Receipt) -> Self {
        let duplicate = match receipt.outcome {
            Outcome::Duplicate => true,
            Outcome::Accepted | Outcome::NoChange | Outcome::Stale => false,
        };
        let payload = SendTransactionPayload {
            transaction_id: &receipt.transaction_id,
            id: receipt.sale,
            queued_id: receipt.sale,
            revision: receipt.revision,
            state: "queued",
            duplicate,
            warnings: receipt.warnings.iter().map(|warning| warning.name()).collect(),
        };
        Self { status: "OK", payload }
    }
}
