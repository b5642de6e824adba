//! The transaction DTO as a till sends it (pos-offers.md B.4, B.5), and its reading into a sale.

use std::collections::HashSet;

use domain::{
    Money,
    id::StoreId,
    sale::{Content, NamedUser, SaleDiscount, SalePayment, SoldItem, UserIdKind},
    time::Zone,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::json::{FaultCode, List, Member, Reader, wire};

/// Items, payments and discounts of a sale at most (catalog-transactions.md F.10).
const ITEMS_MAX: usize = 2_000;
const PAYMENTS_MAX: usize = 100;
const DISCOUNTS_MAX: usize = 200;
/// Characters of `transaction_id` at most.
const TRANSACTION_ID_MAX: usize = 128;

/// A sale.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SendTransactionPayload)]
pub struct SaleBody<'a> {
    /// The till's own id of the sale, unique within the store; at most 128 characters. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::TillKey)]
    transaction_id: Member<'a>,
    /// The sale this one derives from.
    #[schema(value_type = Option<wire::Key>)]
    from_transaction_id: Member<'a>,
    /// Cashier id at the till.
    #[schema(value_type = Option<wire::Key>)]
    pos_employee_id: Member<'a>,
    /// Cashier id on the platform.
    #[schema(value_type = Option<wire::Key>)]
    sm_employee_id: Member<'a>,
    /// Table or tab.
    #[schema(value_type = Option<wire::Key>)]
    table_id: Member<'a>,
    /// Covers.
    #[schema(value_type = Option<wire::Count>)]
    guest_count: Member<'a>,
    /// Finalised and paid; absent counts as true.
    #[schema(value_type = Option<wire::Flag>)]
    is_closed: Member<'a>,
    /// Cancelled as a whole; default false.
    #[schema(value_type = Option<wire::Flag>)]
    is_voided: Member<'a>,
    /// Goods before tax. Required.
    #[schema(value_type = wire::Amount)]
    subtotal: Member<'a>,
    /// Tax added on top; default 0.
    #[schema(value_type = Option<wire::Amount>)]
    tax_total: Member<'a>,
    /// When the sale began; without a zone, in the store's. Required.
    #[schema(value_type = wire::Time)]
    open_time: Member<'a>,
    /// Last change: the order of versions; default `open_time`.
    #[schema(value_type = Option<wire::Time>)]
    modified_time: Member<'a>,
    /// Claim code of the whole sale.
    #[schema(value_type = Option<String>)]
    guest_receipt_code: Member<'a>,
    /// The same by its other name.
    #[schema(value_type = Option<String>)]
    receipt_code: Member<'a>,
    /// Tenant-defined.
    #[schema(value_type = Option<String>)]
    channel: Member<'a>,
    /// Order state; tenant-defined.
    #[schema(value_type = Option<String>)]
    status: Member<'a>,
    /// What was sold; at most 2,000.
    #[serde(borrow)]
    #[schema(value_type = Option<Vec<ItemBody>>, max_items = 2000)]
    items: List<ItemBody<'a>>,
    /// How it was paid; at most 100.
    #[serde(borrow)]
    #[schema(value_type = Option<Vec<PaymentBody>>, max_items = 100)]
    payments: List<PaymentBody<'a>>,
    /// What was taken off; at most 200.
    #[serde(borrow)]
    #[schema(value_type = Option<Vec<DiscountBody>>, max_items = 200)]
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
#[schema(as = SendTransactionItem)]
pub struct ItemBody<'a> {
    /// Unique in the sale. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Key)]
    line_id: Member<'a>,
    /// The till's product key. Required.
    #[schema(value_type = wire::Key)]
    item_id: Member<'a>,
    /// May be fractional; negative: returned. Required.
    #[schema(value_type = wire::Quantity)]
    quantity: Member<'a>,
    /// Price of one before discounts. Required.
    #[schema(value_type = wire::Amount)]
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
    /// Tenant vocabulary.
    #[schema(value_type = Option<String>)]
    status: Member<'a>,
    /// Tenant-defined.
    #[schema(value_type = Option<Object>)]
    custom_data: Member<'a>,
}

