//! Deposits, spends and corrections on request (incentives.md 4.1-4.5, 4.8, 7.1, 7.2).

mod asked;
mod expire;
mod modify;
mod move_points;
mod reverse;
mod seed;
mod send_points;

use asked::Asked;

use super::{
    About, AuditLog, Customer, DepositDetail, Drawn, Effect, Error, Event, Fingerprint, Need, PointsPosted,
    PostedDetail, PostedRow, PostedStatus, Posting, PostingRefused, Purpose, Recall, Remembered, Reply,
    SpendDetail, TierDraft,
    allotted::{Deciding, Sharing},
    counting, credit, recall,
    standpoint::Standpoint,
    stop::Stop,
};
use crate::{
    amount::Points,
    entity::{Context, Decision},
    id::{LedgerRowId, PointAccountId, PointSourceId},
    ledger::{Draft, Earning, First, Movement, TakenFor, Taking},
    program::{PointAccount, PointSource, tree::Triggers},
    rules::{CountChange, Standing},
    time::Timestamp,
};

/// How far back a deposit may lie: two years (incentives.md 7.1).
const OLDEST_MS: i64 = 2 * 366 * 86_400_000;
/// How long a key is remembered: 400 days (incentives.md 4.8).
const KEY_LIFE_MS: i64 = 400 * 86_400_000;

pub(super) fn decide(
    customer: &Customer,
    posting: &Posting,
    context: &Context<'_>,
) -> Result<Decision<Customer>, Stop> {
    let mut draft = Draft::new(customer.ledger_for(context), context.ids, 0).granted(&context.fetched.grants);
    draft.settle(context.now, context.program)?;
    let expired = draft.movements().len();
    let mut run = Run {
        customer,
        context,
        partial: posting.allow_partial_success,
        draft,
        results: Vec::new(),
        about: About::Nothing,
        redated: None,
        drawn: Vec::new(),
        effects: Vec::new(),
    };
    match &posting.purpose {
        Purpose::Deposit(details) => {
            details.iter().try_for_each(|detail| run.detail(Asked::Deposit(detail)))?;
        }
        Purpose::Spend(details) => details.iter().try_for_each(|detail| run.detail(Asked::Spend(detail)))?,
        Purpose::Move(detail) => run.detail(Asked::Move(detail))?,
        Purpose::Expire(detail) => run.detail(Asked::Expire(detail))?,
        Purpose::Modify(detail) => run.detail(Asked::Modify(detail))?,
        Purpose::Reverse(detail) => run.detail(Asked::Reverse(detail))?,
        Purpose::Send(detail) => run.detail(Asked::Send(detail))?,
        Purpose::Receive(transfer) => run.detail(Asked::Receive(transfer))?,
        Purpose::TakeBack(returned) => run.detail(Asked::TakeBack(returned))?,
        Purpose::Seed(seed) => run.detail(Asked::Seed(seed))?,
    }
    run.refuse_unless_something_was_done()?;
    if matches!(posting.purpose, Purpose::Deposit(_)) {
        run.share()?;
    }
    let publishes = match &posting.purpose {
        Purpose::Deposit(_) | Purpose::Spend(_) => !posting.disable_event_publishing,
        Purpose::Move(_)
        | Purpose::Expire(_)
        | Purpose::Modify(_)
        | Purpose::Reverse(_)
        | Purpose::Send(_)
        | Purpose::Receive(_)
        | Purpose::TakeBack(_)
        | Purpose::Seed(_) => false,
    };
    run.decided(expired, publishes)
}

/// What came of a detail so far.
struct Done {
    detail: PostedDetail,
    /// Movements it wrote.
    rows: usize,
    /// Its key and body, when it is new.
    key: Option<(Fingerprint, Fingerprint)>,
}

struct Run<'a> {
    customer: &'a Customer,
    context: &'a Context<'a>,
    partial: bool,
    draft: Draft<'a>,
    results: Vec<Done>,
    /// What earlier rows it is about.
    about: About,
    /// Lots that get another date.
    redated: Option<Event>,
    /// What was taken for another customer.
    drawn: Vec<Drawn>,
    /// What others must do.
    effects: Vec<Effect>,
}

