//! A customer's points: accounts, lots, overdraft, and the movements between them (incentives.md section 4).
//!
//! The ledger changes only by [`Movement`]s. A [`Draft`] looks at a ledger and collects the movements of one
//! decision, so that later steps of the decision see what the earlier ones did while the ledger itself stays as it is.
//!
//! Invariants: `available = sum of what remains of the lots - overdraft`; `lifetime` never falls; nothing is created
//! but by a source.

mod activity;
mod draft;
mod expiry;
mod holding;
mod lot;
mod movement;
mod pool;
mod room;
mod state;

pub use activity::Activity;
pub use draft::{Draft, DraftError, Earning, Receiving};
pub use holding::Gap;
pub use lot::{Lot, SpendOrder};
pub use movement::{Draw, LotLoss, Movement, ReceivedBy, TakenFor};
pub use pool::{Expiring, ExpiringAmount, First, Shortfall, Taking};
pub use room::Room;
pub use state::{AccountLedger, Issued, Ledger};
