//! One process after the other on one disk: each has a system of its own, on one thread with a clock that moves when
//! nobody has anything to do, and is gone at once when its life ends.

use std::{cell::RefCell, rc::Rc, time::Duration};

use actors::{Clock, Engine, EngineOptions, Ids, StartError, Threads};
use domain::{Timestamp, configuration::Section, time::Zone};
use store::{MemoryDisk, Options};
use tokio::{sync::Mutex, time::Instant};

use crate::{
    alarm,
    faults::{Alive, End, Life, lives, sabotage},
    model::{
        Model,
        sight::{Sight, quiet},
        stored,
    },
    program::{self, Shop},
    report::{Failure, Totals, Violation, hold},
    schedule::Choices,
    tamper::Tamper,
    trace::Trace,
    workload::{
        Size,
        client::{Client, Surroundings},
        wishes,
    },
    writer::Writer,
};

/// When every run begins.
const BEGIN: &str = "2017-02-01T00:00:00Z";
/// Nothing takes so long, on the timers.
const PATIENCE: Duration = Duration::from_secs(300);

/// A run: what outlives a process.
struct World {
    choices: Choices,
    disk: MemoryDisk,
    tamper: Tamper,
    store: Options,
    clock: Clock,
    ids: Ids,
    shop: Shop,
    shards: usize,
    residents: usize,
    clients: Vec<Rc<Mutex<Client>>>,
    model: Rc<RefCell<Model>>,
    trace: Trace,
    totals: Rc<RefCell<Totals>>,
}

/// Somebody who makes things fail as long as he is there.
struct Saboteur(tokio::task::JoinHandle<()>);

impl Drop for Saboteur {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How a process has ended.
enum Ended {
    Done,
    Crashed,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What it did.
    pub totals: Totals,
    /// A hash of everything that happened in it.
    pub trace: u64,
}

/// Runs a seed; `shown`: what happens is printed.
///
/// # Errors
/// [`Failure`]: something was not as promised.
pub fn run(seed: u64, shown: bool) -> Result<Outcome, Failure> {
    run_tampered(seed, shown, Tamper::Nothing)
}

/// The same with a fault that is to be noticed.
///
/// # Errors
/// [`Failure`]: it has been.
pub fn run_tampered(seed: u64, shown: bool, tamper: Tamper) -> Result<Outcome, Failure> {
    alarm::listen();
    alarm::show(shown);
    alarm::heard();
    tamper.choose();
    let mut world = World::of(seed, shown, tamper);
    let trace = world.trace.clone();
    let lived = world.live();
    let what = match (lived, alarm::heard()) {
        (Ok(()), heard) if heard.is_empty() => {
            let totals = Totals { seeds: 1, ..*world.totals.borrow() };
            return Ok(Outcome { totals, trace: trace.hash() });
        }
        (Ok(()), heard) => heard.join("; "),
        (Err(violation), heard) if heard.is_empty() => violation.what,
        (Err(violation), heard) => format!("{}; and: {}", violation.what, heard.join("; ")),
    };
    Err(Failure { seed, what })
}

impl World {
    fn of(seed: u64, shown: bool, tamper: Tamper) -> Self {
        let mut choices = Choices::of(seed);
        let size = Size::chosen(&mut choices);
        let shop = Shop {
            awards: choices.between(3, 20),
            pauses: choices.percent(40),
            inventory: choices.between(20, 120),
        };
        let store = Options {
            segment_bytes: choices.one_of(&[3_000, 12_000, 60_000]),
            frame_records: choices.one_of(&[1, 3, 50]),
            queue_bytes: choices.one_of(&[20_000, 1 << 20]),
            tail_bytes: choices.one_of(&[200_000, 1 << 20]),
            checkpoint_records: choices.one_of(&[15, 60, 200]),
            state_cache_bytes: choices.one_of(&[0, 1 << 17, 1 << 20]),
            identity: Some([7; 16]),
            ..Options::default()
        };
        let begin = Timestamp::parse(BEGIN, &Zone::UTC).expect("the time is written as one");
        let mut wishes_of = choices.branch();
        let mut number = 0;
        let mut clients = Vec::new();
        for (name, wishes) in wishes(&mut wishes_of, size).into_iter().enumerate() {
            let numbered = wishes.into_iter().map(|wish| {
                number += 1;
                (number, wish)
            });
            let client = Client::new(name, numbered.collect(), choices.branch());
            clients.push(Rc::new(Mutex::new(client)));
        }
        Self {
            disk: MemoryDisk::new(),
            tamper,
            store,
            clock: Clock::test(begin),
            ids: Ids::seeded(seed),
            shop,
            shards: 1 + choices.below(3),
            residents: choices.one_of(&[1, 2, 4, 100]),
            clients,
            model: Rc::new(RefCell::new(Model::begin(begin))),
            trace: Trace::new(shown),
            totals: Rc::default(),
            choices,
        }
    }