impl<'a> Run<'a> {
    fn detail(&mut self, asked: Asked<'_>) -> Result<(), Stop> {
        let (key, body) = (asked.key(self.context.program), asked.body());
        if let Some(key) = key
            && let Some(mut known) = self.answered(key, body)?
        {
            known.replayed = true;
            self.results.push(Done { detail: known, rows: 0, key: None });
            return Ok(());
        }
        let before = self.draft.movements().len();
        let outcome = match asked {
            Asked::Deposit(deposit) => self.deposit(deposit)?,
            Asked::Spend(spend) => self.spend(spend)?,
            Asked::Move(detail) => self.move_points(detail)?,
            Asked::Expire(detail) => self.expire(detail)?,
            Asked::Modify(detail) => self.modify(detail)?,
            Asked::Reverse(detail) => self.reverse(detail)?,
            Asked::Send(detail) => self.send_points(detail)?,
            Asked::Receive(transfer) => self.receive_points(transfer)?,
            Asked::TakeBack(returned) => self.take_back_points(returned)?,
            Asked::Seed(seed) => self.seed(seed)?,
        };
        let tracking_id = asked.tracking_id().unwrap_or_else(|| self.draft.next_id());
        let made = self.draft.next_id().to_string();
        let detail = PostedDetail {
            status: outcome.status,
            rows: outcome.rows,
            reference_id: asked.reference().0.into(),
            reference_type: asked.reference().1.into(),
            transaction_id: asked.transaction_id().into(),
            tracking_id,
            idempotency_id: asked.idempotency_id().map_or_else(|| made.into(), Into::into),
            replayed: false,
            shortfall: outcome.shortfall,
        };
        let key = key.unwrap_or_else(|| Fingerprint::of(&detail.idempotency_id));
        // That it was refused is remembered of a transfer that comes back: it must not be taken in later.
        let kept = outcome.status == PostedStatus::Ok || matches!(asked, Asked::Receive(_));
        let key = kept.then_some((key, body));
        if let Asked::Send(sent) = asked
            && outcome.status == PostedStatus::Ok
        {
            let drawn = std::mem::take(&mut self.drawn);
            let from = self.customer.identity().expect("only a known customer posts").id;
            self.effects.push(Effect::SendPoints(Box::new(sent.transfer(from, &detail, drawn))));
        }
        self.results.push(Done { detail, rows: self.draft.movements().len() - before, key });
        Ok(())
    }

    /// The answer given under the key before, in this call or an earlier one.
    fn answered(&self, key: Fingerprint, body: Fingerprint) -> Result<Option<PostedDetail>, Stop> {
        let same_call = self.results.iter().find(|done| done.key.is_some_and(|(known, _)| known == key));
        if let Some(done) = same_call {
            let same_body = done.key.is_some_and(|(_, known)| known == body);
            return if same_body {
                Ok(Some(done.detail.clone()))
            } else {
                Err(Error::IdempotencyConflict.into())
            };
        }
        let remembered = match self.customer.memory.remembered(key) {
            Recall::Known(remembered) => Some(remembered),
            Recall::Never => None,
            Recall::Unsure => {
                let fetched = self.context.fetched.remembered.iter().find(|(known, _)| *known == key);
                fetched.ok_or(Stop::Need(Need::Remembered(key)))?.1.as_ref()
            }
        };
        match remembered.filter(|known| known.at.plus_millis(KEY_LIFE_MS) > self.context.now) {
            None => Ok(None),
            Some(Remembered { body: known, detail, .. }) if *known == body => Ok(Some(detail.clone())),
            Some(_) => Err(Error::IdempotencyConflict.into()),
        }
    }

