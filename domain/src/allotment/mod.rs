//! The allotment: what all customers share and what runs out. The budget of a rule tree (incentives.md 6.8), or a
//! restriction of a point source over all customers (4.5).
//!
//! A decision of a customer that would take from it reserves first, and says afterwards what it has used; the rest is
//! free again. What has been used and what is reserved never exceed the caps together, so nothing overshoots, whenever
//! anybody crashes. A reservation is named by the decision it is for: who comes again with the same decision gets the
//! same reservation. Of one that stays open for long, the customer is asked: its answer follows everything it has
//! decided before, so a reservation that is still open then was never used and is given back.

mod amounts;

pub use amounts::{Amounts, Cap, Piece};

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::{
    customer::Fingerprint,
    entity::{Context, Decision, Entity, Verdict},
    id::{AllotmentId, CustomerId, RuleTreeId},
    time::Timestamp,
};

/// A reservation that is open for so long belongs to a decision that most likely never came.
const OPEN_FOR_MS: i64 = 60_000;
/// How many customers are asked at once about open reservations, when somebody else reserves.
const ASKED_AT_ONCE: usize = 16;
/// How many decisions that gave something back are remembered, so that none does so twice.
const GIVEN_BACK_KEPT: usize = 256;

/// The decision that a reservation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReservationKey {
    /// Whose.
    pub customer: CustomerId,
    /// Which: a revision of a sale, an event, a posting.
    pub decision: Fingerprint,
}

/// What a decision would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// Of what.
    pub allotment: AllotmentId,
    /// For which decision.
    pub key: ReservationKey,
    /// In the order in which they are to be given.
    pub pieces: Vec<Piece>,
    /// Under which caps.
    pub terms: Terms,
    /// The tree that is paused when there is not enough.
    pub pauses: Option<RuleTreeId>,
}

/// What has been reserved for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// Of what.
    pub allotment: AllotmentId,
    /// How much; possibly nothing.
    pub amounts: Amounts,
    /// It is less than what was asked for.
    pub short: bool,
}

/// How much there is, as the program has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// For ever.
    pub total: Cap,
    /// Within a time.
    pub window: Option<Window>,
    /// A piece that does not fit is given in part, instead of not at all.
    pub in_part: bool,
}

/// A cap on what is used within a time. Uses are summed per part of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The start of the part that the use falls into.
    pub part: Timestamp,
    /// Parts from here on count.
    pub from: Timestamp,
    /// Parts up to here count.
    pub to: Timestamp,
    /// How much.
    pub cap: Cap,
    /// Parts before that matter to no later use.
    pub forget_before: Timestamp,
}

/// What an allotment can be asked to do.
#[derive(Debug, Clone)]
pub enum Command {
    /// Reserve.
    Reserve(Box<Asking>),
    /// A decision has used so much of its reservation; the rest is free again.
    Settle {
        /// Which reservation.
        key: ReservationKey,
        /// Not more than was reserved.
        used: Amounts,
    },
    /// Something that was used is not used any more.
    GiveBack {
        /// The decision that gives it back.
        key: ReservationKey,
        /// How much.
        back: Amounts,
        /// The part of the time in which it was used.
        part: Option<Timestamp>,
    },
    /// A customer has told everything it had decided before it was asked.
    Told {
        /// About which reservation.
        key: ReservationKey,
        /// When it was asked for the how manieth time.
        round: u32,
    },
    /// Ask about everything that is open: after a start. Some at a time; again until nothing is open.
    Review {
        /// Which allotment it is.
        allotment: AllotmentId,
    },
}

/// What an allotment answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// So much is reserved.
    Granted(Grant),
    /// Done, or there was nothing to do.
    Done,
}

/// What is reserved for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// How much; possibly nothing.
    pub amounts: Amounts,
    /// It is less than what was asked for.
    pub short: bool,
}

