//! Where new ids come from: from chance, or from a number that says all of them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use domain::Timestamp;
use uuid::Uuid;

/// Where new ids come from. Clones are the same source.
#[derive(Debug, Clone)]
pub struct Ids(Source);

#[derive(Debug, Clone)]
enum Source {
    /// The machine's randomness.
    Chance,
    /// Numbers that follow from the first; this is the next.
    Seed(Arc<AtomicU64>),
}

impl Ids {
    /// Ids that nobody can foresee.
    pub fn random() -> Self {
        Self(Source::Chance)
    }

    /// The same ids for the same seed, in the order in which they are asked for. For rehearsals: two stores with the
    /// same seed give different things the same id.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seed(Arc::new(AtomicU64::new(seed))))
    }

    /// A new id of that time (UUIDv7).
    pub(crate) fn fresh(&self, at: Timestamp) -> Uuid {
        let millis = u64::try_from(at.millis()).unwrap_or(0);
        match &self.0 {
            Source::Chance => {
                let (seconds, nanos) = (millis / 1000, u32::try_from(millis % 1000).unwrap_or(0) * 1_000_000);
                Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
            }
            Source::Seed(next) => {
                let mut bytes = [0; 10];
                bytes[..8].copy_from_slice(&mixed(next.fetch_add(1, Ordering::Relaxed)));
                uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
            }
        }
    }
}

/// Different for different numbers, and nothing like them (the end of SplitMix64).
fn mixed(number: u64) -> [u8; 8] {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_all_ids_and_their_time_stays() {
        let at = Timestamp::from_millis(1_500_000_000_000);
        let made = |ids: &Ids| (0..100).map(|_| ids.fresh(at)).collect::<Vec<_>>();
        let first = made(&Ids::seeded(7));
        assert_eq!(first, made(&Ids::seeded(7)));
        assert_ne!(first, made(&Ids::seeded(8)));
        let mut sorted = first.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), first.len());
        for id in first.iter().chain(&made(&Ids::random())) {
            assert_eq!(id.get_version_num(), 7);
            assert_eq!(id.get_timestamp().unwrap().to_unix(), (1_500_000_000, 0));
        }
    }
}