/// A payment; the member is named here.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SendTransactionPayment)]
pub struct PaymentBody<'a> {
    /// Unique in the sale. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Key)]
    payment_id: Member<'a>,
    /// How much. Required.
    #[schema(value_type = wire::Amount)]
    amount: Member<'a>,
    /// Free text such as `Credit`. Required.
    #[serde(rename = "type")]
    #[schema(value_type = String, min_length = 1)]
    kind: Member<'a>,
    /// When. Required.
    #[schema(value_type = wire::Time)]
    payment_time: Member<'a>,
    /// The payer.
    #[schema(value_type = Option<wire::Key>)]
    user_id: Member<'a>,
    /// `SessionM_ID` (default), `External_ID`, `Email`, `Phone`, `Loyalty_Card`, `Proxy_ID`, in any letter case.
    #[schema(value_type = Option<wire::UserIdType>)]
    user_id_type: Member<'a>,
    /// Second identity of the same payer.
    #[schema(value_type = Option<wire::Key>)]
    additional_user_id: Member<'a>,
    /// Its type.
    #[schema(value_type = Option<wire::UserIdType>)]
    additional_user_id_type: Member<'a>,
    /// Claim code of this payer.
    #[schema(value_type = Option<String>)]
    receipt_code: Member<'a>,
    /// Tenant-defined.
    #[schema(value_type = Option<Object>)]
    custom_data: Member<'a>,
}

/// A discount, listed back by the till.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SendTransactionDiscount)]
pub struct DiscountBody<'a> {
    /// What granted it.
    #[serde(borrow)]
    #[schema(value_type = Option<wire::Key>)]
    reference_id: Member<'a>,
    /// What kind of reference that is.
    #[schema(value_type = Option<String>)]
    reference_id_type: Member<'a>,
    /// The till's own button.
    #[schema(value_type = Option<wire::Key>)]
    pos_discount_id: Member<'a>,
    /// State as sent.
    #[schema(value_type = Option<String>)]
    status: Member<'a>,
    /// Shown name.
    #[schema(value_type = Option<String>)]
    display_name: Member<'a>,
    /// Picture.
    #[schema(value_type = Option<String>)]
    image_url: Member<'a>,
    /// The lines the money comes off; empty: all lines.
    #[schema(value_type = Option<Vec<Option<wire::Key>>>)]
    discounted_line_ids: Member<'a>,
    /// How many units of each.
    #[schema(value_type = Option<Vec<Option<wire::Quantity>>>)]
    discounted_line_id_quantities: Member<'a>,
    /// Who grants it.
    #[schema(value_type = Option<String>)]
    discount_source: Member<'a>,
    /// Money taken off; not negative. Required.
    #[schema(value_type = wire::NotNegativeAmount)]
    amount: Member<'a>,
    /// 1-based order of application.
    #[schema(value_type = Option<i32>, minimum = -2147483648, maximum = 2147483647)]
    stack_order: Member<'a>,
    /// When.
    #[schema(value_type = Option<wire::Time>)]
    applied_time: Member<'a>,
    /// Owner of the offer.
    #[schema(value_type = Option<wire::Key>)]
    user_id: Member<'a>,
}

