//! Sets of lines of a ticket.

use std::borrow::Cow;

/// Some lines of a ticket, by place. Up to 64 lines need no memory of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineSet {
    first: u64,
    more: Vec<u64>,
}

impl LineSet {
    /// No lines, where there is no ticket.
    pub(super) const NONE: &'static Self = &Self { first: 0, more: Vec::new() };

    /// The lines out of `count` that are wanted.
    pub(super) fn of(count: usize, mut wanted: impl FnMut(usize) -> bool) -> Self {
        let mut word = |from: usize| {
            let to = count.min(from + 64);
            (from..to).fold(0_u64, |word, place| word | (u64::from(wanted(place)) << (place - from)))
        };
        let first = word(0);
        let more = (1..count.div_ceil(64)).map(|place| word(place * 64)).collect();
        Self { first, more }
    }

    /// Those of the lines that are wanted.
    pub(super) fn filtered(&self, mut wanted: impl FnMut(usize) -> bool) -> Self {
        let mut chosen = |from: usize, mut word: u64| {
            let mut kept = 0;
            while word != 0 {
                let bit = word & word.wrapping_neg();
                let place = usize::try_from(word.trailing_zeros()).expect("a bit of a word");
                kept |= if wanted(from + place) { bit } else { 0 };
                word ^= bit;
            }
            kept
        };
        let first = chosen(0, self.first);
        let more = (1..).zip(&self.more).map(|(place, word)| chosen(place * 64, *word)).collect();
        Self { first, more }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first == 0 && self.more.iter().all(|word| *word == 0)
    }

    /// The line is one of them.
    pub(super) fn has(&self, place: usize) -> bool {
        let word = match (place / 64).checked_sub(1) {
            None => Some(&self.first),
            Some(more) => self.more.get(more),
        };
        word.is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    /// The other has all of its lines. Both are of the same ticket.
    fn is_within(&self, other: &Self) -> bool {
        let words = || self.more.iter().zip(&other.more);
        self.first & !other.first == 0 && words().all(|(word, other)| word & !other == 0)
    }

    /// Keeps the lines that are in both. Both are of the same ticket.
    pub(super) fn intersect(&mut self, other: &Self) {
        self.first &= other.first;
        for (word, other) in self.more.iter_mut().zip(&other.more) {
            *word &= other;
        }
    }

    /// Adds the lines of the other. Both are of the same ticket.
    pub(super) fn unite(&mut self, other: &Self) {
        self.first |= other.first;
        for (word, other) in self.more.iter_mut().zip(&other.more) {
            *word |= other;
        }
    }

    /// The places of the lines, ascending.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        let words = std::iter::once(self.first).chain(self.more.iter().copied());
        words.enumerate().flat_map(|(place, mut word)| {
            std::iter::from_fn(move || {
                let bit = usize::try_from(word.trailing_zeros()).ok().filter(|_| word != 0)?;
                word &= word - 1;
                Some(place * 64 + bit)
            })
        })
    }
}

/// The lines that nodes have selected together; none yet: no node had a say.
#[derive(Debug, Default)]
pub(super) struct Selected<'t>(Option<Cow<'t, LineSet>>);

impl<'t> Selected<'t> {
    /// The lines, if some node had a say.
    pub(super) fn lines(&self) -> Option<&LineSet> {
        self.0.as_deref()
    }

    /// The lines, if some node had a say.
    pub(super) fn into_lines(self) -> Option<Cow<'t, LineSet>> {
        self.0
    }

    /// These lines alone qualify of those that did.
    pub(super) fn narrow(&mut self, lines: Cow<'t, LineSet>) {
        match &mut self.0 {
            None => self.0 = Some(lines),
            Some(known) => {
                if !known.is_within(&lines) {
                    known.to_mut().intersect(&lines);
                }
            }
        }
    }

    /// What others have selected qualifies too.
    pub(super) fn widen(&mut self, others: Self) {
        match (&mut self.0, others.0) {
            (_, None) => {}
            (None, others) => self.0 = others,
            (Some(known), Some(others)) => known.to_mut().unite(&others),
        }
    }
}
