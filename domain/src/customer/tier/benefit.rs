//! What joining a level and staying in it give (incentives.md 8.3, 8.4).

use super::{TierDraft, draft::CASCADE_MAX};
use crate::{
    amount::Points,
    customer::{BenefitKind, Cause, Entry, JoiningUse, PublishedEvent, TierBenefit, acting, stop::Stop},
    id::{OutcomeId, PointAccountId, PointSourceId, TierLevelId, TierSystemId},
    ledger::{Draft, Earning},
    program::{
        JoiningCap, Program, RuleTree, TierLevel,
        tree::{ActionRule, Effect, Outcome, Triggers},
    },
    rules::{Award, RefusalReason, Refused},
    time::{Span, Timestamp, Unit},
};

/// Points of one outcome for one account.
#[derive(Clone, Copy)]
struct Gift {
    cause: Cause,
    source: PointSourceId,
    account: PointAccountId,
    points: Points,
}

impl TierDraft<'_> {
    /// Gives what joining a level gives: the outcomes of its entrance trees that pass. Of a level that is entered
    /// without passing (skipped, or by hand), those of the first tree in force.
    pub(super) fn give_for_joining(
        &mut self,
        level: &TierLevel,
        happened: Triggers,
        rules_at: Timestamp,
        draft: &mut Draft<'_>,
    ) -> Result<(), Stop> {
        let program = self.program;
        let mut trees = self
            .standing(draft, |standing| program.passing_entrances(level.id, happened, standing, rules_at));
        if trees.is_empty() {
            trees.extend(program.entrances_in_force(level.id, rules_at).next());
        }
        trees.retain(|tree| !tree.outcomes().is_empty());
        if trees.is_empty() {
            return Ok(());
        }
        let mut benefit = TierBenefit::of(level.id, BenefitKind::Joining);
        let mut joined = Vec::new();
        match level.joining_cap.map(|cap| self.joining_use(level, cap)) {
            Some(None) => refuse_all(&trees, RefusalReason::FrequencyLimit, &mut benefit),
            Some(used @ Some(_)) => {
                benefit.used = used;
                joined = self.give(&trees, &mut benefit, draft)?;
            }
            None => joined = self.give(&trees, &mut benefit, draft)?,
        }
        self.benefits.push(benefit);
        self.give_for_joined(joined, draft)
    }

    /// Gives what staying in a level gives: the outcomes of its stay trees that pass.
    pub(super) fn give_for_staying(
        &mut self,
        level: &TierLevel,
        trees: &[&RuleTree],
        draft: &mut Draft<'_>,
    ) -> Result<(), Stop> {
        if trees.iter().all(|tree| tree.outcomes().is_empty()) {
            return Ok(());
        }
        let mut benefit = TierBenefit::of(level.id, BenefitKind::Staying);
        let joined = self.give(trees, &mut benefit, draft)?;
        self.benefits.push(benefit);
        self.give_for_joined(joined, draft)
    }

    /// Gives what joining the levels gives that a benefit has moved to.
    fn give_for_joined(
        &mut self,
        joined: Vec<(TierSystemId, TierLevelId)>,
        draft: &mut Draft<'_>,
    ) -> Result<(), Stop> {
        self.giving += 1;
        joined.into_iter().try_for_each(|joined| self.give_for_rule(joined, draft))?;
        self.giving -= 1;
        Ok(())
    }

    /// The use of a joining cap; nothing when it is used up.
    fn joining_use(&self, level: &TierLevel, cap: JoiningCap) -> Option<JoiningUse> {
        let (zone, window) = (&self.program.retailer().zone, Span { value: 1, unit: cap.per });
        let since = zone.earlier(self.at, window);
        let counts = |known: &&JoiningUse| {
            known.level == level.id
                && (cap.per == Unit::Forever || since.is_none_or(|since| known.at > since))
        };
        let times: u64 = self.tiers.joining.iter().filter(counts).map(|known| u64::from(known.times)).sum();
        (times < u64::from(cap.times)).then(|| JoiningUse {
            level: level.id,
            at: self.at,
            until: zone.later(self.at, window),
            times: 1,
        })
    }

    /// Gives what trees give, and says which levels they have moved to whose benefits are given.
    fn give(
        &mut self,
        trees: &[&RuleTree],
        benefit: &mut TierBenefit,
        draft: &mut Draft<'_>,
    ) -> Result<Vec<(TierSystemId, TierLevelId)>, Stop> {
        if self.giving >= CASCADE_MAX {
            refuse_all(trees, RefusalReason::CascadeDepth, benefit);
            return Ok(Vec::new());
        }
        let (program, customer, at) = (self.program, self.customer, self.at);
        let evaluation = self.standing(draft, |standing| program.level_outcomes(trees, standing, at));
        let before = draft.movements().len();
        let acted = acting::act(customer, &evaluation.actions, &[], (draft, self), (program, at), at)?;
        benefit.acted = acted.causes.into_iter().zip(draft.movements()[before..].iter().cloned()).collect();
        (benefit.tags_added, benefit.tags_removed) = (acted.tags_added, acted.tags_removed);
        benefit.published = acted.done.iter().filter_map(|cause| published(program, *cause)).collect();
        benefit.done = acted.done;
        benefit.refused.extend(evaluation.refused);
        benefit.refused.extend(acted.refused);
        self.uses.extend_from_slice(&evaluation.uses);
        benefit.uses = evaluation.uses;
        for Award { tree, outcome, account, source, points } in evaluation.awards {
            let cause = Cause { tree, outcome };
            self.give_points(Gift { cause, source, account, points }, benefit, draft)?;
        }
        Ok(acted.joined)
    }

    fn give_points(&self, gift: Gift, benefit: &mut TierBenefit, draft: &mut Draft<'_>) -> Result<(), Stop> {
        let Gift { cause, source: source_id, account, points } = gift;
        let refused = |outcome: OutcomeId, reason| Refused { tree: cause.tree, outcome, reason };
        let program = self.program;
        let account = program.account(account).filter(|account| account.active);
        let source = program.source(source_id).filter(|source| source.active);
        let (Some(account), Some(source)) = (account, source) else {
            benefit.refused.push(refused(cause.outcome, RefusalReason::Inactive));
            return Ok(());
        };
        let room = draft.room(account, source, self.at, program)?;
        let allowed = room.allowed(points);
        if allowed < points {
            let stricter = room.source_is_stricter();
            let reason = if stricter { RefusalReason::SourceLimit } else { RefusalReason::MaxBalance };
            benefit.refused.push(refused(cause.outcome, reason));
        }
        if allowed.is_positive() {
            draft.earn(Earning {
                account,
                source,
                points: allowed,
                occurred: self.at,
                sale: None,
                program,
            })?;
            let movement = draft.movements().last().cloned().expect("points that were earned are a movement");
            benefit.entries.push(Entry { movement, cause, account: account.id, source: source_id });
        }
        Ok(())
    }
}

