//! The constraints of a node, but for those on moment and customer.

use super::{
    super::{
        document::{self, Field, Items},
        tree::{
            AccountSum, ChannelTest, CheckSize, CheckSizeBasis, EventTest, ItemKey, ItemSet, PaymentTest,
            PointsTest, PurchaseTest, ReferenceKind, ReferenceTest,
        },
    },
    Path, ProblemCode, Report, Unique,
    circumstances::{self, Circumstances},
    locations,
    symbols::Symbols,
    trees::Known,
};
use crate::{Rate, time::Span};

/// incentives.md 1.7
const CONSTRAINTS_MAX: usize = 20;
/// The types of the platform (incentives.md 3.5), on the nodes they belong to.
const STORE: i64 = 2;
const PAYMENT: i64 = 4;
const ACCOUNTS: i64 = 8;
const CHECK_SIZE: i64 = 16;
const ITEMS: i64 = 32;
const CHANNEL: i64 = 64;
const OFFERS: i64 = 2048;
const SOURCES: i64 = 4096;
const PROMO_CODES: i64 = 8192;
const DISCOUNTED: i64 = 16384;
/// What a purchase can be asked for, circumstances apart.
const ON_GOODS: [i64; 8] = [STORE, PAYMENT, CHECK_SIZE, ITEMS, CHANNEL, OFFERS, PROMO_CODES, DISCOUNTED];

pub(super) type Documents = Vec<(usize, document::Worded<document::Constraint>)>;

/// Groups, and nodes that look at nothing but the customer, carry no constraints.
pub(super) fn none(documents: Documents, at: &Path<'_>, report: &mut Report) {
    for_each(documents, &[], at, report, |_, _, _, _| {});
}

