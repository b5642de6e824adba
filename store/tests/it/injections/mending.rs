//! Repairing what a fault did, in memory: nothing changes without need or consent, and what is not said to be lost is
//! as it was.

use super::faults::Fault;
use super::ground::{Ground, small};
use super::outcome::{findings, open};
use super::sight::{Read, Sight};
use crate::support::Concat;
use laurel_store::repair::{Consent, Loss, Outcome, RepairReport, repair};
use laurel_store::{Disk, EntityKey, MemoryDisk, Store};
use std::sync::Arc;

/// How a repair ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Mended {
    /// Everything is as before.
    Wholly,
    /// Refused first; with consent, everything is as before but what was said to be lost.
    WithLoss,
    /// The same, and that was everything.
    Emptied,
}

const ASIDE: &str = "damaged-then";

fn run(disk: &MemoryDisk, consent: Consent) -> RepairReport {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    repair(&small(), &shared, &Concat, consent, ASIDE).expect("a repair runs or refuses")
}

fn files(disk: &MemoryDisk) -> Vec<(String, Option<Vec<u8>>)> {
    disk.names().into_iter().map(|name| (name.clone(), disk.contents(&name))).collect()
}

/// Repairs a disk on which something was found.
pub fn mend(ground: &Ground, fault: &Fault, is_loud: bool) -> Mended {
    let disk = fault.disk.copy();
    let before = files(&disk);
    let mut report = run(&disk, Consent::LoseNothing);
    let is_refused = report.outcome == Outcome::Refused;
    if is_refused {
        assert!(files(&disk) == before, "a refused repair changes something");
        assert!(!report.losses.is_empty(), "nothing would be lost");
        report = run(&disk, Consent::AcceptLoss);
    }
    if is_loud {
        println!("remedies: {:#?}\nlosses: {:#?}", report.remedies, report.losses);
    }
    assert_eq!(report.outcome, Outcome::Repaired);
    assert_eq!(report.losses.is_empty(), !is_refused);
    assert!(report.left.is_empty(), "something is left: {:?}", report.left);
    assert_eq!(findings(&disk), [] as [String; 0], "after the repair");
    for (name, bytes) in &before {
        let kept =
            [name.clone(), format!("{ASIDE}/{name}")].into_iter().any(|name| disk.contents(&name) == *bytes);
        assert!(kept, "{name} is gone as it was");
    }
    let (store, _, steps) = open(small(), &disk).unwrap_or_else(|error| panic!("it does not open: {error}"));
    let sight = Sight::with_refusals(&*store, &ground.probes);
    assert_eq!(sight.refusals(), 0, "after the repair everything can be read");
    store.checkpoint().unwrap();
    drop(steps);
    store.close().unwrap();
    let is_replayed = report.remedies.iter().any(|remedy| remedy.how.contains("made anew, empty"));
    if !is_refused {
        let mut sight = sight;
        if is_replayed {
            without_earlier_lives(&mut sight, ground.sight());
        }
        let wrong = sight.wrong(ground.sight());
        assert!(
            wrong.is_empty(),
            "after a repair without loss: {} {:?}",
            wrong.len(),
            &wrong[..wrong.len().min(5)]
        );
        return Mended::Wholly;
    }
    if report.losses.iter().any(|loss| loss.what.contains("everything in it is lost")) {
        return Mended::Emptied;
    }
    only_what_is_listed(ground, sight, is_replayed, &report.losses);
    Mended::WithLoss
}

/// A journal that is replayed from before shows again what an entity did before it was gone and came again.
pub fn without_earlier_lives(sight: &mut Sight, sound: &Sight) {
    for (entity, history) in &mut sight.histories {
        if let (Ok(seen), Ok(sound)) = (history.as_mut(), &sound.histories[entity])
            && seen.ends_with(sound)
        {
            seen.drain(..seen.len() - sound.len());
        }
    }
}

