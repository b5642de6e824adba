//! The programs: the one in force, published to everybody without locks, and earlier ones on demand.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use domain::{
    configuration::{Configuration, Event},
    entity::Entity,
    program::Program,
};
use store::Store;

use crate::{cell::Companion, error::EngineError, history};

/// How many earlier programs are kept compiled.
const EARLIER_KEPT: usize = 8;
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
    history::walk::<Configuration>(store, CONFIGURATION, |record| {
        for event in &record.events {
            let Event::Replaced { version: next, .. } = event;
            if *next <= version {
                configuration.apply(event);
            }
        }
        if configuration.version() < version { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    match configuration.compile() {
        Some(Ok(program)) if program.version() == version => Ok(program),
        _ => {
            tracing::error!(version, "there is no program of this version in the history");
            Err(EngineError::Damaged)
        }
    }
}