/// What has happened to an allotment. Stored: grows at the end only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A decision has reserved so much.
    Reserved {
        /// Which.
        key: ReservationKey,
        /// How much.
        granted: Amounts,
        /// In which part of the time it counts.
        part: Option<Timestamp>,
        /// When.
        at: Timestamp,
    },
    /// A decision has come again for its reservation.
    ReservedAgain {
        /// Which.
        key: ReservationKey,
        /// When.
        at: Timestamp,
    },
    /// A reservation is closed.
    Settled {
        /// Which.
        key: ReservationKey,
        /// What of it was used.
        used: Amounts,
    },
    /// Something is free again.
    GivenBack {
        /// By which decision.
        key: ReservationKey,
        /// How much.
        back: Amounts,
        /// In which part of the time it counted.
        part: Option<Timestamp>,
    },
    /// Customers are asked about open reservations.
    Asked {
        /// Which.
        keys: Vec<ReservationKey>,
    },
    /// Parts of the time that matter no more.
    PartsForgotten {
        /// All before this.
        before: Timestamp,
    },
}

/// What an allotment makes others do. Stored: grows at the end only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// A customer tells what it has decided.
    Ask {
        /// About which allotment.
        allotment: AllotmentId,
        /// Which reservation.
        key: ReservationKey,
        /// For the how manieth time the reservation was made.
        round: u32,
    },
}

/// An allotment refuses nothing: it grants nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {}

/// What is used and reserved of something that all customers share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allotment {
    used: Amounts,
    parts: BTreeMap<Timestamp, Amounts>,
    open: BTreeMap<ReservationKey, Reservation>,
    given_back: VecDeque<ReservationKey>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Reservation {
    granted: Amounts,
    part: Option<Timestamp>,
    at: Timestamp,
    /// Counts how often it was asked for: an answer about an earlier time says nothing.
    round: u32,
    asked: bool,
}

impl Allotment {
    /// What has been used.
    pub fn used(&self) -> Amounts {
        self.used
    }

    /// What has been used and what is reserved.
    pub fn taken(&self) -> Amounts {
        self.open.values().fold(self.used, |sum, open| sum.plus(open.granted))
    }

    /// The same within a time.
    pub fn taken_within(&self, from: Timestamp, to: Timestamp) -> Amounts {
        if to < from {
            return Amounts::default();
        }
        let used = self.parts.range(from..=to).map(|(_, amounts)| *amounts);
        let open = self.open.values().filter(|open| open.part.is_some_and(|part| from <= part && part <= to));
        used.chain(open.map(|open| open.granted)).fold(Amounts::default(), Amounts::plus)
    }

    /// How many reservations are open.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    fn left(&self, terms: &Terms) -> Cap {
        let total = terms.total.without(self.taken());
        match terms.window {
            None => total,
            Some(window) => total.min(window.cap.without(self.taken_within(window.from, window.to))),
        }
    }

    /// What whoever asks would get at this moment; who has a reservation, gets that one.
    pub fn would_grant(&self, asking: &Asking) -> Grant {
        let Asking { key, pieces, terms, .. } = asking;
        let wanted = pieces.iter().fold(Amounts::default(), |sum, piece| sum.plus(piece.amounts()));
        let amounts = self.open.get(key).map(|open| open.granted).unwrap_or_else(|| {
            let mut left = self.left(terms);
            let given = pieces.iter().map(|piece| left.take(*piece, terms.in_part));
            given.fold(Amounts::default(), Amounts::plus)
        });
        Grant { amounts, short: amounts != wanted }
    }

    fn reserve(&self, asking: &Asking, now: Timestamp) -> Decision<Self> {
        let Asking { allotment, key, terms, .. } = asking;
        let mut events = Vec::new();
        let Grant { amounts: granted, short } = self.would_grant(asking);
        if self.open.contains_key(key) {
            events.push(Event::ReservedAgain { key: *key, at: now });
        } else if !granted.is_nothing() {
            let part = terms.window.map(|window| window.part);
            events.push(Event::Reserved { key: *key, granted, part, at: now });
        }
        if let Some(before) = terms.window.map(|window| window.forget_before)
            && self.parts.first_key_value().is_some_and(|(first, _)| *first < before)
        {
            events.push(Event::PartsForgotten { before });
        }
        let long_open = |open: &Reservation| open.at.plus_millis(OPEN_FOR_MS) < now;
        let effects = self.ask(*allotment, |other, open| other != key && long_open(open), &mut events);
        Decision { events, reply: Reply::Granted(Grant { amounts: granted, short }), effects }
    }

    /// Asks the customers of open reservations that have not been asked.
    fn ask(
        &self,
        allotment: AllotmentId,
        about: impl Fn(&ReservationKey, &Reservation) -> bool,
        events: &mut Vec<Event>,
    ) -> Vec<Effect> {
        let open = self.open.iter().filter(|(key, open)| !open.asked && about(key, open));
        let open: Vec<_> = open.take(ASKED_AT_ONCE).collect();
        if !open.is_empty() {
            events.push(Event::Asked { keys: open.iter().map(|(key, _)| **key).collect() });
        }
        open.iter().map(|(key, open)| Effect::Ask { allotment, key: **key, round: open.round }).collect()
    }

    fn happens(event: Event) -> Decision<Self> {
        Decision { events: vec![event], reply: Reply::Done, effects: Vec::new() }
    }
}

