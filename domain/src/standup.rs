//! Standup mode: the time in which a retailer moves opening balances in (incentives.md 7.18).
//!
//! Owns whether points may be seeded. It is switched on for as long as it takes, and off by an expiration that is now.

use serde::{Deserialize, Serialize};

use crate::{
    customer::Fingerprint,
    entity::{Context, Decision, Entity, Verdict},
    time::Timestamp,
};

/// The mode of the retailer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standup {
    mode: Mode,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Mode {
    #[default]
    Off,
    On,
    Until(Timestamp),
}

/// What the mode can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// On, until said otherwise.
    Enable,
    /// Off from then on.
    Expire(Timestamp),
    /// May a request seed points? A request that has begun goes on to its end, also when the mode ends meanwhile.
    Seed {
        /// Which.
        request: Fingerprint,
        /// What it wants to seed.
        body: Fingerprint,
    },
}

/// Done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done;

/// What has happened to the mode. Stored: grows at the end only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// It was switched on.
    Enabled,
    /// It ends then.
    ExpirationSet(Timestamp),
}

/// Why it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is off: nothing can be seeded, and its end cannot be put off.
    #[error("standup mode is not switched on")]
    Off,
}

/// It makes nobody do anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {}

impl Standup {
    /// Points may be seeded.
    pub fn is_on(&self, now: Timestamp) -> bool {
        match self.mode {
            Mode::Off => false,
            Mode::On => true,
            Mode::Until(end) => now < end,
        }
    }
}

impl Entity for Standup {
    type Command = Command;
    type Reply = Done;
    type Event = Event;
    type Effect = Effect;
    type Error = Error;

    fn decide(&self, command: &Command, context: &Context<'_>) -> Result<Verdict<Self>, Error> {
        let is_on = self.is_on(context.now);
        let event = match *command {
            // It is enabled anew, without an end, also when it was to end.
            Command::Enable => (self.mode != Mode::On).then_some(Event::Enabled),
            Command::Expire(at) if is_on => {
                (self.mode != Mode::Until(at)).then_some(Event::ExpirationSet(at))
            }
            // Switching off what is off is no error; putting its end off is.
            Command::Expire(at) if at <= context.now => None,
            Command::Seed { .. } if is_on => None,
            Command::Expire(_) | Command::Seed { .. } => return Err(Error::Off),
        };
        let events = event.into_iter().collect();
        Ok(Verdict::Decided(Decision { events, reply: Done, effects: Vec::new() }))
    }

    fn apply(&mut self, event: &Event) {
        self.mode = match *event {
            Event::Enabled => Mode::On,
            Event::ExpirationSet(at) => Mode::Until(at),
        };
    }
}
