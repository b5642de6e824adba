//! Events that happen to a customer: the rules run, what they give is booked, and the answer is remembered
//! (incentives.md 7.10).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    Cause, Customer, Entry, Error, Event, Fingerprint, Need, Recall, Reply, TierDraft, acting,
    allotted::{Deciding, Sharing, nothing_shared},
    cascade::Decided,
    counting, credit,
    raised::{Depths, Raised},
    recall,
    standpoint::Standpoint,
    stop::Stop,
};
use crate::{
    amount::{Points, Quantity},
    entity::{Context, Decision},
    id::{LedgerRowId, OutcomeId, PointAccountId, PointSourceId, RuleTreeId},
    ledger::{Draft, Earning, Movement},
    program::{Program, event::PlatformEvent, tree::Effect, tree::Triggers},
    rules::{
        Act, Award, CountChange, Evaluation, Happening, LimitUse, RefusalReason, Refused, Round, Standing,
    },
    time::Timestamp,
};

/// How many answers stay in the state. A retry mostly follows within seconds.
const ANSWERS_KEPT: usize = 16;
/// How long an answer is repeated: 400 days, as for points (incentives.md 4.8).
const ANSWER_LIFE_MS: i64 = 400 * 86_400_000;

/// An event that a caller reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEvent {
    /// Which, upper case.
    pub lookup: Box<str>,
    /// Business time; none: now.
    pub occurred: Option<Timestamp>,
    /// As how many it counts; above zero.
    pub quantity: Quantity,
    /// A flat JSON object.
    pub context: Option<Box<str>>,
    /// The purchase it belongs to; repeats with the same one get the first answer.
    pub transaction_id: Box<str>,
    /// Repeats under the same key get the first answer.
    pub idempotency_id: Option<Box<str>>,
}

/// An event that happened, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Triggered {
    /// The event.
    pub id: uuid::Uuid,
    /// Which, upper case.
    pub lookup: Box<str>,
    /// Business time.
    pub occurred: Timestamp,
    /// Every rule could be worked out.
    pub complete: bool,
    /// In the order in which they were carried out; refused ones at the end.
    pub outcomes: Vec<OutcomeResult>,
}

/// What became of an outcome (incentives.md 6.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeResult {
    /// The tree.
    pub tree: RuleTreeId,
    /// The outcome.
    pub outcome: OutcomeId,
    /// Its type (incentives.md 3.8).
    pub discriminator: u32,
    /// What it gave; none: it gives no points, or gave none.
    pub given: Option<PointsGiven>,
    /// Why it was not carried out; none: it was.
    pub refused: Option<RefusalReason>,
}

/// Points that an outcome gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsGiven {
    /// How many.
    pub points: Points,
    /// Where they went.
    pub account: PointAccountId,
    /// Where they came from.
    pub source: PointSourceId,
    /// The row.
    pub row: LedgerRowId,
}

/// The answer given to an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredEvent {
    /// Fingerprint of the event as it was reported; another one under the same key is a conflict.
    pub body: Fingerprint,
    /// The answer.
    pub answer: Triggered,
    /// When it was given.
    pub at: Timestamp,
}

/// An event was evaluated and what it gave was booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTriggered {
    /// When it was decided.
    pub at: Timestamp,
    /// The answer.
    pub answer: Triggered,
    /// The program it was evaluated under.
    pub program_version: u32,
    /// As how many it counted.
    pub quantity: Quantity,
    /// As reported.
    pub context: Option<Box<str>>,
    /// As reported.
    pub transaction_id: Box<str>,
    /// What was written.
    pub entries: Vec<Entry>,
    /// What it used of the limits.
    pub uses: Vec<LimitUse>,
    /// What nodes counted.
    pub counted: Vec<CountChange>,
    /// What no trigger from here on looks back to may be forgotten.
    pub matters_from: Timestamp,
    /// The key under which a repeat is recognised, and the fingerprint of the report.
    pub key: Option<(Fingerprint, Fingerprint)>,
    /// Trees whose arithmetic failed.
    pub failed: Vec<RuleTreeId>,
    /// How many events led to it, itself included, when the platform raised it (`is_session_m`, incentives.md 7.10);
    /// 0: somebody reported it.
    pub depth: u8,
    /// Events that it, and those of the same decision before it, led to and that did not happen any more: too many led
    /// to each other (incentives.md 1.6).
    pub dropped: u32,
}

