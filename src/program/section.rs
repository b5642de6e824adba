//! One text of a loyalty program on its way to the server, and the server's opinion of it.

use std::{fmt::Write, fs, path::Path, time::Duration};

use anyhow::{Context, bail};
use hyper::{Method, StatusCode, body::Bytes};
use serde::Deserialize;

use crate::{
    client::{Address, Call, CallError, call},
    keys::Keys,
    options::ProgramTexts,
};

/// A catalog of a hundred thousand items takes the server a few seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// Which text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Retailer, accounts, tiers and rules.
    Program,
    /// Stores.
    Stores,
    /// Items.
    Catalog,
}

impl Section {
    fn path(self) -> &'static str {
        match self {
            Self::Program => "/admin/program",
            Self::Stores => "/admin/stores",
            Self::Catalog => "/admin/catalog",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Program | Self::Stores => "application/json",
            Self::Catalog => "application/x-ndjson",
        }
    }
}

/// A text and what it is called towards the user.
pub struct SectionText {
    /// Which.
    pub section: Section,
    /// Name of its file.
    pub name: String,
    /// It.
    pub text: Bytes,
}

/// Whether a text is to be put into force.
#[derive(Clone, Copy)]
pub(super) enum Mode {
    Check,
    Apply,
}

/// The server's opinion.
pub(super) enum Reply {
    Accepted { version: u64 },
    Refused(Refusal),
}

#[derive(Deserialize)]
struct Accepted {
    version: u64,
}

#[derive(Deserialize)]
struct Refused {
    errors: Refusal,
}

/// What is wrong with a text.
#[derive(Deserialize)]
pub(super) struct Refusal {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    problems: Vec<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    path: String,
    code: String,
    message: String,
}

impl Refusal {
    /// The problems, a line each, under the name of the text.
    pub(super) fn list(&self, name: &str) -> String {
        let mut list = String::new();
        let mut line = |what: std::fmt::Arguments<'_>| {
            writeln!(list, "{what}").expect("writing into memory cannot fail");
        };
        match self.problems.len() {
            0 => line(format_args!("{name}: {} ({})", self.message, self.code)),
            1 => line(format_args!("{name}: 1 problem")),
            count => line(format_args!("{name}: {count} problems")),
        }
        for problem in &self.problems {
            let place = if problem.path.is_empty() { "(the whole text)" } else { &problem.path };
            line(format_args!("  {place}\n      {} ({})", problem.message, problem.code));
        }
        list
    }
}

/// Reads the files, those that others may refer to first.
pub(super) fn read(files: &ProgramTexts) -> anyhow::Result<Vec<SectionText>> {
    let one = |section, path: &Path| {
        let text = fs::read(path).with_context(|| path.display().to_string())?;
        Ok(SectionText { section, name: path.display().to_string(), text: Bytes::from(text) })
    };
    let stores = files.stores.iter().map(|path| one(Section::Stores, path));
    let catalog = files.catalog.iter().map(|path| one(Section::Catalog, path));
    stores.chain(catalog).chain([one(Section::Program, &files.program)]).collect()
}

/// Sends a text.
pub(super) async fn put(
    server: &Address,
    keys: &Keys,
    text: &SectionText,
    mode: Mode,
) -> anyhow::Result<Reply> {
    let path = match mode {
        Mode::Check => format!("{}?check=true", text.section.path()),
        Mode::Apply => text.section.path().to_owned(),
    };
    let authorization = keys.admin_authorization();
    let request = Call {
        method: Method::PUT,
        path: &path,
        authorization: &authorization,
        content_type: text.section.content_type(),
        body: text.text.clone(),
    };
    let answer = call(server, request, PATIENCE).await?;
    let unreadable = || format!("the server's answer to {path} is not understood: {}", answer.excerpt());
    match answer.status {
        StatusCode::OK => {
            let accepted: Accepted = serde_json::from_slice(&answer.body).with_context(unreadable)?;
            Ok(Reply::Accepted { version: accepted.version })
        }
        StatusCode::BAD_REQUEST => {
            let refused: Refused = serde_json::from_slice(&answer.body).with_context(unreadable)?;
            Ok(Reply::Refused(refused.errors))
        }
        StatusCode::UNAUTHORIZED => bail!(CallError::KeyRefused),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => bail!(CallError::NoSuchPath(answer.status)),
        status => bail!(CallError::Status { path, status, text: answer.excerpt() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_listed_with_their_places() {
        let refusal: Refused = serde_json::from_str(
            r#"{"status":"error","errors":{"code":"invalid_program","message":"2 problems","problems":[
                {"path":"rule_trees[3].outcomes[0].point_source_id","code":"unknown_source","message":"no such source"},
                {"path":"","code":"syntax","message":"not JSON"}]}}"#,
        )
        .unwrap();
        assert_eq!(
            refusal.errors.list("program.json"),
            "program.json: 2 problems\n  \
               rule_trees[3].outcomes[0].point_source_id\n      no such source (unknown_source)\n  \
               (the whole text)\n      not JSON (syntax)\n"
        );
    }

    #[test]
    fn a_refusal_without_problems_is_told_in_one_line() {
        let refusal: Refusal =
            serde_json::from_str(r#"{"code":"other_retailer","message":"not yours"}"#).unwrap();
        assert_eq!(refusal.list("p.json"), "p.json: not yours (other_retailer)\n");
    }
}
