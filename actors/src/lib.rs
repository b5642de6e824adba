//! Who does the work: one durable actor per customer, sale, identifier and configuration, on shards; and the engine
//! handle, the only way in.
//!
//! Knows how entities live (recovery, durability, passivation, effects), not what they decide: that is `domain`'s.
//! Knows nothing of HTTP.
//!
//! The way of a command: the [`Engine`] sends it to the shard of its entity; the shard hands it to the entity's actor,
//! which it spawns from durable state when there is none; the actor decides, queues the record and applies it, and
//! goes on; the answer is held back until the store says that the record is durable. Effects are handed to their
//! receivers by the committer, in journal order, before the answers are released: whoever has an answer finds the
//! effects on their way, in front of anything it sends next.

mod backup_folder;
mod cell;
mod clock;
mod clock_supervisor;
mod delivery;
mod dispatcher;
mod engine;
mod entity_actor;
mod error;
mod fold;
mod history;
mod ids;
mod index;
mod inspect;
mod job_supervisor;
mod kinds;
#[cfg(feature = "mutants")]
pub mod mutants;
mod peers;
mod pending;
mod programs;
mod record;
mod residents;
mod routing;
mod shard;
mod shard_context;
mod start;
mod threads;

pub use backup_folder::{BackupFolder, BackupFolderError, FolderRefusal};
pub use clock::{Clock, ClockError};
pub use engine::{
    Backup, BackupRefusal, BackupSettings, BackupState, ChangeStateError, ChangeTiersError, CheckpointReport,
    Clash, ConfigureError, CreateError, CustomerOutcomes, Doomed, EditError, Engine, EraseError, Erasure,
    ExplainedMember, ExplainedRecord, ExplainedRow, ExplainedSale, ExplainedVersion, IngestRequest,
    IngestState, Ingested, JobError, MemberPage, MemberState, MergeError, OtherSide, PostError, ReplayError,
    SaleAnswer, SaleCursor, SaleDate, SaleError, SaleEvaluation, SaleFilter, SalePage, SaleQuery,
    SaleRequest, SaleSort, Seed, Seeded, Simulated, SimulatedTrigger, SimulationError, SimulationRequest,
    SortDirection, StandupError, Transferred, TriggerError, UpdateError,
};
pub use error::EngineError;
pub use fold::{EntityFold, Inspected, inspect_record};
pub use ids::Ids;
pub use index::fingerprint;
pub use inspect::{CustomerInspection, InspectError, inspect_customer};
pub use kinds::Kind;
pub use start::{EngineOptions, Recovery, StartError, start};
pub use store::backup::{BackupReport, Manifest, Progressed};
pub use threads::{Steps, Threads};
