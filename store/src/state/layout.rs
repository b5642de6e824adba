//! Keys and values of the tables.

use super::STATE_FILE;
use crate::checksum::unseal;
use crate::disk::FORMAT;
use crate::error::{OpenError, Table};
use crate::journal::fields::{Fields, put_position};
use crate::journal::{Position, StoreId};
use crate::key::{EffectId, EntityKey, IndexId, Lsn};
use redb::TableDefinition;

pub(crate) type Bytes = &'static [u8];

pub(crate) const META: TableDefinition<u8, Bytes> = TableDefinition::new("meta");
pub(crate) const SNAPSHOTS: TableDefinition<Bytes, Bytes> = TableDefinition::new("snapshots");
pub(crate) const HISTORY: TableDefinition<Bytes, Bytes> = TableDefinition::new("history");
pub(crate) const INDEXES: TableDefinition<Bytes, Bytes> = TableDefinition::new("indexes");
pub(crate) const PENDING: TableDefinition<Bytes, Bytes> = TableDefinition::new("pending");

pub(crate) const KNOWN: TableDefinition<Bytes, Bytes> = TableDefinition::new("known");

/// The row of `known` that says what its other rows are.
pub(crate) const SHAPE_KEY: &[u8] = &[];
pub(crate) const META_KEY: u8 = 0;
/// There is a row of this key while bytes of what was erased may be left in this file or in old segments.
pub(crate) const OWED_KEY: u8 = 1;
/// That of the file as a whole.
const STATE_VERSION: u8 = FORMAT;
const HISTORY_KEY_LEN: usize = EntityKey::ENCODED_LEN + 8;

/// The row of `meta`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Meta {
    pub(crate) store: StoreId,
    /// The low-water mark: everything up to it is in the tables.
    pub(crate) mark: Position,
}

impl Meta {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![STATE_VERSION];
        bytes.extend_from_slice(&self.store.0);
        put_position(&mut bytes, self.mark);
        bytes
    }

    pub(crate) fn decode(sealed: &[u8]) -> Result<Self, OpenError> {
        if let Some(&found) = sealed.first().filter(|&&version| version != STATE_VERSION) {
            return Err(OpenError::Version { file: STATE_FILE.to_owned(), found, supported: STATE_VERSION });
        }
        unseal(Table::Meta, &[META_KEY], sealed)
            .and_then(|body| {
                let mut fields = Fields::new(body, 1);
                Some(Self { store: StoreId(fields.array()?), mark: fields.position()? })
            })
            .ok_or_else(|| {
                OpenError::damaged(STATE_FILE, None, "the checksum of its meta row does not match")
            })
    }
}

/// Entity, then LSN in big-endian order, so that the history of an entity is one ascending range.
pub(crate) fn history_key(entity: EntityKey, lsn: Lsn) -> [u8; HISTORY_KEY_LEN] {
    let mut key = [0; HISTORY_KEY_LEN];
    key[..EntityKey::ENCODED_LEN].copy_from_slice(&entity.encode());
    key[EntityKey::ENCODED_LEN..].copy_from_slice(&lsn.get().to_be_bytes());
    key
}

pub(crate) fn parse_history_key(key: &[u8]) -> Option<(EntityKey, Lsn)> {
    let mut fields = Fields::new(key, 0);
    let entity = fields.entity()?;
    let lsn = Lsn::new(u64::from_be_bytes(fields.array()?));
    (fields.at() == key.len()).then_some((entity, lsn))
}

/// Index id, then the row's own key.
pub(crate) fn index_key(index: IndexId, key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + key.len());
    bytes.push(index.0);
    bytes.extend_from_slice(key);
    bytes
}

/// LSN and effect index in big-endian order, so that the table is in journal order.
pub(crate) fn pending_key(effect: EffectId) -> [u8; 10] {
    let mut key = [0; 10];
    key[..8].copy_from_slice(&effect.lsn.get().to_be_bytes());
    key[8..].copy_from_slice(&effect.index.to_be_bytes());
    key
}

/// Generation, then chunk in big-endian order.
pub(crate) fn known_key(generation: u8, chunk: u32) -> [u8; 5] {
    let [a, b, c, d] = chunk.to_be_bytes();
    [generation, a, b, c, d]
}

/// Effect, entity and record of an unsealed row of `pending`.
pub(crate) fn decode_pending<'a>(key: &[u8], body: &'a [u8]) -> Option<(EffectId, EntityKey, &'a [u8])> {
    let mut fields = Fields::new(key, 0);
    let lsn = Lsn::new(u64::from_be_bytes(fields.array()?));
    let effect = EffectId { lsn, index: u16::from_be_bytes(fields.array()?) };
    let mut fields = Fields::new(body, 0);
    let entity = fields.entity()?;
    (key.len() == 10).then_some((effect, entity, &body[fields.at()..]))
}
