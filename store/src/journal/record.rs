//! Layout of one record inside a frame.

use super::fields::{Fields, put_sized};
use crate::key::{EffectId, EntityKey, IndexChange, IndexId, Lsn};
use std::ops::Range;

const PUT: u8 = 1;
const DELETE: u8 = 2;

/// What is written of an append.
pub(crate) struct RecordParts<'a> {
    pub(crate) entity: EntityKey,
    pub(crate) effects: u16,
    pub(crate) consumes: Option<EffectId>,
    pub(crate) record: &'a [u8],
    pub(crate) index: &'a [IndexChange],
}

impl RecordParts<'_> {
    /// Appends the record to a frame.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.entity.encode());
        out.extend_from_slice(&self.effects.to_le_bytes());
        match self.consumes {
            None => out.push(0),
            Some(effect) => {
                out.push(1);
                out.extend_from_slice(&effect.lsn.get().to_le_bytes());
                out.extend_from_slice(&effect.index.to_le_bytes());
            }
        }
        put_sized(out, self.record);
        let count = u32::try_from(self.index.len()).expect("an append is at most 64 MiB");
        out.extend_from_slice(&count.to_le_bytes());
        for change in self.index {
            match change {
                IndexChange::Put { index, key, value } => {
                    out.extend_from_slice(&[PUT, index.0]);
                    put_sized(out, key);
                    put_sized(out, value);
                }
                IndexChange::Delete { index, key } => {
                    out.extend_from_slice(&[DELETE, index.0]);
                    put_sized(out, key);
                }
            }
        }
    }

    /// At least as many bytes as [`write`](Self::write) appends.
    pub(crate) fn written_len(record: &[u8], index: &[IndexChange]) -> usize {
        const FIXED: usize = EntityKey::ENCODED_LEN + 2 + 11 + 4 + 4;
        const CHANGE: usize = 10;
        let changes = index.iter().map(|change| match change {
            IndexChange::Put { key, value, .. } => CHANGE + key.len() + value.len(),
            IndexChange::Delete { key, .. } => CHANGE + key.len(),
        });
        FIXED + record.len() + changes.sum::<usize>()
    }
}

/// A record found in a frame.
#[derive(Clone, Debug)]
pub(crate) struct RecordView {
    pub(crate) entity: EntityKey,
    pub(crate) effects: u16,
    pub(crate) consumes: Option<EffectId>,
    /// Where the record's own bytes are in the frame.
    pub(crate) record: Range<usize>,
    /// Where its index changes begin.
    index_at: usize,
}

impl RecordView {
    /// The record that begins at `at`; `None` if there is none of the right form.
    pub(crate) fn read(frame: &[u8], at: usize) -> Option<Self> {
        let mut fields = Fields::new(frame, at);
        let entity = fields.entity()?;
        let effects = fields.u16()?;
        let consumes = match fields.u8()? {
            0 => None,
            1 => Some(EffectId { lsn: Lsn::new(fields.u64()?), index: fields.u16()? }),
            _ => return None,
        };
        let len = fields.sized()?.len();
        let record = fields.at() - len..fields.at();
        Some(Self { entity, effects, consumes, record, index_at: fields.at() })
    }

    /// The index changes, and where the next record begins; `None` if they are not of the right form.
    pub(crate) fn index(&self, frame: &[u8]) -> Option<(Vec<IndexChange>, usize)> {
        let mut fields = Fields::new(frame, self.index_at);
        let count = fields.u32()?;
        let mut changes = Vec::new();
        for _ in 0..count {
            let (tag, index) = (fields.u8()?, IndexId(fields.u8()?));
            let key = fields.sized()?.into();
            changes.push(match tag {
                PUT => IndexChange::Put { index, key, value: fields.sized()?.into() },
                DELETE => IndexChange::Delete { index, key },
                _ => return None,
            });
        }
        Some((changes, fields.at()))
    }
}