    /// All lives, one after the other.
    fn live(&mut self) -> Result<(), Violation> {
        let begin = self.clock.now();
        let mut lives = lives(&mut self.choices.branch()).into_iter();
        loop {
            // A life that a failing disk has ended at once is followed by one more.
            let life = lives.next().unwrap_or(Life {
                end: End::Done,
                left: crate::faults::Left::Written,
                faults: 0,
            });
            self.trace.note(format_args!("life {life:?}"));
            match self.one_life(life)? {
                Ended::Done if matches!(life.end, End::Done) => break,
                Ended::Done | Ended::Crashed => {
                    self.totals.borrow_mut().crashes += 1;
                    self.disk = self.tamper.left(life.left.of(&self.disk));
                    if self.choices.percent(25) {
                        stored::verified(&self.disk, &self.store)?;
                    }
                }
            }
        }
        let passed = self.clock.now().millis() - begin.millis();
        self.totals.borrow_mut().clock_ms += u64::try_from(passed).unwrap_or(0);
        Ok(())
    }

    fn one_life(&mut self, life: Life) -> Result<Ended, Violation> {
        let system = actix::System::with_tokio_rt(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a runtime without threads can be made")
        });
        let ended = system.block_on(async {
            let begun = Instant::now();
            let ended = tokio::time::timeout(PATIENCE, self.process(life)).await;
            let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(0);
            self.totals.borrow_mut().timers_ms += took;
            ended.unwrap_or_else(|_| Err(Violation::silence("nothing moves any more".to_owned())))
        });
        // Everything of the process is on it, and goes with it.
        drop(system);
        ended
    }

    /// A process from its start to its end.
    async fn process(&mut self, life: Life) -> Result<Ended, Violation> {
        let alive = Alive::default();
        match life.end {
            End::Done | End::Stopped(_) => {}
            End::AtOperation(ahead) => self.disk.power_off_at(self.disk.operations() + ahead),
            End::After(while_) => {
                let alive = alive.clone();
                tokio::task::spawn_local(async move {
                    tokio::time::sleep(while_).await;
                    alive.end();
                });
            }
        }
        let ended = tokio::select! {
            biased;
            () = alive.ended() => Ok(Ended::Crashed),
            ended = self.serve(life, &alive) => ended,
        };
        match ended {
            Ok(_) if self.disk.is_off() => Ok(Ended::Crashed),
            Err(violation) if violation.is_silence && self.disk.is_off() => Ok(Ended::Crashed),
            ended => ended,
        }
    }

    async fn serve(&mut self, life: Life, alive: &Alive) -> Result<Ended, Violation> {
        let engine = match self.start(alive).await {
            Ok(engine) => engine,
            Err(error) if self.disk.is_off() || is_of_disk(&error) => {
                self.trace.note(format_args!("does not start: {error}"));
                self.totals.borrow_mut().crashes_at_start += 1;
                return Ok(Ended::Crashed);
            }
            Err(error) => return Err(Violation::of(format!("does not start: {error}"))),
        };
        self.check(&engine, true).await?;
        if life.faults > 0 {
            alive.trouble();
        }
        let saboteur = self.sabotage(&engine, life);
        let stops = async {
            match life.end {
                End::Stopped(after) => tokio::time::sleep(after).await,
                End::Done | End::AtOperation(_) | End::After(_) => std::future::pending().await,
            }
        };
        let stopped = tokio::select! {
            biased;
            () = stops => true,
            worked = self.work(&engine) => worked.map(|()| false)?,
        };
        drop(saboteur);
        alive.mend(&self.disk);
        if stopped {
            let patience = self.choices.millis(200);
            let drained = engine.drain(patience).await;
            hold!(drained.is_ok(), "the engine does not stop: {drained:?}");
            stored::verified(&self.disk, &self.store)?;
            return Ok(Ended::Crashed);
        }
        self.check(&engine, false).await?;
        if matches!(life.end, End::Done) {
            self.close(&engine).await?;
        }
        Ok(Ended::Done)
    }

