//! The identifier claim: an e-mail address or external id and whom it belongs to.
//!
//! What makes identifiers unique: each is an entity of its own, so two customers who want the same one meet here. A
//! claim is made before its customer exists and confirmed by the customer's creation; a claim whose creator never
//! appears can be taken over. Whether it appeared, the claim cannot know: its confirmation may be late. Whoever wants
//! to take over looks first.
//!
//! Sales that name somebody who is nobody wait here, so that who registers later has his part (incentives.md 7.16).

use serde::{Deserialize, Serialize};

use crate::{
    entity::{Context, Decision, Entity, Verdict},
    id::{CustomerId, IdentifierId, SaleId},
    time::Timestamp,
};

/// How long an unconfirmed claim keeps others away who do not know what became of its creator.
pub const CLAIM_MS: i64 = 60_000;
/// How long of that its creator may use it: less, so that a slow creation never meets a takeover.
pub const CLAIM_USABLE_MS: i64 = 30_000;

/// So many sales wait for one identifier, the newest: a till that gives everybody the same name must not fill the
/// memory.
const AWAITING_MAX: usize = 100;

/// What names a customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Identifier {
    /// An e-mail address, trimmed and in lower case.
    Email(Box<str>),
    /// An id in another system; unique by value across systems (customers-campaigns.md B1.6).
    External(Box<str>),
}

impl Identifier {
    /// The identifier of an e-mail address as written.
    pub fn email(address: &str) -> Self {
        Self::Email(address.trim().to_lowercase().into())
    }

    /// The identifier of an external id as written.
    pub fn external(value: &str) -> Self {
        Self::External(value.into())
    }

    /// The id of its claim.
    pub fn id(&self) -> IdentifierId {
        match self {
            Self::Email(value) => IdentifierId::derive(b'e', value),
            Self::External(value) => IdentifierId::derive(b'x', value),
        }
    }
}

/// Whom an identifier belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    state: State,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    #[default]
    Free,
    Claimed {
        holder: CustomerId,
        until: Timestamp,
    },
    Confirmed {
        holder: CustomerId,
    },
    /// Sales name whoever will have it.
    Awaited {
        identifier: IdentifierId,
        claimed: Option<(CustomerId, Timestamp)>,
        sales: Vec<AwaitingSale>,
    },
}

/// A sale that names whoever will have an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct AwaitingSale {
    sale: SaleId,
    until: Timestamp,
}

/// What a claim can be asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Belong to this customer, who is about to exist.
    Claim {
        /// Who.
        customer: CustomerId,
    },
    /// The same; and if the claim still is one of `from`: that customer cannot use it any more. It has been looked at,
    /// and does not have the identifier.
    TakeOver {
        /// Who.
        customer: CustomerId,
        /// Whose claim came to nothing.
        from: CustomerId,
    },
    /// Belong to this customer for good: it exists.
    Confirm {
        /// Who.
        customer: CustomerId,
    },
    /// Belong to nobody, if it belongs to this customer.
    Release {
        /// Who.
        customer: CustomerId,
    },
    /// Tell a sale that names whoever has it, as soon as somebody has.
    Await {
        /// Which identifier it is.
        identifier: IdentifierId,
        /// The sale.
        sale: SaleId,
        /// Until when.
        until: Timestamp,
    },
}

/// What a claim answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It belongs to the one who asked; a new claim may be used until then.
    Yours {
        /// Until when the customer may be created on it.
        usable_until: Timestamp,
    },
    /// It belongs to somebody else.
    Taken {
        /// To whom.
        holder: CustomerId,
    },
    /// Somebody has claimed it, who has not come yet as far as is known here.
    Reserved {
        /// Who.
        holder: CustomerId,
    },
    /// Somebody has claimed it whose time is up, and who may have come all the same.
    Lapsed {
        /// Who.
        holder: CustomerId,
    },
    /// Done, or there was nothing to do.
    Done,
}

/// What has happened to a claim. Stored: grows at the end only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Somebody who is about to exist has it, until then.
    Claimed {
        /// Who.
        customer: CustomerId,
        /// Until when others keep away.
        until: Timestamp,
    },
    /// Somebody has it for good.
    Confirmed {
        /// Who.
        customer: CustomerId,
    },
    /// Nobody has it.
    Released,
    /// A sale names whoever will have it.
    Awaited {
        /// Which identifier it is.
        identifier: IdentifierId,
        /// The sale.
        sale: SaleId,
        /// Until when the sale is to be told.
        until: Timestamp,
        /// The time: what nobody waits for any more is forgotten.
        at: Timestamp,
    },
}

/// A claim refuses nothing: it answers whom it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {}

/// What a claim makes others do. Stored: grows at the end only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// A sale that names somebody hears who that is.
    Tell {
        /// The sale.
        sale: SaleId,
        /// By which identifier.
        identifier: IdentifierId,
        /// Who.
        customer: CustomerId,
    },
}

impl Claim {
    /// The customer it belongs to for good.
    pub fn holder(&self) -> Option<CustomerId> {
        match self.state {
            State::Confirmed { holder } => Some(holder),
            State::Free | State::Claimed { .. } | State::Awaited { .. } => None,
        }
    }

