//! Points and awards together, and caps on them.

use serde::{Deserialize, Serialize};

use crate::amount::Points;

/// Points, and awards: how often something was given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// Points; those that go to several accounts at once count once.
    pub points: Points,
    /// Awards.
    pub awards: i64,
}

/// Something that is to be given, with the award it is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// How many points.
    pub points: Points,
    /// How many awards; of several pieces of one award the first counts.
    pub awards: i64,
}

/// How much there is; none: as much as one likes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cap {
    /// How many points.
    pub points: Option<Points>,
    /// How many awards.
    pub awards: Option<i64>,
}

/// The largest number of points: sums that do not fit are above every cap, and stay there.
const MOST: Points = Points::from_units(i64::MAX);
/// Nothing is ever below that.
const LEAST: Points = Points::from_units(-i64::MAX);

fn sum(one: Points, other: Points) -> Points {
    one.plus(other).unwrap_or(if one.is_negative() { LEAST } else { MOST })
}

impl Amounts {
    /// Neither points nor awards.
    pub fn is_nothing(&self) -> bool {
        self.points.is_zero() && self.awards == 0
    }

    /// Both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { points: sum(self.points, other.points), awards: self.awards.saturating_add(other.awards) }
    }

    /// Without the other.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let points = other.points.negated().unwrap_or(MOST);
        Self { points: sum(self.points, points), awards: self.awards.saturating_sub(other.awards) }
    }

    /// The smaller of each.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self { points: self.points.min(other.points), awards: self.awards.min(other.awards) }
    }

    /// What of each is above zero.
    #[must_use]
    pub fn above_zero(self) -> Self {
        Self { points: self.points.max(Points::ZERO), awards: self.awards.max(0) }
    }
}

impl Piece {
    /// As a sum.
    pub const fn amounts(self) -> Amounts {
        Amounts { points: self.points, awards: self.awards }
    }
}

impl Cap {
    /// Exactly so much.
    pub const fn of(amounts: Amounts) -> Self {
        Self { points: Some(amounts.points), awards: Some(amounts.awards) }
    }

    /// It caps nothing.
    pub const fn is_open(&self) -> bool {
        self.points.is_none() && self.awards.is_none()
    }

    /// The stricter of each.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        let least = |one: Option<_>, other: Option<_>| one.into_iter().chain(other).min();
        let points = self.points.into_iter().chain(other.points).min();
        Self { points, awards: least(self.awards, other.awards) }
    }

    /// What is left of it; never below zero.
    #[must_use]
    pub fn without(self, taken: Amounts) -> Self {
        let left = |points: Points| {
            Amounts { points, awards: 0 }.minus(Amounts { points: taken.points, awards: 0 }).points
        };
        Self {
            points: self.points.map(|points| left(points).max(Points::ZERO)),
            awards: self.awards.map(|awards| awards.saturating_sub(taken.awards).max(0)),
        }
    }

    /// Takes a piece out: all of it, a part of its points where that is wanted, or nothing. Says how much.
    pub fn take(&mut self, piece: Piece, in_part: bool) -> Amounts {
        let fits = self.awards.is_none_or(|left| piece.awards <= left);
        let points = self.points.map_or(piece.points, |left| left.min(piece.points));
        let cut = points < piece.points;
        if !fits || (cut && (!in_part || !points.is_positive())) {
            return Amounts::default();
        }
        let taken = Amounts { points, awards: piece.awards };
        *self = self.without(taken);
        taken
    }
}