    /// What fails while this is kept.
    fn sabotage(&mut self, engine: &Engine, life: Life) -> Saboteur {
        let noted = (self.trace.clone(), Rc::clone(&self.totals));
        let sabotage = sabotage(self.choices.branch(), life.faults, self.disk.clone(), engine.clone(), noted);
        Saboteur(tokio::task::spawn_local(sabotage))
    }

    /// The clients do what is left to do.
    async fn work(&self, engine: &Engine) -> Result<(), Violation> {
        let around = Surroundings {
            engine: engine.clone(),
            clock: self.clock.clone(),
            model: Rc::clone(&self.model),
            trace: self.trace.clone(),
            totals: Rc::clone(&self.totals),
        };
        let clients: Vec<_> = self
            .clients
            .iter()
            .map(|client| {
                let (client, around) = (Rc::clone(client), around.clone());
                tokio::task::spawn_local(async move { client.lock().await.run(&around).await })
            })
            .collect();
        for client in clients {
            client.await.map_err(|error| Violation::of(format!("a client ends by {error}")))??;
        }
        Ok(())
    }

    async fn start(&mut self, alive: &Alive) -> Result<Engine, StartError> {
        let writer = Writer {
            choices: self.choices.branch(),
            disk: self.disk.clone(),
            store: self.store.clone(),
            alive: alive.clone(),
            model: Rc::clone(&self.model),
            trace: self.trace.clone(),
            totals: Rc::clone(&self.totals),
        };
        let options = EngineOptions {
            store: self.store.clone(),
            disk: self.tamper.disk(&self.disk),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            threads: Threads::Callers(Box::new(move |steps| {
                tokio::task::spawn_local(writer.run(steps));
            })),
            shards: self.shards,
            customers_max: self.residents,
            retailer: program::retailer(),
            first_program: self.shop.program(),
        };
        let (engine, recovery) = actors::start(options).await?;
        self.trace.note(format_args!("started: {recovery:?}"));
        if engine.program().version() < 2 {
            let stores = engine.configure(Section::Stores, program::stores(), false).await;
            stores.map_err(StartError::FirstProgram)?;
        }
        Ok(engine)
    }

    /// Everything that must hold, holds.
    async fn check(&self, engine: &Engine, is_start: bool) -> Result<(), Violation> {
        let when = if is_start { "after the start" } else { "at the end" };
        // What a clock that was set back has put off is done when it is again where it has been.
        let latest = self.model.borrow().latest();
        if self.clock.now() < latest {
            let moved = engine.move_clock(latest);
            hold!(moved.is_ok(), "the clock does not go to {latest:?}: {moved:?}");
        }
        let known = self.model.borrow().known();
        quiet(engine, &known).await?;
        let sight = Sight::of(engine, known, (self.shop, is_start)).await?;
        self.trace.note(format_args!(
            "{when}: {} customers, program {}",
            sight.customers.len(),
            sight.version
        ));
        let checked = self.model.borrow_mut().check(&sight);
        checked.map_err(|violation| Violation::of(format!("{when}: {}", violation.what)))
    }

    /// The orderly end, and what is on disk then.
    async fn close(&self, engine: &Engine) -> Result<(), Violation> {
        let gauges: std::collections::BTreeMap<_, _> = engine.gauges().into_iter().collect();
        {
            let mut totals = self.totals.borrow_mut();
            totals.failed_commits += gauges["laurel_journal_failures_total"];
            totals.records += engine_records(&gauges);
        }
        if self.choices.clone().percent(50) {
            let made = engine.checkpoint().await;
            hold!(made.is_ok(), "the last checkpoint: {made:?}");
            stored::forgotten(&self.disk, &self.model.borrow().erased_markers())?;
        }
        let drained = engine.drain(Duration::from_secs(10)).await;
        hold!(drained.is_ok(), "the engine does not close: {drained:?}");
        stored::check(&self.model.borrow(), &self.disk, &self.store)
    }
}

fn engine_records(gauges: &std::collections::BTreeMap<&'static str, u64>) -> u64 {
    gauges["laurel_records_total"]
}

/// Whether a failing disk explains that an engine does not start.
fn is_of_disk(error: &StartError) -> bool {
    match error {
        StartError::Open(store::OpenError::Io { .. } | store::OpenError::DiskFull { .. }) => true,
        StartError::FirstProgram(actors::ConfigureError::Engine(_)) => true,
        StartError::Open(_)
        | StartError::Read(_)
        | StartError::Fold(_)
        | StartError::Program(_)
        | StartError::OtherRetailer { .. }
        | StartError::FirstProgram(_) => false,
    }
}
