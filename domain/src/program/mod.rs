//! All that a retailer configures, checked and compiled: stores, catalog, point accounts and sources, tier systems,
//! rule trees, switches.
//!
//! A [`Program`] is immutable. A change is a new one with the next version; entities are handed the one in force and
//! never keep it. What cannot be done exactly as written is refused when the program is compiled, never ignored when
//! it runs.

mod account;
mod catalog;
mod compile;
mod document;
pub mod event;
mod filing;
mod index;
mod level_constraint;
mod problem;
mod retailer;
mod source;
mod tier;
pub mod tree;

use std::{collections::HashMap, sync::Arc};

use uuid::Uuid;

pub use account::{ActivityKind, ExpirationPolicy, Loss, LostShare, PointAccount, Schedule};
pub use catalog::{Catalog, Item, Store};
pub(crate) use compile::{DISTINCT_MAX, NESTING_MAX};
pub use compile::{PlacesVersion, ProgramText};
pub use event::EventDefinition;
pub(crate) use index::TreeIndex;
pub use level_constraint::{ConstrainedKind, LevelConstraint};
pub use problem::{Problem, ProblemCode};
pub use retailer::{DemotionMode, Retailer, Switches};
pub use source::{PersonalLimit, PointSource, SharedLimit, SharedWithin};
pub use tier::{Counted, JoiningCap, Maintenance, TierLevel, TierSystem};
pub use tree::RuleTree;

use crate::{
    id::{PointAccountId, PointSourceId, RetailerId, RuleTreeId, StoreId, TierLevelId, TierSystemId},
    rules::CountKey,
    time::{Timestamp, Zone},
};

/// Everything a retailer has configured, as of one version.
#[derive(Debug, Clone)]
pub struct Program {
    version: u32,
    retailer: Retailer,
    accounts: Vec<PointAccount>,
    /// Looked at by every decision, so that it need not look at every account.
    watches_activity: bool,
    sources: Vec<PointSource>,
    tier_systems: Vec<TierSystem>,
    events: Vec<EventDefinition>,
    /// By id, so that a store is found by bisection.
    stores: Arc<Vec<Store>>,
    catalog: Arc<Catalog>,
    /// Which stores and which catalog these are; nothing when nobody counts.
    places: Option<PlacesVersion>,
    /// Item ids that rules name, as symbols; other item ids need none.
    skus: HashMap<Box<str>, u32>,
    trees: TreeIndex,
    /// All of them; those of trees and sources stand there too.
    level_constraints: Vec<LevelConstraint>,
}

impl Program {
    /// A program without accounts, tiers and rules, in UTC: what there is before a retailer configures anything.
    pub fn empty(retailer: RetailerId, name: impl Into<String>) -> Self {
        let retailer = Retailer {
            id: retailer,
            name: name.into(),
            zone: Zone::UTC,
            culture: "en-US".to_owned(),
            currency: String::new(),
            switches: Switches::default(),
        };
        Self {
            version: 0,
            retailer,
            accounts: Vec::new(),
            watches_activity: false,
            sources: Vec::new(),
            tier_systems: Vec::new(),
            events: Vec::new(),
            stores: Arc::default(),
            catalog: Arc::default(),
            places: None,
            skus: HashMap::new(),
            trees: TreeIndex::default(),
            level_constraints: Vec::new(),
        }
    }

    /// Checks and compiles what a retailer has written. Reports as many problems together as can be found.
    pub fn compile(version: u32, sources: ProgramText<'_>) -> Result<Self, Vec<Problem>> {
        compile::compile(version, sources, None, None)
    }

    /// As [`Program::compile`], for texts whose stores and catalog are counted: those of `known` are used again where
    /// they are of the same version.
    pub fn compile_again(
        version: u32,
        sources: ProgramText<'_>,
        places: PlacesVersion,
        known: Option<&Self>,
    ) -> Result<Self, Vec<Problem>> {
        compile::compile(version, sources, Some(places), known)
    }

    /// Which version of the retailer's program this is; events carry it.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The tenant and its switches.
    pub fn retailer(&self) -> &Retailer {
        &self.retailer
    }

    /// The point accounts, in the order of the document.
    pub fn accounts(&self) -> &[PointAccount] {
        &self.accounts
    }

    /// The point account of this id.
    pub fn account(&self, id: PointAccountId) -> Option<&PointAccount> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// Some account expires after inactivity.
    pub fn watches_activity(&self) -> bool {
        self.watches_activity
    }

