//! Sums that answers show. They are made of amounts that were decided long ago, so there must be an answer: what goes
//! beyond the range of an amount is shown as the end of that range.

use domain::Points;

/// The sum.
pub fn total(points: impl IntoIterator<Item = Points>) -> Points {
    // Fewer than 2^64 amounts of 64 bits: the sum fits into 128.
    clamped(points.into_iter().map(Points::wide).sum())
}

/// How much the first has more than the second.
pub fn difference(first: Points, second: Points) -> Points {
    clamped(first.wide() - second.wide())
}

fn clamped(units: i128) -> Points {
    let end = if units < 0 { i64::MIN } else { i64::MAX };
    Points::from_wide(units).unwrap_or(Points::from_units(end))
}

#[cfg(test)]
mod tests {
    use domain::Points;

    use super::{difference, total};

    #[test]
    fn sums_end_at_the_ends_of_the_range() {
        let (most, least) = (Points::from_units(i64::MAX), Points::from_units(i64::MIN));
        assert_eq!(total([most, most]), most);
        assert_eq!(total([least, least]), least);
        assert_eq!(total([most, most, least, least]).units(), -2);
        assert_eq!(difference(most, least), most);
        assert_eq!(difference(Points::ZERO, least), most);
    }
}
