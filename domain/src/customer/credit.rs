//! Booking a revision of a sale: evaluate it, and write the difference to what it gave before (incentives.md 6.4, 9).

use super::{
    BudgetPart, Cause, CreditSale, Customer, Effect, Entry, Error, EvaluationRecord, Event, Moved,
    MovedCredit, Need, Reply, SaleCredited, TierDraft, acting, allotted::Sharing, cascade::Decided, counting,
    memory::Recall, raised::Depths, recall, standpoint::Standpoint, stop::Stop,
};
use crate::{
    amount::Points,
    entity::{Context, Decision},
    id::{LedgerRowId, PointAccountId, PointSourceId},
    ledger::{Draft, Earning, First, Movement, TakenFor, Taking},
    program::{Program, tree::Triggers},
    rules::{
        Award, CountChange, Evaluation, LimitUsage, LimitUse, Line, Payment, Purchase, RefusalReason,
        Refused, Round, Standing,
    },
    sale::line_discounts,
    time::Timestamp,
};

const DAY_MS: i64 = 86_400_000;

pub(super) fn decide(
    customer: &Customer,
    credit: &CreditSale,
    context: &Context<'_>,
) -> Result<Decided, Stop> {
    let earlier = earlier_evaluation(customer, credit, context).map_err(Stop::Need)?;
    let moved = earlier.and_then(|earlier| earlier.rare.moved);
    decide_after(customer, credit, (earlier, moved), context)
}

/// Books a revision of a sale that `record` says another customer was given, unless this one has booked a revision of
/// it before. `moved` says where everything that came with that has gone since.
pub(super) fn decide_inherited(
    customer: &Customer,
    credit: &CreditSale,
    record: &EvaluationRecord,
    moved: Option<Moved>,
    context: &Context<'_>,
) -> Result<Decided, Stop> {
    let earlier = match earlier_evaluation(customer, credit, context).map_err(Stop::Need)? {
        Some(own) => (Some(own), own.rare.moved),
        None => (Some(record), moved),
    };
    decide_after(customer, credit, earlier, context)
}

fn decide_after(
    customer: &Customer,
    credit: &CreditSale,
    (earlier, moved): (Option<&EvaluationRecord>, Option<Moved>),
    context: &Context<'_>,
) -> Result<Decided, Stop> {
    match (earlier, moved) {
        (Some(earlier), _) if earlier.revision >= credit.revision => {
            Ok(Decision::answer(Reply::Credited).into())
        }
        (Some(earlier), Some(moved)) => Ok(MovedCredit::leave(moved, credit, earlier).into()),
        (earlier, _) => book(customer, credit, earlier, context),
    }
}

fn book(
    customer: &Customer,
    credit: &CreditSale,
    earlier: Option<&EvaluationRecord>,
    context: &Context<'_>,
) -> Result<Decided, Stop> {
    let program = program_of(earlier, context).map_err(Stop::Need)?;
    let held = matches!(customer.memory.evaluation(credit.sale), Recall::Known(_));
    let recalled = earlier.filter(|_| !held).cloned().map(Box::new);

    let mut draft = Draft::new(customer.ledger_for(context), context.ids, 0).granted(&context.fetched.grants);
    draft.settle(context.now, context.program)?;
    let expired = draft.movements().len();

    let standpoint = Standpoint::of(customer, earlier, context.now);
    let business_time = earlier.map_or(credit.business_time, |earlier| earlier.business_time);
    let sharing = Sharing::of_sale(customer, credit, earlier, business_time, context)?;
    let seen = Seen { customer, credit, earlier, program, standpoint: &standpoint, sharing };
    let evaluation = seen.evaluate(&draft, None)?;
    sharing.require_budgets(&evaluation.budgets)?;
    let restore = context.program.retailer().switches.restore_on_return;
    let uses = use_changes(&evaluation, earlier, restore);
    let budgets = sharing.changes(&evaluation.budgets, restore);
    let done = earlier.map_or(&[][..], |earlier| &earlier.rare.acted);
    let mut levels = TierDraft::new(customer, context.program, context.now);
    let drafts = (&mut draft, &mut levels);
    let acted = acting::act(
        customer,
        &evaluation.actions,
        done,
        drafts,
        (context.program, context.now),
        business_time,
    )?;

    let mut booking = Booking::new(credit, earlier, business_time, context, draft);
    booking.book(&evaluation.awards)?;
    let Booking { draft, causes, forfeited, waived, mut refused, .. } = booking;
    sharing.require_sources(&draft, true)?;
    let effects = sharing.effects(&budgets, &draft);
    refused.extend_from_slice(&evaluation.refused);
    refused.extend_from_slice(&acted.refused);
    let judged = Judged { credit, earlier, program, business_time, standpoint, recalled, expired };
    let booked = Booked { draft, causes, forfeited, waived, refused, uses, budgets, effects };
    judged.decided(customer, context, evaluation, acted, booked, levels)
}

