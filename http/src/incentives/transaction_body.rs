//! The normalised transaction (incentives.md 7.16), and its reading into a sale.

use domain::{
    Money, Timestamp,
    id::StoreId,
    program::Program,
    sale::{Content, SalePayment, SoldItem},
    time::Zone,
};
use serde::Deserialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{AllOfBuilder, Ref, RefOr, Schema, schema::Type},
};

use super::{IncentivesCode, IncentivesError};
use crate::{
    json::{List, Member, Object, Reader, wire},
    pos::{DiscountBody, check_lines, key_within, read_user},
};

/// Items, payments and discounts at most (incentives.md 1.7).
const ITEMS_MAX: usize = 1_000;
const PAYMENTS_MAX: usize = 100;
const DISCOUNTS_MAX: usize = 100;
/// Characters of `pos_transaction_id` at most.
const TRANSACTION_ID_MAX: usize = 128;

/// A transaction that is taken in, as the document shows it: it says which one it is, and when it was.
pub enum IngestedTransaction {}

impl PartialSchema for IngestedTransaction {
    fn schema() -> RefOr<Schema> {
        let named = wire::of(Type::Object)
            .property("pos_transaction_id", Ref::from_schema_name(wire::TillKey::name()))
            .property("open_time", Ref::from_schema_name(wire::Time::name()))
            .required("pos_transaction_id")
            .required("open_time");
        AllOfBuilder::new().item(Ref::from_schema_name(TransactionBody::name())).item(named).into()
    }
}

impl ToSchema for IngestedTransaction {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((TransactionBody::name().into_owned(), TransactionBody::schema()));
        TransactionBody::schemas(schemas);
    }
}

/// A transaction as the transaction service has normalised it. Members that name the same as one of a till's payload
/// may also bear that name.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TransactionBody<'a> {
    /// Which store. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    store_id: Member<'a>,
    /// The till's own id of the sale, unique within the store; at most 128 characters. Required, but in a preview.
    #[serde(alias = "transaction_id")]
    #[schema(value_type = Option<wire::TillKey>)]
    pos_transaction_id: Member<'a>,
    /// The sale this one derives from.
    #[schema(value_type = Option<wire::Key>)]
    from_transaction_id: Member<'a>,
    /// Cashier.
    #[schema(value_type = Option<wire::Key>)]
    pos_employee_id: Member<'a>,
    /// Table or tab.
    #[schema(value_type = Option<wire::Key>)]
    table_id: Member<'a>,
    /// Covers.
    #[schema(value_type = Option<wire::Count>)]
    guest_count: Member<'a>,
    /// Cancelled as a whole; default false.
    #[schema(value_type = Option<wire::Flag>)]
    is_voided: Member<'a>,
    /// Finalised and paid; absent counts as true.
    #[schema(value_type = Option<wire::Flag>)]
    is_closed: Member<'a>,
    /// Goods before tax; default the sum of the items.
    #[schema(value_type = Option<wire::Amount>)]
    subtotal: Member<'a>,
    /// Tax added on top; default 0.
    #[serde(alias = "tax_total")]
    #[schema(value_type = Option<wire::Amount>)]
    taxtotal: Member<'a>,
    /// Claim code of the whole sale.
    #[schema(value_type = Option<String>)]
    guest_receipt_code: Member<'a>,
    /// Tenant-defined.
    #[schema(value_type = Option<String>)]
    channel: Member<'a>,
    /// `ordered`, `shipped`, `returned`, `cancelled`, or tenant-defined.
    #[schema(value_type = Option<String>)]
    status: Member<'a>,
    /// When the sale began; without a zone, in the store's. Required, but in a preview.
    #[schema(value_type = Option<wire::Time>)]
    open_time: Member<'a>,
    /// Last change: the order of versions; default `open_time`.
    #[schema(value_type = Option<wire::Time>)]
    modified_time: Member<'a>,
    /// What was sold; at most 1,000.
    #[serde(borrow)]
    #[schema(value_type = Option<Vec<TransactionItemBody>>, max_items = 1000)]
    items: List<TransactionItemBody<'a>>,
    /// How it was paid; at most 100.
    #[serde(borrow)]
    #[schema(value_type = Option<Vec<TransactionPaymentBody>>, max_items = 100)]
    payments: List<TransactionPaymentBody<'a>>,
    /// What was taken off, as a till sends it; at most 100.
    #[serde(borrow)]
    #[schema(value_type = Option<Vec<DiscountBody>>, max_items = 100)]
    discounts: List<DiscountBody<'a>>,
    /// Tenant-defined.
    #[schema(value_type = Option<Object>)]
    custom_data: Member<'a>,
    /// Tenant-defined business objects.
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    business_def_collection: Member<'a>,
}

