//! The constraints of a node.

use super::{
    super::{
        document::{self, Field, Items},
        tree::{
            AccountSum, ChannelTest, CheckSize, CheckSizeBasis, ItemKey, ItemSet, PurchaseTest, StoreTest,
        },
    },
    Path, ProblemCode, Report, Unique,
    symbols::Symbols,
    trees::Known,
};

/// incentives.md 1.7
const CONSTRAINTS_MAX: usize = 20;
/// Constraint types of the platform that cannot be evaluated yet (incentives.md 3.5).
const NOT_YET: [i64; 10] = [1, 4, 128, 256, 512, 1024, 2048, 4096, 8192, 32768];
/// What can be evaluated, on the nodes it belongs to.
const STORE: i64 = 2;
const ACCOUNTS: i64 = 8;
const CHECK_SIZE: i64 = 16;
const ITEMS: i64 = 32;
const CHANNEL: i64 = 64;
const DISCOUNTED: i64 = 16384;

type Documents = Vec<(usize, document::Constraint)>;

/// Groups carry no constraints.
pub(super) fn none_on_group(documents: Documents, at: &Path<'_>, report: &mut Report) {
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
        include_only(&document.mode, at, report);
        let named = report.required(at, "point_accounts", document.point_accounts).unwrap_or_default();
        let mut accounts = Vec::new();
        for id in named.into_keys() {
            if known.accounts.iter().any(|account| account.id == id) {
                accounts.push(id);
            } else {
                let message = format!("there is no point account {id}");
                report.add(&at.member("point_accounts"), ProblemCode::PointAccountNotFound, message);
            }
        }
        let rank = report.optional(at, "rank", document.rank).unwrap_or(0);
        let version = report.optional(at, "version", document.version).unwrap_or(0);
        if let Some(id) = report.required(at, "id", document.id) {
            sums.push(AccountSum { id, rank, version, accounts });
        }
    });
    sums.sort_by_key(|sum| sum.rank);
    sums
}

/// The constraints of a current-purchase node.
pub(super) fn on_purchase(
    documents: Documents,
    known: Known<'_>,
    symbols: &mut Symbols<'_>,
    at: &Path<'_>,
    report: &mut Report,
) -> PurchaseTest {
    let mut test = PurchaseTest::default();
    let mut discounted = Vec::new();
    let allowed = [STORE, CHECK_SIZE, ITEMS, CHANNEL, DISCOUNTED];
    for_each(documents, &allowed, at, report, |number, document, at, report| match number {
        STORE => test.stores.push(stores(document, known, at, report)),
        CHANNEL => test.channels.push(channels(document, at, report)),
        CHECK_SIZE => test.check_sizes.extend(check_size(document, at, report)),
        ITEMS => test.items.push(items(document, symbols, at, report)),
        _ => {
            include_only(&document.mode, at, report);
            let field = document.include_fully_discounted;
            discounted.push(report.optional(at, "include_fully_discounted", field).unwrap_or(false));
        }
    });
    test.include_fully_discounted = !discounted.is_empty() && discounted.iter().all(|included| *included);
    test
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
    for (place, mut document) in documents {
        let at = array.element(place);
        if let Some(id) = document.id.present() {
            ids.check(*id, &at.member("id"), report);
        }
        let number = report.required(&at, "discriminator", std::mem::take(&mut document.discriminator));
        let at_number = at.member("discriminator");
        match number {
            None => {}
            Some(number) if allowed.contains(&number) => each(number, document, &at, report),
            Some(STORE | ACCOUNTS | CHECK_SIZE | ITEMS | CHANNEL | DISCOUNTED) => {
                let message = "constraints of this type do not belong on this type of node";
                report.add(&at_number, ProblemCode::ConstraintNotAllowed, message);
            }
            Some(number) if NOT_YET.contains(&number) => {
                report.not_supported(&at_number, &format!("constraints of type {number} are"));
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
fn includes(field: Field<String>, at: &Path<'_>, report: &mut Report) -> bool {
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

fn include_only(mode: &Field<String>, at: &Path<'_>, report: &mut Report) {
    if mode.is_there() && !mode.present().is_some_and(|mode| mode.eq_ignore_ascii_case("include")) {
        report.not_supported(&at.member("mode"), "another mode than include on this type of constraint is");
    }
}

fn stores(document: document::Constraint, known: Known<'_>, at: &Path<'_>, report: &mut Report) -> StoreTest {
    report.refuse(at, "location_tags", &document.location_tags, "choosing stores by location tag is");
    report.refuse(at, "brands", &document.brands, "choosing stores by brand is");
    let include = includes(document.mode, at, report);
    let array = at.member("store_ids");
    let named = report.items(at, "store_ids", document.store_ids);
    if named.is_empty() {
        report.add(&array, ProblemCode::ConstraintInvalid, "names no store");
    }
    let mut stores = Vec::with_capacity(named.len());
    for (place, id) in named {
        // Without a list of stores there is nothing to hold the id against.
        if !known.stores.is_empty() && known.stores.binary_search_by_key(&id, |store| store.id).is_err() {
            report.add(&array.element(place), ProblemCode::StoreNotFound, format!("there is no store {id}"));
        }
        stores.push(id);
    }
    stores.sort_unstable();
    StoreTest { include, stores }
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
    include_only(&document.mode, at, report);
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
        (_, _) => return Some(CheckSize { min, max, basis }),
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