/// A revision of a sale, and what it is judged by.
struct Judged<'a> {
    credit: &'a CreditSale,
    earlier: Option<&'a EvaluationRecord>,
    program: &'a Program,
    business_time: Timestamp,
    standpoint: Standpoint<'a>,
    recalled: Option<Box<EvaluationRecord>>,
    /// How many movements write down what ran out.
    expired: usize,
}

/// What the booking came to.
struct Booked<'a> {
    draft: Draft<'a>,
    causes: Vec<(Cause, PointAccountId, PointSourceId)>,
    forfeited: Vec<Award>,
    waived: Vec<Award>,
    refused: Vec<Refused>,
    uses: Vec<LimitUse>,
    budgets: Vec<BudgetPart>,
    effects: Vec<Effect>,
}

impl Judged<'_> {
    /// What the sale does to the levels held, once its points are booked on the draft.
    fn move_levels(
        &self,
        levels: &mut TierDraft<'_>,
        acted: &acting::Acted,
        draft: &mut Draft<'_>,
    ) -> Result<(), Stop> {
        acted.joined.iter().try_for_each(|joined| levels.give_for_rule(*joined, draft))?;
        let points_earned = draft.movements().iter().any(Movement::is_issue);
        // Whatever a sale takes, it takes back.
        let took_back = self.earlier.is_some() && draft.movements().iter().any(Movement::takes);
        if took_back && levels.demotes_on_return() {
            levels.undo_rise(&self.standpoint.tiers, self.business_time, draft);
        }
        let happened = Triggers { purchase: true, points_earned, custom_event: false };
        levels.qualify(happened, self.business_time, draft)
    }

    /// Counts, qualifies for tiers, and puts all that happens into events.
    fn decided(
        self,
        customer: &Customer,
        context: &Context<'_>,
        evaluation: Evaluation,
        acted: acting::Acted,
        booked: Booked<'_>,
        mut levels: TierDraft<'_>,
    ) -> Result<Decided, Stop> {
        let Booked { mut draft, causes, forfeited, waived, refused, uses, budgets, effects } = booked;
        let acted_to = self.expired + acted.causes.len();
        let programs = (self.program, context.program);
        let counted = counting::difference(&evaluation.counted, self.earlier, programs);
        let points_counted = count_points(customer, context, &draft, acted_to, &causes, self.business_time);
        let booked_to = draft.movements().len();
        levels.count(customer.counters_with([&counted, &points_counted], self.business_time));
        self.move_levels(&mut levels, &acted, &mut draft)?;
        let Self { credit, program, business_time, standpoint, recalled, expired, .. } = self;

        let (mut movements, _) = draft.finish();
        // What levels give is written with the levels.
        movements.truncate(booked_to);
        let mut events = recall::recalled(customer, &movements, context);
        let entry = |(movement, (cause, account, source))| Entry { movement, cause, account, source };
        let entries = movements.split_off(acted_to).into_iter().zip(causes).map(entry).collect();
        let (by_actions, at) = (movements.split_off(expired), context.now);
        if !movements.is_empty() {
            events.push(Event::PointsExpired { movements, at, through: at });
        }
        let done = acted.done.clone();
        events.extend(acted.into_event(by_actions, (credit.sale.0, &credit.content.transaction_id), at));
        events.push(Event::SaleCredited(Box::new(SaleCredited {
            at,
            sale: credit.sale,
            revision: credit.revision,
            transaction_id: credit.content.transaction_id.clone(),
            business_time,
            program_version: program.version(),
            joined: standpoint.joined_for(program),
            tags: standpoint.tags(),
            tiers: standpoint.tiers,
            entries,
            forfeited,
            waived,
            uses,
            uses_matter_from: matters_from(context),
            recalled,
            refused,
            failed: evaluation.failed,
            counted,
            counts_before: evaluation.counts_before,
            acted: done,
            budgets,
        })));
        // Not part of what the sale has counted: what it takes back is counted when it is taken.
        events.extend(points_counted_event(points_counted, context));
        levels.write(at, &mut events);
        let decision = Decision { events, reply: Reply::Credited, effects };
        Ok(Decided { decision, depths: Depths::new(0, evaluation.depths) })
    }
}

