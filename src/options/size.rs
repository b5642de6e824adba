//! Sizes as people write them.

use std::{fmt, str::FromStr};

/// A number of bytes, written `1048576`, `1024KiB`, `1MiB` or `2GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(usize);

const UNITS: [(&str, u32); 3] = [("KiB", 10), ("MiB", 20), ("GiB", 30)];

impl ByteSize {
    /// The number of bytes.
    pub fn bytes(self) -> usize {
        self.0
    }
}

/// A text that is no size.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a size is a whole number of bytes, or one followed by KiB, MiB or GiB")]
pub struct NotASize;

impl FromStr for ByteSize {
    type Err = NotASize;

    fn from_str(text: &str) -> Result<Self, NotASize> {
        let (digits, shift) = UNITS
            .iter()
            .find_map(|&(unit, shift)| text.strip_suffix(unit).map(|digits| (digits.trim_end(), shift)))
            .unwrap_or((text, 0));
        let count: usize = digits.parse().map_err(|_| NotASize)?;
        count.checked_mul(1 << shift).map(Self).ok_or(NotASize)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = UNITS.iter().rev().find(|(_, shift)| self.0 != 0 && self.0.is_multiple_of(1 << shift));
        match largest {
            Some((unit, shift)) => write!(formatter, "{}{unit}", self.0 >> shift),
            None => write!(formatter, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written_alike() {
        for (text, bytes) in
            [("0", 0), ("1500", 1500), ("4KiB", 4096), ("512MiB", 512 << 20), ("2GiB", 2 << 30)]
        {
            let size: ByteSize = text.parse().unwrap();
            assert_eq!(size.bytes(), bytes);
            assert_eq!(size.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "MiB", "-1", "1.5GiB", "1MB", "99999999999999GiB"] {
            assert_eq!(text.parse::<ByteSize>(), Err(NotASize), "{text}");
        }
    }
}
