//! Carrying out what rules give besides points: spends, expiries, tags, movements between tiers (incentives.md 6.5,
//! 6.4 step 8).

use super::{Cause, Customer, Event, RulesActed, Tag, TierDraft, stop::Stop, tags::TAGS_MAX};
use crate::{
    amount::{Points, Rate},
    id::{LedgerRowId, PointAccountId, TierLevelId, TierSystemId},
    ledger::{Draft, Expiring, ExpiringAmount, First, Movement, TakenFor, Taking},
    program::{
        LostShare, Program, TierSystem,
        tree::{MoveTo, TagRule},
    },
    rules::{Act, Action, RefusalReason, Refused},
    time::Timestamp,
};

/// What was carried out, and what was not.
#[derive(Debug, Default)]
pub(super) struct Acted {
    /// Of each movement that was written, what caused it.
    pub(super) causes: Vec<Cause>,
    pub(super) tags_added: Vec<Tag>,
    pub(super) tags_removed: Vec<Box<str>>,
    /// Levels that rules have moved to and whose benefits for joining are given.
    pub(super) joined: Vec<(TierSystemId, TierLevelId)>,
    /// The outcomes that were carried out.
    pub(super) done: Vec<Cause>,
    pub(super) refused: Vec<Refused>,
}

/// Carries out the actions of an evaluation, but for those that an earlier evaluation of the same trigger has carried
/// out: they are not undone, and not done twice (incentives.md 9.2).
pub(super) fn act(
    customer: &Customer,
    actions: &[Action],
    before: &[Cause],
    (draft, levels): (&mut Draft<'_>, &mut TierDraft<'_>),
    (program, now): (&Program, Timestamp),
    occurred: Timestamp,
) -> Result<Acted, Stop> {
    let mut acting = Acting { customer, draft, levels, program, now, occurred, acted: Acted::default() };
    for action in actions {
        let cause = Cause { tree: action.tree, outcome: action.outcome };
        if before.contains(&cause) {
            continue;
        }
        let refused = match &action.act {
            Act::Spend { accounts, points, force } => acting.spend(cause, accounts, *points, *force)?,
            Act::Expire { accounts, percentage } => acting.expire(cause, accounts, *percentage)?,
            Act::AddTags(tags) => acting.add_tags(tags),
            Act::RemoveTags(tags) => acting.remove_tags(tags),
            Act::Move { system, to, joining_outcomes } => acting.move_within(*system, *to, *joining_outcomes),
            Act::Leave(system) => acting.leave(*system),
            // What it led to is part of the evaluation, or happens afterwards.
            Act::Publish { .. } => None,
        };
        match refused {
            None => acting.acted.done.push(cause),
            Some(reason) => {
                let Cause { tree, outcome } = cause;
                acting.acted.refused.push(Refused { tree, outcome, reason });
            }
        }
    }
    Ok(acting.acted)
}

impl Acted {
    /// What happened, but for levels. `movements` are those that were written for it; the trigger is a sale with the
    /// till's id, or an event.
    pub(super) fn into_event(
        self,
        movements: Vec<Movement>,
        (trigger, transaction_id): (uuid::Uuid, &str),
        at: Timestamp,
    ) -> Option<Event> {
        let Self { causes, tags_added, tags_removed, .. } = self;
        let nothing = movements.is_empty() && tags_added.is_empty() && tags_removed.is_empty();
        (!nothing).then(|| {
            Event::RulesActed(Box::new(RulesActed {
                at,
                trigger,
                transaction_id: transaction_id.into(),
                movements: causes.into_iter().zip(movements).collect(),
                tags_added,
                tags_removed,
            }))
        })
    }
}

struct Acting<'a, 'b, 'c> {
    customer: &'a Customer,
    draft: &'a mut Draft<'b>,
    levels: &'a mut TierDraft<'c>,
    program: &'a Program,
    now: Timestamp,
    occurred: Timestamp,
    acted: Acted,
}