/// Nodes that count points have counted some.
pub(super) fn points_counted_event(counted: Vec<CountChange>, context: &Context<'_>) -> Option<Event> {
    let (matters_from, at) = (matters_from(context), context.now);
    (!counted.is_empty()).then_some(Event::PointsCounted { counted, matters_from, at })
}

/// What no trigger from here on looks back to may be forgotten: no sale older than that is evaluated.
pub(super) fn matters_from(context: &Context<'_>) -> Timestamp {
    let oldest_ms = i64::from(context.program.retailer().switches.max_backdate_days) * DAY_MS;
    context.now.plus_millis(-oldest_ms)
}

/// What the movements of a decision, those of actions and those of awards, add to nodes that count points.
fn count_points(
    customer: &Customer,
    context: &Context<'_>,
    draft: &Draft<'_>,
    first_booked: usize,
    causes: &[(Cause, PointAccountId, PointSourceId)],
    business_time: Timestamp,
) -> Vec<CountChange> {
    if !context.program.counts_points() {
        return Vec::new();
    }
    let movements = draft.movements().iter().enumerate().map(|(place, movement)| {
        let source = place.checked_sub(first_booked).and_then(|booked| causes.get(booked));
        (movement, source.map(|(_, _, source)| *source))
    });
    let standpoint = Standpoint::now(customer, context.now);
    let balance = |account| draft.available(account);
    let standing =
        Standing { person: &standpoint, ..Standing::anonymous(&standpoint.tiers, &balance, &customer.usage) };
    counting::of_movements(movements, &customer.ledger, (context.program, &standing), business_time)
}

/// What the sale gave before, if it gave anything.
fn earlier_evaluation<'a>(
    customer: &'a Customer,
    credit: &CreditSale,
    context: &Context<'a>,
) -> Result<Option<&'a EvaluationRecord>, Need> {
    match customer.memory.evaluation(credit.sale) {
        Recall::Known(record) => Ok(Some(record)),
        Recall::Never => Ok(None),
        Recall::Unsure if !credit.credited_before => Ok(None),
        Recall::Unsure => {
            let fetched = context.fetched.evaluations.iter().find(|(sale, _)| *sale == credit.sale);
            fetched.map(|(_, record)| record.as_ref()).ok_or(Need::Evaluation(credit.sale))
        }
    }
}

/// The program of the first evaluation: later revisions are judged by the same rules (incentives.md 9.1).
fn program_of<'a>(earlier: Option<&EvaluationRecord>, context: &Context<'a>) -> Result<&'a Program, Need> {
    let Some(earlier) = earlier.filter(|earlier| earlier.program_version != context.program.version()) else {
        return Ok(context.program);
    };
    let version = earlier.program_version;
    let fetched = context.fetched.programs.iter().find(|program| program.version() == version);
    fetched.map(AsRef::as_ref).ok_or(Need::Program(version))
}

