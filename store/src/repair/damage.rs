//! What is missing of a table: gaps between rows that are as they were written, and rows whose own checksum is wrong.

use crate::checksum::unseal;
use crate::error::{Hex, OpenError, Table};
use crate::state::{Hole, Pages, Piece, STATE_FILE};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;

/// A part of a table between two rows that are there.
#[derive(Debug)]
pub(super) struct Gap {
    /// The row before; none: the gap begins with the table.
    low: Option<Vec<u8>>,
    /// The row behind.
    high: Option<Vec<u8>>,
    pages: Vec<String>,
    /// Rows whose checksum is right, from the damaged pages. What they say was written once; it may be outdated.
    pub(super) loose: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Gap {
    pub(super) fn holds(&self, key: &[u8]) -> bool {
        self.low.as_deref().is_none_or(|low| low < key) && self.high.as_deref().is_none_or(|high| key < high)
    }

    /// Whether a key between these two, both included, could be in it.
    pub(super) fn meets(&self, first: &[u8], last: &[u8]) -> bool {
        self.low.as_deref().is_none_or(|low| low < last)
            && self.high.as_deref().is_none_or(|high| first < high)
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.low, &self.high) {
            (Some(low), Some(high)) => write!(f, "between the keys {} and {}", Hex(low), Hex(high))?,
            (None, Some(high)) => write!(f, "before the key {}", Hex(high))?,
            (Some(low), None) => write!(f, "behind the key {}", Hex(low))?,
            (None, None) => f.write_str("the whole table")?,
        }
        write!(f, " (page {})", self.pages.join(", "))
    }
}

/// What is missing of one table.
#[derive(Debug, Default)]
pub(super) struct Damage {
    pub(super) gaps: Vec<Gap>,
    /// Keys of rows whose checksum is wrong although their page is as it was written.
    pub(super) bad: BTreeSet<Vec<u8>>,
    /// How many rows the table has beside those that are there.
    pub(super) missing: u64,
}

impl Damage {
    /// Walks a table.
    pub(super) fn of(pages: &Pages, table: Table) -> Result<Self, OpenError> {
        let mut damage = Self::default();
        let mut there = 0;
        let mut before: Option<Vec<u8>> = None;
        let mut open: Option<(Vec<String>, Vec<Hole>)> = None;
        let walked = pages.walk(table, &[], None, &mut |piece| {
            match piece {
                Piece::Hole(hole) => {
                    let (names, holes) = open.get_or_insert_default();
                    names.push(hole.page.clone());
                    holes.push(hole);
                }
                Piece::Row(key, sealed) => {
                    damage.close(table, before.take(), Some(key), open.take());
                    before = Some(key.to_vec());
                    match unseal(table, key, sealed) {
                        Some(_) => there += 1,
                        None => drop(damage.bad.insert(key.to_vec())),
                    }
                }
            }
            Ok::<(), io::Error>(())
        });
        walked.map_err(|source| OpenError::io(STATE_FILE, source))?;
        damage.close(table, before, None, open);
        damage.missing = pages.rows(table).saturating_sub(there);
        Ok(damage)
    }

    fn close(
        &mut self,
        table: Table,
        low: Option<Vec<u8>>,
        high: Option<&[u8]>,
        open: Option<(Vec<String>, Vec<Hole>)>,
    ) {
        let Some((pages, holes)) = open else { return };
        let mut gap = Gap { low, high: high.map(<[u8]>::to_vec), pages, loose: BTreeMap::new() };
        for (key, sealed) in holes.into_iter().flat_map(|hole| hole.loose) {
            if gap.holds(&key)
                && let Some(body) = unseal(table, &key, &sealed)
            {
                let body = body.to_vec();
                gap.loose.insert(key, body);
            }
        }
        self.gaps.push(gap);
    }

    pub(super) fn is_none(&self) -> bool {
        self.gaps.is_empty() && self.bad.is_empty()
    }

    /// Whether a row of this key may be missing.
    pub(super) fn misses(&self, key: &[u8]) -> bool {
        self.bad.contains(key) || self.gaps.iter().any(|gap| gap.holds(key))
    }

    /// Whether the rows that are wanted are as many as are missing.
    pub(super) fn is_made_good_by(&self, rows: &BTreeMap<Vec<u8>, Vec<u8>>) -> bool {
        u64::try_from(rows.len()).is_ok_and(|rows| rows == self.missing)
    }
}