/// A line.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TransactionItemBody<'a> {
    /// The till's product key. Required, unless `master_item_id` is there.
    #[serde(borrow, alias = "item_id")]
    #[schema(value_type = Option<wire::Key>)]
    pos_item_key: Member<'a>,
    /// The catalog's key.
    #[schema(value_type = Option<wire::Key>)]
    master_item_id: Member<'a>,
    /// Unique in the sale; default its place, from 1.
    #[schema(value_type = Option<wire::Key>)]
    line_id: Member<'a>,
    /// May be fractional; negative: returned. Required.
    #[schema(value_type = wire::Quantity)]
    quantity: Member<'a>,
    /// Price of one before discounts.
    #[schema(value_type = Option<wire::Amount>)]
    unit_price: Member<'a>,
    /// Line total before discounts. Required.
    #[schema(value_type = wire::Amount)]
    subtotal: Member<'a>,
    /// Tax inside `subtotal`; default 0.
    #[schema(value_type = Option<wire::Amount>)]
    tax_included: Member<'a>,
    /// The line this one modifies.
    #[schema(value_type = Option<wire::Key>)]
    modifies_line_id: Member<'a>,
    /// `ordered`, `shipped`, `returned`, `cancelled`, or tenant-defined.
    #[schema(value_type = Option<String>)]
    status: Member<'a>,
    /// Tenant-defined.
    #[schema(value_type = Option<Object>)]
    custom_data: Member<'a>,
}

/// A payment; the member is named here.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TransactionPaymentBody<'a> {
    /// Unique in the sale; default its place, from 1.
    #[serde(borrow)]
    #[schema(value_type = Option<wire::Key>)]
    payment_id: Member<'a>,
    /// How much. Required.
    #[schema(value_type = wire::Amount)]
    amount: Member<'a>,
    /// Free text such as `Credit`. Required.
    #[serde(rename = "type")]
    #[schema(value_type = String, min_length = 1)]
    kind: Member<'a>,
    /// When; default the last change of the sale.
    #[schema(value_type = Option<wire::Time>)]
    payment_time: Member<'a>,
    /// The payer.
    #[schema(value_type = Option<wire::Key>)]
    user_id: Member<'a>,
    /// `SessionM_ID` (default), `External_ID`, `Email`, `Phone`, `Loyalty_Card`, `Proxy_ID`, in any letter case.
    #[schema(value_type = Option<wire::UserIdType>)]
    user_id_type: Member<'a>,
    /// Claim code of this payer.
    #[schema(value_type = Option<String>)]
    receipt_code: Member<'a>,
    /// Tenant-defined.
    #[schema(value_type = Option<Object>)]
    custom_data: Member<'a>,
}

/// Reads the `transaction` of a body: to be kept, for which it needs an id and a time, or to be looked at as of a
/// `preview`: then it may be a basket that no till has numbered yet. What is wrong with it is noted; the content is of
/// use only when nothing is.
pub fn read_transaction(
    transaction: &Object<TransactionBody<'_>>,
    program: &Program,
    preview: Option<Timestamp>,
    reader: &mut Reader<'_>,
) -> Result<Option<Content>, IncentivesError> {
    let Object::Present(body) = transaction else {
        let (code, message) = match transaction {
            Object::Absent => (crate::json::FaultCode::Required, "is required"),
            Object::Wrong | Object::Present(_) => (crate::json::FaultCode::Type, "must be an object"),
        };
        reader.fault("transaction", code, message);
        return Ok(None);
    };
    let mut reader = reader.inside("transaction");
    let Some(store) = reader.required_guid::<StoreId>("store_id", body.store_id) else { return Ok(None) };
    let store = program.store(store).ok_or_else(|| {
        IncentivesError::new(IncentivesCode::InvalidRequest, format!("there is no store {store}"))
    })?;
    Ok(Some(body.read(store.id, &store.zone, preview, &mut reader)))
}

