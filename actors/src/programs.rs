//! The programs: the one in force, published to everybody without locks, and earlier ones on demand.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;
use domain::{
    configuration::{Configuration, ObjectKind, Objects},
    entity::Entity,
    id::RuleTreeId,
    program::{PlacesVersion, Program},
};
use store::Store;

use crate::{
    cell::Companion,
    error::EngineError,
    history,
    index::{self, configurations::Kept},
};

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

    /// Puts a program in force, unless a newer one is; the one before stays at hand.
    pub fn publish(&self, program: Program) {
        // Whoever holds the earlier ones is alone in publishing.
        let mut earlier = self.earlier();
        if program.version() > self.current().version() {
            keep(&mut earlier, self.current.swap(Arc::new(program)));
        }
    }

    fn earlier(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<Program>>> {
        self.earlier.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The program of a version, compiled again from the configuration's history if need be.
    pub fn version(&self, version: u32, store: &dyn Store<Companion>) -> Result<Arc<Program>, EngineError> {
        let current = self.current();
        if current.version() == version {
            return Ok(current);
        }
        let known = self.earlier().get(&version).cloned();
        if let Some(program) = known {
            return Ok(program);
        }
        let program = Arc::new(compile_version(version, &current, store)?);
        keep(&mut self.earlier(), Arc::clone(&program));
        Ok(program)
    }
}

fn keep(earlier: &mut BTreeMap<u32, Arc<Program>>, program: Arc<Program>) {
    earlier.insert(program.version(), program);
    while earlier.len() > EARLIER_KEPT {
        earlier.pop_first();
    }
}

/// The versions that the rule trees had in the program of a version.
pub fn tree_versions(
    version: u32,
    store: &dyn Store<Companion>,
) -> Result<BTreeMap<RuleTreeId, u32>, EngineError> {
    let (objects, _) = objects_of(version, store)?;
    let trees = objects.list(ObjectKind::RuleTree).iter();
    Ok(trees.map(|tree| (RuleTreeId(tree.id), tree.version)).collect())
}

fn compile_version(
    version: u32,
    current: &Program,
    store: &dyn Store<Companion>,
) -> Result<Program, EngineError> {
    let (objects, places) = objects_of(version, store)?;
    // An edit leaves stores and catalog alone, so nearly always they are at hand.
    let compiled = if current.has_places(places) {
        Configuration::kept(version, objects, places).compile(Some(current))
    } else {
        from_history(version, store)?.compile(Some(current))
    };
    match compiled {
        Some(Ok(program)) if program.version() == version => Ok(program),
        _ => {
            tracing::error!(version, "there is no program of this version in the history");
            Err(EngineError::Damaged)
        }
    }
}

/// The objects of a version, from the last row at or below it that holds all of them.
fn objects_of(version: u32, store: &dyn Store<Companion>) -> Result<(Objects, PlacesVersion), EngineError> {
    let mut later = Vec::new();
    for number in (1..=version).rev() {
        let Some(row) = store.get(index::CONFIGURATIONS, &index::configurations::key(number))? else { break };
        match index::configurations::read(&row)? {
            Kept::Changes(changes) => later.push(changes),
            Kept::Whole { mut objects, places } => {
                later.iter().rev().flatten().for_each(|change| objects.apply(change));
                return Ok((objects, places));
            }
        }
    }
    tracing::error!(version, "there is no row of this version of the configuration");
    Err(EngineError::Damaged)
}

/// A version with the texts of its stores and catalog.
fn from_history(version: u32, store: &dyn Store<Companion>) -> Result<Configuration, EngineError> {
    let mut configuration = Configuration::default();
    history::walk::<Configuration>(store, CONFIGURATION, |record| {
        let wanted = record.events.iter().filter(|event| event.version() <= version);
        wanted.for_each(|event| configuration.apply(event));
        if configuration.version() < version { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(configuration)
}
