//! The configuration: what a retailer's program is compiled from, and its version.
//!
//! The program text is kept as its single objects (accounts, sources, tier systems, events, rule trees, templates),
//! each as it was sent, so that an edit changes one of them and its event holds that one alone. Whatever changes
//! gives a new version of the whole program, which is compiled as a whole before it is taken: nothing is in force
//! that was not compiled. Any earlier version can be compiled again: a return is judged by the rules of its
//! purchase (incentives.md 9.1).

mod edit;
mod json;
mod objects;

use serde::{Deserialize, Serialize};

pub use edit::{Edit, Operation, Refusal};
pub use json::Json;
pub use objects::{Change, Object, ObjectKind, Objects};

use crate::{
    entity::{Context, Decision, Entity, Verdict},
    id::RetailerId,
    program::{PlacesVersion, Problem, Program, ProgramText},
};

/// What is in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    version: u32,
    objects: Objects,
    stores: Box<str>,
    catalog: Box<str>,
    places: PlacesVersion,
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
    /// Change single objects of the program.
    Edit(Box<Edit>),
    /// Nothing, but on disk: whoever has the answer knows that everything decided before is there too.
    Mark,
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The version in force; with `check_only`, the one that it would be.
    Version(u32),
    /// An edit was made.
    Edited {
        /// The version in force.
        version: u32,
        /// The object as it is now; nothing when it was deleted.
        object: Option<Object>,
    },
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
    /// Single objects were changed.
    Edited {
        /// The new version.
        version: u32,
        /// The changes, in order.
        changes: Vec<Change>,
    },
}

impl Event {
    /// The version that it made.
    pub fn version(&self) -> u32 {
        match self {
            Self::Replaced { version, .. } | Self::Edited { version, .. } => *version,
        }
    }

    /// What it did to the objects.
    pub fn apply_to(&self, objects: &mut Objects) {
        match self {
            Self::Replaced { section: Section::Program, text, .. } => *objects = objects.replaced(text),
            Self::Replaced { section: Section::Stores | Section::Catalog, .. } => {}
            Self::Edited { changes, .. } => changes.iter().for_each(|change| objects.apply(change)),
        }
    }
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
    /// The edit contradicts what is there.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// The configuration makes nobody do anything: supervisors publish it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {}

impl Configuration {
    /// An earlier version without the texts of stores and catalog: to be compiled beside a program that has them.
    pub fn kept(version: u32, objects: Objects, places: PlacesVersion) -> Self {
        Self { version, objects, places, ..Self::default() }
    }

    /// The version in force; 0 before the first text.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The single objects of the program.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Which stores and which catalog go with it.
    pub fn places(&self) -> PlacesVersion {
        self.places
    }

    /// The program; nothing before the first program text has come. Stores and catalog are those of `known` where they
    /// are of the same version: a large catalog is not read again for an edit of a rule.
    pub fn compile(&self, known: Option<&Program>) -> Option<Result<Program, Vec<Problem>>> {
        let compile = || self.compile_with(self.version, &self.objects, known);
        (!self.objects.is_empty()).then(compile)
    }

    fn compile_with(
        &self,
        version: u32,
        objects: &Objects,
        known: Option<&Program>,
    ) -> Result<Program, Vec<Problem>> {
        let program = objects.text();
        let text = ProgramText { program: &program, stores: &self.stores, catalog: &self.catalog };
        Program::compile_again(version, text, self.places, known)
    }

    fn replaced(&self, section: Section, text: &str) -> Self {
        let mut next = self.clone();
        next.version += 1;
        match section {
            Section::Program => next.objects = self.objects.replaced(text),
            Section::Stores => {
                next.stores = text.into();
                next.places.stores = next.version;
            }
            Section::Catalog => {
                next.catalog = text.into();
                next.places.catalog = next.version;
            }
        }
        next
    }

    fn unchanged(&self, section: Section, text: &str) -> bool {
        match section {
            // Objects that are as they were keep their versions, so equal texts give equal objects.
            Section::Program => !self.objects.is_empty() && self.objects.replaced(text) == self.objects,
            Section::Stores => *self.stores == *text,
            Section::Catalog => *self.catalog == *text,
        }
    }

    fn decide_replace(
        &self,
        section: Section,
        text: &str,
        check_only: bool,
        context: &Context<'_>,
    ) -> Result<Decision<Self>, Error> {
        // A program text that comes to the same objects may still have problems, so it is looked at first.
        if section != Section::Program && self.unchanged(section, text) {
            return Ok(Decision::answer(Reply::Version(self.version)));
        }
        let next = self.replaced(section, text);
        let served = context.program.retailer().id;
        // A program text is compiled as it was sent, so that problems are named by their place in it.
        let objects = next.objects.text();
        let program = if section == Section::Program { text } else { &objects };
        let sources = ProgramText { program, stores: &next.stores, catalog: &next.catalog };
        let program = Program::compile_again(next.version, sources, next.places, Some(context.program));
        let sent = program.map_err(Error::Problems)?.retailer().id;
        if sent != served {
            return Err(Error::OtherRetailer { sent, served });
        }
        if self.unchanged(section, text) {
            return Ok(Decision::answer(Reply::Version(self.version)));
        }
        let events = if check_only {
            Vec::new()
        } else {
            vec![Event::Replaced { version: next.version, section, text: text.into() }]
        };
        Ok(Decision { events, reply: Reply::Version(next.version), effects: Vec::new() })
    }
}

impl Entity for Configuration {
    type Command = Command;
    type Reply = Reply;
    type Event = Event;
    type Effect = Effect;
    type Error = Error;

    fn decide(&self, command: &Command, context: &Context<'_>) -> Result<Verdict<Self>, Error> {
        let decision = match command {
            Command::Replace { section, text, check_only } => {
                self.decide_replace(*section, text, *check_only, context)?
            }
            Command::Edit(edit) => edit::decide(self, edit, context)?,
            Command::Mark => Decision::answer(Reply::Version(self.version)),
        };
        Ok(Verdict::Decided(decision))
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Replaced { section, text, .. } => *self = self.replaced(*section, text),
            Event::Edited { changes, .. } => {
                self.version += 1;
                changes.iter().for_each(|change| self.objects.apply(change));
            }
        }
        assert_eq!(self.version, event.version(), "versions of the configuration are dense");
    }
}
