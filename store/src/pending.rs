//! Effects that no durable record has consumed: those of the tables, with the records since then on top.

use crate::error::{ReadError, Table};
use crate::key::{EffectId, EntityKey};
use crate::record_bytes::RecordBytes;
use crate::state::{View, decode_pending};
use crate::tail::TailRecord;
use std::collections::BTreeMap;

/// An effect that no durable record has consumed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PendingEffect {
    /// Which effect.
    pub id: EffectId,
    /// The entity whose record carries it.
    pub entity: EntityKey,
    /// The record.
    pub record: RecordBytes,
}

/// The effects, by the order in which they were caused.
#[derive(Default)]
pub(crate) struct Pending {
    effects: BTreeMap<EffectId, (EntityKey, RecordBytes)>,
}

impl Pending {
    /// As of the last checkpoint.
    pub(crate) fn from_tables(view: &View) -> Result<Self, ReadError> {
        let mut effects = BTreeMap::new();
        view.pending(|key, body| {
            let (effect, entity, record) =
                decode_pending(key, body).ok_or_else(|| ReadError::damaged(Table::Pending, key))?;
            effects.insert(effect, (entity, RecordBytes::from(record)));
            Ok(())
        })?;
        Ok(Self { effects })
    }

    /// Takes the next record into account. Records must come in order.
    pub(crate) fn note(&mut self, entity: EntityKey, record: &TailRecord) {
        let view = record.view();
        if let Some(consumed) = view.consumes {
            self.effects.remove(&consumed);
        }
        for index in 0..view.effects {
            self.effects.insert(EffectId { lsn: record.lsn, index }, (entity, record.bytes()));
        }
    }

    /// In the order in which they were caused.
    pub(crate) fn into_effects(self) -> Vec<PendingEffect> {
        self.effects.into_iter().map(|(id, (entity, record))| PendingEffect { id, entity, record }).collect()
    }
}