/// What was looked at when a revision of a sale is decided on a state in which nothing is due, and what trees give.
pub(super) fn trace(
    customer: &Customer,
    credit: &CreditSale,
    context: &Context<'_>,
) -> Result<(Vec<Round>, Evaluation), Stop> {
    let earlier = earlier_evaluation(customer, credit, context).map_err(Stop::Need)?;
    let program = program_of(earlier, context).map_err(Stop::Need)?;
    let mut draft = Draft::new(customer.ledger_for(context), context.ids, 0);
    draft.settle(context.now, context.program)?;
    let standpoint = Standpoint::of(customer, earlier, context.now);
    let business_time = earlier.map_or(credit.business_time, |earlier| earlier.business_time);
    let sharing = Sharing::of_sale(customer, credit, earlier, business_time, context)?;
    let seen = Seen { customer, credit, earlier, program, standpoint: &standpoint, sharing };
    let mut rounds = Vec::new();
    let evaluation = seen.evaluate(&draft, Some(&mut rounds))?;
    Ok((rounds, evaluation))
}

/// A revision of a sale and the customer as its rules see them.
struct Seen<'a> {
    customer: &'a Customer,
    credit: &'a CreditSale,
    earlier: Option<&'a EvaluationRecord>,
    program: &'a Program,
    standpoint: &'a Standpoint<'a>,
    sharing: Sharing<'a>,
}

impl Seen<'_> {
    fn evaluate(&self, draft: &Draft<'_>, trace: Option<&mut Vec<Round>>) -> Result<Evaluation, Error> {
        let Self { customer, credit, earlier, program, standpoint, sharing } = *self;
        let content = &*credit.content;
        let opted_in = customer.identity().is_some_and(|identity| identity.profile.opted_in);
        // Who has opted out keeps what a sale gave before, as far as it still would; a sale that gave nothing goes on
        // doing so.
        let gave =
            earlier.is_some_and(|earlier| !earlier.granted.is_empty() || !earlier.rare.forfeited.is_empty());
        let Some(share) = credit.share.as_ref().filter(|_| !content.is_voided && (opted_in || gave)) else {
            return Ok(Evaluation::default());
        };
        let discounts = line_discounts(content)?;
        let lines: Vec<_> = content
            .items
            .iter()
            .zip(discounts)
            .map(|(item, discount)| Line {
                item_id: &item.item_id,
                quantity: item.quantity,
                subtotal: item.subtotal,
                tax_included: item.tax_included,
                discount,
            })
            .collect();
        let paid = content.payments.iter();
        let payments: Vec<_> = paid.map(|paid| Payment { kind: &paid.kind, amount: paid.amount }).collect();
        let purchase = Purchase {
            time: sharing.time,
            store: content.store,
            channel: &content.channel,
            subtotal: content.subtotal,
            tax_total: content.tax_total,
            lines: &lines,
            payments: &payments,
            share,
            content: Some(content),
        };
        let without_own = earlier.map(|earlier| usage_without(customer, earlier)).transpose()?;
        let balance = |account| draft.available(account);
        let lifetime = |account| draft.lifetime(account);
        let rooms = sharing.rooms();
        let standing = Standing {
            budgets: &rooms,
            tiers: &standpoint.tiers,
            balance: &balance,
            lifetime: &lifetime,
            usage: without_own.as_ref().unwrap_or(&customer.usage),
            counters: &customer.rule_state.counters,
            counted: earlier.map_or(&[], |earlier| &earlier.rare.counted),
            counts_before: earlier.map_or(&[], |earlier| &earlier.rare.counts_before),
            person: standpoint,
        };
        Ok(program.evaluate_traced(&purchase, &standing, None, trace))
    }
}

/// What is used of the limits without a sale's own earlier uses: they must not stand in its way.
fn usage_without(customer: &Customer, earlier: &EvaluationRecord) -> Result<LimitUsage, Error> {
    let mut usage = customer.usage.clone();
    for used in &earlier.uses {
        usage.record(&negated(used)?)?;
    }
    Ok(usage)
}

