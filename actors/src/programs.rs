//! The programs: the one in force, published to everybody without locks, and earlier ones on demand.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use domain::{
    configuration::{Configuration, Event},
    entity::Entity,
    program::Program,
};
use store::{Lsn, Store};

use crate::{cell::Companion, error::EngineError, kinds::Kind, record::Record};

/// How many earlier programs are kept compiled.
const EARLIER_KEPT: usize = 8;
/// How many records of the configuration's history are read at once.
const PAGE: usize = 64;
/// The id of the one configuration there is.
pub const CONFIGURATION: [u8; 16] = [0; 16];

/// Publishes the program in force.
pub struct Programs {
    current: ArcSwap<Program>,
    earlier: Mutex<BTreeMap<u32, Arc<Program>>>,
}

impl Programs {
    /// With this program in force.
    pub fn new(program: Program) -> Self {
        Self { current: ArcSwap::from_pointee(program), earlier: Mutex::default() }
    }

    /// The program in force.
    pub fn current(&self) -> Arc<Program> {
        self.current.load_full()
    }

    /// Puts a program in force; the one before stays at hand.
    pub fn publish(&self, program: Program) {
        let before = self.current.swap(Arc::new(program));
        self.keep(before);
    }

    fn keep(&self, program: Arc<Program>) {
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        earlier.insert(program.version(), program);
        while earlier.len() > EARLIER_KEPT {
            earlier.pop_first();
        }
    }

    /// The program of a version, compiled again from the configuration's history if need be.
    pub fn version(&self, version: u32, store: &dyn Store<Companion>) -> Result<Arc<Program>, EngineError> {
        let current = self.current();
        if current.version() == version {
            return Ok(current);
        }
        let known = self.earlier.lock().unwrap_or_else(PoisonError::into_inner).get(&version).cloned();
        if let Some(program) = known {
            return Ok(program);
        }
        let program = Arc::new(compile_version(version, store)?);
        self.keep(Arc::clone(&program));
        Ok(program)
    }
}

fn compile_version(version: u32, store: &dyn Store<Companion>) -> Result<Program, EngineError> {
    let mut configuration = Configuration::default();
    let mut after = Lsn::ZERO;
    while configuration.version() < version {
        let page = store.history(Kind::Configuration.key(CONFIGURATION), after, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        for (_, bytes) in &page {
            let record = Record::<Configuration>::decode(bytes).map_err(|error| {
                tracing::error!(%error, "the configuration's history does not decode");
                EngineError::Damaged
            })?;
            for event in &record.events {
                let Event::Replaced { version: next, .. } = event;
                if *next <= version {
                    configuration.apply(event);
                }
            }
        }
    }
    match configuration.compile() {
        Some(Ok(program)) if program.version() == version => Ok(program),
        _ => {
            tracing::error!(version, "there is no program of this version in the history");
            Err(EngineError::Damaged)
        }
    }
}
