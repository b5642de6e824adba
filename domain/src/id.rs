//! Ids: one type each, so that a sale is never looked up with a customer's id.
//!
//! All are UUIDs: read in any letter case, with or without braces; written lower case with hyphens
//! (catalog-transactions.md A.3).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is no UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a GUID")]
pub struct InvalidId;

macro_rules! id_types {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The id as its 16 bytes.
            pub const fn bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }

            /// The id from its 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text.trim()).map(Self).map_err(|_| InvalidId)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(formatter)
            }
        }
    )+};
}

id_types!(
    /// The tenant: `retailer_id`, and `client_id` at the point of sale.
    RetailerId,
    /// A store of the retailer.
    StoreId,
    /// A customer.
    CustomerId,
    /// One till transaction with all its versions: UUIDv5 of retailer, store and the till's id.
    SaleId,
    /// One e-mail address or external id and whom it belongs to: UUIDv5 of its normalised value.
    IdentifierId,
    /// A point account of the program.
    PointAccountId,
    /// A point source of the program.
    PointSourceId,
    /// A tier system of the program.
    TierSystemId,
    /// A level of a tier system.
    TierLevelId,
    /// A constraint of something by tier level.
    LevelConstraintId,
    /// A rule tree.
    RuleTreeId,
    /// A node of a rule tree.
    RuleNodeId,
    /// A constraint of a node.
    ConstraintId,
    /// An outcome of a rule tree.
    OutcomeId,
    /// A row of the point ledger; a positive row is a lot.
    LedgerRowId,
    /// One customer's use of one point account, named from the first movement on.
    UserPointAccountId,
    /// One customer's membership in one tier system.
    UserTierId,
    /// One change of level of one customer.
    TierMovementId,
    /// A job that is done to many customers.
    JobId,
    /// A restriction of a point source.
    RestrictionId,
    /// Something that all customers share and that runs out: UUIDv5 of the tree or the restriction.
    AllotmentId,
);

/// The namespace under which ids are derived from business keys. Never changes: stored ids depend on it.
const DERIVED: Uuid = Uuid::from_u128(0x6c61_7572_656c_4e53_8000_0000_0000_0001);

impl SaleId {
    /// The id of a sale from its business key (catalog-transactions.md B.2, "Keys").
    pub fn derive(retailer: RetailerId, store: StoreId, transaction_id: &str) -> Self {
        let mut key = Vec::with_capacity(33 + transaction_id.len());
        key.extend_from_slice(retailer.0.as_bytes());
        key.extend_from_slice(store.0.as_bytes());
        key.push(b'/');
        key.extend_from_slice(transaction_id.as_bytes());
        Self(Uuid::new_v5(&DERIVED, &key))
    }

    /// Under which a customer books what a sale has given another one, who was merged into it: the sale may have given
    /// the customer something as well.
    #[must_use]
    pub fn merged_from(self, customer: CustomerId) -> Self {
        let mut key = Vec::with_capacity(33);
        key.extend_from_slice(self.0.as_bytes());
        key.push(b'<');
        key.extend_from_slice(customer.0.as_bytes());
        Self(Uuid::new_v5(&DERIVED, &key))
    }
}

impl IdentifierId {
    /// The id of an identifier claim from the kind's letter and the normalised value.
    pub fn derive(kind: u8, value: &str) -> Self {
        let mut key = Vec::with_capacity(2 + value.len());
        key.push(kind);
        key.push(b':');
        key.extend_from_slice(value.as_bytes());
        Self(Uuid::new_v5(&DERIVED, &key))
    }
}

impl AllotmentId {
    /// The budget of a tree.
    pub fn of_tree(tree: RuleTreeId) -> Self {
        Self::derive(b"allotment of tree ", &tree.bytes())
    }

    /// A restriction of a source.
    pub fn of_restriction(restriction: RestrictionId) -> Self {
        Self::derive(b"allotment of restriction ", &restriction.bytes())
    }

    /// A restriction that has no id: by its place in its source.
    pub fn of_place(source: PointSourceId, place: usize) -> Self {
        Self::derive(b"allotment of place ", format!("{source} {place}").as_bytes())
    }

    fn derive(kind: &[u8], of: &[u8]) -> Self {
        Self(Uuid::new_v5(&DERIVED, &[kind, of].concat()))
    }
}

/// A run of ids for one decision: the shell makes the first (UUIDv7), the entity counts on from it.
///
/// Ids of one decision are therefore neighbours, and a replay of the event needs only the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdRun(Uuid);

impl IdRun {
    /// A run that begins with this id.
    pub const fn starting_at(first: Uuid) -> Self {
        Self(first)
    }

    /// The `n`-th id of the run. Counts in the lowest 48 bits, so version and variant stay as they are.
    pub fn nth(self, n: u64) -> Uuid {
        const COUNTER: u128 = (1 << 48) - 1;
        let first = self.0.as_u128();
        let counter = (first & COUNTER).wrapping_add(u128::from(n)) & COUNTER;
        Uuid::from_u128((first & !COUNTER) | counter)
    }
}
