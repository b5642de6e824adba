//! Hears from the committer what has become durable, and tells the shards.
//!
//! All effects are handed over, in journal order, and the shards are told what is durable, before any answer of the
//! same commit is given. A shard's mailbox keeps that order: whoever has an answer in hand and asks a receiver
//! something finds the effect taken in already.
//!
//! Answers that came with their records are given here, at once. By way of the shards they would wait until these have
//! done what the effects ask, which nobody who is answered waits for.

use std::sync::{
    Arc, OnceLock, Weak,
    atomic::{AtomicU64, Ordering},
};

use actix::Addr;
use store::{CommitFailure, Committed, EffectId, Epoch, Listener, Lsn};

use crate::{
    cell::Companion,
    delivery::{Delivery, Parcel},
    error::EngineError,
    routing::Routing,
    shard::{Deliver, Durables, NewEpoch, Shard, Unread},
};

/// Gives what is pending after a failure; nothing if it cannot be read at present. Set once the store is open.
pub type PendingEffects = Box<dyn Fn() -> Option<Vec<Parcel>> + Send + Sync>;

/// The listener of the store.
pub struct Dispatcher {
    itself: Weak<Self>,
    routing: Routing,
    shards: OnceLock<Vec<Addr<Shard>>>,
    pending: OnceLock<PendingEffects>,
    counters: Arc<Counters>,
}

/// What the dispatcher has seen, for admission and metrics.
#[derive(Debug, Default)]
pub struct Counters {
    /// Records made durable.
    pub records: AtomicU64,
    /// Effects handed over.
    pub effects: AtomicU64,
    /// Effects whose receivers' records are durable.
    pub effects_arrived: AtomicU64,
    /// Commits that failed.
    pub failures: AtomicU64,
}

impl Counters {
    /// Effects on their way.
    pub fn effects_under_way(&self) -> u64 {
        let arrived = self.effects_arrived.load(Ordering::Relaxed);
        self.effects.load(Ordering::Relaxed).saturating_sub(arrived)
    }
}

impl Dispatcher {
    /// A dispatcher that knows no shards yet: nothing may be appended before [`Dispatcher::connect`].
    pub fn new(routing: Routing) -> Arc<Self> {
        Arc::new_cyclic(|itself| Self {
            itself: Weak::clone(itself),
            routing,
            shards: OnceLock::new(),
            pending: OnceLock::new(),
            counters: Arc::default(),
        })
    }

    /// Introduces the shards, and how to find out what is pending after a failure.
    pub fn connect(&self, shards: Vec<Addr<Shard>>, pending: PendingEffects) {
        assert_eq!(shards.len(), self.routing.shards(), "every shard is there");
        let known = self.shards.set(shards).is_err() | self.pending.set(pending).is_err();
        assert!(!known, "shards are introduced once");
    }

    /// What it has seen.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Hands effects to their receivers' shards, in the order given.
    pub fn deliver(&self, parcels: impl IntoIterator<Item = Parcel>) {
        let mut by_shard: Vec<Vec<Parcel>> = vec![Vec::new(); self.routing.shards()];
        for parcel in parcels {
            #[cfg(feature = "mutants")]
            if crate::mutants::drops_effect() {
                continue;
            }
            by_shard[self.routing.shard_of(parcel.delivery.receiver())].push(parcel);
        }
        for (shard, parcels) in self.shards().iter().zip(by_shard) {
            if !parcels.is_empty() {
                let count = u64::try_from(parcels.len()).unwrap_or(u64::MAX);
                self.counters.effects.fetch_add(count, Ordering::Relaxed);
                shard.do_send(Deliver(parcels));
            }
        }
    }

    /// Lets the shards begin an epoch: receivers that had taken effects in without their record becoming durable have
    /// forgotten them, and are given again whatever no durable record has consumed. As long as that cannot be read, the
    /// epoch does not begin, and nothing can be written.
    pub fn enter(&self, epoch: Epoch) {
        let pending = self.pending.get().expect("shards are introduced before anything is appended");
        let Some(pending) = pending() else {
            // One of them is enough.
            let mut again = self.itself.upgrade().map(|dispatcher| (dispatcher, epoch));
            self.shards().iter().for_each(|shard| shard.do_send(Unread { again: again.take() }));
            return;
        };
        for shard in self.shards() {
            shard.do_send(NewEpoch(epoch));
        }
        let arrived = self.counters.effects_arrived.load(Ordering::Relaxed);
        self.counters.effects.store(arrived, Ordering::Relaxed);
        self.deliver(pending);
    }

    fn shards(&self) -> &[Addr<Shard>] {
        self.shards.get().expect("shards are introduced before anything is appended")
    }
}

fn parcels(lsn: Lsn, deliveries: Vec<Delivery>) -> impl Iterator<Item = Parcel> {
    (0_u16..)
        .zip(deliveries)
        .map(move |(index, delivery)| Parcel { effect: EffectId { lsn, index }, delivery })
}

impl Listener<Companion> for Dispatcher {
    fn committed(&self, batch: Committed<Companion>) {
        let mut waiting = vec![false; self.routing.shards()];
        let count = u64::try_from(batch.records.len()).unwrap_or(u64::MAX);
        self.counters.records.fetch_add(count, Ordering::Relaxed);
        let arrived = batch.records.iter().filter(|record| record.companion.answers_effect).count();
        self.counters
            .effects_arrived
            .fetch_add(u64::try_from(arrived).unwrap_or(u64::MAX), Ordering::Relaxed);
        let through = batch.through;
        let mut answers = Vec::with_capacity(batch.records.len());
        self.deliver(batch.records.into_iter().flat_map(|record| {
            let Companion { shard, deliveries, answer, .. } = record.companion;
            waiting[usize::from(shard)] = true;
            answers.extend(answer);
            parcels(record.lsn, deliveries)
        }));
        for (shard, _) in self.shards().iter().zip(waiting).filter(|(_, waiting)| *waiting) {
            shard.do_send(Durables { through });
        }
        for answer in answers {
            answer(Ok(()));
        }
    }

    fn failed(&self, epoch: Epoch, lost: Vec<Companion>, cause: CommitFailure) {
        tracing::error!(
            lost = lost.len(),
            %cause,
            "a commit failed; what was lost is refused, everything is recovered from disk"
        );
        self.counters.failures.fetch_add(1, Ordering::Relaxed);
        self.enter(epoch);
        // After that, so that whoever tries again at once meets the new epoch.
        for answer in lost.into_iter().filter_map(|lost| lost.answer) {
            answer(Err(EngineError::Unavailable));
        }
    }
}
