//! One decision's evaluation: the trees of the trigger, then those of the events that follow from it (incentives.md
//! 6.4, 1.6).

use std::collections::VecDeque;

use super::{
    Act, Evaluation, Happening, Purchase, RefusalReason, Refused, Round, Scene, Standing, budget,
    evaluate::Passing, settle::settle, tally, ticket::Ticket, trace,
};
use crate::{
    amount::{Points, Quantity},
    id::{OutcomeId, PointAccountId, RuleTreeId, TierLevelId, TierSystemId},
    program::{
        Program, RuleTree,
        event::COMPLETE_TRANSACTION,
        tree::{ActionRule, Effect, NodeTest, TreeKind},
    },
    time::Timestamp,
};

/// How often an event may lead to another one (incentives.md 1.6).
pub(crate) const DEPTH_MAX: u8 = 5;
/// Events of one decision at most: without a bound, rules that publish several events each would double them at every
/// step.
pub(crate) const EVENTS_MAX: usize = 100;

impl Program {
    /// What the trees give for a purchase, and for the events it leads to. `only` restricts purchase trees to those of
    /// an earlier evaluation, whatever has become of their status and dates since (incentives.md 9.1).
    pub fn evaluate(
        &self,
        purchase: &Purchase<'_>,
        standing: &Standing<'_>,
        only: Option<&[RuleTreeId]>,
    ) -> Evaluation {
        self.evaluate_traced(purchase, standing, only, None)
    }

    /// As [`Program::evaluate`]; what was looked at is added to `trace`, if there is one.
    pub fn evaluate_traced(
        &self,
        purchase: &Purchase<'_>,
        standing: &Standing<'_>,
        only: Option<&[RuleTreeId]>,
        trace: Option<&mut Vec<Round>>,
    ) -> Evaluation {
        let Ok(ticket) = Ticket::new(self, purchase) else {
            let failed = self.candidates(None, purchase.time, standing, only);
            let failed = failed.into_iter().map(|tree| tree.id).collect();
            return Evaluation { failed, ..Evaluation::default() };
        };
        let mut run = Run::new(self, standing, purchase.time, Some(&ticket));
        run.trace = trace;
        let counted = tally::of_purchase(&ticket, &run.scene(standing, None));
        run.evaluation.counted = counted;
        if run.trace.is_some() {
            // Those that the index leaves out are shown too: they do not hold, and somebody asks why.
            let all = self.candidates(None, purchase.time, standing, only);
            run.show(&all, standing, None);
        }
        let candidates = self.candidates(Some(&ticket), purchase.time, standing, only);
        run.round(&candidates, standing, None, 0);
        // What cannot be split is the largest payer's, and a ticket that only brings things back leads to nothing.
        let leads_on = purchase.share.is_largest() && ticket.is_net_return() == Ok(false);
        if leads_on && self.tree_index().listens() {
            run.events.push_front(Published {
                depth: 1,
                lookup: COMPLETE_TRANSACTION,
                context: None,
                by: None,
            });
            run.cascade();
        }
        run.evaluation
    }

    /// What the event trees give for an event, and for those it leads to.
    pub fn evaluate_event(&self, event: &Happening<'_>, standing: &Standing<'_>) -> Evaluation {
        self.evaluate_event_at_depth(event, 0, standing, None)
    }

    /// The same for an event that is itself so deep in a cascade; what was looked at is added to `trace`, if there is
    /// one.
    pub(crate) fn evaluate_event_at_depth(
        &self,
        event: &Happening<'_>,
        depth: u8,
        standing: &Standing<'_>,
        trace: Option<&mut Vec<Round>>,
    ) -> Evaluation {
        let mut run = Run::new(self, standing, event.time, None);
        run.trace = trace;
        run.event(event, depth);
        run.cascade();
        run.evaluation
    }

    /// The purchase trees that are no candidates for somebody who holds these levels, at a business time, and why
    /// (incentives.md 6.4, step 2). `joined`, in the order of the levels, is since when they are held.
    pub fn no_candidates(
        &self,
        tiers: &[(TierSystemId, TierLevelId)],
        joined: &[Timestamp],
        time: Timestamp,
    ) -> Vec<(RuleTreeId, NoCandidate)> {
        let purchase = self.trees().iter().filter(|tree| matches!(tree.kind, TreeKind::Purchase(_)));
        let since = |system| {
            let place = tiers.iter().position(|(known, _)| *known == system)?;
            joined.get(place).copied()
        };
        let why = |tree: &RuleTree| {
            if !tree.live {
                Some(NoCandidate::NotLive)
            } else if !tree.holds_at(time) {
                Some(NoCandidate::NotInForce)
            } else {
                (!tree.is_for(tiers, &since, time)).then_some(NoCandidate::OtherLevels)
            }
        };
        purchase.filter_map(|tree| Some((tree.id, why(tree)?))).collect()
    }