impl SaleBody<'_> {
    /// Reads the sale. What is wrong is noted; the content is of use only when nothing is.
    pub fn read(
        &self,
        store: StoreId,
        zone: &Zone,
        envelope_user_id: Option<Box<str>>,
        reader: &mut Reader<'_>,
    ) -> Content {
        reader.require("transaction_id", self.transaction_id);
        let open_time = reader.required_time("open_time", self.open_time, zone);
        let receipt_code = reader.boxed("guest_receipt_code", self.guest_receipt_code);
        let content = Content {
            transaction_id: key_within(reader, "transaction_id", self.transaction_id, TRANSACTION_ID_MAX),
            store,
            from_transaction_id: reader.key("from_transaction_id", self.from_transaction_id).map(Into::into),
            pos_employee_id: reader.key("pos_employee_id", self.pos_employee_id).map(Into::into),
            sm_employee_id: reader.key("sm_employee_id", self.sm_employee_id).map(Into::into),
            table_id: reader.key("table_id", self.table_id).map(Into::into),
            guest_count: reader.integer("guest_count", self.guest_count),
            is_closed: reader.flag("is_closed", self.is_closed).unwrap_or(true),
            is_voided: reader.flag("is_voided", self.is_voided).unwrap_or(false),
            subtotal: reader.required_amount("subtotal", self.subtotal),
            tax_total: reader.amount("tax_total", self.tax_total).unwrap_or_default(),
            open_time,
            modified_time: reader.time("modified_time", self.modified_time, zone).unwrap_or(open_time),
            guest_receipt_code: receipt_code.or_else(|| reader.boxed("receipt_code", self.receipt_code)),
            channel: reader.boxed("channel", self.channel).unwrap_or_default(),
            status: reader.boxed("status", self.status),
            custom_data: reader.object_text("custom_data", self.custom_data).map(Into::into),
            business_def_collection: reader
                .array_text("business_def_collection", self.business_def_collection)
                .map(Into::into),
            items: reader.objects("items", &self.items, ITEMS_MAX, |reader, item| item.read(reader)),
            payments: reader.objects("payments", &self.payments, PAYMENTS_MAX, |reader, payment| {
                payment.read(zone, reader)
            }),
            discounts: reader.objects("discounts", &self.discounts, DISCOUNTS_MAX, |reader, discount| {
                discount.read(zone, reader)
            }),
            envelope_user_id,
        };
        check_lines(&content, reader);
        content
    }
}

impl ItemBody<'_> {
    fn read(&self, reader: &mut Reader<'_>) -> SoldItem {
        reader.require("line_id", self.line_id);
        reader.require("item_id", self.item_id);
        SoldItem {
            line_id: reader.key("line_id", self.line_id).map(Into::into).unwrap_or_default(),
            item_id: reader.key("item_id", self.item_id).map(Into::into).unwrap_or_default(),
            quantity: reader.required_amount("quantity", self.quantity),
            unit_price: reader.required_amount("unit_price", self.unit_price),
            subtotal: reader.required_amount("subtotal", self.subtotal),
            tax_included: reader.amount("tax_included", self.tax_included).unwrap_or_default(),
            modifies_line_id: reader.key("modifies_line_id", self.modifies_line_id).map(Into::into),
            status: reader.boxed("status", self.status),
            custom_data: reader.object_text("custom_data", self.custom_data).map(Into::into),
        }
    }
}

impl PaymentBody<'_> {
    fn read(&self, zone: &Zone, reader: &mut Reader<'_>) -> SalePayment {
        reader.require("payment_id", self.payment_id);
        SalePayment {
            payment_id: reader.key("payment_id", self.payment_id).map(Into::into).unwrap_or_default(),
            amount: reader.required_amount("amount", self.amount),
            kind: reader.required_boxed("type", self.kind),
            time: reader.required_time("payment_time", self.payment_time, zone),
            user: read_user(reader, "user_id", self.user_id, "user_id_type", self.user_id_type),
            additional_user: read_user(
                reader,
                "additional_user_id",
                self.additional_user_id,
                "additional_user_id_type",
                self.additional_user_id_type,
            ),
            receipt_code: reader.boxed("receipt_code", self.receipt_code),
            custom_data: reader.object_text("custom_data", self.custom_data).map(Into::into),
        }
    }
}

