//! The sale as an entity.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Command, Content, Credit, Effect, Error, Event, LATE_REGISTRATION_MS, Outcome, Receipt, Reply,
    SalesWarning, forgetting, payers, registration,
};
use crate::{
    amount::AmountError,
    customer::CreditSale,
    entity::{Context, Decision, Entity, Verdict},
    id::{CustomerId, IdentifierId, SaleId},
    rules::Share,
    time::Timestamp,
};

/// Ten minutes: a time further ahead is taken to be a wrong clock (catalog-transactions.md F.3).
const CLOCK_SKEW_MS: i64 = 600_000;
const DAY_MS: i64 = 86_400_000;

/// One till transaction with its versions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    pub(super) current: Option<Revision>,
    /// When the sale counts as sold: fixed by the first closed revision.
    business_time: Option<Timestamp>,
    /// Whom the evaluated revision credited.
    pub(super) credited: Vec<CustomerId>,
    /// Whom any revision credited.
    pub(super) credited_before: Vec<CustomerId>,
    created: Option<Timestamp>,
    /// A member was forgotten: of later versions only those who are members are kept.
    pub(super) forgets: bool,
}

/// The version in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The sale.
    pub id: SaleId,
    /// 1 for the first accepted version.
    pub number: u32,
    /// What was sold.
    pub content: Arc<Content>,
    /// The request that brought it.
    pub request_id: Box<str>,
    /// Its payments that name members, resolved when it arrived.
    pub payers: Vec<Payer>,
    /// When it was recorded.
    pub recorded: Timestamp,
    /// What was odd about it.
    pub warnings: Vec<SalesWarning>,
}

/// A payment and the member it resolved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payer {
    /// Which payment, by place; none: the member was named on the envelope or a discount, and has the whole sale.
    pub payment: Option<u16>,
    /// The member.
    pub customer: CustomerId,
}

impl Sale {
    /// The version in force; none: the sale has never been heard of.
    pub fn current(&self) -> Option<&Revision> {
        self.current.as_ref()
    }

    /// When the sale counts as sold; none until it is closed.
    pub fn business_time(&self) -> Option<Timestamp> {
        self.business_time
    }

    /// When its first version was recorded.
    pub fn created(&self) -> Option<Timestamp> {
        self.created
    }

    /// Whom the evaluated revision credited.
    pub fn credited(&self) -> &[CustomerId] {
        &self.credited
    }

    /// Whom any revision credited.
    pub fn credited_before(&self) -> &[CustomerId] {
        &self.credited_before
    }

    /// What a version would make a member book if it were closed and came now; nobody: what it would make somebody book
    /// who pays all of it. Who is not among the payers is supposed to pay all of it, too. A version that would be too
    /// old to be evaluated gives nothing.
    pub fn would_credit(
        &self,
        id: SaleId,
        content: Content,
        payers: &[Payer],
        customer: Option<CustomerId>,
        context: &Context<'_>,
    ) -> Result<CreditSale, AmountError> {
        let content = Content { is_closed: true, ..content };
        let business_time = self.business_time.unwrap_or_else(|| business_time(&content, context.now));
        let shares = payers::shares(&content, payers)?;
        let own = shares.into_iter().find(|(known, _)| Some(*known) == customer).map(|(_, share)| share);
        let evaluated = !self.is_too_old(business_time, context);
        Ok(CreditSale {
            customer: customer.unwrap_or(CustomerId(uuid::Uuid::nil())),
            sale: id,
            revision: self.current.as_ref().map_or(1, |current| current.number + 1),
            business_time,
            credited_before: customer.is_some_and(|customer| self.credited_before.contains(&customer)),
            share: evaluated.then(|| own.unwrap_or(Share::whole())),
            content: Arc::new(content),
        })
    }

    /// It counts as sold so long ago that it is not evaluated, unless it was before.
    fn is_too_old(&self, business_time: Timestamp, context: &Context<'_>) -> bool {
        let days = i64::from(context.program.retailer().switches.max_backdate_days);
        business_time < context.now.plus_millis(-days * DAY_MS) && self.credited.is_empty()
    }

    fn record(&self, arrival: Arrival<'_>, context: &Context<'_>) -> Result<Decision<Self>, Error> {
        let mut warnings = arrival.warnings(context);
        let number = match &self.current {
            None => 1,
            Some(current) => match arrival.against(current) {
                Against::Next => current.number + 1,
                Against::NextAtSameTime => {
                    warnings.push(SalesWarning::SameModifiedTime);
                    current.number + 1
                }
                Against::Same(outcome) => return Ok(arrival.unchanged(current, outcome, warnings, context)),
            },
        };
        self.revise(arrival, number, warnings, context)
    }