/// Whether all that differs is listed.
fn only_what_is_listed(ground: &Ground, mut sight: Sight, is_replayed: bool, losses: &[Loss]) {
    let is_cut = losses.iter().any(|loss| loss.place.starts_with("frame"));
    let sound = if is_cut {
        match ground.sights.get(&sight.durable) {
            Some(sound) => sound,
            // What is left are the tables of an earlier checkpoint, from before the first sight.
            None if ground.sights.first_key_value().is_some_and(|(first, _)| sight.durable < *first) => {
                return;
            }
            None => panic!("a cut leaves a store as it was at the end of a frame, not at {}", sight.durable),
        }
    } else {
        assert_eq!(sight.durable, ground.sight().durable, "no frame is listed as lost");
        ground.sight()
    };
    if is_replayed {
        without_earlier_lives(&mut sight, sound);
    }
    let is_listed = |entity: &EntityKey| {
        let name = entity.to_string();
        losses.iter().any(|loss| loss.place.contains(&name) || loss.what.contains(&name))
    };
    let same =
        |entity: &EntityKey, is_same: bool| assert!(is_same || is_listed(entity), "{entity} is not listed");
    for (entity, load) in &sight.loads {
        same(entity, sound.loads[entity] == *load || is_in_a_lost_part(losses, &entity.encode()));
        same(
            entity,
            sound.histories[entity] == sight.histories[entity] || is_in_a_lost_part(losses, &entity.encode()),
        );
    }
    let rows = |sight: &Sight| -> Vec<(Vec<u8>, Vec<u8>)> {
        let of = |index: u8| {
            let all: Read<_> = sight.scans[&(laurel_store::IndexId(index), true)].clone();
            all.unwrap().into_iter().map(move |(key, value)| ([&[index][..], &key].concat(), value))
        };
        of(1).chain(of(2)).collect()
    };
    let (seen, expected) = (rows(&sight), rows(sound));
    let differing = seen
        .iter()
        .filter(|row| !expected.contains(row))
        .chain(expected.iter().filter(|row| !seen.contains(row)));
    for (key, _) in differing {
        let hex: String = key[1..].iter().map(|byte| format!("{byte:02x}")).collect();
        let is_named =
            losses.iter().any(|loss| loss.place.starts_with("index ") && loss.place.ends_with(&hex));
        assert!(is_named || is_in_a_lost_gap(losses, "indexes", key), "index row {key:02x?} is not listed");
    }
    if sight.pending != sound.pending {
        assert!(
            losses.iter().any(|loss| loss.place.starts_with("pending")),
            "pending effects are not listed"
        );
    }
}

/// Whether a record of the entity may be among those of a lost part of the history.
fn is_in_a_lost_part(losses: &[Loss], entity: &[u8]) -> bool {
    let key = |tail: u8| [entity, &[tail; 8]].concat();
    let last = key(u8::MAX);
    is_in_a_lost_gap(losses, "history", &key(0)) || is_in_a_lost_gap(losses, "history", &last)
}

/// Whether a key lies in a part of a table that is listed, whose bounds are written in hexadecimal digits.
fn is_in_a_lost_gap(losses: &[Loss], table: &str, key: &[u8]) -> bool {
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    losses.iter().filter_map(|loss| loss.place.strip_prefix(table)).any(|place| {
        let words: Vec<&str> = place.split(' ').collect();
        let after = |word: &str| words.iter().position(|found| *found == word).map(|at| words[at + 1]);
        match (after("keys"), after("and"), after("key")) {
            (Some(low), Some(high), _) => low < hex.as_str() && hex.as_str() < high,
            (_, _, Some(bound)) if place.contains("before") => hex.as_str() < bound,
            (_, _, Some(bound)) => bound < hex.as_str(),
            (_, _, None) => place.contains("the whole table"),
        }
    })
}

/// A power cut at operations of a repair: the disk shows damage still or is repaired, and a repair again makes it
/// whole, or as whole as the first would have.
pub fn mend_through_power_cuts(ground: &Ground, fault: &Fault) {
    let probe = fault.disk.copy();
    let report = run(&probe, Consent::AcceptLoss);
    let operations = probe.operations();
    let (store, _, _steps) = open(small(), &probe).expect("it opens after a repair");
    let expected = Sight::of(&*store, &ground.probes).expect("it can be read");
    // Most of them write pages of the new file; names change with the last.
    let sampled = (1..operations).step_by(usize::try_from(operations / 6).unwrap() + 1);
    for number in sampled.chain(operations.saturating_sub(6).max(1)..=operations) {
        let disk = fault.disk.copy();
        disk.power_off_at(number);
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        let done = repair(&small(), &shared, &Concat, Consent::AcceptLoss, ASIDE);
        assert!(done.is_err(), "operation {number}");
        let disk = disk.crash();
        if !findings(&disk).is_empty() {
            let shared: Arc<dyn Disk> = Arc::new(disk.clone());
            let again = repair(&small(), &shared, &Concat, Consent::AcceptLoss, "damaged-again").unwrap();
            assert_eq!(again.left, [], "operation {number}");
        }
        let (store, _, _steps) = open(small(), &disk).unwrap();
        let sight = Sight::of(&*store, &ground.probes).expect("it can be read");
        assert!(sight == expected, "operation {number} of a repair that does {:?}", report.remedies);
    }
}
