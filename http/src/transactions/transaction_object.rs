//! The read shape of a sale (catalog-transactions.md B.2, G). Not the write shape: names and null rules differ.

use std::collections::BTreeMap;

use domain::{
    Money, Quantity, Timestamp,
    id::{SaleId, StoreId},
    program::Program,
    sale::{Content, NamedUser, Revision, Sale, SaleDiscount, SalePayment, SoldItem},
    time::TimeForm,
};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

/// JSON text that a till has sent and that is given back as it is.
#[derive(Debug)]
pub struct KeptJson(Box<str>);

impl Serialize for KeptJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// A sale.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Transaction)]
pub struct TransactionObject {
    id: String,
    retailer_id: String,
    store_id: String,
    pos_transaction_id: Box<str>,
    request_id: Box<str>,
    pos_employee_id: Option<Box<str>>,
    sm_employee_id: Option<Box<str>>,
    table_id: Option<Box<str>>,
    guest_count: u32,
    is_closed: bool,
    is_voided: bool,
    #[schema(value_type = f64)]
    subtotal: Money,
    #[schema(value_type = f64)]
    taxtotal: Money,
    #[schema(value_type = f64)]
    check_amount: Money,
    include_tax: bool,
    guest_receipt_code: Box<str>,
    channel: Box<str>,
    store_time_zone: String,
    sm_transaction_process_date: String,
    open_time: String,
    modified_time: String,
    create_date: String,
    last_updated: String,
    from_transaction_id: Option<String>,
    from_pos_transaction_id: Option<Box<str>>,
    rewards_system_id: u32,
    user_id: Option<String>,
    status: Option<Box<str>>,
    revision: u32,
    #[schema(value_type = String)]
    normalization_status: &'static str,
    catalog_version: u32,
    items: Vec<ItemObject>,
    payments: Vec<PaymentObject>,
    discounts: Vec<DiscountObject>,
    #[schema(value_type = Option<Object>)]
    custom_data: Option<KeptJson>,
    #[schema(value_type = Vec<serde_json::Value>)]
    business_def_collection: KeptJson,
    catalog_lineages: BTreeMap<String, Vec<Vec<String>>>,
    location_lineages: BTreeMap<String, Vec<Vec<String>>>,
    location_lineages_core: Vec<Vec<String>>,
}

/// A line.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemObject {
    id: String,
    transaction_id: String,
    retailer_id: String,
    store_id: String,
    line_id: Box<str>,
    pos_item_key: Box<str>,
    /// The zero GUID when the item is in no catalog.
    master_item_id: String,
    modifies_line_id: Option<Box<str>>,
    #[schema(value_type = f64)]
    quantity: Quantity,
    #[schema(value_type = f64)]
    unit_price: Money,
    #[schema(value_type = f64)]
    subtotal: Money,
    #[schema(value_type = f64)]
    tax_included: Money,
    status: Option<Box<str>>,
    #[schema(value_type = Option<Object>)]
    custom_data: Option<KeptJson>,
    create_date: String,
    last_updated: String,
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentObject {
    id: String,
    transaction_id: String,
    retailer_id: String,
    store_id: String,
    payment_id: Box<str>,
    #[serde(rename = "type")]
    kind: Box<str>,
    #[schema(value_type = f64)]
    amount: Money,
    payment_time: String,
    receipt_code: Box<str>,
    user_id: Option<Box<str>>,
    user_id_type: Option<&'static str>,
    additional_user_id: Option<Box<str>>,
    additional_user_id_type: Option<&'static str>,
    #[schema(value_type = Option<Object>)]
    custom_data: Option<KeptJson>,
    master_payment_type_id: String,
    create_date: String,
    last_updated: String,
}