    /// Who is about to have it, and until when others keep away.
    fn claimed(&self) -> Option<(CustomerId, Timestamp)> {
        match self.state {
            State::Claimed { holder, until } => Some((holder, until)),
            State::Awaited { claimed, .. } => claimed,
            State::Free | State::Confirmed { .. } => None,
        }
    }

    /// Nobody has it and no sale waits, so nothing needs to be kept.
    pub fn is_free(&self) -> bool {
        self.state == State::Free
    }

    /// A claim of `customer`, who knows that nothing came of the one of `absent`.
    fn claim(&self, customer: CustomerId, absent: Option<CustomerId>, now: Timestamp) -> Decision<Self> {
        let usable_until = now.plus_millis(CLAIM_USABLE_MS);
        match (self.holder(), self.claimed()) {
            (Some(holder), _) if holder == customer => Decision::answer(Reply::Yours { usable_until }),
            (Some(holder), _) => Decision::answer(Reply::Taken { holder }),
            (None, Some((holder, until))) if holder != customer && absent != Some(holder) => {
                Decision::answer(if now < until {
                    Reply::Reserved { holder }
                } else {
                    Reply::Lapsed { holder }
                })
            }
            (None, _) => Decision {
                events: vec![Event::Claimed { customer, until: now.plus_millis(CLAIM_MS) }],
                reply: Reply::Yours { usable_until },
                effects: Vec::new(),
            },
        }
    }

    fn held_by(&self, customer: CustomerId) -> bool {
        self.holder().or(self.claimed().map(|(holder, _)| holder)) == Some(customer)
    }

    /// Somebody has it for good. A creation is decided while its claim holds, and nobody takes the claim over who has
    /// not looked whether there was one. Whoever has been confirmed keeps it all the same.
    fn confirm(&self, customer: CustomerId, now: Timestamp) -> Decision<Self> {
        if self.holder().is_some() {
            return Decision::answer(Reply::Done);
        }
        let effects = match &self.state {
            State::Awaited { identifier, sales, .. } => {
                let waiting = sales.iter().filter(|waiting| now <= waiting.until);
                let tell = |waiting: &AwaitingSale| Effect::Tell {
                    sale: waiting.sale,
                    identifier: *identifier,
                    customer,
                };
                waiting.map(tell).collect()
            }
            State::Free | State::Claimed { .. } | State::Confirmed { .. } => Vec::new(),
        };
        Decision { events: vec![Event::Confirmed { customer }], reply: Reply::Done, effects }
    }

    /// A sale names whoever has it.
    fn awaited(
        &self,
        (identifier, sale): (IdentifierId, SaleId),
        until: Timestamp,
        now: Timestamp,
    ) -> Decision<Self> {
        let (events, effects) = match self.holder() {
            Some(customer) => (Vec::new(), vec![Effect::Tell { sale, identifier, customer }]),
            None => (vec![Event::Awaited { identifier, sale, until, at: now }], Vec::new()),
        };
        Decision { events, reply: Reply::Done, effects }
    }

    fn apply_awaited(&mut self, identifier: IdentifierId, new: AwaitingSale, at: Timestamp) {
        let claimed = self.claimed();
        let mut sales = match std::mem::take(&mut self.state) {
            State::Awaited { sales, .. } => sales,
            State::Free | State::Claimed { .. } | State::Confirmed { .. } => Vec::new(),
        };
        sales.retain(|waiting| waiting.sale != new.sale && at <= waiting.until);
        sales.push(new);
        let surplus = sales.len().saturating_sub(AWAITING_MAX);
        sales.drain(..surplus);
        self.state = State::Awaited { identifier, claimed, sales };
    }

    /// Somebody is about to have it, or nobody.
    fn apply_claimed(&mut self, by: Option<(CustomerId, Timestamp)>) {
        self.state = match (std::mem::take(&mut self.state), by) {
            (State::Awaited { identifier, sales, .. }, claimed) => {
                State::Awaited { identifier, claimed, sales }
            }
            (_, Some((holder, until))) => State::Claimed { holder, until },
            (_, None) => State::Free,
        };
    }
}

impl Entity for Claim {
    type Command = Command;
    type Reply = Reply;
    type Event = Event;
    type Effect = Effect;
    type Error = Error;

    fn decide(&self, command: &Command, context: &Context<'_>) -> Result<Verdict<Self>, Error> {
        let decision = match *command {
            Command::Claim { customer } => self.claim(customer, None, context.now),
            Command::TakeOver { customer, from } => self.claim(customer, Some(from), context.now),
            Command::Confirm { customer } => self.confirm(customer, context.now),
            Command::Await { identifier, sale, until } => {
                self.awaited((identifier, sale), until, context.now)
            }
            Command::Release { customer } => Decision {
                events: if self.held_by(customer) { vec![Event::Released] } else { Vec::new() },
                reply: Reply::Done,
                effects: Vec::new(),
            },
        };
        Ok(Verdict::Decided(decision))
    }

    fn apply(&mut self, event: &Event) {
        match *event {
            Event::Claimed { customer, until } => self.apply_claimed(Some((customer, until))),
            Event::Confirmed { customer } => self.state = State::Confirmed { holder: customer },
            Event::Released => self.apply_claimed(None),
            Event::Awaited { identifier, sale, until, at } => {
                self.apply_awaited(identifier, AwaitingSale { sale, until }, at);
            }
        }
    }
}
