//! The state file seen from outside, after `docs/storage-format.md`, section 3.4: pages of the database, and those with
//! their sums between them.

use std::ops::Range;

pub const PAGE: usize = 4096;
/// Pages that a page of sums is for.
const GROUP: usize = 511;
const HEAD: &[u8; 8] = b"LAUREL\0\x03";

/// The pages of the database, one behind the other.
pub fn database(file: &[u8]) -> Vec<u8> {
    file.chunks(PAGE)
        .enumerate()
        .filter(|(page, _)| page % (GROUP + 1) != 0)
        .flat_map(|(_, page)| page)
        .copied()
        .collect()
}

/// The file of a database.
pub fn file(database: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    for (group, pages) in database.chunks(GROUP * PAGE).enumerate() {
        let mut sums = HEAD.to_vec();
        for (place, page) in pages.chunks(PAGE).enumerate() {
            let number = u64::try_from(group * GROUP + place).unwrap();
            let sum = xxhash_rust::xxh3::xxh3_64_with_seed(page, number);
            sums.extend_from_slice(&if number == 0 { 0 } else { sum.max(1) }.to_le_bytes());
        }
        sums.resize(PAGE, 0);
        file.extend(sums);
        file.extend_from_slice(pages);
    }
    file
}

/// Where in the file a part of the database is.
pub fn places(part: Range<usize>) -> Vec<Range<usize>> {
    let (mut at, mut places) = (part.start, Vec::new());
    while at < part.end {
        let group = at / PAGE / GROUP;
        let end = part.end.min((group + 1) * GROUP * PAGE);
        let sums = (group + 1) * PAGE;
        places.push(at + sums..end + sums);
        at = end;
    }
    places
}

/// Where the sums of the pages are that the file has.
pub fn sums(file: &[u8]) -> Vec<Range<usize>> {
    (0..file.len())
        .step_by((GROUP + 1) * PAGE)
        .map(|start| {
            let pages = (file.len() - start) / PAGE - 1;
            start..start + 8 + 8 * pages.min(GROUP)
        })
        .collect()
}
