//! What a client does, and what it comes to.

use std::fmt::Write;

use serde_json::{Value, json};

use super::till::{Ask, Surface};
use crate::server::{RETAILER, STORE};

/// The account that purchases are credited to.
pub const POINTS: &str = "9a000000-0000-4000-8000-000000000001";
const SOURCE: &str = "9a000000-0000-4000-8000-000000000012";

/// Something that changes what members have; sent again with the same ids until it is answered.
#[derive(Debug, Clone)]
pub enum Deed {
    /// A new member.
    Join { member: String },
    /// A version of a sale.
    Sale(Sale),
    /// Several sales in one streamed request.
    Sales(Vec<Sale>),
    /// Points given.
    Deposit { member: String, amount: i64, key: String },
    /// Points spent.
    Spend { member: String, amount: i64, key: String },
    /// Points given to another member.
    Transfer { from: String, to: String, amount: i64, key: String },
}

/// A version of a sale.
#[derive(Debug, Clone)]
pub struct Sale {
    pub id: String,
    pub member: String,
    /// Dollars, and so points.
    pub amount: i64,
    /// Dollars of the version before it.
    pub before: i64,
    /// From 1 on.
    pub version: u32,
}

/// What a member gets by a deed.
pub type Change<'a> = (&'a str, i64);

impl Deed {
    /// What it comes to: the parts of it, each of which happens whole or not at all.
    pub fn parts(&self) -> Vec<Vec<Change<'_>>> {
        match self {
            Self::Join { .. } => Vec::new(),
            Self::Sale(sale) => vec![vec![sale.change()]],
            Self::Sales(sales) => sales.iter().map(|sale| vec![sale.change()]).collect(),
            Self::Deposit { member, amount, .. } => vec![vec![(member, *amount)]],
            Self::Spend { member, amount, .. } => vec![vec![(member, -amount)]],
            Self::Transfer { from, to, amount, .. } => vec![vec![(from, -amount), (to, *amount)]],
        }
    }

    /// The request, of everything that is not streamed.
    pub fn request(&self) -> Ask {
        let (surface, path, body) = match self {
            Self::Join { member } => {
                let user = json!({"external_id": member, "email": format!("{member}@example.test")});
                (Surface::Core, "/users", json!({ "user": user }))
            }
            Self::Sale(sale) => (Surface::Pos, "/api/2.0/send_transaction", sale.body()),
            Self::Sales(_) => unreachable!("sales in bulk are streamed"),
            Self::Deposit { member, amount, key } => {
                let detail = json!({"amount": amount, "point_account_id": POINTS, "point_source_id": SOURCE,
                    "reference_type": "MakeGood", "idempotency_id": key});
                let body = json!({"retailer_id": RETAILER, "user_id": member, "deposit_details": [detail]});
                (Surface::Connect, "/incentives/api/1.0/user_points/deposit", body)
            }
            Self::Spend { member, amount, key } => {
                let detail = json!({"amount": amount, "idempotency_id": key});
                let body = json!({"retailer_id": RETAILER, "user_id": member, "spend_details": [detail]});
                (Surface::Connect, "/incentives/api/1.0/user_points/spend_multiple", body)
            }
            Self::Transfer { from, to, amount, key } => {
                let body = json!({"retailer_id": RETAILER, "from_user_id": from, "to_user_id": to, "amount": amount,
                    "from_point_account_ids": [POINTS], "to_point_account_id": POINTS, "idempotency_id": key});
                (Surface::Connect, "/incentives/api/1.0/user_points/transfer", body)
            }
        };
        Ask { surface, path, body: body.to_string() }
    }

    /// The lines of sales that are streamed.
    pub fn lines(sales: &[Sale]) -> String {
        let mut lines = String::new();
        for sale in sales {
            writeln!(lines, "{}", sale.body()).unwrap();
        }
        lines
    }

    /// Whether it has been done, by its answer; nothing: ask again later. A repeat of what was done counts.
    pub fn is_done(&self, status: u16, text: &str) -> Option<()> {
        if status == 503 {
            return None;
        }
        let body: Value =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {status} {text}"));
        let done = match self {
            // Taken by the very member of an attempt that was answered to nobody.
            Self::Join { .. } => (status == 200 && body["status"] == "ok") || is_there_already(&body),
            Self::Sale(_) | Self::Sales(_) => status == 200 && body["status"] == "OK",
            Self::Deposit { .. } | Self::Spend { .. } | Self::Transfer { .. } => {
                status == 200 && body["status"] == "ok"
            }
        };
        assert!(done, "{self:?} was answered {status}: {text}");
        Some(())
    }
}

impl Sale {
    fn change(&self) -> Change<'_> {
        (&self.member, self.amount - self.before)
    }

    /// The name of the request that brings this version.
    pub fn request_id(&self) -> String {
        format!("{}-{}", self.id, self.version)
    }

    fn body(&self) -> Value {
        let Self { id, member, amount, version, .. } = self;
        let opened = "2017-01-31T12:00:00.000Z";
        let (minutes, seconds) = (version / 60, version % 60);
        let modified = format!("2017-01-31T12:{minutes:02}:{seconds:02}.000Z");
        let payment = json!({"payment_id": "1", "amount": amount, "type": "Cash", "payment_time": opened,
            "user_id": member, "user_id_type": "External_ID"});
        let item = json!({"line_id": "1", "item_id": "bread", "quantity": 1, "unit_price": amount, "subtotal": amount});
        let voided = *amount == 0;
        json!({"store_id": STORE, "client_id": RETAILER, "request_id": self.request_id(), "request_payload": {
            "transaction_id": id, "channel": "POS", "is_closed": true, "is_voided": voided, "subtotal": amount,
            "open_time": opened, "modified_time": modified, "discounts": [], "items": [item], "payments": [payment]}})
    }
}

fn is_there_already(body: &Value) -> bool {
    let user = &body["errors"]["user"];
    user["email"] == json!(["taken"]) && user["external_id"] == json!(["taken"])
}
