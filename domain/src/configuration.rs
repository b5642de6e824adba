//! The configuration: the texts a retailer's program is compiled from, and its version.
//!
//! Kept as the texts that were sent, so that any earlier version can be compiled again: a return is judged by the
//! rules of its purchase (incentives.md 9.1).

use serde::{Deserialize, Serialize};

use crate::{
    entity::{Context, Decision, Entity, Verdict},
    id::RetailerId,
    program::{Problem, Program, ProgramText},
};

/// The texts in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    version: u32,
    program: Box<str>,
    stores: Box<str>,
    catalog: Box<str>,
}

/// A part that is replaced as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Section {
    /// Retailer, accounts, sources, tier systems, rule trees: a JSON object.
    Program,
    /// Stores: a JSON array.
    Stores,
    /// Catalog: one JSON object a line.
    Catalog,
}

/// What the configuration can be asked to do.
#[derive(Debug, Clone)]
pub enum Command {
    /// Check a section together with the others, and take it.
    Replace {
        /// Which section.
        section: Section,
        /// Its new text.
        text: Box<str>,
        /// Only check it.
        check_only: bool,
    },
}

/// What it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The version in force; with `check_only`, the one that it would be.
    Version(u32),
}

/// What has happened to it. Stored: grows at the end only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A section was replaced.
    Replaced {
        /// The new version.
        version: u32,
        /// Which section.
        section: Section,
        /// Its new text.
        text: Box<str>,
    },
}

/// Why it refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The texts are no program.
    #[error("the program has {} problems", .0.len())]
    Problems(Vec<Problem>),
    /// The program belongs to another retailer than the one that is served.
    #[error("the program is of retailer {sent}, this is {served}")]
    OtherRetailer {
        /// Whose it is.
        sent: RetailerId,
        /// Who is served.
        served: RetailerId,
    },
}

/// The configuration makes nobody do anything: supervisors publish it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {}

impl Configuration {
    /// The version in force; 0 before the first text.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The program of the texts; nothing before the first program text has come.
    pub fn compile(&self) -> Option<Result<Program, Vec<Problem>>> {
        (!self.program.is_empty()).then(|| Program::compile(self.version, self.texts()))
    }

    fn texts(&self) -> ProgramText<'_> {
        ProgramText { program: &self.program, stores: &self.stores, catalog: &self.catalog }
    }

    fn replaced(&self, section: Section, text: &str) -> Self {
        let mut next = self.clone();
        next.version += 1;
        match section {
            Section::Program => next.program = text.into(),
            Section::Stores => next.stores = text.into(),
            Section::Catalog => next.catalog = text.into(),
        }
        next
    }

    fn unchanged(&self, section: Section, text: &str) -> bool {
        match section {
            Section::Program => *self.program == *text,
            Section::Stores => *self.stores == *text,
            Section::Catalog => *self.catalog == *text,
        }
    }
}

impl Entity for Configuration {
    type Command = Command;
    type Reply = Reply;
    type Event = Event;
    type Effect = Effect;
    type Error = Error;

    fn decide(&self, command: &Command, context: &Context<'_>) -> Result<Verdict<Self>, Error> {
        let Command::Replace { section, text, check_only } = command;
        if self.unchanged(*section, text) {
            return Ok(Verdict::Decided(Decision::answer(Reply::Version(self.version))));
        }
        let next = self.replaced(*section, text);
        let served = context.program.retailer().id;
        let program = Program::compile(next.version, next.texts()).map_err(Error::Problems)?;
        let sent = program.retailer().id;
        if sent != served {
            return Err(Error::OtherRetailer { sent, served });
        }
        let events = if *check_only {
            Vec::new()
        } else {
            vec![Event::Replaced { version: next.version, section: *section, text: text.clone() }]
        };
        Ok(Verdict::Decided(Decision { events, reply: Reply::Version(next.version), effects: Vec::new() }))
    }

    fn apply(&mut self, event: &Event) {
        let Event::Replaced { version, section, text } = event;
        *self = self.replaced(*section, text);
        assert_eq!(self.version, *version, "versions of the configuration are dense");
    }
}
