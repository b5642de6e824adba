//! The checksum at the end of every value of the state file. It covers the table and the key too, so that a value under
//! the wrong key is found. Owns no layout beyond those 8 bytes.

use crate::error::Table;
use xxhash_rust::xxh3::Xxh3;

const CHECKSUM_LEN: usize = 8;

/// Fills `out` with the parts and their checksum under `key` of `table`.
pub(crate) fn seal(out: &mut Vec<u8>, table: Table, key: &[u8], parts: &[&[u8]]) {
    out.clear();
    parts.iter().for_each(|part| out.extend_from_slice(part));
    let sum = sum(table, key, out);
    out.extend_from_slice(&sum);
}

/// The bytes that [`seal`] was given, or `None` if they are not what was written under this key.
pub(crate) fn unseal<'a>(table: Table, key: &[u8], value: &'a [u8]) -> Option<&'a [u8]> {
    let (body, found) = value.split_last_chunk::<CHECKSUM_LEN>()?;
    (sum(table, key, body) == *found).then_some(body)
}

fn sum(table: Table, key: &[u8], body: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut hash = Xxh3::new();
    hash.update(&[table.tag()]);
    hash.update(key);
    hash.update(body);
    hash.digest().to_le_bytes()
}