    fn candidates(
        &self,
        ticket: Option<&Ticket<'_>>,
        time: Timestamp,
        standing: &Standing<'_>,
        only: Option<&[RuleTreeId]>,
    ) -> Vec<&RuleTree> {
        let mut trees = match (only, ticket) {
            (Some(ids), _) => self.tree_index().named_purchase_trees(ids),
            (None, Some(ticket)) => self.tree_index().purchase_trees(ticket, standing.tiers),
            (None, None) => self.tree_index().all_purchase_trees(),
        };
        trees.retain(|tree| standing.may_use(tree, time) && (only.is_some() || tree.holds_at(time)));
        trees
    }
}

/// Why a tree is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCandidate {
    /// It is a draft, paused or archived, or none of its levels is live.
    NotLive,
    /// The business time lies outside its dates.
    NotInForce,
    /// It is for holders of other levels.
    OtherLevels,
}

impl NoCandidate {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotLive => "not_live",
            Self::NotInForce => "not_in_force",
            Self::OtherLevels => "tier_level",
        }
    }
}

/// An event that a tree has published, or the platform.
struct Published<'a> {
    depth: u8,
    lookup: &'a str,
    context: Option<&'a str>,
    /// The outcome that published it.
    by: Option<(RuleTreeId, OutcomeId)>,
}

struct Run<'a> {
    program: &'a Program,
    standing: &'a Standing<'a>,
    time: Timestamp,
    ticket: Option<&'a Ticket<'a>>,
    evaluation: Evaluation,
    events: VecDeque<Published<'a>>,
    /// What was looked at, if somebody asks.
    trace: Option<&'a mut Vec<Round>>,
}

impl<'a> Run<'a> {
    fn new(
        program: &'a Program,
        standing: &'a Standing<'a>,
        time: Timestamp,
        ticket: Option<&'a Ticket<'a>>,
    ) -> Self {
        let (evaluation, events) = (Evaluation::default(), VecDeque::new());
        Self { program, standing, time, ticket, evaluation, events, trace: None }
    }