/// The answers that are still in the state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredEvents {
    kept: VecDeque<(Fingerprint, AnsweredEvent)>,
    left: bool,
}

impl AnsweredEvents {
    fn under(&self, key: Fingerprint) -> Recall<'_, AnsweredEvent> {
        match self.kept.iter().rev().find(|(known, _)| *known == key) {
            Some((_, answered)) => Recall::Known(answered),
            None if self.left => Recall::Unsure,
            None => Recall::Never,
        }
    }

    pub(super) fn record(&mut self, triggered: &EventTriggered) {
        let Some((key, body)) = triggered.key else { return };
        let answered = AnsweredEvent { body, answer: triggered.answer.clone(), at: triggered.at };
        self.kept.push_back((key, answered));
        if self.kept.len() > ANSWERS_KEPT {
            self.kept.pop_front();
            self.left = true;
        }
    }
}

impl UserEvent {
    /// The key under which a repeat is recognised. The texts are stored in effect: their forms never change.
    fn key(&self) -> Option<Fingerprint> {
        match &self.idempotency_id {
            Some(id) => Some(Fingerprint::of(&format!("event\n{id}"))),
            None if self.transaction_id.is_empty() => None,
            None => {
                Some(Fingerprint::of(&format!("event of sale\n{}\n{}", self.lookup, self.transaction_id)))
            }
        }
    }

    fn body(&self) -> Fingerprint {
        let occurred = self.occurred.map_or(String::new(), |at| at.millis().to_string());
        let context = self.context.as_deref().unwrap_or_default();
        let Self { lookup, quantity, transaction_id, .. } = self;
        Fingerprint::of(&format!("{lookup}\n{quantity}\n{occurred}\n{transaction_id}\n{context}"))
    }
}

pub(super) fn decide(customer: &Customer, event: &UserEvent, context: &Context<'_>) -> Result<Decided, Stop> {
    let key = event.key().map(|key| (key, event.body()));
    match answered(customer, key, context)? {
        Answer::Need(need) => return Err(Stop::Need(need)),
        Answer::Known(answer) => {
            return Ok(Decision::answer(Reply::Triggered(Box::new(answer))).into());
        }
        Answer::New => {}
    }
    if context.program.event(&event.lookup).is_none_or(|known| !known.live) {
        return Err(Stop::Refuse(Error::EventNotFound));
    }
    let occurred = event.occurred.unwrap_or(context.now);
    if occurred > context.now || occurred < credit::matters_from(context) {
        return Err(Stop::Refuse(Error::OccurrenceOutOfRange));
    }
    let occurring = Occurring { customer, event, occurred, key, context, depth: 0, written: context.now };
    Ok(occurring.decided()?.0)
}

/// Lets an event happen that the platform has raised. Gives how many ids have been used, too.
pub(super) fn decide_raised(
    customer: &Customer,
    raised: &Raised,
    written: Timestamp,
    context: &Context<'_>,
) -> Result<(Decided, u64), Stop> {
    let event = UserEvent {
        lookup: raised.lookup.clone(),
        occurred: None,
        quantity: Quantity::from_units(Quantity::UNIT),
        context: raised.context.clone(),
        transaction_id: raised.transaction_id.clone(),
        idempotency_id: None,
    };
    // Rules do not look ahead, nor further back than what they remember.
    let occurred = raised.occurred.max(credit::matters_from(context)).min(context.now);
    let (event, depth) = (&event, raised.depth);
    let occurring = Occurring { customer, event, occurred, key: None, context, depth, written };
    match occurring.decided() {
        // As with a tree whose arithmetic fails, the others go on (incentives.md 6.4).
        Err(Stop::Refuse(_)) => Ok((occurring.failed(), 1)),
        decided => decided,
    }
}

/// An event that happens for the first time.
#[derive(Clone, Copy)]
struct Occurring<'a> {
    customer: &'a Customer,
    event: &'a UserEvent,
    occurred: Timestamp,
    key: Option<(Fingerprint, Fingerprint)>,
    context: &'a Context<'a>,
    /// 0: somebody reports it.
    depth: u8,
    /// When it is written down.
    written: Timestamp,
}