/// A discount.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscountObject {
    id: String,
    transaction_id: String,
    reference_id: Option<Box<str>>,
    reference_id_type: Option<Box<str>>,
    pos_discount_id: Option<Box<str>>,
    status: Option<Box<str>>,
    display_name: Option<Box<str>>,
    image_url: Option<Box<str>>,
    discounted_line_ids: Vec<Box<str>>,
    #[schema(value_type = Vec<f64>)]
    discounted_line_id_quantities: Vec<Quantity>,
    discount_source: Option<Box<str>>,
    #[schema(value_type = f64)]
    amount: Money,
    stack_order: Option<i32>,
    applied_time: Option<String>,
    user_id: Option<Box<str>>,
}

/// What all parts of a sale have in common.
struct Common<'a> {
    program: &'a Program,
    sale: SaleId,
    retailer_id: String,
    store_id: String,
    create_date: String,
    last_updated: String,
}

impl TransactionObject {
    /// The object of a sale; nothing when it has never been heard of.
    pub fn new(sale: &Sale, program: &Program) -> Option<Self> {
        let revision = sale.current()?;
        Some(Self::of_revision(sale, revision, program))
    }

    fn of_revision(sale: &Sale, revision: &Revision, program: &Program) -> Self {
        let content = &*revision.content;
        let write = |time: Timestamp| time.write(TimeForm::Iso);
        let retailer = program.retailer();
        let common = Common::of(sale, revision, program);
        let include_tax = retailer.switches.include_tax;
        let tax = if include_tax { content.tax_total } else { Money::ZERO };
        let from = content.from_transaction_id.as_deref().filter(|from| !from.is_empty());
        Self {
            id: revision.id.to_string(),
            retailer_id: common.retailer_id.clone(),
            store_id: common.store_id.clone(),
            pos_transaction_id: content.transaction_id.clone(),
            request_id: revision.request_id.clone(),
            pos_employee_id: content.pos_employee_id.clone(),
            sm_employee_id: content.sm_employee_id.clone(),
            table_id: content.table_id.clone(),
            guest_count: content.guest_count.unwrap_or(0),
            is_closed: content.is_closed,
            is_voided: content.is_voided,
            subtotal: content.subtotal,
            taxtotal: content.tax_total,
            // As the index of sales has it.
            check_amount: content.subtotal.plus(tax).unwrap_or(content.subtotal),
            include_tax,
            guest_receipt_code: content.guest_receipt_code.clone().unwrap_or_default(),
            channel: content.channel.clone(),
            store_time_zone: zone_name(content.store, program),
            sm_transaction_process_date: common.last_updated.clone(),
            open_time: write(content.open_time),
            modified_time: write(content.modified_time),
            create_date: common.create_date.clone(),
            last_updated: common.last_updated.clone(),
            from_transaction_id: from
                .map(|from| SaleId::derive(retailer.id, content.store, from).to_string()),
            from_pos_transaction_id: from.map(Into::into),
            rewards_system_id: 0,
            user_id: only(sale.credited()).map(|customer| customer.to_string()),
            status: content.status.clone(),
            revision: revision.number,
            normalization_status: normalization_status(content, program),
            catalog_version: program.version(),
            items: content.items.iter().map(|item| common.item(item)).collect(),
            payments: content.payments.iter().map(|payment| common.payment(payment)).collect(),
            discounts: content
                .discounts
                .iter()
                .enumerate()
                .map(|(n, discount)| common.discount(n, discount))
                .collect(),
            custom_data: content.custom_data.clone().map(KeptJson),
            business_def_collection: KeptJson(
                content.business_def_collection.clone().unwrap_or_else(|| "[]".into()),
            ),
            catalog_lineages: BTreeMap::new(),
            location_lineages: BTreeMap::new(),
            location_lineages_core: Vec::new(),
        }
    }
}

impl<'a> Common<'a> {
    fn of(sale: &Sale, revision: &Revision, program: &'a Program) -> Self {
        let write = |time: Timestamp| time.write(TimeForm::Iso);
        Self {
            program,
            sale: revision.id,
            retailer_id: program.retailer().id.to_string(),
            store_id: revision.content.store.to_string(),
            create_date: write(sale.created().unwrap_or(revision.recorded)),
            last_updated: write(revision.recorded),
        }
    }

