//! Editing single objects of the program (incentives.md 7.4, 7.5, 7.7, 7.12 to 7.14).
//!
//! An edit reads what is there, makes the objects that will be, and has the whole program compiled with them. Edits
//! are decided one after the other, so none overwrites what it has not seen; objects with a `version` say what they
//! have seen.

mod accounts;
mod editor;
mod events;
mod level_constraints;
mod sources;
mod templates;
mod tiers;
mod trees;
mod trial;

use uuid::Uuid;

use super::{Configuration, Error, Event, Json, ObjectKind, Reply};
use crate::entity::{Context, Decision};

use editor::Editor;

/// An edit as it was asked for.
#[derive(Debug, Clone)]
pub struct Edit {
    /// What to do.
    pub operation: Operation,
    /// With what: the body of the request.
    pub body: Json,
    /// Only say whether it could be done.
    pub check_only: bool,
}

/// The edits there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Body: a point account without id.
    CreatePointAccount,
    /// Body: `id` and the members that change; `null` takes one away.
    UpdatePointAccount,
    /// Body: `id`, `active`.
    SetPointAccountActive,
    /// Body: a point source without id.
    CreatePointSource,
    /// Body: `id` and the members that change.
    UpdatePointSource,
    /// Body: `id`, `status`.
    SetPointSourceStatus,
    /// Body: `point_source_id` and a restriction; with `id` or `restriction_id` it takes the place of that one.
    SaveRestriction,
    /// Body: `id` of the restriction.
    DeleteRestriction,
    /// Body: `name`, `levels` or `tier_levels`.
    CreateTierSystem,
    /// Body: `id` and the members that change, but for the levels.
    UpdateTierSystem,
    /// Body: `tier_system_id` and a level without id.
    CreateTierLevel,
    /// Body: `id` of the level and the members that change.
    UpdateTierLevel,
    /// Body: `id` of the level, `status`.
    SetTierLevelStatus,
    /// Body: `tier_level_id`, `rule_tree_id`.
    AttachRuleTree,
    /// Body: `tier_level_id`, `rule_tree_id`.
    DetachRuleTree,
    /// Body: `id` of the level; with a `version` of its system, only as of that. To be asked for when nobody is in the
    /// level and nobody can enter it.
    DeleteTierLevel,
    /// Body: `id`; with a `version`, only as of that. The same for a whole system.
    DeleteTierSystem,
    /// Body: a rule tree without id.
    CreateRuleTree,
    /// Body: a whole rule tree with `id` and `version`.
    UpdateRuleTree,
    /// Body: `id`, `status`.
    SetRuleTreeStatus,
    /// Body: `id`, `name` of the new draft.
    DuplicateRuleTree,
    /// Body: a rule tree, looked at as if it were live. To be asked with `check_only`.
    ValidateRuleTree,
    /// Body: `id`.
    DeleteRuleTree,
    /// Body: `id`, `template_version`.
    UpgradeTemplate,
    /// Body: a rule template without id.
    CreateTemplate,
    /// Body: a whole template with `id` and `version`.
    UpdateTemplate,
    /// Body: `id`, `status`.
    SetTemplateStatus,
    /// Body: `id`.
    DeleteTemplate,
    /// Body: `event_lookup` and the members that change; with `id` it may be renamed.
    SaveEvent,
    /// Body: `id`.
    DeleteEvent,
    /// Body: a whole constraint; with `id` and `version` it takes the place of that one.
    SaveLevelConstraint,
    /// Body: `id`; with a `version`, only as of that.
    DeleteLevelConstraint,
}

