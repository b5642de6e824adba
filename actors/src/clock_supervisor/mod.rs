//! The clock supervisor: wakes customers for whom something has become due. An actor of its own, on its own thread.
//!
//! Owns when the index of due moments is looked at. What is due, and what comes of it, a customer decides by itself: it
//! is only told to do what is due, and its record replaces its row. So a crash in the middle needs no care: rows of
//! customers whose records are not durable are still there.
//!
//! Nobody depends on it to be right: a customer that is asked for anything does first what was due before, and what is
//! shown of it has been brought up to date.

mod round;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use domain::Timestamp;
use tokio::sync::oneshot;

use self::round::{Round, RoundReport};
use crate::engine::Engine;

/// How often the index is looked at.
const TICK: Duration = Duration::from_secs(1);
/// Rows are looked for from so long before the last look but one on: a record that was decided before a look may have
/// become durable after it. Rows that are gone cost something until a checkpoint: they are not passed over each time.
const MARGIN_MS: i64 = 10_000;
/// After so many ticks all due rows are looked for, however old.
const TICKS_UNTIL_ALL: u32 = 60;

/// Wake everybody for whom something is due by now.
#[derive(Debug, Default)]
pub struct WakeDue {
    /// Told how many customers could not do what was due, once everybody has been asked.
    pub done: Option<oneshot::Sender<u64>>,
}

impl Message for WakeDue {
    type Result = ();
}

/// Sizes, for the metrics.
#[derive(Debug, Default)]
pub struct DueGauges {
    /// Customers that were found due and have not yet done what was due.
    pub rows: AtomicU64,
    /// Customers that have done what was due.
    pub processed: AtomicU64,
    /// How long ago what is done at present became due, in milliseconds; 0: nothing is due.
    pub lag_ms: AtomicU64,
}

/// The actor.
pub struct ClockSupervisor {
    engine: Engine,
    gauges: Arc<DueGauges>,
    /// A round is under way.
    running: bool,
    /// Wait for the round under way.
    waiting: Vec<oneshot::Sender<u64>>,
    /// Came while a round was under way: they wait for the next, which begins at once.
    next: Vec<WakeDue>,
    ticks: u32,
    /// Everything due until then was done by the last look but one, and by the last; none: look for all.
    looked: [Option<Timestamp>; 2],
    /// The program whose settings every member's next review was computed by.
    swept: Option<u32>,
}

impl ClockSupervisor {
    /// A supervisor that has not looked at anything yet.
    pub fn new(engine: Engine, gauges: Arc<DueGauges>) -> Self {
        let (waiting, next) = (Vec::new(), Vec::new());
        Self { engine, gauges, running: false, waiting, next, ticks: 0, looked: [None; 2], swept: None }
    }

    fn tick(&mut self, context: &mut Context<Self>) {
        self.ticks = (self.ticks + 1) % TICKS_UNTIL_ALL;
        if self.ticks == 0 {
            self.looked = [None; 2];
        }
        if !self.running {
            self.begin(context);
        }
    }

    fn begin(&mut self, context: &mut Context<Self>) {
        if !self.engine.is_ready() {
            // The engine is being shut down, or has been: what is due waits for the next start.
            return context.stop();
        }
        self.running = true;
        // Whoever waits wants everything done, also what was decided before the clock was moved far and became durable
        // after it was looked at twice.
        let recent = self.looked[0].filter(|_| self.waiting.is_empty());
        let since = recent.map(|looked| looked.plus_millis(-MARGIN_MS));
        let round = Round::new(self.engine.clone(), Arc::clone(&self.gauges));
        let round = round.run(since, self.swept).into_actor(self);
        context.spawn(round.map(|report, supervisor, context| supervisor.finished(&report, context)));
    }

    fn finished(&mut self, report: &RoundReport, context: &mut Context<Self>) {
        self.running = false;
        self.swept = report.swept;
        self.looked = if report.left == 0 { [self.looked[1], Some(report.until)] } else { [None; 2] };
        self.gauges.rows.store(report.left, Ordering::Relaxed);
        for waiting in self.waiting.drain(..) {
            let _ = waiting.send(report.left);
        }
        if report.draining {
            return context.stop();
        }
        let next = std::mem::take(&mut self.next);
        if !next.is_empty() {
            self.waiting.extend(next.into_iter().filter_map(|asked| asked.done));
            self.begin(context);
        }
    }
}

impl Actor for ClockSupervisor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        self.begin(context);
        context.run_interval(TICK, Self::tick);
    }
}

impl Handler<WakeDue> for ClockSupervisor {
    type Result = ();

    fn handle(&mut self, asked: WakeDue, context: &mut Context<Self>) {
        if self.running {
            return self.next.push(asked);
        }
        self.waiting.extend(asked.done);
        self.begin(context);
    }
}
