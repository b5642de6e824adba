//! The program text, taken apart into the objects that are edited one by one.

use std::{collections::BTreeMap, fmt::Write};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::json::Json;

/// The kinds of objects that are edited one by one. Stored: grows at the end only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ObjectKind {
    /// A point account (incentives.md 2.1).
    PointAccount,
    /// A point source with its restrictions (incentives.md 2.3).
    PointSource,
    /// A tier system with its levels (incentives.md 2.6).
    TierSystem,
    /// A rule tree (incentives.md 6.1).
    RuleTree,
    /// A rule template (incentives.md 7.13).
    RuleTemplate,
    /// A loyalty event that the retailer has defined (incentives.md 7.12).
    Event,
    /// A constraint of something by tier level (incentives.md 7.7).
    TierLevelConstraint,
}

impl ObjectKind {
    /// All of them, in the order in which they stand in a program text.
    pub const ALL: [Self; 7] = [
        Self::PointAccount,
        Self::PointSource,
        Self::TierSystem,
        Self::Event,
        Self::RuleTree,
        Self::RuleTemplate,
        Self::TierLevelConstraint,
    ];

    /// The member of the program text that lists them.
    pub const fn member(self) -> &'static str {
        match self {
            Self::PointAccount => "point_accounts",
            Self::PointSource => "point_sources",
            Self::TierSystem => "tier_systems",
            Self::RuleTree => "rule_trees",
            Self::RuleTemplate => "rule_templates",
            Self::Event => "events",
            Self::TierLevelConstraint => "tier_level_constraints",
        }
    }
}

/// One object as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Its id.
    pub id: Uuid,
    /// Counts its changes, from 1.
    pub version: u32,
    /// The object as JSON text, with the members that the compiler does not read.
    pub text: Box<str>,
}

impl Object {
    /// The object as JSON.
    pub fn json(&self) -> Json {
        Json::parse(&self.text).unwrap_or(Json::Null)
    }
}

/// A change of one object. Stored: grows at the end only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// It is there now, or is this now.
    Put {
        /// Its kind.
        kind: ObjectKind,
        /// The object.
        object: Object,
    },
    /// It is no longer there.
    Removed {
        /// Its kind.
        kind: ObjectKind,
        /// Its id.
        id: Uuid,
    },
}

/// All objects of a program, and the retailer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objects {
    retailer: Box<str>,
    lists: BTreeMap<ObjectKind, Vec<Object>>,
}

impl Objects {
    /// Nothing has been configured.
    pub fn is_empty(&self) -> bool {
        self.retailer.is_empty() && self.lists.values().all(Vec::is_empty)
    }

    /// The objects of a kind, in the order of the program.
    pub fn list(&self, kind: ObjectKind) -> &[Object] {
        self.lists.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The object of an id.
    pub fn get(&self, kind: ObjectKind, id: Uuid) -> Option<&Object> {
        self.list(kind).iter().find(|object| object.id == id)
    }

    /// Where an object stands among those of its kind.
    pub fn position(&self, kind: ObjectKind, id: Uuid) -> Option<usize> {
        self.list(kind).iter().position(|object| object.id == id)
    }

    /// Takes a program text apart that has been compiled: every object has an id. Objects that are as they were keep
    /// their version, others get the next.
    pub fn replaced(&self, text: &str) -> Self {
        let document = Json::parse(text).unwrap_or(Json::Null);
        let retailer = document.get("retailer").map(Json::to_string).unwrap_or_default().into();
        let lists = ObjectKind::ALL.map(|kind| {
            let elements = document.elements(kind.member());
            (kind, elements.iter().filter_map(|json| self.next(kind, json)).collect())
        });
        Self { retailer, lists: lists.into_iter().collect() }
    }

    fn next(&self, kind: ObjectKind, json: &Json) -> Option<Object> {
        let id = json.get_id("id")?;
        let text: Box<str> = json.to_string().into();
        let named = json.get_whole("version").and_then(|version| u32::try_from(version).ok()).unwrap_or(1);
        let version = match self.get(kind, id) {
            Some(known) if known.text == text => known.version,
            Some(known) => named.max(known.version + 1),
            None => named.max(1),
        };
        Some(Object { id, version, text })
    }

    /// Makes a change.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Put { kind, object } => {
                let list = self.lists.entry(*kind).or_default();
                match list.iter_mut().find(|known| known.id == object.id) {
                    Some(known) => *known = object.clone(),
                    None => list.push(object.clone()),
                }
            }
            Change::Removed { kind, id } => {
                self.lists.entry(*kind).or_default().retain(|known| known.id != *id);
            }
        }
    }

    /// The program text of all of them: what is compiled. Empty: nothing has been configured.
    pub fn text(&self) -> String {
        if self.is_empty() {
            return String::new();
        }
        let mut text = String::from("{");
        if !self.retailer.is_empty() {
            write!(text, "\"retailer\":{},", self.retailer).expect("writing to a String cannot fail");
        }
        for kind in ObjectKind::ALL {
            let texts: Vec<_> = self.list(kind).iter().map(|object| &*object.text).collect();
            write!(text, "\"{}\":[{}],", kind.member(), texts.join(","))
                .expect("writing to a String cannot fail");
        }
        text.pop();
        text.push('}');
        text
    }
}