/// The use that undoes a use.
fn negated(used: &LimitUse) -> Result<LimitUse, Error> {
    Ok(LimitUse { times: -used.times, points: used.points.negated()?, ..used.clone() })
}

/// How what is used of the limits changes.
fn use_changes(
    evaluation: &Evaluation,
    earlier: Option<&EvaluationRecord>,
    restore_on_return: bool,
) -> Vec<LimitUse> {
    let before = earlier.map_or(&[][..], |earlier| &earlier.uses);
    let mut changes = evaluation.uses.clone();
    for used in before {
        let negated = negated(used).expect("a use that was recorded has a negative");
        match changes.iter_mut().find(|change| change.key == used.key && change.at == used.at) {
            Some(change) => {
                change.times += negated.times;
                change.points =
                    change.points.plus(negated.points).expect("the difference of two uses is an amount");
            }
            None => changes.push(negated),
        }
    }
    changes.retain(|change| {
        let gives_back = change.times < 0 || change.points.is_negative();
        (change.times != 0 || !change.points.is_zero()) && (restore_on_return || !gives_back)
    });
    changes
}

/// The difference between what the rules want to give and what was given, on its way into the ledger.
struct Booking<'a> {
    sale: &'a CreditSale,
    earlier: Option<&'a EvaluationRecord>,
    business_time: Timestamp,
    context: &'a Context<'a>,
    draft: Draft<'a>,
    /// Per movement booked, what caused it.
    causes: Vec<(Cause, PointAccountId, PointSourceId)>,
    forfeited: Vec<Award>,
    waived: Vec<Award>,
    refused: Vec<Refused>,
}

impl<'a> Booking<'a> {
    fn new(
        sale: &'a CreditSale,
        earlier: Option<&'a EvaluationRecord>,
        business_time: Timestamp,
        context: &'a Context<'a>,
        draft: Draft<'a>,
    ) -> Self {
        let forfeited = earlier.map_or_else(Vec::new, |earlier| earlier.rare.forfeited.clone());
        let (causes, waived, refused) = (Vec::new(), Vec::new(), Vec::new());
        Self { sale, earlier, business_time, context, draft, causes, forfeited, waived, refused }
    }

    fn book(&mut self, awards: &[Award]) -> Result<(), Stop> {
        // What goes is taken first, so that ceilings see the room it makes.
        for (cause, account, source) in self.earlier_causes() {
            let wanted = awards.iter().filter(|award| award.cause() == cause && award.account == account);
            let wanted = Points::sum(wanted.map(|award| award.points))?;
            let before = self.wanted_before(cause, account);
            if wanted < before {
                self.take_back(cause, account, source, before.minus(wanted)?)?;
            }
        }
        // A rule may give several rows to one account, its own and what multipliers add to them, while what was given
        // before is one sum: each row uses up its part of that sum.
        let mut given: Vec<((Cause, PointAccountId), Points)> = Vec::new();
        for award in awards {
            let of = (award.cause(), award.account);
            let place = given.iter().position(|(known, _)| *known == of).unwrap_or_else(|| {
                given.push((of, self.wanted_before(of.0, of.1)));
                given.len() - 1
            });
            let before = &mut given[place].1;
            let part = award.points.min(*before);
            *before = before.minus(part)?;
            let more = award.points.minus(part)?;
            if more.is_positive() {
                self.give(award, more)?;
            }
        }
        Ok(())
    }

    fn wanted_before(&self, cause: Cause, account: PointAccountId) -> Points {
        self.earlier.map_or(Points::ZERO, |earlier| earlier.wanted(cause, account))
    }

    /// Everything that gave, or would have given, before.
    fn earlier_causes(&self) -> Vec<(Cause, PointAccountId, PointSourceId)> {
        let Some(earlier) = self.earlier else { return Vec::new() };
        let granted = earlier.granted.iter().map(|known| (known.cause, known.account, known.source));
        let forfeited =
            earlier.rare.forfeited.iter().map(|known| (known.cause(), known.account, known.source));
        let mut causes: Vec<_> = Vec::new();
        for cause in granted.chain(forfeited) {
            if !causes.contains(&cause) {
                causes.push(cause);
            }
        }
        causes
    }

