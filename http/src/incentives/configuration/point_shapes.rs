//! How point accounts and sources are answered (incentives.md 2.1 to 2.3).

use domain::configuration::{Json, Object, ObjectKind, Objects};
use uuid::Uuid;

/// What is shown of an account beyond itself.
#[derive(Debug, Clone, Copy)]
pub struct Expand {
    /// Its expiration policy.
    pub policy: bool,
    /// The sources linked to it.
    pub sources: bool,
    /// Their restrictions.
    pub restrictions: bool,
}

impl Expand {
    /// Everything.
    pub const ALL: Self = Self { policy: true, sources: true, restrictions: true };
}

/// A point account.
pub fn account(objects: &Objects, object: &Object, expand: Expand) -> Json {
    let mut account = bare_account(object);
    if expand.policy {
        let policy = policy(object.id, account.take("expiration_policy"));
        account.set("expiration_policy", policy);
    } else {
        account.take("expiration_policy");
    }
    if expand.sources {
        let sources = objects.list(ObjectKind::PointSource).iter();
        let linked = sources.filter(|source| linked(source).contains(&object.id));
        let linked = linked.map(|source| bare_source(source, expand.restrictions));
        account.set("point_sources", Json::Array(linked.collect()));
    }
    account
}

/// A point source, with the accounts it may fill.
pub fn source(objects: &Objects, object: &Object, restrictions: bool) -> Json {
    let mut source = bare_source(object, restrictions);
    let accounts = linked(object);
    let accounts = accounts.iter().filter_map(|id| objects.get(ObjectKind::PointAccount, *id));
    let accounts = accounts.map(|known| {
        let mut account = bare_account(known);
        account.take("expiration_policy");
        account.set("point_sources", Json::Array(Vec::new()));
        account
    });
    source.set("point_accounts", Json::Array(accounts.collect()));
    source
}

fn bare_account(object: &Object) -> Json {
    let mut account = object.json().without_nulls();
    let mut default = |name: &str, value: Json| {
        if account.get(name).is_none() {
            account.set(name, value);
        }
    };
    default("grouping_label", Json::text(""));
    default("include_in_default_points", Json::Flag(false));
    default("active", Json::Flag(true));
    default("allow_negative_balance", Json::Flag(true));
    account.set("id", Json::text(object.id));
    account.take("point_sources");
    account
}

fn bare_source(object: &Object, restrictions: bool) -> Json {
    let mut source = object.json().without_nulls();
    if source.get("status").is_none() {
        source.set("status", Json::whole(1));
    }
    source.set("id", Json::text(object.id));
    source.take("point_account_ids");
    source.set("point_accounts", Json::Array(Vec::new()));
    if !restrictions {
        source.take("restrictions");
    } else if source.get("restrictions").is_none() {
        source.set("restrictions", Json::Array(Vec::new()));
    }
    source
}

/// Also there for points that never expire: a client reads the account's id from it (incentives.md 2.2).
fn policy(account: Uuid, stored: Option<Json>) -> Json {
    let zero = || Some(Json::whole(0));
    let mut policy = Json::object([
        ("policy_type", zero()),
        ("next_evaluation_date", Some(Json::text("1970-01-01T00:00:00"))),
        ("frequency_value", zero()),
        ("frequency_unit_type", zero()),
        ("expiration_age_value", zero()),
        ("expiration_age_unit_type", zero()),
        ("point_expiration_percentage", zero()),
        ("specific_activity_event_types", Some(Json::Array(Vec::new()))),
    ]);
    if stored.as_ref().and_then(|stored| stored.get_whole("policy_type")).is_some_and(|kind| kind != 0) {
        // What the compiler takes an absent share for.
        policy.set("point_expiration_percentage", Json::whole(100));
    }
    policy.merge(stored.unwrap_or(Json::Null));
    policy.set("point_account_id", Json::text(account));
    policy
}

/// The accounts that a source may fill, as ids or as objects.
fn linked(source: &Object) -> Vec<Uuid> {
    let source = source.json();
    let ids = source.elements("point_account_ids").iter().filter_map(|id| match id {
        Json::Text(text) => Uuid::parse_str(text).ok(),
        Json::Null | Json::Flag(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => None,
    });
    let objects = source.elements("point_accounts").iter().filter_map(|account| account.get_id("id"));
    let mut linked: Vec<Uuid> = Vec::new();
    for id in ids.chain(objects) {
        if !linked.contains(&id) {
            linked.push(id);
        }
    }
    linked
}
