//! The committer: everything queued becomes a frame, the frame becomes durable, memory shows it, the listener is told.
//! Also what happens when a commit fails. It has a thread of its own, or is moved on step by step
//! ([`Steps`](crate::Steps)).
//!
//! Must not wait for anything but the queue and the disk, and must not fold.

use crate::disk::CreateFailure;
use crate::error::CommitFailure;
use crate::journal::frame::FrameBuilder;
use crate::journal::record::RecordParts;
use crate::journal::writer::JournalWriter;
use crate::key::{EntityKey, IndexChange, Lsn};
use crate::queue::{Queue, cost};
use crate::rotation::Rotated;
use crate::shared::Shared;
use crate::store::{Append, Committed, CommittedRecord, Listener};
use crate::tail::TailRecord;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const BACKOFF_FIRST: Duration = Duration::from_millis(10);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// An append whose bytes are in the frame.
struct Framed<T> {
    entity: EntityKey,
    effects: u16,
    at: u32,
    index: Vec<IndexChange>,
    companion: T,
}

/// The state of the committer.
pub(crate) struct Committer<T> {
    shared: Arc<Shared>,
    queue: Arc<Queue<T>>,
    listener: Arc<dyn Listener<T>>,
    journal: JournalWriter,
    frame: FrameBuilder,
    taken: VecDeque<Append<T>>,
    framed: Vec<Framed<T>>,
}

impl<T> Committer<T> {
    pub(crate) fn new(
        shared: Arc<Shared>,
        queue: Arc<Queue<T>>,
        listener: Arc<dyn Listener<T>>,
        journal: JournalWriter,
    ) -> Self {
        let (taken, framed) = (VecDeque::new(), Vec::new());
        Self { shared, queue, listener, journal, frame: FrameBuilder::new(), taken, framed }
    }

    /// From now on, a thread of the journal's lays out its next segments in advance.
    pub(crate) fn lay_out_segments(&mut self) {
        self.journal.lay_out_segments();
    }

    /// The committer thread: works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        while self.queue.take(&mut self.taken) {
            self.work();
            self.wait_until_writable();
        }
        self.journal.close();
    }

    /// One round of what is queued, without waiting for anything; answers whether there was something to do. After a
    /// failed commit it first tries to make the journal writable again.
    pub(crate) fn step(&mut self) -> bool {
        if !self.journal.stands() && !self.begin_anew() {
            self.shared.rotation.answer(Err("the journal cannot be written".to_owned()));
            return false;
        }
        let found = self.queue.take_now(&mut self.taken);
        if found {
            self.work();
        }
        found
    }

    /// The last step, after the queue was closed: writes what is left and marks the end.
    pub(crate) fn finish(&mut self) {
        while self.step() {}
        self.journal.close();
    }

    /// Does everything that has been taken from the queue.
    fn work(&mut self) {
        if self.shared.rotation.is_asked() {
            self.rotate();
        }
        while !self.taken.is_empty() {
            let cost = self.fill_frame();
            if let Err(cause) = self.commit(cost) {
                self.lose(cause);
            }
        }
    }

    /// Begins another segment of the journal because a checkpoint or a backup has asked for it.
    fn rotate(&mut self) {
        let begun = Instant::now();
        match self.journal.rotate() {
            Ok(position) => {
                self.shared.rotation.answer(Ok(Rotated { position, pause: begun.elapsed() }));
            }
            Err(CreateFailure { error, may_be_named }) => {
                let what = error.to_string();
                if may_be_named {
                    self.lose(CommitFailure::from(&io::Error::other(error)));
                }
                self.shared.rotation.answer(Err(what));
            }
        }
    }

    /// Moves appends into the frame up to its bounds; answers what they count in the queue.
    fn fill_frame(&mut self) -> usize {
        let options = &self.shared.options;
        self.frame.begin(self.journal.position());
        let mut total = 0;
        while let Some(next) = self.taken.front() {
            let cost = cost(next);
            if !self.frame.has_room(cost, options.frame_bytes, options.frame_records) {
                break;
            }
            let Some(append) = self.taken.pop_front() else { break };
            let Append { entity, record, effects, consumes, index, haste: _, companion } = append;
            let at =
                self.frame.push(&RecordParts { entity, effects, consumes, record: &record, index: &index });
            self.framed.push(Framed { entity, effects, at, index, companion });
            total += cost;
        }
        total
    }

    fn commit(&mut self, cost: usize) -> Result<(), CommitFailure> {
        let start = self.journal.position().lsn.next();
        let end = self.frame.finish();
        let begun = Instant::now();
        self.journal.write(self.frame.bytes(), end).map_err(|error| CommitFailure::from(&error))?;
        metrics::histogram!("laurel_store_commit_seconds").record(begun.elapsed());
        let records = self.publish(start);
        self.shared.advance(end);
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        self.queue.done(cost, count);
        self.shared.counters.frames.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("laurel_store_frames_total").increment(1);
        metrics::counter!("laurel_store_records_total").increment(count);
        self.shared.start_checkpoint_if_due();
        self.listener.committed(Committed { epoch: self.queue.epoch(), through: end.lsn, records });
        Ok(())
    }

    /// Puts the frame into memory: first the tail and then the overlay, so that whoever finds a row finds its record.
    fn publish(&mut self, start: Lsn) -> Vec<CommittedRecord<T>> {
        let bytes = self.shared.frame_buffers.copy(self.frame.bytes());
        let mut changes = Vec::new();
        let mut lsn = start;
        let mut records = Vec::with_capacity(self.framed.len());
        for Framed { entity, effects, at, index, companion } in self.framed.drain(..) {
            self.shared.tail.push(entity, TailRecord::new(lsn, Arc::clone(&bytes), at));
            changes.extend(index.into_iter().map(|change| (lsn, change)));
            records.push(CommittedRecord { lsn, entity, effects, companion });
            lsn = lsn.next();
        }
        self.shared.overlay.apply(changes.into_iter());
        records
    }

    /// Gives up the frame and everything behind it, and starts the next segment.
    fn lose(&mut self, cause: CommitFailure) {
        let (epoch, waiting) = self.queue.lose(self.journal.position().lsn);
        tracing::error!(%cause, epoch = epoch.get(), "a commit failed; starting another journal segment");
        metrics::counter!("laurel_store_failed_commits_total").increment(1);
        self.shared.counters.failed_commits.fetch_add(1, Ordering::Relaxed);
        let lost: Vec<T> = self
            .framed
            .drain(..)
            .map(|framed| framed.companion)
            .chain(self.taken.drain(..).chain(waiting).map(|append| append.companion))
            .collect();
        // If the cut can be written at once, it is on disk before anyone is told.
        self.begin_anew();
        self.listener.failed(epoch, lost, cause);
    }

    /// Begins the next segment after a failed commit, and lets appends in again; answers whether it stands.
    fn begin_anew(&mut self) -> bool {
        match self.journal.begin_anew() {
            Ok(()) => {
                self.queue.resume();
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the next journal segment cannot be created; trying again");
                false
            }
        }
    }

    /// After a failed commit: tries until the next segment stands, or the store is closed.
    fn wait_until_writable(&mut self) {
        let mut backoff = BACKOFF_FIRST;
        while !self.journal.stands() && !self.queue.wait_closed(backoff) {
            self.begin_anew();
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
    }
}
