//! Opening a store: lock, files, replay, whoever writes. Everything that can be wrong with what is on disk is found
//! here, and nothing of it is passed over.

use crate::backup;
use crate::checkpoint;
use crate::committer::Committer;
use crate::disk::{Disk, DiskLock, LockError, NEW_SUFFIX};
use crate::error::{OpenError, ReadError};
use crate::journal::frame::Frame;
use crate::journal::replay::{Replayed, replay};
use crate::journal::segment::{Segment, SegmentHeader, sequences};
use crate::journal::writer::JournalWriter;
use crate::journal::{Position, StoreId};
use crate::key::Lsn;
use crate::options::Options;
use crate::overlay::Overlay;
use crate::pending::{Pending, PendingEffect};
use crate::queue::Queue;
use crate::redb_store::{RedbStore, Threads, Writers};
use crate::shared::{Memory, OwnedDisk, Shared};
use crate::state::{STATE_FILE, StateFile};
use crate::steps::Steps;
use crate::store::{Fold, Listener};
use crate::tail::{Tail, TailRecord};
use std::sync::Arc;
use std::thread;

/// What an open store starts from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recovered {
    /// Position of the last durable record.
    pub durable: Lsn,
    /// Effects that no durable record has consumed, in order.
    pub pending_effects: Vec<PendingEffect>,
    /// Records read from the journal, because no checkpoint had them.
    pub records_replayed: u64,
}

/// Opens the store on a disk, or makes one on an empty disk. One thread commits from now on, one makes checkpoints.
///
/// # Errors
/// [`OpenError`], which names the file and says what to do.
pub fn open<T: Send + 'static>(
    options: Options,
    disk: Arc<dyn Disk>,
    fold: Arc<dyn Fold>,
    listener: Arc<dyn Listener<T>>,
) -> Result<(Arc<RedbStore<T>>, Recovered), OpenError> {
    let Parts { shared, queue, mut committer, recovered } = assemble(options, disk, fold, listener)?;
    if shared.options.segments_in_advance {
        committer.lay_out_segments();
    }
    let nudged = Arc::clone(&queue);
    shared.rotation.connect(Box::new(move || nudged.nudge()));
    let threads = start_threads(&shared, &queue, committer)?;
    shared.start_checkpoint_if_due();
    Ok((Arc::new(RedbStore::new(shared, queue, Writers::Threads(threads))), recovered))
}

/// An open store, what it starts from, and who writes it.
pub type Stepped<T> = (Arc<RedbStore<T>>, Recovered, Steps<T>);

/// Opens the store without threads: commits and checkpoints happen when the owner of the [`Steps`] takes one, on the
/// caller's thread. Everything else is as after [`open`].
///
/// # Errors
/// [`OpenError`], which names the file and says what to do.
pub fn open_stepped<T: Send + 'static>(
    options: Options,
    disk: Arc<dyn Disk>,
    fold: Arc<dyn Fold>,
    listener: Arc<dyn Listener<T>>,
) -> Result<Stepped<T>, OpenError> {
    let Parts { shared, queue, committer, recovered } = assemble(options, disk, fold, listener)?;
    let steps = Steps::new(Arc::clone(&shared), Arc::clone(&queue), committer);
    shared.rotation.connect(steps.rotating());
    shared.start_checkpoint_if_due();
    let store = RedbStore::new(shared, queue, Writers::Steps(steps.committer()));
    Ok((Arc::new(store), recovered, steps))
}

/// A store of which nobody writes yet.
struct Parts<T> {
    shared: Arc<Shared>,
    queue: Arc<Queue<T>>,
    committer: Committer<T>,
    recovered: Recovered,
}

fn assemble<T>(
    options: Options,
    disk: Arc<dyn Disk>,
    fold: Arc<dyn Fold>,
    listener: Arc<dyn Listener<T>>,
) -> Result<Parts<T>, OpenError> {
    let lock = take_disk(&*disk)?;
    let (state, sequences) = open_files(&disk, &options)?;
    let mut recovery = Recovery::from_tables(&state)?;
    let mark = state.view().map_err(in_state)?.mark();
    let Replayed { segment, position, segments } =
        replay(&*disk, state.store(), mark, &sequences, |frame| recovery.add(frame))?;
    segment.settle()?;
    let is_torn = segment.is_torn();
    let mut journal =
        JournalWriter::new(Arc::clone(&disk), options.segment_bytes, segment, position, segments.clone());
    if is_torn {
        journal.begin_anew()?;
    }
    let (memory, recovered) = recovery.finish(position.lsn);
    let queue = Arc::new(Queue::new(position.lsn, options.queue_bytes));
    let shared =
        Arc::new(Shared::new(options, OwnedDisk { disk, lock }, fold, state, memory, segments, position));
    let committer = Committer::new(Arc::clone(&shared), Arc::clone(&queue), listener, journal);
    Ok(Parts { shared, queue, committer, recovered })
}

/// Takes the lock.
pub(crate) fn take_disk(disk: &dyn Disk) -> Result<Box<dyn DiskLock>, OpenError> {
    disk.lock().map_err(|error| match error {
        LockError::Held => OpenError::Locked { place: disk.place() },
        LockError::Io(source) => OpenError::io(&disk.place(), source),
    })
}

