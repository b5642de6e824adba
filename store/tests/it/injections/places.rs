//! Where things are in the files, seen from outside: after `docs/storage-format.md` and the design document of redb.

use crate::state_file;
use std::collections::BTreeMap;
use std::ops::Range;

pub const SECTOR: usize = 512;
pub use state_file::PAGE;
const HEAD: usize = 16;

/// Parts of a file, by what they are.
pub type Places = BTreeMap<String, Vec<Range<usize>>>;

fn add(places: &mut Places, class: impl Into<String>, range: Range<usize>) {
    places.entry(class.into()).or_default().push(range);
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()))
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    usize::try_from(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())).unwrap()
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// The parts of a segment; frames up to `mark` are told from those above.
pub fn of_segment(bytes: &[u8], mark: u64) -> Places {
    let mut places = Places::new();
    add(&mut places, "segment header", 0..77);
    let sectors = bytes.len() / SECTOR;
    let mut at = 1;
    while at < sectors {
        let start = at * SECTOR;
        let sector = &bytes[start..start + SECTOR];
        at += 1;
        match sector[8] {
            _ if sector.iter().all(|byte| *byte == 0) => add(&mut places, "blank", start..start + SECTOR),
            3 => add(&mut places, "end mark", start..start + HEAD),
            1 => {
                let number = u64_at(sector, 8) >> 8;
                let count = (4 + u32_at(sector, HEAD)).div_ceil(SECTOR - HEAD);
                let is_whole = (at - 1 + count <= sectors)
                    && (at..at - 1 + count).all(|more| bytes[more * SECTOR + 8] == 2);
                if !is_whole {
                    add(&mut places, "torn tail", start..start + SECTOR);
                    continue;
                }
                let side = if number <= mark { "below" } else { "above" };
                let frame = stream(&bytes[start..start + count * SECTOR]);
                for sector in 0..count {
                    let check = start + sector * SECTOR;
                    add(&mut places, format!("sector check, {side}"), check..check + 8);
                }
                for (class, range) in parts(&frame) {
                    for offset in range {
                        let of = 4 + offset;
                        let byte = start + of / (SECTOR - HEAD) * SECTOR + HEAD + of % (SECTOR - HEAD);
                        let ranges = places.entry(format!("{class}, {side}")).or_default();
                        match ranges.last_mut() {
                            Some(last) if last.end == byte => last.end += 1,
                            _ => ranges.push(byte..byte + 1),
                        }
                    }
                }
                at += count - 1;
            }
            _ => add(&mut places, "torn tail", start..start + SECTOR),
        }
    }
    places
}

/// The bytes of a frame out of its sectors.
fn stream(sectors: &[u8]) -> Vec<u8> {
    let payload: Vec<u8> = sectors.chunks(SECTOR).flat_map(|sector| &sector[HEAD..]).copied().collect();
    payload[4..4 + u32_at(&payload, 0)].to_vec()
}

/// The parts of a frame.
fn parts(frame: &[u8]) -> Vec<(&'static str, Range<usize>)> {
    let mut parts = vec![("frame head", 0..37), ("frame hash", frame.len() - 16..frame.len())];
    let mut at = 37;
    while at < frame.len() - 16 {
        let start = at;
        at += 19;
        at += if frame[at] == 1 { 11 } else { 1 };
        at += 4 + u32_at(frame, at);
        parts.push(("record", start..at));
        let (start, count) = (at, u32_at(frame, at));
        at += 4;
        for _ in 0..count {
            let is_put = frame[at] == 1;
            at += 2;
            at += 4 + u32_at(frame, at);
            if is_put {
                at += 4 + u32_at(frame, at);
            }
        }
        parts.push(("index change", start..at));
    }
    parts
}

/// The parts of the note of how far the journal has come.
pub fn of_note(file: &[u8]) -> Places {
    let mut places = Places::new();
    add(&mut places, "note of the end", 0..file.len());
    places
}

/// The parts of a state file.
pub fn of_state(file: &[u8]) -> Places {
    let mut places: Places = of_database(&state_file::database(file))
        .into_iter()
        .map(|(class, parts)| (class, parts.into_iter().flat_map(state_file::places).collect()))
        .collect();
    for sums in state_file::sums(file) {
        add(&mut places, "page of sums", sums);
    }
    places
}

/// The parts of the database in it.
pub fn of_database(bytes: &[u8]) -> Places {
    let mut places = Places::new();
    add(&mut places, "file header", 0..64);
    let primary = usize::from(bytes[9] & 1);
    for slot in 0..2 {
        let start = 64 + slot * 128;
        add(&mut places, if slot == primary { "newest slot" } else { "older slot" }, start..start + 128);
    }
    let slot = &bytes[64 + primary * 128..64 + (primary + 1) * 128];
    let mut taken = vec![false; bytes.len() / PAGE];
    taken[0] = true;
    let mut tables = Vec::new();
    tree(bytes, u64_at(slot, 8), "table of tables", None, &mut places, &mut taken, &mut tables);
    for (name, definition) in std::mem::take(&mut tables) {
        let name = String::from_utf8(name).unwrap();
        let width = (name == "meta").then_some(1);
        if definition[9] != 0 {
            tree(bytes, u64_at(&definition, 10), &name, width, &mut places, &mut taken, &mut Vec::new());
        }
    }
    if slot[2] != 0 {
        tree(bytes, u64_at(slot, 40), "system", None, &mut places, &mut taken, &mut Vec::new());
    }
    for (page, _) in taken.iter().enumerate().filter(|(_, taken)| !**taken) {
        add(&mut places, "free or allocator page", page * PAGE..(page + 1) * PAGE);
    }
    places
}

fn tree(
    bytes: &[u8],
    page: u64,
    name: &str,
    width: Option<usize>,
    places: &mut Places,
    taken: &mut [bool],
    rows: &mut Vec<(Vec<u8>, Vec<u8>)>,
) {
    let order = page >> 59;
    let start = PAGE + usize::try_from(page & (0xf_ffff >> order)).unwrap() * (PAGE << order);
    let range = start..start + (PAGE << order);
    taken[range.start / PAGE..range.end / PAGE].fill(true);
    let content = &bytes[range.clone()];
    let count = u16_at(content, 2);
    if content[0] == 2 {
        add(places, format!("{name}, inner page"), range);
        for child in 0..=count {
            let child = u64_at(content, 8 + 16 * (count + 1) + 8 * child);
            tree(bytes, child, name, width, places, taken, rows);
        }
        return;
    }
    let key_ends = if width.is_some() { 0 } else { 4 * count };
    let used = u32_at(content, 4 + key_ends + 4 * (count - 1));
    add(places, format!("{name}, leaf"), start..start + used);
    if width.is_none() {
        let ends = |at: usize| (0..count).map(move |place| u32_at(content, at + 4 * place));
        let (mut key, mut value) = (4 + 8 * count, u32_at(content, 4 + 4 * (count - 1)));
        for (key_end, value_end) in ends(4).zip(ends(4 + 4 * count)) {
            rows.push((content[key..key_end].to_vec(), content[value..value_end].to_vec()));
            (key, value) = (key_end, value_end);
        }
    }
}