impl DiscountBody<'_> {
    /// Reads the discount.
    pub(crate) fn read(&self, zone: &Zone, reader: &mut Reader<'_>) -> SaleDiscount {
        let amount: Money = reader.required_amount("amount", self.amount);
        if amount.is_negative() {
            reader.fault("amount", FaultCode::OutOfRange, "must not be negative");
        }
        SaleDiscount {
            reference_id: reader.key("reference_id", self.reference_id).map(Into::into),
            reference_id_type: reader.boxed("reference_id_type", self.reference_id_type),
            pos_discount_id: reader.key("pos_discount_id", self.pos_discount_id).map(Into::into),
            status: reader.boxed("status", self.status),
            display_name: reader.boxed("display_name", self.display_name),
            image_url: reader.boxed("image_url", self.image_url),
            discounted_line_ids: reader.elements(
                "discounted_line_ids",
                self.discounted_line_ids,
                |reader, line| reader.key("", line).map(Into::into),
            ),
            discounted_line_id_quantities: reader.elements(
                "discounted_line_id_quantities",
                self.discounted_line_id_quantities,
                |reader, quantity| reader.amount("", quantity),
            ),
            discount_source: reader.boxed("discount_source", self.discount_source),
            amount,
            stack_order: reader.integer("stack_order", self.stack_order),
            applied_time: reader.time("applied_time", self.applied_time, zone),
            user_id: reader.key("user_id", self.user_id).map(Into::into),
        }
    }
}

/// A key of a length.
pub(crate) fn key_within(reader: &mut Reader<'_>, name: &str, member: Member<'_>, max: usize) -> Box<str> {
    let key: Box<str> = reader.key(name, member).map(Into::into).unwrap_or_default();
    if key.chars().count() > max {
        reader.fault(name, FaultCode::TooLong, format!("must have at most {max} characters"));
    }
    key
}

/// Reads a member as a till names one.
pub(crate) fn read_user(
    reader: &mut Reader<'_>,
    id_name: &str,
    id: Member<'_>,
    kind_name: &str,
    kind: Member<'_>,
) -> Option<NamedUser> {
    let id = reader.key(id_name, id)?.into();
    let kind = match reader.text(kind_name, kind) {
        None => UserIdKind::Platform,
        Some(name) => UserIdKind::from_name(&name).unwrap_or_else(|| {
            reader.fault(kind_name, FaultCode::NotInList, "is no known type of user id");
            UserIdKind::Platform
        }),
    };
    Some(NamedUser { id, kind })
}

/// Line and payment ids are unique, and modifiers name lines that are there (pos-offers.md B.10).
pub(crate) fn check_lines(content: &Content, reader: &mut Reader<'_>) {
    let lines: Vec<&str> = content.items.iter().map(|item| &*item.line_id).collect();
    let payments: Vec<&str> = content.payments.iter().map(|payment| &*payment.payment_id).collect();
    for place in repeated(&lines) {
        reader.fault(&format!("items[{place}].line_id"), FaultCode::Duplicate, "line_id must be unique");
    }
    for place in repeated(&payments) {
        reader.fault(
            &format!("payments[{place}].payment_id"),
            FaultCode::Duplicate,
            "payment_id must be unique",
        );
    }
    if content.items.iter().all(|item| item.modifies_line_id.is_none()) {
        return;
    }
    let lines: HashSet<&str> = lines.into_iter().collect();
    for (place, item) in content.items.iter().enumerate() {
        if item.modifies_line_id.as_deref().is_some_and(|modified| !lines.contains(modified)) {
            let field = format!("items[{place}].modifies_line_id");
            reader.fault(&field, FaultCode::UnknownLine, "names no line of the sale");
        }
    }
}

/// The places of ids that have stood before. Empty ids are another fault.
fn repeated(ids: &[&str]) -> Vec<usize> {
    // A basket of usual size is compared directly; only a large one is worth a table.
    const TABLE_FROM: usize = 24;
    if ids.len() < TABLE_FROM {
        let repeats = |place: &usize| !ids[*place].is_empty() && ids[..*place].contains(&ids[*place]);
        return (0..ids.len()).filter(repeats).collect();
    }
    let mut seen = HashSet::with_capacity(ids.len());
    (0..ids.len()).filter(|&place| !ids[place].is_empty() && !seen.insert(ids[place])).collect()
}
