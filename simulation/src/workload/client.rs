//! A client: makes requests of its wishes, one after the other, sends each until it is answered, gives up waiting now
//! and then, and sends some of them twice.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, sync::atomic::Ordering};

use actors::{Clock, Engine};
use domain::id::CustomerId;

use super::{
    Wish,
    perform::{Heard, Told, perform},
    request::{self, Request},
};
use crate::{
    alarm::WANTED,
    model::{Glimpse, Model, sight},
    report::{Totals, Violation, hold},
    schedule::Choices,
    trace::Trace,
};

/// A request that is sent so often in vain is given up.
const TRIES_MAX: u32 = 60;
const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

/// What a client keeps in mind. It outlives the engine.
#[derive(Debug)]
pub struct Client {
    name: usize,
    wishes: VecDeque<(u32, Wish)>,
    /// The request that is to be answered, and how often it was sent.
    current: Option<(u32, Request, u32)>,
    sent: Vec<u32>,
    choices: Choices,
}

/// What all clients share.
#[derive(Clone)]
pub struct Surroundings {
    /// Who is asked.
    pub engine: Engine,
    /// What time it takes it to be.
    pub clock: Clock,
    /// What is known.
    pub model: Rc<RefCell<Model>>,
    /// What happens.
    pub trace: Trace,
    /// What is counted.
    pub totals: Rc<RefCell<Totals>>,
}

impl Client {
    /// A client with these wishes, each with a number of its own.
    pub fn new(name: usize, wishes: Vec<(u32, Wish)>, choices: Choices) -> Self {
        Self { name, wishes: wishes.into(), current: None, sent: Vec::new(), choices }
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        self.current.is_none() && self.wishes.is_empty()
    }

    /// Does what is left to do.
    pub async fn run(&mut self, around: &Surroundings) -> Result<(), Violation> {
        while !self.is_done() {
            self.choices.pause(25, 60).await;
            if self.choices.percent(10) {
                self.repeat(around).await?;
            }
            if self.current.is_none()
                && let Some((number, wish)) = self.wishes.pop_front()
            {
                around.trace.note(format_args!("{} wishes {number} {wish:?}", self.name));
                self.take_up(number, wish, around).await?;
            }
            self.send(around).await?;
        }
        Ok(())
    }

    /// Sends the current request, once or twice at the same time.
    async fn send(&mut self, around: &Surroundings) -> Result<(), Violation> {
        let Some((number, request, tries)) = self.current.take() else { return Ok(()) };
        around.model.borrow_mut().asks(number, &request, around.engine.now());
        // Kept while it is under way, so that it is not forgotten when everything is gone in the middle of it.
        if request.is_repeatable() && tries < TRIES_MAX {
            self.current = Some((number, request.clone(), tries + 1));
        }
        let twice = request.is_answered_again() && self.choices.percent(12);
        let other = twice.then(|| {
            // The clock may leap so far between the two that the second one is not known for a repeat.
            around.model.borrow_mut().asks(number, &request, around.engine.now());
            let (around, request) = (around.clone(), request.clone());
            tokio::task::spawn_local(async move { around.ask(number, &request).await })
        });
        let patience = self.choices.millis(150) + std::time::Duration::from_millis(1);
        let answered = match tokio::time::timeout(patience, around.ask(number, &request)).await {
            Ok(answered) => answered?,
            Err(_) => {
                around.trace.note(format_args!("{} gives up waiting for {number}", self.name));
                around.totals.borrow_mut().unanswered += 1;
                false
            }
        };
        let other = match other {
            Some(other) => {
                other.await.map_err(|error| Violation::of(format!("a request ends by {error}")))??
            }
            None => false,
        };
        if answered || other {
            self.current = None;
            self.sent.push(number);
        }
        Ok(())
    }

    /// Sends something again that was answered before.
    async fn repeat(&mut self, around: &Surroundings) -> Result<(), Violation> {
        if self.sent.is_empty() {
            return Ok(());
        }
        let number = self.choices.one_of(&self.sent);
        let request = around.model.borrow().may_repeat(number).cloned();
        let Some(request) = request else { return Ok(()) };
        around.totals.borrow_mut().repeats += 1;
        around.ask(number, &request).await.map(drop)
    }

    /// Makes the current request of a wish, or fulfils the wish at once.
    async fn take_up(&mut self, number: u32, wish: Wish, around: &Surroundings) -> Result<(), Violation> {
        let request = match wish {
            Wish::Create { member } => Some(request::create(number, member)),
            Wish::Sell { sale, payers, hours_ago, voided, way } => {
                let modified = around.engine.now().plus_millis(-hours_ago * HOUR_MS);
                Some(request::sell(number, sale, &payers, modified, voided, way))
            }
            Wish::Replay { sale } => Some(Request::Replay { sale: request::sale(sale) }),
            Wish::Merge { from, to } => {
                let found = around.find_both(from, to).await.filter(|(from, to)| from != to);
                found.map(|(from, to)| Request::Merge { from, to })
            }
            Wish::Transfer { from, to, points } => {
                let found = around.find_both(from, to).await;
                found.map(|(from, to)| request::transfer(number, from, to, points))
            }
            Wish::Job { expiration } => Some(request::job(number, expiration)),
            Wish::Switch { live } => Some(Request::Switch { live }),
            Wish::Rename { member }
            | Wish::Deposit { member, .. }
            | Wish::Spend { member, .. }
            | Wish::Survey { member }
            | Wish::Erase { member } => {
                around.find(member).await.and_then(|customer| about(number, wish, member, customer))
            }
            Wish::Checkpoint
            | Wish::Advance { .. }
            | Wish::SetBack { .. }
            | Wish::Look { .. }
            | Wish::Find { .. }
            | Wish::Crash { .. } => {
                around.fulfil(wish).await?;
                None
            }
        };
        self.current = request.map(|request| (number, request, 0));
        Ok(())
    }
}