impl TransactionBody<'_> {
    fn read(
        &self,
        store: StoreId,
        zone: &Zone,
        preview: Option<Timestamp>,
        reader: &mut Reader<'_>,
    ) -> Content {
        let open_time = match preview {
            None => {
                reader.require("pos_transaction_id", self.pos_transaction_id);
                reader.required_time("open_time", self.open_time, zone)
            }
            Some(now) => reader.time("open_time", self.open_time, zone).unwrap_or(now),
        };
        let modified_time = reader.time("modified_time", self.modified_time, zone).unwrap_or(open_time);
        let id = key_within(reader, "pos_transaction_id", self.pos_transaction_id, TRANSACTION_ID_MAX);
        let mut place = 0_u32;
        let items = reader.objects("items", &self.items, ITEMS_MAX, |reader, item| {
            place += 1;
            item.read(place, reader)
        });
        let mut place = 0_u32;
        let payments = reader.objects("payments", &self.payments, PAYMENTS_MAX, |reader, payment| {
            place += 1;
            payment.read(place, modified_time, zone, reader)
        });
        let sum = Money::sum(items.iter().map(|item| item.subtotal)).unwrap_or_default();
        let content = Content {
            transaction_id: id,
            store,
            from_transaction_id: reader.key("from_transaction_id", self.from_transaction_id).map(Into::into),
            pos_employee_id: reader.key("pos_employee_id", self.pos_employee_id).map(Into::into),
            sm_employee_id: None,
            table_id: reader.key("table_id", self.table_id).map(Into::into),
            guest_count: reader.integer("guest_count", self.guest_count),
            is_closed: reader.flag("is_closed", self.is_closed).unwrap_or(true),
            is_voided: reader.flag("is_voided", self.is_voided).unwrap_or(false),
            subtotal: reader.amount("subtotal", self.subtotal).unwrap_or(sum),
            tax_total: reader.amount("taxtotal", self.taxtotal).unwrap_or_default(),
            open_time,
            modified_time,
            guest_receipt_code: reader.boxed("guest_receipt_code", self.guest_receipt_code),
            channel: reader.boxed("channel", self.channel).unwrap_or_default(),
            status: reader.boxed("status", self.status),
            custom_data: reader.object_text("custom_data", self.custom_data).map(Into::into),
            business_def_collection: reader
                .array_text("business_def_collection", self.business_def_collection)
                .map(Into::into),
            items,
            payments,
            discounts: reader.objects("discounts", &self.discounts, DISCOUNTS_MAX, |reader, discount| {
                discount.read(zone, reader)
            }),
            envelope_user_id: None,
        };
        check_lines(&content, reader);
        content
    }
}

impl TransactionItemBody<'_> {
    fn read(&self, place: u32, reader: &mut Reader<'_>) -> SoldItem {
        let catalog_key = reader.key("master_item_id", self.master_item_id);
        if catalog_key.is_none() {
            reader.require("pos_item_key", self.pos_item_key);
        }
        let item_id = reader.key("pos_item_key", self.pos_item_key).or(catalog_key);
        SoldItem {
            line_id: key_or_place(reader, "line_id", self.line_id, place),
            item_id: item_id.map(Into::into).unwrap_or_default(),
            quantity: reader.required_amount("quantity", self.quantity),
            unit_price: reader.amount("unit_price", self.unit_price).unwrap_or_default(),
            subtotal: reader.required_amount("subtotal", self.subtotal),
            tax_included: reader.amount("tax_included", self.tax_included).unwrap_or_default(),
            modifies_line_id: reader.key("modifies_line_id", self.modifies_line_id).map(Into::into),
            status: reader.boxed("status", self.status),
            custom_data: reader.object_text("custom_data", self.custom_data).map(Into::into),
        }
    }
}

impl TransactionPaymentBody<'_> {
    fn read(&self, place: u32, sold: Timestamp, zone: &Zone, reader: &mut Reader<'_>) -> SalePayment {
        SalePayment {
            payment_id: key_or_place(reader, "payment_id", self.payment_id, place),
            amount: reader.required_amount("amount", self.amount),
            kind: reader.required_boxed("type", self.kind),
            time: reader.time("payment_time", self.payment_time, zone).unwrap_or(sold),
            user: read_user(reader, "user_id", self.user_id, "user_id_type", self.user_id_type),
            additional_user: None,
            receipt_code: reader.boxed("receipt_code", self.receipt_code),
            custom_data: reader.object_text("custom_data", self.custom_data).map(Into::into),
        }
    }
}

fn key_or_place(reader: &mut Reader<'_>, name: &str, member: Member<'_>, place: u32) -> Box<str> {
    reader.key(name, member).map_or_else(|| place.to_string().into(), Into::into)
}