    fn deposit(&mut self, asked: &DepositDetail) -> Result<Outcome, Stop> {
        let program = self.context.program;
        let occurred = asked.occurred.unwrap_or(self.context.now);
        let Some(account) = program.account(asked.account) else {
            return Ok(Outcome::failed(PostedStatus::AccountNotFound));
        };
        let failed = |run: &Self, status| Ok(run.failed_on(account, Some(asked.source), status));
        let oldest = self.context.now.plus_millis(-OLDEST_MS);
        if !asked.amount.is_positive() || occurred > self.context.now || occurred < oldest {
            return failed(self, PostedStatus::InvalidAmount);
        }
        if !account.active {
            return failed(self, PostedStatus::AccountInactive);
        }
        let Some(source) = program.source(asked.source).filter(|source| source.active) else {
            return failed(self, PostedStatus::SourceNotFound);
        };
        if !source.accounts.contains(&account.id) {
            return failed(self, PostedStatus::SourceNotLinked);
        }
        if !self.is_open(source) {
            return failed(self, PostedStatus::SourceLimitExceeded);
        }
        let room = self.draft.room(account, source, occurred, program)?;
        let allowed = room.allowed(asked.amount);
        if allowed < asked.amount && (!self.partial || allowed.is_zero()) {
            let by_source = room.source_is_stricter();
            let status =
                if by_source { PostedStatus::SourceLimitExceeded } else { PostedStatus::MaxBalanceExceeded };
            return failed(self, status);
        }
        self.draft.earn(Earning { account, source, points: allowed, occurred, sale: None, program })?;
        let row = self.row(account.id, Some(source.id), allowed);
        Ok(Outcome { status: PostedStatus::Ok, rows: vec![row], shortfall: asked.amount.minus(allowed)? })
    }

    /// The source gives something to holders of the customer's levels (incentives.md 7.7). What is brought along, moved
    /// or given back comes out of no source anew, and is not asked about.
    fn is_open(&self, source: &PointSource) -> bool {
        let (program, now) = (self.context.program, self.context.now);
        source.level_constraints.is_empty()
            || self.customer.standing(program, now, |standing| {
                source.level_constraints.iter().all(|constraint| standing.passes(constraint, now))
            })
    }

    fn spend(&mut self, asked: &SpendDetail) -> Result<Outcome, Stop> {
        let pool = match self.pool_accounts(&asked.accounts, asked.source) {
            Ok(pool) => pool,
            Err(outcome) => return Ok(outcome),
        };
        let first = pool[0];
        if !asked.amount.is_positive() {
            return Ok(self.failed_on(first, asked.source, PostedStatus::InvalidAmount));
        }
        let accounts: Vec<_> = pool.iter().map(|account| account.id).collect();
        let reason = if asked.is_return { TakenFor::Return } else { TakenFor::Spend };
        let occurred = asked.occurred.unwrap_or(self.context.now);
        let taking = Taking {
            accounts: &accounts,
            source: asked.source,
            points: asked.amount,
            occurred,
            reason,
            first_from: First::None,
            row: asked.row,
        };
        let short = self.draft.pool(&taking)? < asked.amount;
        let without_force = self.context.program.retailer().switches.overdraft_without_force;
        let may_overdraw = first.allow_negative_balance && (asked.force || asked.is_return || without_force);
        // Without negative balances the organisation bears the return (incentives.md 4.3, last row).
        let stops_at_zero = !first.allow_negative_balance && asked.is_return;
        if short && !may_overdraw && !stops_at_zero {
            return Ok(self.failed_on(first, asked.source, PostedStatus::InsufficientPoints));
        }
        let before = self.draft.movements().len();
        let missing = self.draft.take_from_pool(&taking)?;
        if missing.is_positive() && may_overdraw {
            let row = asked.overdraft_row.unwrap_or_else(|| LedgerRowId(self.draft.next_id()));
            let occurred = asked.overdraft_occurred.unwrap_or(occurred);
            self.draft.overdraw(row, first.id, missing, occurred, reason)?;
        }
        let mut rows = self.rows_since(before, asked.source)?;
        if rows.is_empty() {
            rows.push(self.row(first.id, asked.source, Points::ZERO));
        }
        let shortfall = if may_overdraw { Points::ZERO } else { missing };
        Ok(Outcome { status: PostedStatus::Ok, rows, shortfall })
    }