/// The request of a wish about one member; none: it is about none, or about several.
fn about(number: u32, wish: Wish, member: usize, customer: CustomerId) -> Option<Request> {
    match wish {
        Wish::Rename { .. } => {
            let email = format!("{}.{}@example.com", request::external(member), number % 3);
            Some(Request::Rename { customer, email })
        }
        Wish::Deposit { points, scarce, keyed, .. } => {
            Some(request::deposit(number, customer, points, scarce, keyed))
        }
        Wish::Spend { points, force, .. } => Some(request::spend(number, customer, points, force)),
        Wish::Survey { .. } => Some(request::survey(number, customer)),
        Wish::Erase { .. } => {
            let (external, request) = (request::external(member), format!("erasure {number}"));
            Some(Request::Erase { customer, external, request })
        }
        _ => None,
    }
}

impl Surroundings {
    /// Does at once what is not sent as a request.
    async fn fulfil(&self, wish: Wish) -> Result<(), Violation> {
        match wish {
            Wish::Crash { member } => {
                if let Some(customer) = self.find(member).await {
                    let crashed = self.engine.read_customer(customer, |_, _, _| -> () { panic!("{WANTED}") });
                    self.trace.note(format_args!("{customer} stops: {:?}", crashed.await));
                }
            }
            Wish::Checkpoint => {
                let made = self.engine.checkpoint().await;
                self.trace.note(format_args!("checkpoint {made:?}"));
                self.totals.borrow_mut().checkpoints += u64::from(made.is_ok());
            }
            Wish::Advance { hours } => {
                let to = self.engine.now().plus_millis(hours * HOUR_MS);
                let moved = self.engine.move_clock(to);
                self.model.borrow_mut().clock_shows(self.engine.now());
                self.trace.note(format_args!("the clock goes to {to:?}: {moved:?}"));
            }
            Wish::SetBack { minutes } => {
                // As whoever runs the machine may do it: the engine is not asked.
                if let Clock::Test(shown) = &self.clock {
                    shown.fetch_sub(minutes * MINUTE_MS, Ordering::AcqRel);
                }
                self.trace.note(format_args!("the clock is set back to {:?}", self.engine.now()));
                self.model.borrow_mut().clock_shows(self.engine.now());
            }
            Wish::Look { member } => {
                if let Some(customer) = self.find(member).await {
                    self.look(customer).await?;
                }
            }
            Wish::Find { store } => {
                let version = self.engine.program().version();
                self.model.borrow_mut().sees_program(version)?;
                let known = self.model.borrow().answered_sales(store);
                let line = sight::line(&self.engine, store).await?;
                self.trace.note(format_args!("program {version}, {} sales at store {store}", line.len()));
                let missing = known.iter().find(|sale| !line.contains(sale));
                hold!(missing.is_none(), "sale {missing:?} was taken in, and is not found at its store");
            }
            _ => {}
        }
        Ok(())
    }

    /// Sends a request and takes note of the answer. Says whether there was one.
    async fn ask(&self, number: u32, request: &Request) -> Result<bool, Violation> {
        self.totals.borrow_mut().requests += 1;
        let heard = perform(&self.engine, request).await?;
        self.trace.note(format_args!("{number} hears {heard:?}"));
        match heard {
            Heard::Busy => Ok(false),
            Heard::Failure(_) => {
                self.totals.borrow_mut().unanswered += 1;
                Ok(false)
            }
            Heard::Answer(told) => {
                let mut model = self.model.borrow_mut();
                if let Told::Refused(why) = &told
                    && model.may_repeat(number).is_some()
                {
                    model.repeat_refused(number, why)?;
                }
                model.hears(number, told)?;
                Ok(true)
            }
        }
    }

    /// Whose a member's external id is; nobody's, or it cannot be said just now.
    async fn find(&self, member: usize) -> Option<CustomerId> {
        let found = self.engine.find_customer(&request::identifier(member)).await;
        self.trace.note(format_args!("member {member} is {found:?}"));
        found.ok().flatten()
    }

    async fn find_both(&self, one: usize, other: usize) -> Option<(CustomerId, CustomerId)> {
        let (one, other) = (self.find(one).await, self.find(other).await);
        one.zip(other)
    }

    /// Looks at a customer's state and rows.
    async fn look(&self, customer: CustomerId) -> Result<(), Violation> {
        let known = self.model.borrow().answered_postings(customer);
        let seen = self.engine.read_customer(customer, |customer, _, _| Glimpse::of(customer)).await;
        self.trace.note(format_args!("{customer} is {seen:?}"));
        match seen.map(Option::flatten) {
            Ok(Some(glimpse)) => self.model.borrow_mut().glimpses(customer, glimpse)?,
            Ok(None) => self.model.borrow().misses(customer)?,
            Err(_) => return Ok(()),
        }
        match self.engine.audit_log(customer).await {
            Ok(Some(log)) => self.model.borrow_mut().reads(customer, log.rows(), &known),
            Ok(None) => self.model.borrow().misses(customer),
            Err(_) => Ok(()),
        }
    }
}
