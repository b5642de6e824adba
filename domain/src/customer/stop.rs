//! Why a decision is not gone on with.

use super::{Error, Need};
use crate::{amount::AmountError, ledger::DraftError};

/// Why a decision is not gone on with.
pub(super) enum Stop {
    /// It depends on something old: to be fetched.
    Need(Need),
    /// It is refused.
    Refuse(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refuse(error)
    }
}

impl From<AmountError> for Stop {
    fn from(error: AmountError) -> Self {
        Self::Refuse(error.into())
    }
}

impl From<DraftError> for Stop {
    fn from(error: DraftError) -> Self {
        match error {
            DraftError::Amount(error) => error.into(),
            DraftError::Hidden => Self::Need(Need::History),
        }
    }
}