impl Acting<'_, '_, '_> {
    fn spend(
        &mut self,
        cause: Cause,
        accounts: &[PointAccountId],
        points: Points,
        force: bool,
    ) -> Result<Option<RefusalReason>, Stop> {
        let program = self.program;
        let known: Vec<_> = accounts.iter().filter_map(|id| program.account(*id)).collect();
        let Some(first) = known.first().filter(|_| known.iter().all(|account| account.active)) else {
            return Ok(Some(RefusalReason::Inactive));
        };
        let taking = Taking {
            accounts,
            source: None,
            points,
            occurred: self.occurred,
            reason: TakenFor::Spend,
            first_from: First::None,
            row: None,
        };
        let may_overdraw =
            first.allow_negative_balance && (force || program.retailer().switches.overdraft_without_force);
        if !may_overdraw && self.draft.pool(&taking)? < points {
            return Ok(Some(RefusalReason::InsufficientPoints));
        }
        let before = self.draft.movements().len();
        let missing = self.draft.take_from_pool(&taking)?;
        if missing.is_positive() {
            let row = LedgerRowId(self.draft.next_id());
            self.draft.overdraw(row, first.id, missing, self.occurred, TakenFor::Spend)?;
        }
        self.caused(cause, before);
        Ok(None)
    }

    fn expire(
        &mut self,
        cause: Cause,
        accounts: &[PointAccountId],
        percentage: Rate,
    ) -> Result<Option<RefusalReason>, Stop> {
        let Some(share) = LostShare::percent(percentage) else {
            return Ok(Some(RefusalReason::InsufficientPoints));
        };
        let before = self.draft.movements().len();
        for &account in accounts {
            let what = ExpiringAmount::Share(share);
            let losses = self.draft.losses_of(&Expiring { account, source: None, older_than: None, what })?;
            if !losses.is_empty() {
                self.draft.lose(account, losses, self.now, None, self.program)?;
            }
        }
        let nothing = self.draft.movements().len() == before;
        self.caused(cause, before);
        Ok(nothing.then_some(RefusalReason::InsufficientPoints))
    }

    fn caused(&mut self, cause: Cause, before: usize) {
        let written = self.draft.movements().len() - before;
        self.acted.causes.extend(std::iter::repeat_n(cause, written));
    }

    fn add_tags(&mut self, rules: &[TagRule]) -> Option<RefusalReason> {
        let now = self.now;
        let held = self.customer.rule_state.tags.iter().filter(|tag| tag.is_there(now));
        let held: Vec<_> = held.map(|tag| &tag.name).collect();
        let new = |rule: &&TagRule| {
            !held.contains(&&rule.name) && self.acted.tags_added.iter().all(|tag| tag.name != rule.name)
        };
        if held.len() + self.acted.tags_added.len() + rules.iter().filter(new).count() > TAGS_MAX {
            return Some(RefusalReason::TooManyTags);
        }
        for rule in rules {
            let until = rule.seconds.map(|seconds| now.plus_millis(seconds.saturating_mul(1_000)));
            self.acted.tags_removed.retain(|name| *name != rule.name);
            self.acted.tags_added.retain(|tag| tag.name != rule.name);
            self.acted.tags_added.push(Tag { name: rule.name.clone(), until });
        }
        None
    }

    fn remove_tags(&mut self, tags: &[Box<str>]) -> Option<RefusalReason> {
        for tag in tags {
            self.acted.tags_added.retain(|known| known.name != *tag);
            self.acted.tags_removed.push(tag.clone());
        }
        None
    }

    fn move_within(
        &mut self,
        system: TierSystemId,
        to: MoveTo,
        joining_outcomes: bool,
    ) -> Option<RefusalReason> {
        let Some(system) = self.program.tier_system(system).filter(|system| system.live) else {
            return Some(RefusalReason::Inactive);
        };
        let from = self.levels.level_in(system.id);
        let Some(level) = target(system, from, to).filter(|level| from != Some(*level)) else {
            return Some(RefusalReason::AlreadyInLevel);
        };
        let Some(level) = system.level(level).filter(|level| level.is_live()) else {
            return Some(RefusalReason::Inactive);
        };
        self.levels.move_by_rule(system, level, self.draft);
        if joining_outcomes {
            self.acted.joined.push((system.id, level.id));
        }
        None
    }

    fn leave(&mut self, system: TierSystemId) -> Option<RefusalReason> {
        self.acted.joined.retain(|(known, _)| *known != system);
        let was_in_it = self.levels.leave_by_rule(system, self.draft);
        (!was_in_it).then_some(RefusalReason::AlreadyInLevel)
    }
}

/// The level a movement leads to; none: there is none in that direction.
fn target(system: &TierSystem, from: Option<TierLevelId>, to: MoveTo) -> Option<TierLevelId> {
    let rank = from.and_then(|level| system.level(level)).map(|level| level.rank);
    match (to, rank) {
        (MoveTo::Level(level), _) => Some(level),
        (MoveTo::Up, Some(rank)) => system.live_levels_above(rank).next().map(|level| level.id),
        // Who is in no level yet begins at the lowest.
        (MoveTo::Up, None) => system.levels.first().map(|level| level.id),
        (MoveTo::Down, Some(rank)) => {
            let mut below = system.levels.iter().rev().filter(|level| level.rank < rank && level.is_live());
            below.next().map(|level| level.id)
        }
        (MoveTo::Down, None) => None,
    }
}
