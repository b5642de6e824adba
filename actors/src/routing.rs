//! Where an entity lives: its partition by hash, the partition's shard by number.
//!
//! The hash is part of the stored form in as far as partitions will be owned by nodes; it never changes.

use store::EntityKey;
use xxhash_rust::xxh3::xxh3_64;

use crate::kinds::Kind;

/// How many partitions there are, whatever the number of shards.
pub const PARTITIONS: u64 = 256;

/// The partition of an entity.
pub fn partition(key: EntityKey) -> u64 {
    xxh3_64(&key.encode()) % PARTITIONS
}

/// How entities are spread over this process's shards. The last shard is the supervisors': it has the configuration,
/// whose compilation takes long and must not hold up customers.
#[derive(Debug, Clone, Copy)]
pub struct Routing {
    workers: u64,
}

impl Routing {
    /// A spread over so many worker shards.
    pub fn over(workers: usize) -> Self {
        assert!(workers > 0, "there is at least one shard");
        Self { workers: u64::try_from(workers).expect("the number of shards is small") }
    }

    /// How many shards there are, the supervisors' included.
    pub fn shards(self) -> usize {
        usize::try_from(self.workers).expect("the number of shards is small") + 1
    }

    /// The shard of an entity.
    pub fn shard_of(self, key: EntityKey) -> usize {
        let shard = if key.kind == Kind::Configuration.number() {
            self.workers
        } else {
            partition(key) % self.workers
        };
        usize::try_from(shard).expect("the number of shards is small")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_never_move() {
        let golden = [(Kind::Customer, 0_u8), (Kind::Sale, 1), (Kind::Claim, 7), (Kind::Customer, 255)];
        let partitions = golden.map(|(kind, byte)| partition(kind.key([byte; 16])));
        assert_eq!(partitions, GOLDEN);
    }

    const GOLDEN: [u64; 4] = [136, 207, 41, 48];
}