/// Why an edit is refused that is well-formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such object.
    #[error("there is no such {}", .0.member())]
    NotFound(ObjectKind),
    /// There is no such restriction.
    #[error("there is no such restriction")]
    RestrictionNotFound,
    /// Live rule trees use the account.
    #[error("live rule trees use the account")]
    AccountInUse,
    /// There is no such tier level.
    #[error("there is no such tier level")]
    TierLevelNotFound,
    /// The level has members, or a rule tree or a constraint names it.
    #[error("the level has members, or a rule tree or a constraint names it")]
    LevelInUse,
    /// The tree is archived, for good.
    #[error("the rule tree is archived")]
    RuleTreeArchived,
    /// Only drafts are deleted.
    #[error("the rule tree is no draft")]
    RuleTreeNotDraft,
    /// Rule trees are built with the template.
    #[error("rule trees are built with the template")]
    TemplateInUse,
    /// Rule trees that are live or paused name the event.
    #[error("rule trees name the event")]
    EventInUse,
    /// The event is the platform's: read only.
    #[error("the event is the platform's")]
    EventReserved,
    /// The object has been changed since the caller saw it.
    #[error("the object has another version")]
    VersionConflict,
}

pub(super) fn decide(
    configuration: &Configuration,
    edit: &Edit,
    context: &Context<'_>,
) -> Result<Decision<Configuration>, Error> {
    let mut editor = Editor::new(configuration, context);
    let body = &edit.body;
    let (kind, id) = run(&mut editor, edit.operation, body)?;
    let (objects, changes) = editor.finish()?;
    let object = objects.get(kind, id).cloned();
    if changes.is_empty() {
        let version = configuration.version;
        return Ok(Decision::answer(Reply::Edited { version, object }));
    }
    let version = configuration.version + 1;
    let events = if edit.check_only { Vec::new() } else { vec![Event::Edited { version, changes }] };
    Ok(Decision { events, reply: Reply::Edited { version, object }, effects: Vec::new() })
}

fn run(editor: &mut Editor<'_>, operation: Operation, body: &Json) -> Result<(ObjectKind, Uuid), Error> {
    match operation {
        Operation::CreatePointAccount => accounts::create(editor, body),
        Operation::UpdatePointAccount => accounts::update(editor, body),
        Operation::SetPointAccountActive => accounts::set_active(editor, body),
        Operation::CreatePointSource => sources::create(editor, body),
        Operation::UpdatePointSource => sources::update(editor, body),
        Operation::SetPointSourceStatus => sources::set_status(editor, body),
        Operation::SaveRestriction => sources::save_restriction(editor, body),
        Operation::DeleteRestriction => sources::delete_restriction(editor, body),
        Operation::CreateTierSystem => tiers::create_system(editor, body),
        Operation::UpdateTierSystem => tiers::update_system(editor, body),
        Operation::CreateTierLevel => tiers::create_level(editor, body),
        Operation::UpdateTierLevel => tiers::update_level(editor, body),
        Operation::SetTierLevelStatus => tiers::set_level_status(editor, body),
        Operation::AttachRuleTree => tiers::attach(editor, body),
        Operation::DetachRuleTree => tiers::detach(editor, body),
        Operation::DeleteTierLevel => tiers::delete_level(editor, body),
        Operation::DeleteTierSystem => tiers::delete_system(editor, body),
        Operation::CreateRuleTree => trees::create(editor, body),
        Operation::UpdateRuleTree => trees::update(editor, body),
        Operation::SetRuleTreeStatus => trees::set_status(editor, body),
        Operation::DuplicateRuleTree => trees::duplicate(editor, body),
        Operation::ValidateRuleTree => trees::validate(editor, body),
        Operation::DeleteRuleTree => trees::delete(editor, body),
        Operation::UpgradeTemplate => trees::upgrade_template(editor, body),
        Operation::CreateTemplate => templates::create(editor, body),
        Operation::UpdateTemplate => templates::update(editor, body),
        Operation::SetTemplateStatus => templates::set_status(editor, body),
        Operation::DeleteTemplate => templates::delete(editor, body),
        Operation::SaveEvent => events::save(editor, body),
        Operation::DeleteEvent => events::delete(editor, body),
        Operation::SaveLevelConstraint => level_constraints::save(editor, body),
        Operation::DeleteLevelConstraint => level_constraints::delete(editor, body),
    }
}
