//! One segment of the journal: a redb database with a header and a row a frame.

use super::fields::{Fields, put_position};
use super::{FrameHash, Position, StoreId};
use crate::disk::{CreateFailure, DatabaseOptions, Disk, create_database, guarded, open_database};
use crate::error::{OpenError, StorageFault};
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};

const SEGMENT: TableDefinition<u8, &[u8]> = TableDefinition::new("segment");
const FRAMES: TableDefinition<u64, &[u8]> = TableDefinition::new("frames");
const HEADER_KEY: u8 = 0;
pub(crate) const SEGMENT_VERSION: u8 = 1;
const RESERVED: [u8; 4] = [0; 4];

/// The first row of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SegmentHeader {
    pub(crate) store: StoreId,
    pub(crate) sequence: u64,
    /// Where the segment before it ends, whatever else is found in that one.
    pub(crate) after: Position,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![SEGMENT_VERSION];
        bytes.extend_from_slice(&self.store.0);
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        put_position(&mut bytes, self.after);
        bytes.extend_from_slice(&RESERVED);
        let hash = FrameHash::of(&bytes);
        bytes.extend_from_slice(&hash.0);
        bytes
    }

    fn decode(name: &str, bytes: &[u8]) -> Result<Self, OpenError> {
        if let Some(&found) = bytes.first().filter(|&&version| version != SEGMENT_VERSION) {
            return Err(OpenError::Version { file: name.to_owned(), found, supported: SEGMENT_VERSION });
        }
        bytes
            .split_last_chunk()
            .filter(|(body, hash)| FrameHash::of(body) == FrameHash(**hash))
            .and_then(|(body, _)| {
                let mut fields = Fields::new(body, 1);
                let (store, sequence) = (StoreId(fields.array()?), fields.u64()?);
                Some(Self { store, sequence, after: fields.position()? })
            })
            .ok_or_else(|| OpenError::damaged(name, None, "the checksum of its header does not match"))
    }
}

/// The file name of the segment with this sequence number.
pub(crate) fn segment_name(sequence: u64) -> String {
    format!("journal-{sequence:016}.redb")
}

/// The sequence numbers of all segments among these files, ascending.
pub(crate) fn sequences(names: &[String]) -> Vec<u64> {
    let mut found: Vec<u64> = names
        .iter()
        .filter_map(|name| name.strip_prefix("journal-")?.strip_suffix(".redb")?.parse().ok())
        .collect();
    found.sort_unstable();
    found
}

/// An open segment.
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) header: SegmentHeader,
    /// Bytes of all frames written to it or found in it.
    pub(crate) bytes: u64,
    database: Database,
}

impl Segment {
    pub(crate) fn create(
        disk: &dyn Disk,
        options: DatabaseOptions,
        header: SegmentHeader,
    ) -> Result<Self, CreateFailure> {
        let name = segment_name(header.sequence);
        let database = create_database(disk, &name, options, |transaction| {
            transaction.open_table(SEGMENT)?.insert(HEADER_KEY, header.encode().as_slice())?;
            transaction.open_table(FRAMES)?;
            Ok(())
        })?;
        Ok(Self { name, header, bytes: 0, database })
    }

    pub(crate) fn open(disk: &dyn Disk, options: DatabaseOptions, sequence: u64) -> Result<Self, OpenError> {
        let name = segment_name(sequence);
        let database = open_database(disk, &name, options)?;
        let header = guarded::<_, StorageFault>(|| {
            let table = database.begin_read()?.open_table(SEGMENT)?;
            Ok(table.get(HEADER_KEY)?.map(|row| row.value().to_vec()))
        })
        .map_err(|fault| OpenError::fault(&name, fault))?
        .ok_or_else(|| OpenError::damaged(&name, None, "it has no header"))?;
        let header = SegmentHeader::decode(&name, &header)?;
        if header.sequence != sequence {
            let what = format!("it is segment {} under another name", header.sequence);
            return Err(OpenError::damaged(&name, None, what));
        }
        Ok(Self { name, header, bytes: 0, database })
    }

    /// Makes a frame durable. After an error the segment must not be written again.
    pub(crate) fn write(&mut self, number: u64, frame: &[u8]) -> Result<(), StorageFault> {
        guarded::<_, StorageFault>(|| {
            let mut transaction = self.database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            transaction.open_table(FRAMES)?.insert(number, frame)?;
            Ok(transaction.commit()?)
        })?;
        self.bytes = self.bytes.saturating_add(frame_len(frame));
        Ok(())
    }

    /// Hands over the frames numbered above `after`, up to `through` if given, in order.
    pub(crate) fn frames<E: From<StorageFault>>(
        &mut self,
        after: u64,
        through: Option<u64>,
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(first) = after.checked_add(1) else { return Ok(()) };
        let last = through.unwrap_or(u64::MAX);
        if first > last {
            return Ok(());
        }
        let bytes = &mut self.bytes;
        let database = &self.database;
        guarded(|| {
            let fault = |error: redb::StorageError| E::from(error.into());
            let transaction = database.begin_read().map_err(|error| E::from(error.into()))?;
            let table = transaction.open_table(FRAMES).map_err(|error| E::from(error.into()))?;
            for row in ReadableTable::range(&table, first..=last).map_err(fault)? {
                let (number, frame) = row.map_err(fault)?;
                *bytes = bytes.saturating_add(frame_len(frame.value()));
                visit(number.value(), frame.value())?;
            }
            Ok(())
        })
    }

    /// Closes the database. Its last writes may fail on a failing disk, which changes nothing: what counts is durable.
    pub(crate) fn close(self) {
        let Self { name, database, .. } = self;
        if let Err(error) = guarded::<_, StorageFault>(|| Ok(database.close()?)) {
            tracing::debug!(segment = name, %error, "closed with an error");
        }
    }
}

fn frame_len(frame: &[u8]) -> u64 {
    u64::try_from(frame.len()).unwrap_or(u64::MAX)
}