    /// Reserves what deposits issue under restrictions over all customers, and says what of it they have used.
    fn share(&mut self) -> Result<(), Stop> {
        let keys: Vec<_> = self.results.iter().filter_map(|done| done.key.map(|(key, _)| key)).collect();
        let sharing = Sharing {
            context: self.context,
            customer: self.customer.known()?.id,
            decision: Deciding::Posting(&keys),
            time: self.context.now,
            earlier: &[],
        };
        sharing.require_sources(&self.draft, self.partial)?;
        self.effects.extend(sharing.effects(&[], &self.draft));
        Ok(())
    }

    /// Every row of the customer, with those of what has just run out.
    fn log(&self) -> Result<AuditLog, Stop> {
        let history = self.context.fetched.history.as_deref().ok_or(Stop::Need(Need::History))?;
        let mut log = history.log().clone();
        let movements = self.draft.movements().to_vec();
        log.apply(&Event::PointsExpired { movements, at: self.context.now, through: self.context.now });
        Ok(log)
    }

    /// The accounts a spend draws from; never none.
    fn pool_accounts(
        &self,
        named: &[PointAccountId],
        source: Option<PointSourceId>,
    ) -> Result<Vec<&'a PointAccount>, Outcome> {
        let program = self.context.program;
        if named.is_empty() {
            let default =
                program.accounts().iter().filter(|account| account.active && account.in_default_pool);
            let default: Vec<_> = default.collect();
            return if default.is_empty() {
                Err(Outcome::failed(PostedStatus::NoDefaultAccount))
            } else {
                Ok(default)
            };
        }
        let mut pool: Vec<&PointAccount> = Vec::with_capacity(named.len());
        for &id in named {
            let account =
                program.account(id).ok_or_else(|| Outcome::failed(PostedStatus::AccountNotFound))?;
            if !account.active {
                return Err(self.failed_on(account, source, PostedStatus::AccountInactive));
            }
            if pool.iter().all(|known| known.id != id) {
                pool.push(account);
            }
        }
        Ok(pool)
    }

    /// What the movements from a place on have taken, per account.
    fn rows_since(&self, before: usize, source: Option<PointSourceId>) -> Result<Vec<PostedRow>, Stop> {
        let mut rows: Vec<PostedRow> = Vec::new();
        for movement in &self.draft.movements()[before..] {
            let (account, amount) = (movement.account(), movement.change().negated()?);
            match rows.iter_mut().find(|row| row.account == account) {
                Some(row) => row.amount = row.amount.plus(amount)?,
                None => rows.push(self.row(account, source, amount)),
            }
        }
        Ok(rows)
    }

    fn failed_on(
        &self,
        account: &PointAccount,
        source: Option<PointSourceId>,
        status: PostedStatus,
    ) -> Outcome {
        Outcome { status, rows: vec![self.row(account.id, source, Points::ZERO)], shortfall: Points::ZERO }
    }

    fn row(&self, account: PointAccountId, source: Option<PointSourceId>, amount: Points) -> PostedRow {
        PostedRow {
            account,
            user_account: self.draft.user_account(account),
            source,
            amount,
            remaining_balance: self.draft.available(account),
            life_time_value: self.draft.lifetime(account),
        }
    }

    /// All or nothing without partial success; with it, at least one detail must have been done (incentives.md 1.2,
    /// 4.3).
    fn refuse_unless_something_was_done(&mut self) -> Result<(), Error> {
        // A transfer that was not taken in has come to its end, and may be brought again.
        let failed = |done: &Done| {
            done.detail.status != PostedStatus::Ok && done.key.is_none() && !done.detail.replayed
        };
        let refused =
            if self.partial { self.results.iter().all(failed) } else { self.results.iter().any(failed) };
        if !refused {
            return Ok(());
        }
        let results = std::mem::take(&mut self.results);
        // What this call would have done; a repeat within it shares the tracking id of its first, and its fate.
        let new = results.iter().filter(|done| done.key.is_some());
        let new: Vec<_> = new.map(|done| done.detail.tracking_id).collect();
        let details = results.into_iter().map(|done| match done.detail {
            detail if new.contains(&detail.tracking_id) => PostedDetail {
                status: PostedStatus::NotAttempted,
                rows: Vec::new(),
                replayed: false,
                ..detail
            },
            detail => detail,
        });
        Err(Error::Refused(Box::new(PostingRefused { details: details.collect(), at: self.context.now })))
    }

    /// What the rows add to nodes that count points.
    fn count_points(&self, expired: usize, at: Timestamp) -> Vec<CountChange> {
        let program = self.context.program;
        if !program.counts_points() {
            return Vec::new();
        }
        let standpoint = Standpoint::now(self.customer, at);
        let balance = |account| self.draft.available(account);
        let standing = Standing {
            person: &standpoint,
            ..Standing::anonymous(&standpoint.tiers, &balance, &self.customer.usage)
        };
        let rows = self.draft.movements()[expired..].iter();
        // A deposit in arrears counts when it happened.
        let of = |movement: &Movement| {
            let one = std::iter::once((movement, None));
            let ledger = &self.customer.ledger;
            counting::of_movements(one, ledger, (program, &standing), movement.occurred())
        };
        rows.flat_map(of).collect()
    }

    fn decided(mut self, expired: usize, publishes: bool) -> Result<Decision<Customer>, Stop> {
        let at = self.context.now;
        let written = self.draft.movements().len();
        let counted = self.count_points(expired, at);
        let mut levels = TierDraft::new(self.customer, self.context.program, at);
        levels.count(self.customer.counters_with([&counted, &[]], at));
        if written > expired && publishes {
            let points_earned =
                self.draft.movements().iter().any(|movement| matches!(movement, Movement::Earned { .. }));
            let happened = Triggers { purchase: false, points_earned, custom_event: false };
            levels.qualify(happened, at, &mut self.draft)?;
        }
        let (mut movements, _) = self.draft.finish();
        // What levels give is written with the levels.
        movements.truncate(written);
        let recalled = recall::recalled(self.customer, &movements, self.context);
        let mut events = if written > expired { recalled } else { Vec::new() };
        let posted_movements = movements.split_off(expired);
        let details = self.results.iter().map(|done| done.detail.clone()).collect();
        let mut rows = Vec::new();
        let new: Vec<_> = self
            .results
            .into_iter()
            .filter_map(|done| done.key.map(|key| (done.detail, done.rows, key)))
            .collect();
        if !new.is_empty() {
            if !movements.is_empty() {
                events.push(Event::PointsExpired { movements, at, through: at });
            }
            let posted = Event::PointsPosted(Box::new(PointsPosted {
                at,
                rows: new
                    .iter()
                    .map(|(_, rows, _)| u16::try_from(*rows).expect("a detail writes few rows"))
                    .collect(),
                keys: new.iter().map(|(_, _, key)| *key).collect(),
                details: new.into_iter().map(|(detail, ..)| detail).collect(),
                movements: posted_movements,
                published: publishes,
                about: self.about,
            }));
            let mut log = AuditLog::continuing(&self.customer.ledger);
            log.apply(&posted);
            rows = log.into_rows();
            events.push(posted);
            events.extend(self.redated);
            events.extend(credit::points_counted_event(counted, self.context));
        }
        levels.write(at, &mut events);
        let reply = Reply::Posted { details, rows, at, outcomes: Vec::new() };
        Ok(Decision { events, reply, effects: self.effects })
    }
}

/// What came of a detail, without its bookkeeping.
struct Outcome {
    status: PostedStatus,
    rows: Vec<PostedRow>,
    shortfall: Points,
}

impl Outcome {
    fn failed(status: PostedStatus) -> Self {
        Self { status, rows: Vec::new(), shortfall: Points::ZERO }
    }
}