/// The constraints of a balance node.
pub(super) fn on_balance(
    documents: Documents,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Vec<AccountSum> {
    let mut sums = Vec::new();
    for_each(documents, &[ACCOUNTS], at, report, |_, document, at, report| {
        let include = includes(document.mode, at, report);
        let named = point_accounts(document.point_accounts, known, at, report);
        let all = known.accounts.iter().map(|account| account.id);
        // In the order in which they were named.
        let accounts = if include { named } else { all.filter(|id| !named.contains(id)).collect() };
        let rank = report.optional(at, "rank", document.rank).unwrap_or(0);
        let version = report.optional(at, "version", document.version).unwrap_or(0);
        if let Some(id) = report.required(at, "id", document.id) {
            sums.push(AccountSum { id, rank, version, accounts });
        }
    });
    sums.sort_by_key(|sum| sum.rank);
    sums
}

fn point_accounts(
    field: Field<std::collections::BTreeMap<crate::id::PointAccountId, serde::de::IgnoredAny>>,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Vec<crate::id::PointAccountId> {
    let named = report.required(at, "point_accounts", field).unwrap_or_default();
    let mut accounts = Vec::new();
    for id in named.into_keys() {
        if known.accounts.iter().any(|account| account.id == id) {
            accounts.push(id);
        } else {
            let message = format!("there is no point account {id}");
            report.add(&at.member("point_accounts"), ProblemCode::PointAccountNotFound, message);
        }
    }
    accounts
}

/// The constraints of a node on purchases, and how far a `last` among them looks back. `counts`: the node looks at
/// past purchases too.
pub(super) fn on_purchase(
    documents: Documents,
    counts: bool,
    known: Known<'_>,
    symbols: &mut Symbols<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> (PurchaseTest, Option<Span>) {
    let mut test = PurchaseTest::default();
    let mut discounted = Vec::new();
    let mut circumstances = Circumstances::default();
    let allowed = [ON_GOODS.as_slice(), &circumstances::ALL].concat();
    for_each(documents, &allowed, at, report, |number, document, at, report| match number {
        STORE => test.stores.push(locations::stores(document, known, at, report)),
        CHANNEL => test.channels.push(channels(document, at, report)),
        CHECK_SIZE => test.check_sizes.extend(check_size(document, at, report)),
        ITEMS => test.items.push(items(document, symbols, at, report)),
        PAYMENT => test.payments.extend(payments(document, at, report)),
        OFFERS => test.references.extend(offers(document, at, report)),
        PROMO_CODES => test.references.extend(promo_codes(document, at, report)),
        DISCOUNTED => {
            let include = includes(document.mode, at, report);
            let field = document.include_fully_discounted;
            let included = report.optional(at, "include_fully_discounted", field).unwrap_or(false);
            discounted.push(included == include);
        }
        _ => circumstances.read(number, document, (known, counts), at, report),
    });
    test.include_fully_discounted = !discounted.is_empty() && discounted.iter().all(|included| *included);
    test.circumstances = circumstances.all;
    (test, circumstances.last)
}

/// The constraints of a node on events, and how far a `last` among them looks back.
pub(super) fn on_event(
    documents: Documents,
    lookup: Option<Box<str>>,
    counts: bool,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> (EventTest, Option<Span>) {
    let mut circumstances = Circumstances::default();
    for_each(documents, &circumstances::ALL, at, report, |number, document, at, report| {
        circumstances.read(number, document, (known, counts), at, report);
    });
    (EventTest { lookup, circumstances: circumstances.all }, circumstances.last)
}

/// The constraints of a node on points earned or spent, and how far a `last` among them looks back.
pub(super) fn on_points(
    documents: Documents,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> (PointsTest, Option<Span>) {
    let mut circumstances = Circumstances::default();
    let (mut accounts, mut sources) = (Vec::new(), Vec::new());
    // Rows of the ledger have a time and a customer, but no place and no context.
    let of_customer =
        [circumstances::TIME, circumstances::LEVELS, circumstances::TAGS, circumstances::JOINED];
    let allowed = [[ACCOUNTS, SOURCES].as_slice(), &of_customer].concat();
    for_each(documents, &allowed, at, report, |number, document, at, report| match number {
        ACCOUNTS => {
            let include = includes(document.mode, at, report);
            let named = point_accounts(document.point_accounts, known, at, report);
            let all = known.accounts.iter().map(|account| account.id);
            accounts.push(all.filter(|id| named.contains(id) == include).collect());
        }
        SOURCES => sources.push(point_sources(document, known, at, report)),
        _ => circumstances.read(number, document, (known, true), at, report),
    });
    let test = PointsTest {
        accounts: in_all(&accounts, known.accounts.iter().map(|account| account.id)),
        sources: in_all(&sources, known.sources.iter().map(|source| source.id)),
        circumstances: circumstances.all,
    };
    (test, circumstances.last)
}

/// What each of the sets has, of all there is; nothing without a set.
fn in_all<T: PartialEq>(sets: &[Vec<T>], all: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let in_each = |known: &T| sets.iter().all(|set| set.contains(known));
    (!sets.is_empty()).then(|| all.filter(in_each).collect())
}

fn point_sources(
    document: document::Constraint,
    known: Known<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Vec<crate::id::PointSourceId> {
    let include = includes(document.mode, at, report);
    let array = at.member("point_source_ids");
    let named = report.items(at, "point_source_ids", document.point_source_ids);
    if named.is_empty() {
        report.add(&array, ProblemCode::ConstraintInvalid, "names no point source");
    }
    for (place, id) in &named {
        if known.sources.iter().all(|source| source.id != *id) {
            let message = format!("there is no point source {id}");
            report.add(&array.element(*place), ProblemCode::PointSourceNotFound, message);
        }
    }
    let listed = |id| named.iter().any(|(_, named)| *named == id);
    known.sources.iter().map(|source| source.id).filter(|id| listed(*id) == include).collect()
}

fn payments(document: document::Constraint, at: &Path<'_>, report: &mut Report) -> Option<PaymentTest> {
    let include = includes(document.mode, at, report);
    let kinds = names(document.payment_types, "payment_types", at, report)?;
    let minimum_share = report.optional(at, "minimum_share", document.minimum_share);
    if minimum_share.is_some_and(|share| share.is_negative() || share.units() > Rate::UNIT) {
        report.add(&at.member("minimum_share"), ProblemCode::OutOfRange, "not between 0 and 1");
    }
    Some(PaymentTest { include, kinds, minimum_share: minimum_share.filter(|share| share.is_positive()) })
}

fn offers(document: document::Constraint, at: &Path<'_>, report: &mut Report) -> Option<ReferenceTest> {
    let include = includes(document.mode, at, report);
    let references = names(document.offer_ids, "offer_ids", at, report)?;
    Some(ReferenceTest { include, kind: ReferenceKind::Offer, references })
}

fn promo_codes(document: document::Constraint, at: &Path<'_>, report: &mut Report) -> Option<ReferenceTest> {
    report.refuse(at, "code_list_id", &document.code_list_id, "lists of promo codes are");
    let include = includes(document.mode, at, report);
    if document.code_list_id.is_there() && !document.codes.is_there() {
        return None;
    }
    let references = names(document.codes, "codes", at, report)?;
    Some(ReferenceTest { include, kind: ReferenceKind::PromoCode, references })
}

fn names(
    field: Items<String>,
    name: &'static str,
    at: &Path<'_>,
    report: &mut Report,
) -> Option<Vec<Box<str>>> {
    let named = report.items(at, name, field);
    if named.is_empty() {
        report.add(&at.member(name), ProblemCode::ConstraintInvalid, "names nothing");
        return None;
    }
    Some(named.into_iter().map(|(_, text)| text.trim().into()).collect())
}

/// Hands over the constraints that may stand on the node and can be evaluated; reports the others.
fn for_each(
    documents: Documents,
    allowed: &[i64],
    at: &Path<'_>,
    report: &mut Report,
    mut each: impl FnMut(i64, document::Constraint, &Path<'_>, &mut Report),
) {
    let array = at.member("constraints");
    if documents.len() > CONSTRAINTS_MAX {
        report.add(&array, ProblemCode::TooManyConstraints, format!("more than {CONSTRAINTS_MAX}"));
    }
    let mut ids = Unique::ids();
    for (place, document::Worded { value: mut document, .. }) in documents {
        let at = array.element(place);
        if let Some(id) = document.id.present() {
            ids.check(*id, &at.member("id"), report);
        }
        let number = report.required(&at, "discriminator", std::mem::take(&mut document.discriminator));
        let at_number = at.member("discriminator");
        match number {
            None => {}
            Some(number) if allowed.contains(&number) => each(number, document, &at, report),
            Some(number)
                if matches!(number, ACCOUNTS | SOURCES)
                    || ON_GOODS.contains(&number)
                    || circumstances::ALL.contains(&number) =>
            {
                let message = "constraints of this type do not belong on this type of node";
                report.add(&at_number, ProblemCode::ConstraintNotAllowed, message);
            }
            Some(number) => {
                report.add(
                    &at_number,
                    ProblemCode::InvalidValue,
                    format!("{number} is no type of constraint"),
                );
            }
        }
    }
}

/// Whether `mode` is include, the default.
pub(super) fn includes(field: Field<String>, at: &Path<'_>, report: &mut Report) -> bool {
    match report.optional(at, "mode", field) {
        None => true,
        Some(mode) if mode.eq_ignore_ascii_case("include") => true,
        Some(mode) if mode.eq_ignore_ascii_case("exclude") => false,
        Some(mode) => {
            report.add(
                &at.member("mode"),
                ProblemCode::InvalidValue,
                format!("{mode} is neither include nor exclude"),
            );
            true
        }
    }
}

pub(super) fn include_only(mode: &Field<String>, at: &Path<'_>, report: &mut Report) {
    if mode.is_there() && !mode.present().is_some_and(|mode| mode.eq_ignore_ascii_case("include")) {
        report.not_supported(&at.member("mode"), "another mode than include on this type of constraint is");
    }
}

fn channels(document: document::Constraint, at: &Path<'_>, report: &mut Report) -> ChannelTest {
    let include = includes(document.mode, at, report);
    let named = report.items(at, "channels", document.channels);
    if named.is_empty() {
        report.add(&at.member("channels"), ProblemCode::ConstraintInvalid, "names no channel");
    }
    ChannelTest { include, channels: named.into_iter().map(|(_, channel)| channel).collect() }
}

fn check_size(document: document::Constraint, at: &Path<'_>, report: &mut Report) -> Option<CheckSize> {
    let include = includes(document.mode, at, report);
    let min = report.optional(at, "min", document.min);
    let max = report.optional(at, "max", document.max);
    let basis = match report.optional(at, "basis", document.basis).as_deref() {
        None | Some("subtotal") => CheckSizeBasis::Subtotal,
        Some("eligible") => CheckSizeBasis::Eligible,
        Some(other) => {
            let message = format!("{other} is neither subtotal nor eligible");
            report.add(&at.member("basis"), ProblemCode::InvalidValue, message);
            return None;
        }
    };
    let message = match (min, max) {
        (None, None) => "names neither min nor max",
        (Some(min), Some(max)) if max < min => "max is below min",
        (_, _) => return Some(CheckSize { include, min, max, basis }),
    };
    report.add(at, ProblemCode::ConstraintInvalid, message);
    None
}

fn items(
    document: document::Constraint,
    symbols: &mut Symbols<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> ItemSet {
    let include = includes(document.mode, at, report);
    let mut keys = keys(document.items, symbols, at, report);
    keys.sort_unstable();
    keys.dedup();
    let min_quantity = report.optional(at, "min_quantity", document.min_quantity);
    if min_quantity.is_some_and(crate::Quantity::is_negative) {
        report.add(&at.member("min_quantity"), ProblemCode::OutOfRange, "below 0");
    }
    let min_item_value = report.optional(at, "min_item_value", document.min_item_value);
    if min_item_value.is_some_and(crate::Money::is_negative) {
        report.add(&at.member("min_item_value"), ProblemCode::OutOfRange, "below 0");
    }
    let require_all = report.optional(at, "require_all", document.require_all).unwrap_or(false);
    if require_all && !include {
        let message = "lines outside the set cannot match all of it";
        report.add(&at.member("require_all"), ProblemCode::ConstraintInvalid, message);
    }
    ItemSet { include, keys, min_quantity, min_item_value, require_all }
}

fn keys(
    field: Items<document::ItemReference>,
    symbols: &mut Symbols<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> Vec<ItemKey> {
    let array = at.member("items");
    let references = report.items(at, "items", field);
    if references.is_empty() {
        report.add(&array, ProblemCode::ConstraintInvalid, "names no item");
    }
    let mut keys = Vec::with_capacity(references.len());
    for (place, reference) in references {
        let at = array.element(place);
        let kind = report.required(&at, "type", reference.kind);
        let id = report.required(&at, "id", reference.id);
        let (Some(kind), Some(id)) = (kind, id) else { continue };
        match kind.as_str() {
            "sku" => keys.push(ItemKey::Sku(symbols.sku(&id))),
            "category" => keys.push(ItemKey::Category(symbols.name(&id))),
            "brand" => keys.push(ItemKey::Brand(symbols.name(&id))),
            "department" => keys.push(ItemKey::Department(symbols.name(&id))),
            other => {
                let message = format!("{other} is neither sku, category, brand nor department");
                report.add(&at.member("type"), ProblemCode::InvalidValue, message);
            }
        }
    }
    keys
}
