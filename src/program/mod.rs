//! The commands `program check` and `program apply`: hand a loyalty program to a server and list what is wrong with it.

mod section;

use std::{collections::VecDeque, process::ExitCode};

use crate::{client::Address, keys::Keys, options::ProgramOptions};

use section::{Mode, Reply, put};
pub use section::{Section, SectionText};

/// Lets the server check the texts; changes nothing.
///
/// # Errors
/// A file or the keys cannot be read, or the server gives no usable answer.
pub async fn check(options: &ProgramOptions) -> anyhow::Result<ExitCode> {
    let keys = Keys::read(&options.server.keys_file)?;
    let mut sound = true;
    for text in section::read(&options.texts)? {
        match put(&options.server.url, &keys, &text, Mode::Check).await? {
            Reply::Accepted { .. } => println!("{}: no problems", text.name),
            Reply::Refused(problems) => {
                sound = false;
                print!("{}", problems.list(&text.name));
            }
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Puts the texts into force.
///
/// # Errors
/// A file or the keys cannot be read, or the server gives no usable answer.
pub async fn apply(options: &ProgramOptions) -> anyhow::Result<ExitCode> {
    let keys = Keys::read(&options.server.keys_file)?;
    let applied = apply_texts(&options.server.url, &keys, section::read(&options.texts)?).await?;
    for (name, version) in &applied.in_force {
        println!("{name}: in force, version {version}");
    }
    print!("{}", applied.problems);
    Ok(if applied.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What came of applying some texts.
pub struct Applied {
    /// Names of the texts in force now, and the version of the program that each made.
    pub in_force: Vec<(String, u64)>,
    /// What is wrong with the others, as a readable list; empty when nothing is.
    pub problems: String,
}

/// Puts texts into force, in the order in which the server takes them.
///
/// The server checks a text against the others in force. A program may name a store that is only in the new list of
/// stores, and stores may have nothing to belong to before there is a program: so what is refused is tried again after
/// another text has been taken.
///
/// # Errors
/// The server gives no usable answer.
pub async fn apply_texts(server: &Address, keys: &Keys, texts: Vec<SectionText>) -> anyhow::Result<Applied> {
    let mut in_force = Vec::new();
    let mut waiting: VecDeque<_> = texts.into();
    let mut problems = String::new();
    let mut refused_in_a_row = 0;
    while refused_in_a_row < waiting.len() {
        let Some(text) = waiting.pop_front() else { break };
        match put(server, keys, &text, Mode::Apply).await? {
            Reply::Accepted { version } => {
                in_force.push((text.name, version));
                refused_in_a_row = 0;
                problems.clear();
            }
            Reply::Refused(found) => {
                problems.push_str(&found.list(&text.name));
                refused_in_a_row += 1;
                waiting.push_back(text);
            }
        }
    }
    Ok(Applied { in_force, problems })
}