    /// The id of a part of the sale: the same at every reading.
    fn part(&self, kind: &str, id: &str) -> String {
        Uuid::new_v5(&self.sale.0, format!("{kind}/{id}").as_bytes()).to_string()
    }

    fn item(&self, item: &SoldItem) -> ItemObject {
        ItemObject {
            id: self.part("item", &item.line_id),
            transaction_id: self.sale.to_string(),
            retailer_id: self.retailer_id.clone(),
            store_id: self.store_id.clone(),
            line_id: item.line_id.clone(),
            pos_item_key: item.item_id.clone(),
            master_item_id: master_item_id(&item.item_id, self.program).to_string(),
            modifies_line_id: item.modifies_line_id.clone(),
            quantity: item.quantity,
            unit_price: item.unit_price,
            subtotal: item.subtotal,
            tax_included: item.tax_included,
            status: item.status.clone(),
            custom_data: item.custom_data.clone().map(KeptJson),
            create_date: self.create_date.clone(),
            last_updated: self.last_updated.clone(),
        }
    }

    fn payment(&self, payment: &SalePayment) -> PaymentObject {
        let (user_id, user_id_type) = named(payment.user.as_ref());
        let (additional_user_id, additional_user_id_type) = named(payment.additional_user.as_ref());
        PaymentObject {
            id: self.part("payment", &payment.payment_id),
            transaction_id: self.sale.to_string(),
            retailer_id: self.retailer_id.clone(),
            store_id: self.store_id.clone(),
            payment_id: payment.payment_id.clone(),
            kind: payment.kind.clone(),
            amount: payment.amount,
            payment_time: payment.time.write(TimeForm::Iso),
            receipt_code: payment.receipt_code.clone().unwrap_or_default(),
            user_id,
            user_id_type,
            additional_user_id,
            additional_user_id_type,
            custom_data: payment.custom_data.clone().map(KeptJson),
            master_payment_type_id: Uuid::nil().to_string(),
            create_date: self.create_date.clone(),
            last_updated: self.last_updated.clone(),
        }
    }

    fn discount(&self, place: usize, discount: &SaleDiscount) -> DiscountObject {
        DiscountObject {
            id: self.part("discount", &place.to_string()),
            transaction_id: self.sale.to_string(),
            reference_id: discount.reference_id.clone(),
            reference_id_type: discount.reference_id_type.clone(),
            pos_discount_id: discount.pos_discount_id.clone(),
            status: discount.status.clone(),
            display_name: discount.display_name.clone(),
            image_url: discount.image_url.clone(),
            discounted_line_ids: discount.discounted_line_ids.clone(),
            discounted_line_id_quantities: discount.discounted_line_id_quantities.clone(),
            discount_source: discount.discount_source.clone(),
            amount: discount.amount,
            stack_order: discount.stack_order,
            applied_time: discount.applied_time.map(|time| time.write(TimeForm::Iso)),
            user_id: discount.user_id.clone(),
        }
    }
}

fn named(user: Option<&NamedUser>) -> (Option<Box<str>>, Option<&'static str>) {
    user.map_or((None, None), |user| (Some(user.id.clone()), Some(user.kind.name())))
}

fn only<T>(several: &[T]) -> Option<&T> {
    match several {
        [one] => Some(one),
        _ => None,
    }
}

fn zone_name(store: StoreId, program: &Program) -> String {
    program.store(store).map_or_else(|| "UTC".to_owned(), |store| store.zone.name().to_owned())
}

/// Made of the retailer and the till's key, where the catalog knows the item.
fn master_item_id(item_id: &str, program: &Program) -> Uuid {
    match program.catalog().item(item_id) {
        Some(_) => Uuid::new_v5(&program.retailer().id.0, item_id.as_bytes()),
        None => Uuid::nil(),
    }
}

fn normalization_status(content: &Content, program: &Program) -> &'static str {
    let known = content.items.iter().filter(|item| program.catalog().item(&item.item_id).is_some()).count();
    match known {
        known if known == content.items.len() => "resolved",
        0 => "unresolved",
        _ => "partial",
    }
}
