//! The byte form of stored values: one version byte, then bincode 2 in its standard configuration.
//!
//! The only file of the workspace that names bincode, so that the encoding can be replaced in one place. It must not
//! know any stored type. Once released a version stays readable for ever; stored enums grow only at the end and stored
//! types use no `skip_serializing_if`, `untagged` or `flatten`, which a format without field names cannot express.

use bincode::config::{Configuration, Limit, LittleEndian, Varint, standard};
use bincode::error::{DecodeError, EncodeError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::Cell;

const CONFIGURATION: Configuration = standard();
/// A value of so many bytes at most is a small one.
const SMALL_MAX: usize = 64 * 1024;
/// What a value can come to in memory for each of its bytes: the longest number can be written in one.
const WIDEST: usize = 16;
/// Without a limit a damaged length would be believed, and memory for it asked for, before it is found that so much is
/// not there.
const SMALL: Configuration<LittleEndian, Varint, Limit<{ WIDEST * SMALL_MAX }>> =
    standard().with_limit::<{ WIDEST * SMALL_MAX }>();
/// Of any length that is written: 64 MiB.
const LARGE: Configuration<LittleEndian, Varint, Limit<{ WIDEST << 26 }>> =
    standard().with_limit::<{ WIDEST << 26 }>();
/// A thread keeps no larger buffer; few values are larger.
const SCRATCH_MAX: usize = 64 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Why stored bytes could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// There is not even a version byte.
    #[error("no bytes to decode")]
    Empty,
    /// The bytes are not a value of the wanted type.
    #[error("version {version} value does not decode: {source}")]
    Malformed {
        /// The version byte found.
        version: u8,
        /// What the decoder says.
        source: DecodeError,
    },
    /// A value was read and bytes were left over.
    #[error("version {version} value is followed by {count} bytes that do not belong to it")]
    Trailing {
        /// The version byte found.
        version: u8,
        /// How many bytes follow.
        count: usize,
    },
}

/// The value as bytes, `version` first.
///
/// # Panics
/// If the type breaks the rule for stored types that its form be known beforehand (a sequence without a length, a
/// `Serialize` that fails).
pub fn encode<T: Serialize + ?Sized>(version: u8, value: &T) -> Vec<u8> {
    // Written into a buffer that has grown already, so that only the result is allocated, in its size.
    let mut scratch = SCRATCH.take();
    scratch.clear();
    encode_into(&mut scratch, version, value);
    let bytes = scratch.to_vec();
    if scratch.capacity() <= SCRATCH_MAX {
        SCRATCH.set(scratch);
    }
    bytes
}

/// Appends what [`encode`] answers to `bytes`.
///
/// # Panics
/// As [`encode`].
pub fn encode_into<T: Serialize + ?Sized>(bytes: &mut Vec<u8>, version: u8, value: &T) {
    bytes.push(version);
    let written: Result<usize, EncodeError> =
        bincode::serde::encode_into_std_write(value, bytes, CONFIGURATION);
    written.expect("a stored type serialises, and memory takes every write");
}

/// The version byte of encoded bytes, to choose the type to decode; `None` if there are no bytes.
pub fn version_of(bytes: &[u8]) -> Option<u8> {
    bytes.first().copied()
}

/// The version and the value that these bytes hold.
///
/// # Errors
/// [`CodecError`] if the bytes are empty, not a `T`, or more than a `T`.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<(u8, T), CodecError> {
    let (&version, body) = bytes.split_first().ok_or(CodecError::Empty)?;
    let decoded = if body.len() <= SMALL_MAX {
        bincode::serde::decode_from_slice(body, SMALL)
    } else {
        bincode::serde::decode_from_slice(body, LARGE)
    };
    let (value, read) = decoded.map_err(|source| CodecError::Malformed { version, source })?;
    match body.len() - read {
        0 => Ok((version, value)),
        count => Err(CodecError::Trailing { version, count }),
    }
}