/// Opens or makes the state file; answers it with the sequence numbers of all segments.
pub(crate) fn open_files(
    disk: &Arc<dyn Disk>,
    options: &Options,
) -> Result<(StateFile, Vec<u64>), OpenError> {
    let names = disk.list().map_err(|source| OpenError::io(&disk.place(), source))?;
    if backup::is_in(&**disk).map_err(|source| OpenError::io(&disk.place(), source))? {
        return Err(OpenError::Backup { place: disk.place() });
    }
    for unfinished in names.iter().filter(|name| name.ends_with(NEW_SUFFIX)) {
        disk.remove(unfinished).map_err(|source| OpenError::io(unfinished, source))?;
    }
    let found = sequences(&names);
    let has_state = names.iter().any(|name| name == STATE_FILE);
    match (has_state, found.as_slice()) {
        (true, []) => {
            Err(OpenError::damaged(STATE_FILE, None, "it is there and the whole journal is missing"))
        }
        (true, _) => Ok((StateFile::open(Arc::clone(disk), options.state())?, found)),
        (false, [] | [FIRST_SEQUENCE]) => {
            let new = found.is_empty().then(|| options.identity.map_or_else(StoreId::random, StoreId));
            let store = first_segment(&**disk, new)?;
            let state = StateFile::create(Arc::clone(disk), options.state(), store)?;
            Ok((state, vec![FIRST_SEQUENCE]))
        }
        (false, _) => Err(missing_state()),
    }
}

const FIRST_SEQUENCE: u64 = 1;

fn missing_state() -> OpenError {
    OpenError::damaged(STATE_FILE, None, "it is missing while the journal is there")
}

/// Makes the first segment of a `new` store, or takes up the one of a creation that was interrupted. The segment comes
/// before the state file, so that the journal can never be missing without notice.
fn first_segment(disk: &dyn Disk, new: Option<StoreId>) -> Result<StoreId, OpenError> {
    if let Some(store) = new {
        Segment::create(disk, SegmentHeader { store, sequence: FIRST_SEQUENCE, after: Position::ORIGIN })?;
        return Ok(store);
    }
    let mut segment = Segment::open(disk, FIRST_SEQUENCE)?;
    if segment.has_frames()? { Err(missing_state()) } else { Ok(segment.header.store) }
}

/// A read error of the state file while it is opened.
pub(crate) fn in_state(error: ReadError) -> OpenError {
    match error {
        ReadError::Storage(fault) => OpenError::fault(STATE_FILE, fault),
        error @ (ReadError::Damaged { .. } | ReadError::Closed) => {
            OpenError::damaged(STATE_FILE, None, error.to_string())
        }
    }
}

/// Memory as it is built up from tables and journal.
struct Recovery {
    tail: Tail,
    overlay: Overlay,
    pending: Pending,
    records: u64,
}

impl Recovery {
    fn from_tables(state: &StateFile) -> Result<Self, OpenError> {
        let pending = state.view().and_then(|view| Pending::from_tables(&view)).map_err(in_state)?;
        Ok(Self { tail: Tail::new(), overlay: Overlay::default(), pending, records: 0 })
    }

    fn add(&mut self, frame: Frame) {
        let mut changes = Vec::new();
        for record in frame.records {
            let (lsn, entity) = (record.lsn, record.view.entity);
            let tail_record = TailRecord::new(lsn, Arc::clone(&frame.bytes), record.at);
            self.pending.note(entity, &tail_record);
            self.tail.push(entity, tail_record);
            changes.extend(record.index.into_iter().map(|change| (lsn, change)));
            self.records += 1;
        }
        self.overlay.apply(changes.into_iter());
    }

    fn finish(self, durable: Lsn) -> (Memory, Recovered) {
        let pending_effects = self.pending.into_effects();
        let memory = Memory { tail: self.tail, overlay: self.overlay };
        (memory, Recovered { durable, pending_effects, records_replayed: self.records })
    }
}

fn start_threads<T: Send + 'static>(
    shared: &Arc<Shared>,
    queue: &Arc<Queue<T>>,
    committer: Committer<T>,
) -> Result<Threads, OpenError> {
    let failed = |source| OpenError::Thread { source };
    let ends = CommitterEnd(Arc::clone(queue), Arc::clone(shared));
    let committer = thread::Builder::new()
        .name("store-committer".to_owned())
        .spawn(move || {
            let _ends = ends;
            committer.run();
        })
        .map_err(failed)?;
    let for_thread = Arc::clone(shared);
    let checkpoint = thread::Builder::new()
        .name("store-checkpoint".to_owned())
        .spawn(move || checkpoint::run_in_background(&for_thread))
        .map_err(failed)
        .inspect_err(|_| queue.close())?;
    Ok(Threads { committer, checkpoint })
}

/// Closes the queue when the committer ends, also by a panic: nobody may wait for a thread that is gone.
struct CommitterEnd<T>(Arc<Queue<T>>, Arc<Shared>);

impl<T> Drop for CommitterEnd<T> {
    fn drop(&mut self) {
        self.0.close();
        self.1.rotation.end();
    }
}
