//! Which faults are made where, by number.

use super::ground::Ground;
use super::places::{self, PAGE, Places, SECTOR};
use laurel_store::MemoryDisk;
use std::collections::BTreeMap;
use std::ops::Range;

pub const STATE: &str = "state.redb";
const REACHED: &str = "journal-reached";

/// Numbers that look random and are the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// One fault, and the disk with it.
pub struct Fault {
    pub ground: usize,
    pub file: String,
    pub place: String,
    pub kind: &'static str,
    pub what: String,
    pub disk: MemoryDisk,
}

const IN_PLACE: [&str; 8] = [
    "flip a bit",
    "flip a bit",
    "zero a sector",
    "zero a page",
    "swap two sectors",
    "swap two pages",
    "copy a sector",
    "copy a page",
];
const OF_FILES: [&str; 4] = ["truncate", "put back an older copy", "remove", "another store's file"];

/// The places of all files of all grounds, found once.
pub struct Map(Vec<BTreeMap<String, Places>>);

impl Map {
    pub fn of(grounds: &[Ground]) -> Self {
        let of = |ground: &Ground| {
            let disk = &ground.disk;
            let files = disk.names().into_iter().map(|name| {
                let bytes = disk.contents(&name).unwrap();
                let places = match name.as_str() {
                    STATE => places::of_state(&bytes),
                    REACHED => places::of_note(&bytes),
                    _ => places::of_segment(&bytes, ground.mark),
                };
                (name, places)
            });
            files.collect()
        };
        Self(grounds.iter().map(of).collect())
    }

    /// Every class of place in any file.
    pub fn classes(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.0.iter().flat_map(BTreeMap::values).flat_map(BTreeMap::keys).cloned().collect();
        all.sort();
        all.dedup();
        all
    }
}

/// The fault of this number.
pub fn fault(seed: u64, number: u64, grounds: &[Ground], map: &Map) -> Fault {
    let mut dice = Dice::new(seed.wrapping_mul(1_000_003).wrapping_add(number));
    loop {
        let ground = dice.below(grounds.len());
        let made = if dice.below(10) == 0 {
            of_a_file(&mut dice, &grounds[ground])
        } else {
            in_place(&mut dice, &grounds[ground], &map.0[ground])
        };
        // A change that changes nothing is none.
        if let Some((file, place, kind, what, disk)) = made {
            return Fault { ground, file, place, kind, what, disk };
        }
    }
}

type Made = Option<(String, String, &'static str, String, MemoryDisk)>;

fn in_place(dice: &mut Dice, ground: &Ground, map: &BTreeMap<String, Places>) -> Made {
    // First a class of places, so that rare ones are hit as well.
    let mut classes: Vec<(&String, &String)> =
        map.iter().flat_map(|(file, places)| places.keys().map(move |class| (class, file))).collect();
    classes.sort();
    let mut names: Vec<&String> = classes.iter().map(|(class, _)| *class).collect();
    names.dedup();
    let class = *dice.one_of(&names);
    let files: Vec<&String> = classes.iter().filter(|(of, _)| *of == class).map(|(_, file)| *file).collect();
    let file = *dice.one_of(&files);
    let range = dice.one_of(&map[file][class]).clone();
    let kind = *dice.one_of(&IN_PLACE);
    let sound = ground.disk.contents(file).unwrap();
    let mut bytes = sound.clone();
    let at = range.start + dice.below(range.len());
    let unit = if kind.ends_with("page") || kind.ends_with("pages") { PAGE } else { SECTOR };
    let piece =
        |at: usize, len: usize| -> Range<usize> { at / unit * unit..(at / unit * unit + unit).min(len) };
    let here = piece(at, bytes.len());
    let what = match kind {
        "flip a bit" => {
            let bit = dice.below(8);
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at}")
        }
        "zero a sector" | "zero a page" => {
            bytes[here.clone()].fill(0);
            format!("{here:?}")
        }
        _ => {
            let there = piece(dice.below(bytes.len()), bytes.len());
            if there.len() != here.len() {
                return None;
            }
            let (one, other) = (bytes[here.clone()].to_vec(), bytes[there.clone()].to_vec());
            bytes[here.clone()].copy_from_slice(&other);
            if kind.starts_with("swap") {
                bytes[there.clone()].copy_from_slice(&one);
            }
            format!("{here:?} and {there:?}")
        }
    };
    (bytes != sound).then(|| (file.clone(), class.clone(), kind, what, ground.disk.copy_with(file, bytes)))
}

fn of_a_file(dice: &mut Dice, ground: &Ground) -> Made {
    let names: Vec<String> = ground.disk.names();
    let file = dice.one_of(&names).clone();
    let sound = ground.disk.contents(&file).unwrap();
    let kind = *dice.one_of(&OF_FILES);
    let place = match file.as_str() {
        STATE => "state file",
        REACHED => "note of the end",
        _ => "segment",
    };
    let from = |copies: &[(String, Vec<u8>)]| {
        copies.iter().find(|(name, bytes)| *name == file && *bytes != sound).map(|(_, bytes)| bytes.clone())
    };
    let (bytes, what) = match kind {
        "truncate" => {
            let len = dice.below(sound.len());
            (Some(sound[..len].to_vec()), format!("to {len} of {}", sound.len()))
        }
        "put back an older copy" => (Some(from(&ground.older)?), String::new()),
        "another store's file" => (Some(from(&ground.foreign)?), String::new()),
        _ => (None, String::new()),
    };
    let disk = match bytes {
        Some(bytes) => ground.disk.copy_with(&file, bytes),
        None => {
            let disk = MemoryDisk::new();
            for name in names.iter().filter(|name| **name != file) {
                disk.put(name, ground.disk.contents(name).unwrap());
            }
            disk
        }
    };
    Some((file, place.to_owned(), kind, what, disk))
}
