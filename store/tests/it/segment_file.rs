//! Segments of the journal read and forged from outside, after `docs/storage-format.md`, sections 2.1 and 2.2.

use laurel_store::MemoryDisk;
use xxhash_rust::xxh3::xxh3_64;

/// The first segment of a store.
pub const FIRST: &str = "journal-0000000000000001.log";
pub const SECTOR: usize = 512;
const HEAD: usize = 16;

pub fn read(disk: &MemoryDisk) -> Vec<u8> {
    disk.contents(FIRST).unwrap()
}

pub fn write(disk: &MemoryDisk, bytes: &[u8]) {
    disk.put(FIRST, bytes.to_vec());
}

/// All frames in it with their numbers, in the order they stand.
pub fn frames(segment: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut found: Vec<(u64, usize, Vec<u8>)> = Vec::new();
    for sector in segment[SECTOR..].chunks(SECTOR) {
        let (kind, payload) = (sector[8], &sector[HEAD..]);
        match kind {
            1 => {
                let number = u64::from_le_bytes(sector[8..16].try_into().unwrap()) >> 8;
                let length = u32::from_le_bytes(payload[..4].try_into().unwrap());
                found.push((number, usize::try_from(length).unwrap(), payload[4..].to_vec()));
            }
            2 => found.last_mut().unwrap().2.extend_from_slice(payload),
            _ => {}
        }
    }
    let cut = |(number, length, mut bytes): (u64, usize, Vec<u8>)| {
        bytes.truncate(length);
        (number, bytes)
    };
    found.into_iter().map(cut).collect()
}

/// The header of this segment with these frames behind it.
pub fn with_frames(segment: &[u8], frames: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut out = segment[..SECTOR].to_vec();
    let salt = xxh3_64(&segment[1..25]);
    for (number, frame) in frames {
        let mut stream = u32::try_from(frame.len()).unwrap().to_le_bytes().to_vec();
        stream.extend_from_slice(frame);
        for (place, payload) in stream.chunks(SECTOR - HEAD).enumerate() {
            let kind = if place == 0 { 1 } else { 2 };
            let mut rest = (number << 8 | kind).to_le_bytes().to_vec();
            rest.extend_from_slice(payload);
            rest.resize(SECTOR - 8, 0);
            let index = u64::try_from(out.len() / SECTOR).unwrap();
            out.extend_from_slice(&(xxh3_64(&rest) ^ salt ^ index).to_le_bytes());
            out.extend_from_slice(&rest);
        }
    }
    out
}
