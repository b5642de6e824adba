//! The next segment, laid out before it is needed.
//!
//! A file that grows has its length and its place on the disk written along with every commit. In a segment whose
//! blocks are there already a commit writes the frame and nothing else. Zeros are what a segment has behind its last
//! frame anyway, so nothing of the format depends on whether a segment was laid out or not.

use crate::disk::{Disk, DiskFile, OpenMode};
use crate::priority::yield_to_requests;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Bears the ending of unfinished files: one that a killed process left is deleted at the next open.
pub(crate) const SPARE_FILE: &str = "journal-spare.new";
/// Written and made durable at a time: little enough to be no burden to the commits beside it.
const STEP: usize = 1 << 20;

type Laid = Option<Box<dyn DiskFile>>;

/// Lays out one file after the other, each on a thread of its own.
pub(crate) struct Spares {
    disk: Arc<dyn Disk>,
    bytes: u64,
    making: Option<JoinHandle<Laid>>,
    stop: Arc<AtomicBool>,
}

impl Spares {
    /// Files of so many bytes; none yet.
    pub(crate) fn new(disk: Arc<dyn Disk>, bytes: u64) -> Self {
        Self { disk, bytes, making: None, stop: Arc::default() }
    }

    /// Begins to lay out a file, unless there is one. A failure costs no more than the next segment's not being laid
    /// out.
    pub(crate) fn begin(&mut self) {
        if self.making.is_some() {
            return;
        }
        let (disk, bytes, stop) = (Arc::clone(&self.disk), self.bytes, Arc::clone(&self.stop));
        let work = move || {
            yield_to_requests();
            lay_out(&*disk, bytes, &stop).unwrap_or_else(|error| {
                tracing::debug!(%error, "the next journal segment is not laid out in advance");
                None
            })
        };
        match thread::Builder::new().name("store-spare".to_owned()).spawn(work) {
            Ok(making) => self.making = Some(making),
            Err(error) => tracing::debug!(%error, "there is no thread to lay out the next journal segment"),
        }
    }

    /// The file named [`SPARE_FILE`], all zeros and durable, if it is ready.
    pub(crate) fn take(&mut self) -> Laid {
        if !self.making.as_ref().is_some_and(JoinHandle::is_finished) {
            return None;
        }
        self.making.take()?.join().ok()?
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let Some(making) = self.making.take() else { return };
        if matches!(making.join(), Ok(Some(_)))
            && let Err(error) = self.disk.remove(SPARE_FILE)
        {
            tracing::debug!(%error, "the spare journal segment is removed at the next start");
        }
    }
}

fn lay_out(disk: &dyn Disk, bytes: u64, stop: &AtomicBool) -> io::Result<Laid> {
    let file = disk.open(SPARE_FILE, OpenMode::New)?;
    let zeros = vec![0; STEP];
    let mut at = 0;
    let laid = loop {
        let left = usize::try_from(bytes - at).unwrap_or(STEP).min(STEP);
        if left == 0 {
            return Ok(Some(file));
        }
        if stop.load(Ordering::Relaxed) {
            break Ok(None);
        }
        if let Err(error) = file.write(at, &zeros[..left]).and_then(|()| file.sync()) {
            break Err(error);
        }
        at += u64::try_from(left).map_err(io::Error::other)?;
    };
    drop(file);
    disk.remove(SPARE_FILE)?;
    laid
}
