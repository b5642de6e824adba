//! What an edit has made so far, and the check at its end.

use uuid::Uuid;

use super::{Configuration, Error, Json, ObjectKind, Refusal};
use crate::{
    configuration::{Change, Object, Objects},
    entity::Context,
    program::{Problem, ProblemCode},
    time::{TimeForm, Timestamp},
};

/// Collects changes over an unchanged configuration.
pub(super) struct Editor<'a> {
    configuration: &'a Configuration,
    context: &'a Context<'a>,
    objects: Objects,
    changes: Vec<Change>,
    problems: Vec<Problem>,
    ids_given: u64,
    /// The path of what the caller has sent, as the compiler names it.
    focus: String,
}

impl<'a> Editor<'a> {
    pub(super) fn new(configuration: &'a Configuration, context: &'a Context<'a>) -> Self {
        Self {
            configuration,
            context,
            objects: configuration.objects.clone(),
            changes: Vec::new(),
            problems: Vec::new(),
            ids_given: 0,
            focus: String::new(),
        }
    }

    /// A new id.
    pub(super) fn new_id(&mut self) -> Uuid {
        let id = self.context.ids.nth(self.ids_given);
        self.ids_given += 1;
        id
    }

    /// The tenant, for objects that name it.
    pub(super) fn retailer_id(&self) -> Json {
        Json::text(self.context.program.retailer().id)
    }

    /// The time, as persisted columns are written (incentives.md 1.3).
    pub(super) fn now(&self) -> Json {
        let now: Timestamp = self.context.now;
        Json::text(now.write(TimeForm::IsoBare))
    }

    /// The objects as they will be.
    pub(super) fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Notes what is wrong with what was sent.
    pub(super) fn problem(&mut self, path: impl Into<String>, code: ProblemCode, message: impl Into<String>) {
        self.problems.push(Problem { path: path.into(), code, message: message.into() });
    }

    /// The problems so far as a refusal.
    pub(super) fn refused(&mut self) -> Error {
        Error::Problems(std::mem::take(&mut self.problems))
    }

    /// The problems so far, taken out.
    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    /// A member of what was sent that must be an id.
    pub(super) fn required_id(&mut self, body: &Json, name: &str) -> Result<Uuid, Error> {
        if let Some(id) = body.get_id(name) {
            return Ok(id);
        }
        if body.get(name).is_some() {
            self.problem(name, ProblemCode::InvalidValue, "not a GUID");
        } else {
            self.problem(name, ProblemCode::Required, format!("{name} is required"));
        }
        Err(self.refused())
    }

    /// A member of what was sent that must be a whole number within a range.
    pub(super) fn required_whole(&mut self, body: &Json, name: &str, max: i64) -> Result<i64, Error> {
        match body.get_whole(name) {
            Some(number) if (0..=max).contains(&number) => return Ok(number),
            Some(number) => {
                let message = format!("{number} is not between 0 and {max}");
                self.problem(name, ProblemCode::OutOfRange, message);
            }
            None if body.get(name).is_some() => {
                self.problem(name, ProblemCode::InvalidValue, "not a whole number");
            }
            None => self.problem(name, ProblemCode::Required, format!("{name} is required")),
        }
        Err(self.refused())
    }

    /// A member of what was sent that must be true or false.
    pub(super) fn required_flag(&mut self, body: &Json, name: &str) -> Result<bool, Error> {
        if let Some(flag) = body.get_flag(name) {
            return Ok(flag);
        }
        let there = body.get(name).is_some();
        let code = if there { ProblemCode::InvalidValue } else { ProblemCode::Required };
        self.problem(name, code, "must be true or false");
        Err(self.refused())
    }

    /// The object that a member of what was sent names.
    pub(super) fn named(&mut self, kind: ObjectKind, body: &Json, name: &str) -> Result<(Uuid, Json), Error> {
        let id = self.required_id(body, name)?;
        let object = self.objects.get(kind, id).ok_or(Refusal::NotFound(kind))?;
        Ok((id, object.json()))
    }

    /// The object is this now. One that is so already stays as it is.
    pub(super) fn put(&mut self, kind: ObjectKind, id: Uuid, json: &Json) {
        let text: Box<str> = json.to_string().into();
        let known = self.objects.get(kind, id);
        if known.is_none_or(|known| known.text != text) {
            let version = known.map_or(1, |known| known.version + 1);
            self.change(Change::Put { kind, object: Object { id, version, text } });
        }
        if let Some(place) = self.objects.position(kind, id) {
            self.focus = format!("{}[{place}]", kind.member());
        }
    }

    /// The object is no longer there.
    pub(super) fn remove(&mut self, kind: ObjectKind, id: Uuid) {
        self.change(Change::Removed { kind, id });
    }

    /// The caller has seen the object as it is: `version` of what was sent.
    pub(super) fn expect_version(&mut self, kind: ObjectKind, id: Uuid, body: &Json) -> Result<(), Error> {
        let sent = self.required_whole(body, "version", i64::from(u32::MAX))?;
        let known = self.objects.get(kind, id).map(|object| i64::from(object.version));
        if known == Some(sent) { Ok(()) } else { Err(Refusal::VersionConflict.into()) }
    }

    /// What the caller has sent is an element inside the object that was put last.
    pub(super) fn look_inside(&mut self, member: &str, place: usize) {
        self.focus = format!("{}.{member}[{place}]", self.focus);
    }

    fn change(&mut self, change: Change) {
        self.objects.apply(&change);
        self.changes.push(change);
    }

    /// The objects as they will be and what changes, when the program with them compiles.
    pub(super) fn finish(mut self) -> Result<(Objects, Vec<Change>), Error> {
        if !self.problems.is_empty() {
            return Err(self.refused());
        }
        if !self.changes.is_empty() {
            let version = self.configuration.version + 1;
            let known = Some(self.context.program);
            let compiled = self.configuration.compile_with(version, &self.objects, known);
            compiled.map_err(|problems| Error::Problems(self.seen_from_inside(problems)))?;
        }
        Ok((self.objects, self.changes))
    }

    /// Problems with the paths as the caller sees them, those of what was sent first.
    fn seen_from_inside(&self, problems: Vec<Problem>) -> Vec<Problem> {
        let inside = |problem: &Problem| {
            let rest = problem.path.strip_prefix(&self.focus)?;
            rest.is_empty().then_some("").or_else(|| rest.strip_prefix('.')).map(str::to_owned)
        };
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for problem in problems {
            match inside(&problem) {
                Some(path) if !self.focus.is_empty() => own.push(Problem { path, ..problem }),
                Some(_) | None => others.push(problem),
            }
        }
        own.append(&mut others);
        own
    }
}
