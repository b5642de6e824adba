//! The load generator: many connections on one thread, closed loop or at a fixed rate.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
    time::Duration,
};

use anyhow::ensure;
use hdrhistogram::Histogram;
use tokio::{
    task::LocalSet,
    time::{Instant, sleep_until},
};

use crate::{connection::Connection, request::Template};

/// Whose requests they are.
#[derive(Clone, Copy)]
pub enum Customers {
    /// Any of so many.
    Random(u64),
    /// Always the same.
    One(u64),
    /// Each once, in order.
    Sequence,
}

/// When the load ends.
#[derive(Clone)]
pub enum Until {
    /// After so long.
    Elapsed(Duration),
    /// After so many requests.
    Count(u64),
    /// When this says so.
    Told(Rc<Cell<bool>>),
}

/// What a refusal for want of room (503) means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// An error: a figure with refusals in it would mean nothing.
    Fail,
    /// Asked again after a moment. For filling a server, where only the state it ends in counts.
    Repeat,
}

/// How long a refused request waits before it is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// A load.
#[derive(Clone)]
pub struct Load {
    /// Whereto.
    pub server: SocketAddr,
    /// Connections.
    pub connections: usize,
    /// Whose requests.
    pub customers: Customers,
    /// When it ends.
    pub until: Until,
    /// Requests a second; nothing: as fast as the server answers. With a rate the latency counts from the time at which
    /// a request was due, so that a server that falls behind cannot hide it.
    pub rate: Option<u64>,
    /// Number of the first sale; sales of a run must not repeat those of another.
    pub first_sale: u64,
    /// What becomes of refused requests.
    pub refused: Refused,
}

/// What was measured.
pub struct Measured {
    /// Requests answered as they should be.
    pub done: u64,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Microseconds.
    pub latency: Histogram<u64>,
    /// The longest time in which no connection got an answer.
    pub gap_max: Duration,
}

impl Measured {
    /// Requests a second.
    pub fn per_second(&self) -> u64 {
        let micros = self.elapsed.as_micros().max(1);
        u64::try_from(u128::from(self.done) * 1_000_000 / micros).unwrap_or(u64::MAX)
    }
}

/// What the connections of a load share.
struct Shared {
    load: Load,
    next: Cell<u64>,
    begun: Instant,
    latency: RefCell<Histogram<u64>>,
    /// When the last answer came.
    answered: Cell<Instant>,
    gap_max: Cell<Duration>,
}

impl Shared {
    /// The next request's number and the time at which it is due; nothing when the load is over.
    fn next(&self) -> Option<(u64, Option<Instant>)> {
        let number = self.next.get();
        let due = self.load.rate.map(|rate| self.begun + Duration::from_micros(number * 1_000_000 / rate));
        let over = match &self.load.until {
            Until::Count(count) => number >= *count,
            Until::Elapsed(time) => due.unwrap_or_else(Instant::now) >= self.begun + *time,
            Until::Told(ended) => ended.get(),
        };
        self.next.set(number + 1);
        (!over).then_some((number, due))
    }

    fn note_answer(&self, since: Instant) {
        let now = Instant::now();
        let gap = now - self.answered.replace(now);
        self.gap_max.set(self.gap_max.get().max(gap));
        let micros = u64::try_from((now - since).as_micros()).unwrap_or(u64::MAX);
        self.latency.borrow_mut().saturating_record(micros);
    }

    fn customer(&self, number: u64) -> u64 {
        match self.load.customers {
            Customers::Random(count) => fastrand::u64(0..count),
            Customers::One(customer) => customer,
            Customers::Sequence => number,
        }
    }
}

/// Runs a load. Any answer but a success is an error, except for what [`Refused`] says.
pub async fn run(load: Load, template: &Template) -> anyhow::Result<Measured> {
    let mut connections = Vec::with_capacity(load.connections);
    for _ in 0..load.connections {
        connections.push(Connection::open(load.server).await?);
    }
    let latency = RefCell::new(Histogram::new_with_max(600_000_000, 3)?);
    let begun = Instant::now();
    let (answered, gap_max) = (Cell::new(begun), Cell::default());
    let shared = Rc::new(Shared { load, next: Cell::new(0), begun, latency, answered, gap_max });
    let local = LocalSet::new();
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|connection| local.spawn_local(worker(connection, template.clone(), Rc::clone(&shared))))
        .collect();
    local
        .run_until(async {
            for task in tasks {
                task.await??;
            }
            anyhow::Ok(())
        })
        .await?;
    let elapsed = shared.begun.elapsed();
    let latency = shared.latency.borrow().clone();
    Ok(Measured { done: latency.len(), elapsed, latency, gap_max: shared.gap_max.get() })
}

async fn worker(
    mut connection: Connection,
    mut template: Template,
    shared: Rc<Shared>,
) -> anyhow::Result<()> {
    while let Some((number, due)) = shared.next() {
        let since = match due {
            Some(due) => {
                sleep_until(due).await;
                due
            }
            None => Instant::now(),
        };
        let request = template.fill(shared.load.first_sale + number, shared.customer(number));
        let mut status = connection.call(request).await?.status;
        while status == 503 && shared.load.refused == Refused::Repeat {
            tokio::time::sleep(PAUSE).await;
            status = connection.call(request).await?.status;
        }
        let body = connection.body();
        let taken = body.starts_with(br#"{"status":"OK""#) || body.starts_with(br#"{"status":"ok""#);
        ensure!(status == 200 && taken, "answered {status}: {}", String::from_utf8_lossy(body));
        shared.note_answer(since);
    }
    Ok(())
}
