//! Backups of the running store: one at a time, on a thread of its own. Owns what is known of the last one.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use store::{
    FolderDisk, Store,
    backup::{BackupOrder, BackupProgress, BackupReport, Progressed},
};

use super::Engine;
use crate::{
    backup_folder::{BackupFolder, FolderRefusal, Prepared},
    cell::Companion,
    error::EngineError,
};

/// What backups of this engine are like.
#[derive(Debug, Clone)]
pub struct BackupSettings {
    /// Where they go.
    pub below: BackupFolder,
    /// Which program makes them.
    pub made_by: String,
    /// Small files that belong to the data and that the store does not know.
    pub attachments: Vec<PathBuf>,
}

/// A backup, as far as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Where it is, on the machine of the engine.
    pub folder: PathBuf,
    /// How far the copying is.
    pub progress: Progressed,
    /// How long it has taken so far.
    pub elapsed: Duration,
    /// What has become of it.
    pub state: BackupState,
}

/// What has become of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupState {
    /// It is being made.
    Running,
    /// It is there.
    Finished(Arc<BackupReport>),
    /// It is not, and this is why.
    Failed(String),
}

/// Why no backup was begun.
#[derive(Debug, thiserror::Error)]
pub enum BackupRefusal {
    /// Nobody has said where they may go.
    #[error("no folder for backups is named; start the server with --backup-folder")]
    NoFolder,
    /// It may not go there.
    #[error(transparent)]
    Folder(#[from] FolderRefusal),
    /// Another one is being made.
    #[error("a backup to {} is being made", .0.display())]
    Running(PathBuf),
    /// The engine is shutting down, or has no thread for it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// The settings and the last backup.
#[derive(Default)]
pub(crate) struct Backups {
    settings: OnceLock<BackupSettings>,
    last: Mutex<Option<Job>>,
}

struct Job {
    folder: PathBuf,
    begun: Instant,
    progress: Arc<BackupProgress>,
    ended: Arc<OnceLock<(Duration, BackupState)>>,
    thread: Option<JoinHandle<()>>,
}

impl Backups {
    fn last(&self) -> MutexGuard<'_, Option<Job>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end of the one that is being made.
    pub fn join(&self) {
        let thread = self.last().as_mut().and_then(|job| job.thread.take());
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of a backup had stopped on a panic");
        }
    }
}

impl Job {
    fn shown(&self) -> Backup {
        let (elapsed, state) =
            self.ended.get().cloned().unwrap_or_else(|| (self.begun.elapsed(), BackupState::Running));
        Backup { folder: self.folder.clone(), progress: self.progress.now(), elapsed, state }
    }
}

impl Engine {
    /// From now on backups may be made, below a folder.
    pub fn allow_backups(&self, settings: BackupSettings) {
        let first = self.inner.backups.settings.set(settings).is_ok();
        assert!(first, "an engine has one folder for backups");
    }

    /// The last backup that was begun since the start of the engine, if there is one.
    pub fn backup(&self) -> Option<Backup> {
        self.inner.backups.last().as_ref().map(Job::shown)
    }

    /// Begins a backup to a folder, or answers the one that was begun there before, unless it has failed.
    ///
    /// # Errors
    /// [`BackupRefusal`]; nothing has been written.
    pub async fn begin_backup(&self, folder: PathBuf) -> Result<Backup, BackupRefusal> {
        let engine = self.clone();
        self.inner.shared.placement.aside(move || engine.begin_backup_here(&folder)).await?
    }

    fn begin_backup_here(&self, folder: &Path) -> Result<Backup, BackupRefusal> {
        let settings = self.inner.backups.settings.get().ok_or(BackupRefusal::NoFolder)?;
        let folder = settings.below.admit(folder)?;
        let mut last = self.inner.backups.last();
        if let Some(job) = last.as_ref().map(Job::shown) {
            match job.state {
                BackupState::Running | BackupState::Finished(_) if job.folder == folder => return Ok(job),
                BackupState::Running => return Err(BackupRefusal::Running(job.folder)),
                BackupState::Finished(_) | BackupState::Failed(_) => {}
            }
        }
        self.admit()?;
        let prepared = settings.below.prepare(&folder)?;
        let job = start(Arc::clone(&self.inner.shared.store), settings.clone(), prepared, folder)?;
        Ok(last.insert(job).shown())
    }
}

fn start(
    store: Arc<dyn Store<Companion>>,
    settings: BackupSettings,
    prepared: Prepared,
    folder: PathBuf,
) -> Result<Job, EngineError> {
    let (begun, progress, ended) =
        (Instant::now(), Arc::<BackupProgress>::default(), Arc::new(OnceLock::new()));
    let (to, counting, end) = (folder.clone(), Arc::clone(&progress), Arc::clone(&ended));
    let work = move || {
        let made = catch_unwind(AssertUnwindSafe(|| make(&*store, &settings, &to, counting)));
        let state = match made.unwrap_or_else(|_| Err("it stopped on a fault of ours".to_owned())) {
            Ok(report) => {
                tracing::info!(folder = %to.display(), lsn = report.manifest.lsn, "a backup is made");
                BackupState::Finished(Arc::new(report))
            }
            Err(why) => {
                tracing::error!(folder = %to.display(), why, "a backup failed");
                prepared.give_up();
                BackupState::Failed(why)
            }
        };
        // Nobody else sets it.
        drop(end.set((begun.elapsed(), state)));
    };
    let thread = thread::Builder::new().name("backup".to_owned()).spawn(work).map_err(|error| {
        tracing::error!(%error, "there is no thread for a backup");
        EngineError::Overloaded
    })?;
    Ok(Job { folder, begun, progress, ended, thread: Some(thread) })
}

fn make(
    store: &dyn Store<Companion>,
    settings: &BackupSettings,
    folder: &Path,
    progress: Arc<BackupProgress>,
) -> Result<BackupReport, String> {
    let attach = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok::<_, String>((name, bytes))
    };
    let attachments = settings.attachments.iter().map(attach).collect::<Result<_, _>>()?;
    let target = FolderDisk::new(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let order =
        BackupOrder { target: Arc::new(target), made_by: settings.made_by.clone(), attachments, progress };
    store.backup(&order).map_err(|error| error.to_string())
}
