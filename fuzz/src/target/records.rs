//! Stored forms: what a record or a snapshot is decoded from. On disk they are behind checksums, so only a fault of
//! ours could bring damaged ones here; that must still be an error and nothing else.

use std::sync::{Arc, Mutex, PoisonError};

use actors::{EntityFold, inspect_record};
use fastrand::Rng;
use store::{Disk, EntityKey, Fold, FoldError, Folded, Options};

use super::{Tried, bodies::Bodies, server::Server, show};
use crate::mutation::damage;

/// Requests whose records are damaged.
const REQUESTS: u64 = 400;

/// Records and snapshots of a run.
pub struct Records {
    stored: Vec<(EntityKey, Stored)>,
}

enum Stored {
    Record(Vec<u8>),
    Snapshot(Vec<u8>),
}

/// A fold that keeps what it is given.
#[derive(Default)]
struct Collector(Mutex<Vec<(EntityKey, Stored)>>);

impl Fold for Collector {
    fn fold(&self, entity: EntityKey, from: Option<&[u8]>, records: &[&[u8]]) -> Result<Folded, FoldError> {
        let folded = EntityFold.fold(entity, from, records)?;
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stored.extend(records.iter().map(|record| (entity, Stored::Record(record.to_vec()))));
        if let Folded::Kept(snapshot) | Folded::Restated { snapshot, .. } = &folded {
            stored.push((entity, Stored::Snapshot(snapshot.clone())));
        }
        Ok(folded)
    }
}

impl Records {
    /// Has a server take sound and distorted requests, and reads what it has written.
    pub fn new() -> Self {
        let mut bodies = Bodies::new();
        for input in 0..REQUESTS {
            bodies.try_one(&mut Rng::with_seed(input));
        }
        let disk = into_disk(bodies.into_server());
        let collector = Collector::default();
        let report =
            store::verify(&Options::default(), &disk, &collector).expect("what was written can be opened");
        assert!(report.findings.is_empty(), "{:?}", report.findings);
        let stored = collector.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        assert!(stored.len() > 50, "{} records and snapshots", stored.len());
        Self { stored }
    }

    /// Damages one and decodes it.
    pub fn try_one(&mut self, rng: &mut Rng) -> Tried {
        let (entity, stored) = &self.stored[rng.usize(0..self.stored.len())];
        let (Stored::Record(sound) | Stored::Snapshot(sound)) = stored;
        let mut bytes = sound.clone();
        if rng.u8(0..16) > 0 {
            damage(rng, &mut bytes);
        }
        let outcome = match stored {
            Stored::Record(_) => inspect_record(*entity, &bytes).map(|_| "a record that decodes").ok(),
            Stored::Snapshot(_) => match EntityFold.fold(*entity, Some(&bytes), &[]) {
                Ok(Folded::Kept(again)) => match EntityFold.fold(*entity, Some(&again), &[]) {
                    Ok(Folded::Kept(third)) if third == again => Some("a snapshot that decodes"),
                    other => {
                        return tried(&bytes, Err(format!("it changes when it is written again: {other:?}")));
                    }
                },
                Ok(_) => Some("a snapshot of nothing"),
                Err(_) => None,
            },
        };
        tried(&bytes, Ok(outcome.unwrap_or("refused").to_owned()))
    }
}

fn tried(bytes: &[u8], outcome: Result<String, String>) -> Tried {
    Tried { shown: show(bytes), outcome }
}

/// Ends the server in order and takes what it wrote to.
fn into_disk(server: Server) -> Arc<dyn Disk> {
    let disk = server.disk.clone();
    let answer = server.ask("POST", "/admin/checkpoint", &server.authorization("/admin/"), b"{}");
    assert!(answer.is_ok_and(|answer| answer.status == 200), "a checkpoint is made");
    drop(server);
    Arc::new(disk)
}
