//! Copying the frames between the tables and the cut: segment by segment, byte by byte, each up to its last frame that
//! counts. What is behind that, such as a frame whose commit failed, belongs to nobody.

use super::cut::Cut;
use super::target::Target;
use super::{BackupError, BackupProgress};
use crate::error::OpenError;
use crate::journal::replay::replay;
use crate::journal::segment::Segment;
use crate::journal::writer::SegmentPart;

/// Copies all parts, and then reads the copy as an open would: every sector and every link of the chain is checked, and
/// the last frame must be that of the cut.
pub(super) fn copy(cut: &Cut<'_>, target: &mut Target, progress: &BackupProgress) -> Result<(), BackupError> {
    for part in &cut.parts {
        copy_part(cut, *part, target, progress)?;
    }
    let sequences: Vec<u64> = cut.parts.iter().map(|part| part.sequence).collect();
    let meta = cut.view.meta;
    let copied =
        replay(target.disk(), meta.store, meta.mark, &sequences, |_| {}).map_err(BackupError::Journal)?;
    if copied.position != cut.position {
        let what =
            format!("it ends at frame {} and not at frame {}", copied.position.frame, cut.position.frame);
        return Err(BackupError::Journal(OpenError::damaged("journal", None, what)));
    }
    Ok(())
}

fn copy_part(
    cut: &Cut<'_>,
    SegmentPart { sequence, through }: SegmentPart,
    target: &mut Target,
    progress: &BackupProgress,
) -> Result<(), BackupError> {
    let mut segment = Segment::open(cut.disk(), sequence).map_err(BackupError::Journal)?;
    let name = segment.name.clone();
    let length = segment.end_of(through).map_err(BackupError::Journal)?;
    target.copy(&name, length, |offset, piece| {
        cut.go_on()?;
        segment.read(offset, piece).map_err(|source| BackupError::Journal(OpenError::io(&name, source)))?;
        progress.add_bytes(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        Ok(())
    })
}