    /// The accounts that points of an account pass through as they roll over, beginning with itself.
    pub fn rollover_chain(&self, from: PointAccountId) -> Vec<PointAccountId> {
        let next = |id: &PointAccountId| self.account(*id)?.expiration.rollover();
        std::iter::successors(Some(from), next).collect()
    }

    /// Where points are at `now` that were earned in an account at `occurred` and not spent: that account, or the one
    /// they have rolled over into by then.
    pub fn account_by(&self, earned: PointAccountId, occurred: Timestamp, now: Timestamp) -> PointAccountId {
        let (mut place, mut since) = (earned, occurred);
        while let Some(policy) = self.account(place).map(|account| &account.expiration)
            && let Some(next) = policy.rollover()
            && let Some(expires) = policy.expiry_of(since, &self.retailer.zone)
            && expires <= now
        {
            (place, since) = (next, expires);
        }
        place
    }

    /// The point sources, in the order of the document.
    pub fn sources(&self) -> &[PointSource] {
        &self.sources
    }

    /// The point source of this id.
    pub fn source(&self, id: PointSourceId) -> Option<&PointSource> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// The tier systems, in the order of the document.
    pub fn tier_systems(&self) -> &[TierSystem] {
        &self.tier_systems
    }

    /// The tier system of this id.
    pub fn tier_system(&self, id: TierSystemId) -> Option<&TierSystem> {
        self.tier_systems.iter().find(|system| system.id == id)
    }

    /// When the stay rules of a level run for its members: system and level are live, and some tree says who stays.
    pub fn maintenance_of(&self, system: TierSystemId, level: TierLevelId) -> Option<&Maintenance> {
        let system = self.tier_system(system).filter(|system| system.live)?;
        let level = system.level(level).filter(|level| level.is_live() && level.has_stay_rules)?;
        level.maintenance.as_ref()
    }

    /// The loyalty events that the retailer has defined, in the order of the document.
    pub fn events(&self) -> &[EventDefinition] {
        &self.events
    }

    /// The event of this name, in any letter case.
    pub fn event(&self, lookup: &str) -> Option<&EventDefinition> {
        self.events.iter().find(|event| event.lookup.eq_ignore_ascii_case(lookup))
    }

    /// The stores, by id.
    pub fn stores(&self) -> &[Store] {
        &self.stores
    }

    /// The store of this id.
    pub fn store(&self, id: StoreId) -> Option<&Store> {
        Store::find(&self.stores, id)
    }

    /// The product catalog.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Its stores and its catalog are of these versions.
    pub fn has_places(&self, places: PlacesVersion) -> bool {
        self.places == Some(places)
    }

    /// The rule trees in the order in which they run: by priority, highest first, then by id.
    pub fn trees(&self) -> &[RuleTree] {
        self.trees.all()
    }

    /// The rule tree of this id, live or not.
    pub fn tree(&self, id: RuleTreeId) -> Option<&RuleTree> {
        self.trees.get(id)
    }

    /// Which trees may run when.
    pub(crate) fn tree_index(&self) -> &TreeIndex {
        &self.trees
    }

    /// Which of the platform's events are raised, because some live tree follows them.
    pub fn followed(&self) -> event::Followed {
        self.trees.followed()
    }

    /// Whether some live tree counts points earned or spent.
    pub fn counts_points(&self) -> bool {
        !self.trees.counting_points().is_empty()
    }

    /// Whether some live tree asks for how long a level is held, or a constraint of a tree or a source.
    pub(crate) fn asks_days_in_level(&self) -> bool {
        self.trees.asks_days_in_level()
            || self.level_constraints.iter().any(|constraint| constraint.min_days > 0)
    }

    /// What constrains something by tier level, in the order of the document.
    pub fn level_constraints(
        &self,
        kind: ConstrainedKind,
        entity: Uuid,
    ) -> impl Iterator<Item = &LevelConstraint> {
        self.level_constraints.iter().filter(move |known| known.kind == kind && known.entity == entity)
    }

    /// Whether a node counts under this key.
    pub(crate) fn has_count(&self, key: CountKey) -> bool {
        self.trees.has_count(key)
    }

    /// The symbol of an item id that some rule names.
    pub(crate) fn sku_symbol(&self, item_id: &str) -> Option<u32> {
        if self.skus.is_empty() { None } else { self.skus.get(item_id).copied() }
    }
}

impl Default for Program {
    /// An empty program of nobody.
    fn default() -> Self {
        Self::empty(RetailerId::from_bytes([0; 16]), "")
    }
}