impl Entity for Allotment {
    type Command = Command;
    type Reply = Reply;
    type Event = Event;
    type Effect = Effect;
    type Error = Error;

    fn decide(&self, command: &Command, context: &Context<'_>) -> Result<Verdict<Self>, Error> {
        let nothing = || Decision::answer(Reply::Done);
        let decision = match command {
            Command::Reserve(asking) => self.reserve(asking, context.now),
            Command::Settle { key, used } => match self.open.get(key) {
                Some(open) => {
                    let used = used.min(open.granted);
                    Self::happens(Event::Settled { key: *key, used })
                }
                None => nothing(),
            },
            Command::GiveBack { key, back, part } if !self.given_back.contains(key) => {
                Self::happens(Event::GivenBack { key: *key, back: *back, part: *part })
            }
            Command::GiveBack { .. } => nothing(),
            Command::Told { key, round } => match self.open.get(key).filter(|open| open.round == *round) {
                Some(_) => Self::happens(Event::Settled { key: *key, used: Amounts::default() }),
                None => nothing(),
            },
            Command::Review { allotment } => {
                let mut events = Vec::new();
                let effects = self.ask(*allotment, |_, _| true, &mut events);
                Decision { events, reply: Reply::Done, effects }
            }
        };
        Ok(Verdict::Decided(decision))
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Reserved { key, granted, part, at } => {
                let open = Reservation { granted: *granted, part: *part, at: *at, round: 0, asked: false };
                self.open.insert(*key, open);
            }
            Event::ReservedAgain { key, at } => {
                if let Some(open) = self.open.get_mut(key) {
                    open.round = open.round.wrapping_add(1);
                    (open.at, open.asked) = (*at, false);
                }
            }
            Event::Settled { key, used } => {
                let part = self.open.remove(key).and_then(|open| open.part);
                self.used = self.used.plus(*used);
                if let Some(part) = part.filter(|_| !used.is_nothing()) {
                    let sum = self.parts.entry(part).or_default();
                    *sum = sum.plus(*used);
                }
            }
            Event::GivenBack { key, back, part } => {
                self.used = self.used.minus(*back);
                if let Some(sum) = part.and_then(|part| self.parts.get_mut(&part)) {
                    *sum = sum.minus(*back);
                }
                self.given_back.push_back(*key);
                if self.given_back.len() > GIVEN_BACK_KEPT {
                    self.given_back.pop_front();
                }
            }
            Event::Asked { keys } => {
                for key in keys {
                    if let Some(open) = self.open.get_mut(key) {
                        open.asked = true;
                    }
                }
            }
            Event::PartsForgotten { before } => self.parts = self.parts.split_off(before),
        }
    }
}
