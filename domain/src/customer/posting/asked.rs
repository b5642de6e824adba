//! What is asked for, whichever it is: its names, and the key and fingerprint by which a repeat is recognised
//! (incentives.md 4.8).

use uuid::Uuid;

use super::super::{
    DepositDetail, ExpireDetail, Fingerprint, ModifyDetail, MoveDetail, Naming, ReversalTarget,
    ReverseDetail, SeedDetail, SendDetail, SpendDetail, Transfer, TransferReturned,
};
use crate::{id::PointAccountId, ledger::ExpiringAmount, program::Program, time::Timestamp};

/// One detail of a request.
#[derive(Clone, Copy)]
pub(super) enum Asked<'a> {
    Deposit(&'a DepositDetail),
    Spend(&'a SpendDetail),
    Move(&'a MoveDetail),
    Expire(&'a ExpireDetail),
    Modify(&'a ModifyDetail),
    Reverse(&'a ReverseDetail),
    Send(&'a SendDetail),
    Receive(&'a Transfer),
    TakeBack(&'a TransferReturned),
    Seed(&'a SeedDetail),
}

impl<'a> Asked<'a> {
    pub(super) fn idempotency_id(self) -> Option<&'a str> {
        match self {
            Self::Deposit(deposit) | Self::Seed(SeedDetail { deposit, .. }) => {
                deposit.idempotency_id.as_deref()
            }
            Self::Spend(spend) => spend.idempotency_id.as_deref(),
            Self::Move(MoveDetail { naming, .. })
            | Self::Expire(ExpireDetail { naming, .. })
            | Self::Modify(ModifyDetail { naming, .. })
            | Self::Reverse(ReverseDetail { naming, .. })
            | Self::Send(SendDetail { detail: MoveDetail { naming, .. }, .. }) => {
                naming.idempotency_id.as_deref()
            }
            Self::Receive(transfer) | Self::TakeBack(TransferReturned { transfer, .. }) => {
                Some(&transfer.idempotency_id)
            }
        }
    }

    /// The caller's business id and reason.
    pub(super) fn reference(self) -> (&'a str, &'a str) {
        match self {
            Self::Deposit(deposit) | Self::Seed(SeedDetail { deposit, .. }) => {
                (&deposit.reference_id, &deposit.reference_type)
            }
            Self::Spend(spend) => (&spend.reference_id, &spend.reference_type),
            Self::Move(MoveDetail { naming, .. })
            | Self::Expire(ExpireDetail { naming, .. })
            | Self::Modify(ModifyDetail { naming, .. })
            | Self::Reverse(ReverseDetail { naming, .. })
            | Self::Send(SendDetail { detail: MoveDetail { naming, .. }, .. }) => {
                let Naming { reference_id, reference_type, .. } = naming;
                (reference_id, reference_type)
            }
            Self::Receive(transfer) | Self::TakeBack(TransferReturned { transfer, .. }) => {
                (&transfer.reference_id, &transfer.reference_type)
            }
        }
    }

    pub(super) fn transaction_id(self) -> &'a str {
        match self {
            Self::Deposit(deposit) | Self::Seed(SeedDetail { deposit, .. }) => &deposit.transaction_id,
            Self::Spend(spend) => &spend.transaction_id,
            Self::Move(_)
            | Self::Expire(_)
            | Self::Modify(_)
            | Self::Reverse(_)
            | Self::Send(_)
            | Self::Receive(_)
            | Self::TakeBack(_) => "",
        }
    }

    /// The id that its rows share when it has one from elsewhere.
    pub(super) fn tracking_id(self) -> Option<Uuid> {
        match self {
            Self::Receive(transfer) | Self::TakeBack(TransferReturned { transfer, .. }) => Some(transfer.id),
            Self::Deposit(_)
            | Self::Seed(_)
            | Self::Spend(_)
            | Self::Move(_)
            | Self::Expire(_)
            | Self::Modify(_)
            | Self::Reverse(_)
            | Self::Send(_) => None,
        }
    }

    /// The key under which a repeat is recognised: the caller's, or the business reference where the switch says so.
    pub(super) fn key(self, program: &Program) -> Option<Fingerprint> {
        match self {
            Self::Receive(transfer) => return Some(Transfer::received_key(transfer.id)),
            Self::TakeBack(returned) => return Some(Transfer::returned_key(returned.transfer.id)),
            _ => {}
        }
        if let Some(id) = self.idempotency_id() {
            return Some(Fingerprint::of(id));
        }
        let (id, kind) = self.reference();
        let by_reference = program.retailer().switches.dedupe_on_reference && !id.is_empty();
        by_reference.then(|| {
            let (direction, account) = match self {
                Self::Deposit(deposit) => ("deposit", deposit.account.to_string()),
                Self::Seed(seed) => ("seed", seed.deposit.account.to_string()),
                Self::Spend(spend) => ("spend", format!("{:?}", spend.accounts)),
                Self::Move(detail) => ("transfer", format!("{}>{}", joined(&detail.from), detail.to)),
                Self::Expire(detail) => ("expire", joined(&detail.accounts)),
                Self::Modify(detail) => ("modify", detail.row.to_string()),
                Self::Reverse(detail) => ("reverse", target(&detail.target)),
                Self::Send(SendDetail { customer, detail, .. }) => {
                    ("transfer", format!("{}>{customer} {}", joined(&detail.from), detail.to))
                }
                Self::Receive(transfer) => ("transfer received", transfer.id.to_string()),
                Self::TakeBack(returned) => ("transfer returned", returned.transfer.id.to_string()),
            };
            Fingerprint::of(&format!("reference\n{kind}\n{id}\n{account}\n{direction}"))
        })
    }

    /// The fingerprint of the normalised body. The text is stored in effect: its form never changes.
    pub(super) fn body(self) -> Fingerprint {
        let time = |at: Option<Timestamp>| at.map_or(String::new(), |at| at.millis().to_string());
        let text = match self {
            Self::Deposit(asked) => deposited("deposit", asked),
            Self::Seed(asked) => deposited("seed", &asked.deposit),
            Self::Spend(asked) => {
                let accounts: Vec<_> = asked.accounts.iter().map(ToString::to_string).collect();
                let source = asked.source.map_or(String::new(), |source| source.to_string());
                format!(
                    "spend\n{}\n{}\n{source}\n{}\n{}\n{}\n{}\n{}\n{}",
                    asked.amount,
                    accounts.join(","),
                    asked.force,
                    asked.is_return,
                    asked.reference_id,
                    asked.reference_type,
                    asked.transaction_id,
                    time(asked.occurred)
                )
            }
            Self::Move(asked) => format!("transfer\n{}", moved(asked)),
            Self::Expire(asked) => {
                let what = match asked.what {
                    ExpiringAmount::Share(share) => format!("share {}", share.percentage()),
                    ExpiringAmount::Points(points) => format!("points {points}"),
                };
                let source = asked.source.map_or(String::new(), |source| source.to_string());
                let (older_than, rollover) = (time(asked.older_than), asked.allow_rollover);
                let (accounts, named) = (joined(&asked.accounts), named(&asked.naming));
                format!("expire\n{what}\n{accounts}\n{source}\n{older_than}\n{rollover}\n{named}")
            }
            Self::Modify(asked) => format!(
                "modify\n{}\n{}\n{}\n{}",
                asked.row,
                asked.new_amount,
                time(asked.new_expiration),
                named(&asked.naming)
            ),
            Self::Reverse(asked) => {
                let amount = asked.amount.map_or(String::new(), |amount| amount.to_string());
                format!("reverse\n{}\n{amount}\n{}", target(&asked.target), named(&asked.naming))
            }
            Self::Send(SendDetail { customer, detail, .. }) => {
                format!("transfer\n{customer}\n{}", moved(detail))
            }
            Self::Receive(transfer) | Self::TakeBack(TransferReturned { transfer, .. }) => {
                transfer.id.to_string()
            }
        };
        Fingerprint::of(&text)
    }
}

fn deposited(word: &str, asked: &DepositDetail) -> String {
    let DepositDetail { amount, account, source, reference_id, reference_type, transaction_id, .. } = asked;
    let occurred = asked.occurred.map_or(String::new(), |at| at.millis().to_string());
    format!(
        "{word}\n{amount}\n{account}\n{source}\n{reference_id}\n{reference_type}\n{transaction_id}\n{occurred}"
    )
}

fn moved(asked: &MoveDetail) -> String {
    let MoveDetail { amount, to, preserve_expiration, .. } = asked;
    format!("{amount}\n{}\n{to}\n{preserve_expiration}\n{}", joined(&asked.from), named(&asked.naming))
}

fn joined(accounts: &[PointAccountId]) -> String {
    accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn named(naming: &Naming) -> String {
    format!("{}\n{}", naming.reference_id, naming.reference_type)
}

fn target(target: &ReversalTarget) -> String {
    match target {
        ReversalTarget::Tracking(id) => format!("tracking {id}"),
        ReversalTarget::Idempotency(id) => format!("idempotency {id}"),
        ReversalTarget::Row(row) => format!("row {row}"),
        ReversalTarget::Transaction(id) => format!("transaction {id}"),
    }
}