impl Occurring<'_> {
    /// The decision, and how many ids it uses.
    fn decided(&self) -> Result<(Decided, u64), Stop> {
        let Self { customer, event, occurred, context, depth, written, .. } = *self;
        let program = context.program;
        let ledger = customer.ledger_for(context);
        let nothing = if depth == 0 { Vec::new() } else { nothing_shared(program) };
        let grants = if depth == 0 { &context.fetched.grants } else { &nothing };
        let mut draft = Draft::new(ledger, context.ids, 0).granted(grants);
        let id = draft.next_id();
        draft.settle(context.now, program)?;
        let expired = draft.movements().len();
        let sharing = self.sharing()?;
        let evaluation = self.evaluate(sharing, &draft, None);
        sharing.require_budgets(&evaluation.budgets)?;
        let mut levels = TierDraft::new(customer, program, context.now);
        let (drafts, now) = ((&mut draft, &mut levels), (program, context.now));
        let acted = acting::act(customer, &evaluation.actions, &[], drafts, now, occurred)?;
        let acted_to = expired + acted.causes.len();
        let mut giving = Giving { draft, program, occurred, causes: Vec::new(), results: Vec::new() };
        for award in &evaluation.awards {
            giving.give(award)?;
        }
        let Giving { mut draft, causes, results, .. } = giving;
        sharing.require_sources(&draft, true)?;
        let effects = sharing.effects(&sharing.changes(&evaluation.budgets, true), &draft);
        let outcomes = results_of(program, &evaluation, &acted, results);
        let complete = evaluation.failed.is_empty();
        let answer = Triggered { id, lookup: event.lookup.clone(), occurred, complete, outcomes };
        let counted = counted(customer, context, &draft, &evaluation, occurred);
        let happened = self.triggers(&draft.movements()[expired..]);
        let given_to = draft.movements().len();
        levels.count(customer.counters_with([&counted, &[]], occurred));
        acted.joined.iter().try_for_each(|joined| levels.give_for_rule(*joined, &mut draft))?;
        levels.qualify(happened, occurred, &mut draft)?;

        let (mut movements, ids_used) = draft.finish();
        // What levels give is written with the levels.
        movements.truncate(given_to);
        let mut events = recall::recalled(customer, &movements, context);
        let entry = |(movement, (cause, account, source))| Entry { movement, cause, account, source };
        let entries = movements.split_off(acted_to).into_iter().zip(causes).map(entry).collect();
        let by_actions = movements.split_off(expired);
        let at = written;
        if !movements.is_empty() {
            events.push(Event::PointsExpired { movements, at, through: context.now });
        }
        events.extend(acted.into_event(by_actions, (id, &event.transaction_id), at));
        let (uses, failed) = (evaluation.uses, evaluation.failed);
        events.push(self.triggered(answer.clone(), entries, counted, (uses, failed)));
        levels.write(at, &mut events);
        let reply = Reply::Triggered(Box::new(answer));
        let decision = Decision { events, reply, effects };
        Ok((Decided { decision, depths: Depths::new(depth, evaluation.depths) }, ids_used))
    }

    /// As far as it takes what all customers share.
    fn sharing(&self) -> Result<Sharing<'_>, Error> {
        let key = self.key.map(|(key, _)| key);
        let decision = if self.depth == 0 { Deciding::Event(key) } else { Deciding::Raised };
        let (customer, time) = (self.customer.known()?.id, self.occurred);
        Ok(Sharing { context: self.context, customer, decision, time, earlier: &[] })
    }

    fn triggered(
        &self,
        answer: Triggered,
        entries: Vec<Entry>,
        counted: Vec<CountChange>,
        (uses, failed): (Vec<LimitUse>, Vec<RuleTreeId>),
    ) -> Event {
        let Self { event, key, context, depth, written, .. } = *self;
        Event::EventTriggered(Box::new(EventTriggered {
            at: written,
            answer,
            program_version: context.program.version(),
            quantity: event.quantity,
            context: event.context.clone(),
            transaction_id: event.transaction_id.clone(),
            entries,
            uses,
            counted,
            matters_from: credit::matters_from(context),
            key,
            failed,
            depth,
            dropped: 0,
        }))
    }

    /// After what enter trees are looked at, when it has written these rows.
    fn triggers(&self, rows: &[Movement]) -> Triggers {
        let is_about_points = *self.event.lookup == *PlatformEvent::EarnPoints.lookup();
        let points_earned = is_about_points || rows.iter().any(Movement::is_issue);
        let custom_event = PlatformEvent::of_lookup(&self.event.lookup).is_none();
        Triggers { purchase: false, points_earned, custom_event }
    }

    /// It happened, and nothing came of it because that could not be worked out.
    fn failed(&self) -> Decided {
        let Self { event, occurred, context, depth, written, .. } = *self;
        let (id, lookup) = (context.ids.nth(0), event.lookup.clone());
        let answer = Triggered { id, lookup, occurred, complete: false, outcomes: Vec::new() };
        let triggered = EventTriggered {
            at: written,
            answer: answer.clone(),
            program_version: context.program.version(),
            quantity: event.quantity,
            context: event.context.clone(),
            transaction_id: event.transaction_id.clone(),
            entries: Vec::new(),
            uses: Vec::new(),
            counted: Vec::new(),
            matters_from: credit::matters_from(context),
            key: None,
            failed: Vec::new(),
            depth,
            dropped: 0,
        };
        let events = vec![Event::EventTriggered(Box::new(triggered))];
        Decision { events, reply: Reply::Triggered(Box::new(answer)), effects: Vec::new() }.into()
    }

    /// What the rules give. Who has opted out gets nothing, like for a purchase.
    fn evaluate(
        &self,
        sharing: Sharing<'_>,
        draft: &Draft<'_>,
        trace: Option<&mut Vec<Round>>,
    ) -> Evaluation {
        let Self { customer, event, occurred, context, depth, .. } = *self;
        if !customer.identity().is_some_and(|identity| identity.profile.opted_in) {
            return Evaluation::default();
        }
        let standpoint = Standpoint::now(customer, context.now);
        let balance = |account| draft.available(account);
        let lifetime = |account| draft.lifetime(account);
        let rooms = sharing.rooms();
        let standing = Standing {
            budgets: &rooms,
            lifetime: &lifetime,
            counters: &customer.rule_state.counters,
            person: &standpoint,
            ..Standing::anonymous(&standpoint.tiers, &balance, &customer.usage)
        };
        let happening = Happening {
            time: occurred,
            lookup: &event.lookup,
            quantity: event.quantity,
            context: event.context.as_deref(),
        };
        context.program.evaluate_event_at_depth(&happening, depth, &standing, trace)
    }
}