    fn give(&mut self, award: &Award, more: Points) -> Result<(), Stop> {
        // What an earlier return could not take back is still there: it is given by keeping it.
        let kept = self.kept(award)?.min(more);
        if kept.is_positive() {
            self.waived.push(Award { points: kept, ..award.clone() });
        }
        let more = more.minus(kept)?;
        if !more.is_positive() {
            return Ok(());
        }
        let program = self.context.program;
        let account = program.account(award.account).filter(|account| account.active);
        let source = program.source(award.source).filter(|source| source.active);
        let (Some(account), Some(source)) = (account, source) else {
            return self.forfeit(award, more, RefusalReason::Inactive);
        };
        let room = self.draft.room(account, source, self.business_time, program)?;
        let allowed = room.allowed(more);
        if allowed.is_positive() {
            let earning = Earning {
                account,
                source,
                points: allowed,
                occurred: self.business_time,
                sale: Some(self.sale.sale),
                program,
            };
            self.draft.earn(earning)?;
            self.causes.push((award.cause(), award.account, award.source));
        }
        if allowed < more {
            let stricter = room.source_is_stricter();
            let reason = if stricter { RefusalReason::SourceLimit } else { RefusalReason::MaxBalance };
            return self.forfeit(award, more.minus(allowed)?, reason);
        }
        Ok(())
    }

    fn kept(&self, award: &Award) -> Result<Points, Stop> {
        let before = self.earlier.map_or(Points::ZERO, |earlier| earlier.kept(award.cause(), award.account));
        let same = |known: &&Award| known.cause() == award.cause() && known.account == award.account;
        let now = Points::sum(self.waived.iter().filter(same).map(|known| known.points))?;
        Ok(before.minus(now)?)
    }

    fn forfeit(&mut self, award: &Award, points: Points, reason: RefusalReason) -> Result<(), Stop> {
        self.forfeited.push(Award { points, ..award.clone() });
        self.refused.push(Refused { tree: award.tree, outcome: award.outcome, reason });
        Ok(())
    }

    /// Takes back what a cause gave: first what was never given, then the sale's own lots, then others of the account
    /// and those it rolls over into, then overdraft of the one where the points are by now, if that allows it; what is
    /// left is waived (incentives.md 9.3, 4.3).
    fn take_back(
        &mut self,
        cause: Cause,
        account: PointAccountId,
        source: PointSourceId,
        points: Points,
    ) -> Result<(), Stop> {
        let mut points = points;
        for forfeited in
            self.forfeited.iter_mut().filter(|known| known.cause() == cause && known.account == account)
        {
            let part = forfeited.points.min(points);
            forfeited.points = forfeited.points.minus(part)?;
            points = points.minus(part)?;
        }
        self.forfeited.retain(|known| known.points.is_positive());
        if !points.is_positive() {
            return Ok(());
        }
        let occurred = self.sale.content.modified_time.min(self.context.now);
        let before = self.draft.movements().len();
        let program = self.context.program;
        let chain = program.rollover_chain(account);
        let missing = self.draft.take_from_pool(&Taking {
            accounts: &chain,
            source: None,
            points,
            occurred,
            reason: TakenFor::Return,
            first_from: First::Sale(self.sale.sale),
            row: None,
        })?;
        if missing.is_positive() {
            let by_now = program.account_by(account, self.business_time, self.context.now);
            let negative = program.account(by_now).is_some_and(|account| account.allow_negative_balance);
            if negative {
                let row = LedgerRowId(self.draft.next_id());
                self.draft.overdraw(row, by_now, missing, occurred, TakenFor::Return)?;
            } else {
                let Cause { tree, outcome } = cause;
                self.waived.push(Award { tree, outcome, account, source, points: missing.negated()? });
            }
        }
        let written = self.draft.movements().len() - before;
        self.causes.extend(std::iter::repeat_n((cause, account, source), written));
        Ok(())
    }
}
