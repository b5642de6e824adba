//! The index rows: what can be looked up other than by entity. Owns key layouts and value forms; both are stored and
//! never change their meaning.

pub mod configurations;
pub mod due;
pub mod erasures;
pub mod events;
pub mod jobs;
pub mod members;
pub mod named;
pub mod remembered;
pub mod requests;
pub mod sales;
pub mod seedings;

use store::IndexId;
use xxhash_rust::xxh3::xxh3_64;

/// Answers under request ids.
pub const REQUESTS: IndexId = IndexId(1);
/// Sales of a store by opening time.
pub const SALES: IndexId = IndexId(2);
/// Answers under a customer's idempotency keys.
pub const REMEMBERED: IndexId = IndexId(3);
/// Customers by the moment at which something becomes due.
pub const DUE: IndexId = IndexId(4);
/// Members of tier levels.
pub const MEMBERS: IndexId = IndexId(5);
/// Answers to events under a customer's keys.
pub const EVENTS: IndexId = IndexId(12);
/// Sales that name a customer and have given nothing.
pub const NAMED: IndexId = IndexId(16);
/// Erasures by request id.
pub const ERASURES: IndexId = IndexId(17);
/// Versions of the configuration. Numbers below 20 are kept for what hangs on customers and sales.
pub const CONFIGURATIONS: IndexId = IndexId(20);
/// Jobs that are not done.
pub const JOBS: IndexId = IndexId(24);
/// Jobs by what they were asked for under.
pub const JOBS_ASKED: IndexId = IndexId(25);
/// Requests that have begun to seed points.
pub const SEEDINGS: IndexId = IndexId(26);

/// The version of the values' forms.
const VALUE_VERSION: u8 = 1;

/// A fingerprint of a request's body, to notice that a request id comes with another one. Stored.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// Time as bytes that sort like time.
fn ordered(at: domain::Timestamp) -> [u8; 8] {
    // Flipping the sign bit makes negative times sort before positive ones.
    (at.millis() ^ i64::MIN).to_be_bytes()
}