/// What is known of an event that was reported before.
enum Answer {
    New,
    Known(Triggered),
    Need(Need),
}

fn answered(
    customer: &Customer,
    key: Option<(Fingerprint, Fingerprint)>,
    context: &Context<'_>,
) -> Result<Answer, Error> {
    let Some((key, body)) = key else { return Ok(Answer::New) };
    let known = match customer.rule_state.answered.under(key) {
        Recall::Known(known) => Some(known),
        Recall::Never => None,
        Recall::Unsure => match context.fetched.answered.iter().find(|(known, _)| *known == key) {
            Some((_, known)) => known.as_ref(),
            None => return Ok(Answer::Need(Need::AnsweredEvent(key))),
        },
    };
    match known.filter(|known| known.at.plus_millis(ANSWER_LIFE_MS) > context.now) {
        None => Ok(Answer::New),
        Some(known) if known.body == body => Ok(Answer::Known(known.answer.clone())),
        Some(_) => Err(Error::IdempotencyConflict),
    }
}

/// What was looked at when an event so deep in a cascade is decided on a state in which nothing is due, and what the
/// trees give.
pub(super) fn trace(
    customer: &Customer,
    event: &UserEvent,
    depth: u8,
    context: &Context<'_>,
) -> Result<(Vec<Round>, Evaluation), Stop> {
    let mut draft = Draft::new(customer.ledger_for(context), context.ids, 0);
    draft.settle(context.now, context.program)?;
    let mut rounds = Vec::new();
    let occurred = event.occurred.unwrap_or(context.now);
    let occurring = Occurring { customer, event, occurred, key: None, context, depth, written: context.now };
    let evaluation = occurring.evaluate(occurring.sharing()?, &draft, Some(&mut rounds));
    Ok((rounds, evaluation))
}