    /// The version comes into force.
    fn revise(
        &self,
        arrival: Arrival<'_>,
        number: u32,
        mut warnings: Vec<SalesWarning>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>, Error> {
        let content = Arc::clone(arrival.content);
        let business_time = match self.business_time {
            None if content.is_closed => Some(business_time(&content, context.now)),
            known => known,
        };
        let too_old = business_time.is_some_and(|time| self.is_too_old(time, context));
        if too_old && content.is_closed {
            warnings.push(SalesWarning::TooOld);
        }
        let evaluated = content.is_closed && !too_old;
        let (credits, effects) = if evaluated {
            let (credits, mut effects) = self.crediting(payers::shares(&content, arrival.payers)?);
            if !content.is_voided {
                let until = context.now.plus_millis(LATE_REGISTRATION_MS);
                let strangers = registration::strangers(&content, arrival.payers).into_iter();
                effects.extend(strangers.map(|identifier| Effect::Await { identifier, until }));
            }
            (Some(credits), effects)
        } else {
            (None, Vec::new())
        };
        let receipt = Receipt {
            sale: arrival.id,
            transaction_id: content.transaction_id.clone(),
            revision: number,
            outcome: Outcome::Accepted,
            warnings: warnings.clone(),
        };
        let revision = Revision {
            id: arrival.id,
            number,
            content,
            request_id: arrival.request_id.into(),
            payers: arrival.payers.to_vec(),
            recorded: context.now,
            warnings,
        };
        let events = vec![Event::Revised { revision, business_time, credits }];
        Ok(Decision { events, reply: Reply::Recorded(receipt), effects })
    }

    /// The version in force comes into force once more.
    fn replay(
        &self,
        number: u32,
        payers: &[Payer],
        unknown_user: bool,
        context: &Context<'_>,
    ) -> Result<Decision<Self>, Error> {
        let current = self.current.as_ref().filter(|current| current.number == number);
        self.again(current.ok_or(Error::Superseded)?, payers, unknown_user, context)
    }

    /// What was sold stays; who pays for it may have changed.
    fn again(
        &self,
        current: &Revision,
        payers: &[Payer],
        unknown_user: bool,
        context: &Context<'_>,
    ) -> Result<Decision<Self>, Error> {
        let Revision { id, number, content, request_id, .. } = current;
        let arrival = Arrival { id: *id, request_id, content, payers, unknown_user, ahead: false };
        self.revise(arrival, number + 1, arrival.warnings(context), context)
    }

    /// Somebody has become a member. A version that is evaluated no more, or not yet, waits for nobody.
    fn registered(
        &self,
        identifier: IdentifierId,
        customer: CustomerId,
        context: &Context<'_>,
    ) -> Result<Decision<Self>, Error> {
        let noted = Decision::answer(Reply::Noted);
        let Some(current @ Revision { content, payers, .. }) = &self.current else { return Ok(noted) };
        let late = self.business_time.is_none_or(|time| self.is_too_old(time, context));
        if late || !content.is_closed || content.is_voided {
            return Ok(noted);
        }
        let Some(payers) = registration::with_member(content, payers, (identifier, customer)) else {
            return Ok(noted);
        };
        let unknown_user = !registration::strangers(content, &payers).is_empty();
        let revised = self.again(current, &payers, unknown_user, context)?;
        Ok(Decision { reply: Reply::Noted, ..revised })
    }

    /// Whom a version credits, and what they and those it no longer credits are told.
    fn crediting(&self, shares: Vec<(CustomerId, Share)>) -> (Vec<CustomerId>, Vec<Effect>) {
        let credits: Vec<_> = shares.iter().map(|(customer, _)| *customer).collect();
        let gone = self.credited.iter().filter(|before| !credits.contains(before));
        let taken_back = gone.map(|&customer| Credit { customer, credited_before: true, share: None });
        let given = shares.into_iter().map(|(customer, share)| {
            let credited_before = self.credited_before.contains(&customer);
            Credit { customer, credited_before, share: Some(share) }
        });
        let effects = taken_back.chain(given).map(Effect::Credit).collect();
        (credits, effects)
    }
}

/// A version on its way in.
#[derive(Clone, Copy)]
struct Arrival<'a> {
    id: SaleId,
    request_id: &'a str,
    content: &'a Arc<Content>,
    payers: &'a [Payer],
    unknown_user: bool,
    /// Its time was in the future and has been brought to now.
    ahead: bool,
}

/// How a version stands against the one in force.
enum Against {
    Next,
    NextAtSameTime,
    Same(Outcome),
}