impl TierBenefit {
    /// Of which nothing has been given yet.
    fn of(level: TierLevelId, kind: BenefitKind) -> Self {
        Self {
            level,
            kind,
            entries: Vec::new(),
            refused: Vec::new(),
            used: None,
            acted: Vec::new(),
            done: Vec::new(),
            tags_added: Vec::new(),
            tags_removed: Vec::new(),
            published: Vec::new(),
            uses: Vec::new(),
        }
    }
}

fn refuse_all(trees: &[&RuleTree], reason: RefusalReason, benefit: &mut TierBenefit) {
    for tree in trees {
        let refused = |outcome: &Outcome| Refused { tree: tree.id, outcome: outcome.id, reason };
        benefit.refused.extend(tree.outcomes().iter().map(refused));
    }
}

/// The event that an outcome publishes, if it does.
fn published(program: &Program, cause: Cause) -> Option<PublishedEvent> {
    let outcomes = program.tree(cause.tree)?.outcomes();
    match &outcomes.iter().find(|outcome| outcome.id == cause.outcome)?.effect {
        Effect::Action(ActionRule::Publish { lookup, context }) => {
            Some(PublishedEvent { lookup: lookup.clone(), context: context.clone() })
        }
        Effect::Action(_) | Effect::Points { .. } | Effect::Multiplier { .. } => None,
    }
}