fn counted(
    customer: &Customer,
    context: &Context<'_>,
    draft: &Draft<'_>,
    evaluation: &Evaluation,
    occurred: Timestamp,
) -> Vec<CountChange> {
    let mut counted = evaluation.counted.clone();
    if context.program.counts_points() {
        let standpoint = Standpoint::now(customer, context.now);
        let balance = |account| draft.available(account);
        let standing = Standing {
            person: &standpoint,
            ..Standing::anonymous(&standpoint.tiers, &balance, &customer.usage)
        };
        let movements = draft.movements().iter().map(|movement| (movement, None));
        let judged = (context.program, &standing);
        counted.extend(counting::of_movements(movements, &customer.ledger, judged, occurred));
    }
    counted
}

/// Awards on their way into the ledger.
struct Giving<'a> {
    draft: Draft<'a>,
    program: &'a Program,
    occurred: Timestamp,
    /// Per movement written, what caused it.
    causes: Vec<(Cause, PointAccountId, PointSourceId)>,
    results: Vec<OutcomeResult>,
}

impl Giving<'_> {
    fn give(&mut self, award: &Award) -> Result<(), Error> {
        let result = |given, refused| OutcomeResult {
            tree: award.tree,
            outcome: award.outcome,
            discriminator: discriminator(self.program, award.tree, award.outcome),
            given,
            refused,
        };
        let account = self.program.account(award.account).filter(|account| account.active);
        let source = self.program.source(award.source).filter(|source| source.active);
        let (Some(account), Some(source)) = (account, source) else {
            self.results.push(result(None, Some(RefusalReason::Inactive)));
            return Ok(());
        };
        let room = self.draft.room(account, source, self.occurred, self.program)?;
        let points = room.allowed(award.points);
        let mut results = Vec::with_capacity(2);
        if points.is_positive() {
            let (occurred, program) = (self.occurred, self.program);
            let row = self.draft.earn(Earning { account, source, points, occurred, sale: None, program })?;
            let (account, source) = (award.account, award.source);
            results.push(result(Some(PointsGiven { points, account, source, row }), None));
        }
        if points < award.points {
            let stricter = room.source_is_stricter();
            let reason = if stricter { RefusalReason::SourceLimit } else { RefusalReason::MaxBalance };
            results.push(result(None, Some(reason)));
        }
        if points.is_positive() {
            self.causes.push((award.cause(), award.account, award.source));
        }
        self.results.extend(results);
        Ok(())
    }
}

/// The type of an outcome; of one that multiplies another tree's award, that of a multiplier.
pub(super) fn discriminator(program: &Program, tree: RuleTreeId, outcome: OutcomeId) -> u32 {
    const MULTIPLIER: u32 = 4096;
    let outcomes = program.tree(tree).map_or(&[][..], |tree| tree.outcomes());
    match outcomes.iter().find(|known| known.id == outcome).map(|known| &known.effect) {
        Some(Effect::Points { award, .. }) => award.number(),
        Some(Effect::Action(rule)) => rule.number(),
        Some(Effect::Multiplier { .. }) | None => MULTIPLIER,
    }
}

/// All results in the order of incentives.md 6.4, step 8; refused ones at the end.
fn results_of(
    program: &Program,
    evaluation: &Evaluation,
    acted: &acting::Acted,
    points: Vec<OutcomeResult>,
) -> Vec<OutcomeResult> {
    let refused = |refused: &Refused| OutcomeResult {
        tree: refused.tree,
        outcome: refused.outcome,
        discriminator: discriminator(program, refused.tree, refused.outcome),
        given: None,
        refused: Some(refused.reason),
    };
    let done = |action: &&crate::rules::Action| {
        acted.done.contains(&Cause { tree: action.tree, outcome: action.outcome })
    };
    let carried_out = |action: &crate::rules::Action| OutcomeResult {
        tree: action.tree,
        outcome: action.outcome,
        discriminator: action.act.number(),
        given: None,
        refused: None,
    };
    let actions = || evaluation.actions.iter().filter(done);
    let first = |action: &&crate::rules::Action| matches!(action.act, Act::Spend { .. } | Act::Expire { .. });
    let (given, cut): (Vec<_>, Vec<_>) = points.into_iter().partition(|result| result.refused.is_none());
    let mut results: Vec<_> = actions().filter(first).map(carried_out).collect();
    results.extend(given);
    results.extend(actions().filter(|action| !first(action)).map(carried_out));
    results.extend(cut);
    results.extend(evaluation.refused.iter().chain(&acted.refused).map(refused));
    results
}