impl Arrival<'_> {
    fn against(&self, current: &Revision) -> Against {
        let same_content = same_but_for_time(self.content, &current.content) && self.payers == current.payers;
        match self.content.modified_time.cmp(&current.content.modified_time) {
            std::cmp::Ordering::Less => Against::Same(Outcome::Stale),
            std::cmp::Ordering::Equal if same_content => Against::Same(Outcome::Duplicate),
            std::cmp::Ordering::Greater if same_content => Against::Same(Outcome::NoChange),
            std::cmp::Ordering::Equal => Against::NextAtSameTime,
            std::cmp::Ordering::Greater => Against::Next,
        }
    }

    fn unchanged(
        &self,
        current: &Revision,
        outcome: Outcome,
        warnings: Vec<SalesWarning>,
        context: &Context<'_>,
    ) -> Decision<Sale> {
        let events = match outcome {
            Outcome::Accepted | Outcome::Duplicate => Vec::new(),
            Outcome::NoChange => vec![Event::Touched { modified_time: self.content.modified_time }],
            Outcome::Stale => vec![Event::StaleIgnored {
                content: Arc::clone(self.content),
                request_id: self.request_id.into(),
                at: context.now,
            }],
        };
        // The request that brought it, again, before its answer could be found under its id: the same answer.
        let repeats = outcome == Outcome::Duplicate && *current.request_id == *self.request_id;
        let (outcome, warnings) =
            if repeats { (Outcome::Accepted, current.warnings.clone()) } else { (outcome, warnings) };
        let receipt = Receipt {
            sale: self.id,
            transaction_id: self.content.transaction_id.clone(),
            revision: current.number,
            outcome,
            warnings,
        };
        Decision { events, reply: Reply::Recorded(receipt), effects: Vec::new() }
    }

    fn warnings(&self, context: &Context<'_>) -> Vec<SalesWarning> {
        let mut warnings = Vec::new();
        if self.unknown_user {
            warnings.push(SalesWarning::UserNotFound);
        }
        if !totals_match(self.content) {
            warnings.push(SalesWarning::TotalsMismatch);
        }
        if self.ahead
            || self.content.is_closed && latest_time(self.content) > context.now.plus_millis(CLOCK_SKEW_MS)
        {
            warnings.push(SalesWarning::ClockSkew);
        }
        warnings
    }
}

fn same_but_for_time(left: &Content, right: &Content) -> bool {
    // A clone of the header would be needed to compare with one member left out, so the arrays go first: they differ
    // most.
    left.items == right.items && left.payments == right.payments && left.discounts == right.discounts && {
        let header = |content: &Content| Content {
            modified_time: Timestamp::MIN,
            items: Vec::new(),
            payments: Vec::new(),
            discounts: Vec::new(),
            ..content.clone()
        };
        header(left) == header(right)
    }
}

/// A cent per line is tolerated (catalog-transactions.md D.1).
fn totals_match(content: &Content) -> bool {
    let lines = content.items.iter().fold(0_i128, |sum, item| sum + item.subtotal.wide());
    let tolerance = 100 * content.items.len() as i128;
    (lines - content.subtotal.wide()).abs() <= tolerance
}

/// The latest payment, else the last change (catalog-transactions.md F.3).
fn latest_time(content: &Content) -> Timestamp {
    content.payments.iter().map(|payment| payment.time).max().unwrap_or(content.modified_time)
}

/// When a sale counts as sold; a time further ahead than a clock may be wrong is brought to the arrival.
fn business_time(content: &Content, now: Timestamp) -> Timestamp {
    let latest = latest_time(content);
    if latest > now.plus_millis(CLOCK_SKEW_MS) { now } else { latest }
}

impl Entity for Sale {
    type Command = Command;
    type Reply = Reply;
    type Event = Event;
    type Effect = Effect;
    type Error = Error;

    fn decide(&self, command: &Command, context: &Context<'_>) -> Result<Verdict<Self>, Error> {
        let (id, request_id, content, payers, unknown_user) = match command {
            Command::Record { id, request_id, content, payers, unknown_user, .. } => {
                (id, request_id, content, payers, unknown_user)
            }
            Command::Replay { number, payers, unknown_user } => {
                return self.replay(*number, payers, *unknown_user, context).map(Verdict::Decided);
            }
            Command::Registered { identifier, customer } => {
                return self.registered(*identifier, *customer, context).map(Verdict::Decided);
            }
            Command::Forget(member) => {
                let events = self.forget(member).into_iter().collect();
                return Ok(Verdict::Decided(Decision {
                    events,
                    reply: Reply::Forgotten,
                    effects: Vec::new(),
                }));
            }
        };
        let forgetting;
        let content = if self.forgets {
            forgetting = Arc::new(forgetting::without_strangers(content, payers));
            &forgetting
        } else {
            content
        };
        // A till whose clock is far ahead must not make every later version look old.
        let latest = context.now.plus_millis(CLOCK_SKEW_MS);
        let ahead = content.modified_time > latest;
        let brought_back;
        let content = if ahead {
            brought_back = Arc::new(Content { modified_time: context.now, ..(**content).clone() });
            &brought_back
        } else {
            content
        };
        let arrival = Arrival { id: *id, request_id, content, payers, unknown_user: *unknown_user, ahead };
        self.record(arrival, context).map(Verdict::Decided)
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Revised { revision, business_time, credits } => {
                self.created.get_or_insert(revision.recorded);
                self.business_time = *business_time;
                if let Some(credits) = credits {
                    self.credited.clone_from(credits);
                    for customer in credits {
                        if !self.credited_before.contains(customer) {
                            self.credited_before.push(*customer);
                        }
                    }
                }
                self.current = Some(revision.clone());
            }
            Event::Touched { modified_time } => {
                let current = self.current.as_mut().expect("only a known sale is touched");
                Arc::make_mut(&mut current.content).modified_time = *modified_time;
            }
            Event::StaleIgnored { .. } => {}
            Event::MemberForgotten(sale) => *self = (**sale).clone(),
        }
    }
}
