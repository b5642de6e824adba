//! Edits of point accounts (incentives.md 2.1, 2.2, 7.4).

use uuid::Uuid;

use super::{Error, Json, ObjectKind, Refusal, editor::Editor};
use crate::program::ProblemCode;

const KIND: ObjectKind = ObjectKind::PointAccount;
const POLICY: &str = "expiration_policy";
const ROLLOVER: &str = "rollover_point_account_id";

pub(super) fn create(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let id = editor.new_id();
    let account = Json::object([]);
    save(editor, id, account, body);
    Ok((KIND, id))
}

pub(super) fn update(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, account) = editor.named(KIND, body, "id")?;
    let stops = account.get_flag("active").unwrap_or(true) && body.get_flag("active") == Some(false);
    if stops && in_use(editor, id) {
        return Err(Refusal::AccountInUse.into());
    }
    save(editor, id, account, body);
    Ok((KIND, id))
}

pub(super) fn set_active(editor: &mut Editor<'_>, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    let (id, mut account) = editor.named(KIND, body, "id")?;
    let active = editor.required_flag(body, "active")?;
    if !active && in_use(editor, id) {
        return Err(Refusal::AccountInUse.into());
    }
    account.set("active", Json::Flag(active));
    editor.put(KIND, id, &account);
    Ok((KIND, id))
}

/// Some live rule tree names the account.
fn in_use(editor: &Editor<'_>, id: Uuid) -> bool {
    let trees = editor.objects().list(ObjectKind::RuleTree).iter().map(|tree| tree.json());
    trees.into_iter().any(|tree| tree.get_whole("status") == Some(2) && tree.mentions(id))
}

fn save(editor: &mut Editor<'_>, id: Uuid, mut account: Json, body: &Json) {
    let before = account.get(POLICY).cloned();
    account.merge(body.clone());
    // Links are kept at the source.
    account.take("point_sources");
    account.set("id", Json::text(id));
    account.set("retailer_id", editor.retailer_id());
    let never = || Json::object([("policy_type", Some(Json::whole(0)))]);
    let policy = match body.get(POLICY) {
        None => Some(account.take(POLICY).unwrap_or_else(never)),
        Some(sent @ Json::Object(_)) => {
            let mut policy = before.unwrap_or_else(never);
            policy.merge(sent.clone());
            check_policy(editor, id, &policy);
            Some(policy)
        }
        // Not an object: the compiler says so.
        Some(_) => None,
    };
    if let Some(mut policy) = policy {
        policy.set("point_account_id", Json::text(id));
        if policy.get("next_evaluation_date").is_none() {
            policy.set("next_evaluation_date", editor.now());
        }
        account.set(POLICY, policy);
    }
    editor.put(KIND, id, &account);
}

/// What the compiler does not look at: where points roll over to, and what counts as activity.
fn check_policy(editor: &mut Editor<'_>, id: Uuid, policy: &Json) {
    let at = |member: &str| format!("{POLICY}.{member}");
    if policy.get_whole("policy_type") == Some(2)
        && policy.elements("specific_activity_event_types").is_empty()
    {
        let message = "inactivity is judged by at least one type of event";
        editor.problem(at("specific_activity_event_types"), ProblemCode::ExpirationPolicyInvalid, message);
    }
    let Some(mut target) = policy.get_id(ROLLOVER) else { return };
    if target == id {
        let message = "points do not roll over into their own account";
        return editor.problem(at(ROLLOVER), ProblemCode::ExpirationPolicyInvalid, message);
    }
    if editor.objects().get(KIND, target).is_none() {
        let message = format!("there is no point account {target}");
        return editor.problem(at(ROLLOVER), ProblemCode::PointAccountNotFound, message);
    }
    let accounts = editor.objects().list(KIND).len();
    for _ in 0..accounts {
        let next = editor.objects().get(KIND, target).map(|account| account.json());
        let next =
            next.as_ref().and_then(|account| account.get(POLICY)).and_then(|next| next.get_id(ROLLOVER));
        match next {
            Some(next) if next == id => {
                let message = "points would roll over in a circle";
                return editor.problem(at(ROLLOVER), ProblemCode::ExpirationPolicyInvalid, message);
            }
            Some(next) => target = next,
            None => return,
        }
    }
}