    fn scene<'s>(&'s self, standing: &'s Standing<'s>, event: Option<&'s Happening<'s>>) -> Scene<'s> {
        let Self { program, time, ticket, .. } = *self;
        Scene { program, time, ticket, event, standing, counted: &self.evaluation.counted }
    }

    /// Notes what trees come to, if somebody asks.
    fn show(&mut self, trees: &[&RuleTree], standing: &Standing<'_>, event: Option<&Happening<'_>>) {
        if let Some(trace) = self.trace.take() {
            trace.push(trace::round(trees, &self.scene(standing, event)));
            self.trace = Some(trace);
        }
    }

    /// Lets some trees run together.
    fn round(
        &mut self,
        trees: &[&'a RuleTree],
        standing: &Standing<'_>,
        event: Option<&Happening<'_>>,
        depth: u8,
    ) {
        let (settled, counts_before) = {
            let scene = self.scene(standing, event);
            (run_together(trees, &scene), counts_before(trees, &scene))
        };
        let (outcome, failed) = settled;
        for action in &outcome.actions {
            if let Act::Publish { .. } = action.act {
                self.publish(action.tree, action.outcome, depth + 1);
            }
        }
        let all = &mut self.evaluation;
        if depth > 0 {
            let awards = outcome.awards.iter().map(|award| (award.tree, award.outcome));
            let actions = outcome.actions.iter().map(|action| (action.tree, action.outcome));
            all.depths.extend(awards.chain(actions).map(|(tree, outcome)| (tree, outcome, depth)));
        }
        append(&mut all.failed, failed);
        append(&mut all.awards, outcome.awards);
        append(&mut all.refused, outcome.refused);
        append(&mut all.uses, outcome.uses);
        append(&mut all.actions, outcome.actions);
        append(&mut all.budgets, outcome.budgets);
        for (key, count) in counts_before {
            if all.counts_before.iter().all(|(known, _)| *known != key) {
                all.counts_before.push((key, count));
            }
        }
    }

    fn publish(&mut self, tree: RuleTreeId, outcome: OutcomeId, depth: u8) {
        let rule =
            self.program.tree(tree).and_then(|tree| tree.outcomes().iter().find(|known| known.id == outcome));
        if let Some(Effect::Action(ActionRule::Publish { lookup, context })) = rule.map(|rule| &rule.effect) {
            let (context, by) = (context.as_deref(), Some((tree, outcome)));
            self.events.push_back(Published { depth, lookup, context, by });
        }
    }

    /// Lets the event trees run for every event that was published, in the order in which they were.
    fn cascade(&mut self) {
        let mut seen = 0;
        while let Some(Published { depth, lookup, context, by }) = self.events.pop_front() {
            seen += 1;
            if depth > DEPTH_MAX || seen > EVENTS_MAX {
                self.drop_event(by);
                continue;
            }
            let quantity = Quantity::from_units(Quantity::UNIT);
            self.event(&Happening { time: self.time, lookup, quantity, context }, depth);
        }
    }

    /// The event was not published after all.
    fn drop_event(&mut self, by: Option<(RuleTreeId, OutcomeId)>) {
        let Some((tree, outcome)) = by else { return };
        let same = |action: &super::Action| action.tree == tree && action.outcome == outcome;
        if let Some(place) = self.evaluation.actions.iter().rposition(same) {
            self.evaluation.actions.remove(place);
        }
        self.evaluation.refused.push(Refused { tree, outcome, reason: RefusalReason::CascadeDepth });
    }

    fn event(&mut self, event: &Happening<'_>, depth: u8) {
        let counted = tally::of_event(&self.scene(self.standing, Some(event)));
        self.evaluation.counted.extend(counted);
        let trees: Vec<_> = self.program.tree_index().event_trees(event.lookup).collect();
        let candidate = |tree: &&RuleTree| tree.holds_at(self.time) && self.standing.may_use(tree, self.time);
        let trees: Vec<_> = trees.into_iter().filter(candidate).collect();
        if trees.is_empty() {
            return;
        }
        // Trees of an event that followed see what those before them gave and used.
        let mut usage = None;
        if !self.evaluation.uses.is_empty() {
            let mut used = self.standing.usage.clone();
            for change in &self.evaluation.uses {
                // What does not sum is far above every limit, and was counted once already.
                if used.record(change).is_err() {
                    break;
                }
            }
            usage = Some(used);
        }
        let given: Vec<(PointAccountId, Points)> =
            self.evaluation.awards.iter().map(|award| (award.account, award.points)).collect();
        let own = self.standing.balance;
        let balance = move |account| {
            let more = given.iter().filter(|(known, _)| *known == account).map(|(_, points)| *points);
            Points::sum(more.chain([own(account)])).unwrap_or_else(|_| own(account))
        };
        let budgets = (!self.evaluation.budgets.is_empty())
            .then(|| budget::left(self.standing.budgets, &self.evaluation.budgets));
        let standing = Standing {
            balance: &balance,
            budgets: budgets.as_deref().unwrap_or(self.standing.budgets),
            usage: usage.as_ref().unwrap_or(self.standing.usage),
            ..*self.standing
        };
        self.show(&trees, &standing, Some(event));
        self.round(&trees, &standing, Some(event), depth);
    }
}

/// Puts more behind what there is; what is mostly the first is taken as it is.
fn append<T>(all: &mut Vec<T>, mut more: Vec<T>) {
    if all.is_empty() {
        *all = more;
    } else {
        all.append(&mut more);
    }
}

/// What trees give together, and those whose arithmetic failed.
fn run_together(trees: &[&RuleTree], scene: &Scene<'_>) -> (Evaluation, Vec<RuleTreeId>) {
    let mut failed = Vec::new();
    let mut passing = Passing::of(trees.len());
    for tree in trees {
        if passing.consider(tree, scene).is_err() {
            failed.push(tree.id);
        }
    }
    let evaluation = settle_all(&mut passing, scene.time, &mut failed);
    (evaluation, failed)
}

/// What trees that hold give together; those whose arithmetic fails give nothing.
pub(super) fn settle_all(
    passing: &mut Passing<'_>,
    time: Timestamp,
    failed: &mut Vec<RuleTreeId>,
) -> Evaluation {
    loop {
        match settle(passing, time) {
            Ok(evaluation) => return evaluation,
            // A tree whose arithmetic fails must not win over others either: without it, once more.
            Err(tree) => {
                passing.trees.retain(|known| known.tree.id != tree);
                failed.push(tree);
            }
        }
    }
}

/// What the counting nodes of these trees had come to before the trigger.
fn counts_before(trees: &[&RuleTree], scene: &Scene<'_>) -> Vec<(super::CountKey, i64)> {
    let mut counts = Vec::new();
    if !scene.program.tree_index().counts() {
        return counts;
    }
    for tree in trees {
        for node in &tree.nodes {
            if let NodeTest::Count(test) = &node.test
                && let Ok(count) = tally::before(tree, node, test, scene.standing, scene.time)
            {
                counts.push((tally::key(tree, node, test), count));
            }
        }
    }
    counts
}
