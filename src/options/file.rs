//! The options file: TOML, a section per command. Owns its shape; must not know what an option means.

use std::path::{Path, PathBuf};

use clap::{Arg, Command};
use config::{Config, File, FileFormat, Map, Value, ValueKind};

/// Why the options file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be read, or is no TOML.
    #[error("options file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<config::ConfigError>,
    },
    /// A section that is no command.
    #[error("options file {}: there is no command `{section}`", path.display())]
    UnknownSection {
        /// The file.
        path: PathBuf,
        /// Name of the section.
        section: String,
    },
    /// A key that is no option of its command.
    #[error("options file {}: `{section}.{key}` is no option", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// Name of the section.
        section: String,
        /// Name of the key.
        key: String,
    },
    /// A list or a table where a text, a number or a switch belongs.
    #[error("options file {}: `{section}.{key}` has to be a text, a number, true or false", path.display())]
    NotPlain {
        /// The file.
        path: PathBuf,
        /// Name of the section.
        section: String,
        /// Name of the key.
        key: String,
    },
}

/// The command line's definition with the values of a file as defaults.
pub(super) fn with_defaults(command: Command, path: &Path) -> Result<Command, FileError> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source: Box::new(source) };
    let sections = Config::builder()
        .add_source(File::from(path).format(FileFormat::Toml))
        .build()
        .and_then(Config::try_deserialize::<Map<String, Map<String, Value>>>)
        .map_err(unreadable)?;
    let mut command = command;
    for (section, values) in sections {
        if command.find_subcommand(&section).is_none() {
            return Err(FileError::UnknownSection { path: path.to_owned(), section });
        }
        for (key, value) in values {
            let place = || (path.to_owned(), section.clone(), key.clone());
            let Some(text) = plain(value.kind) else {
                let (path, section, key) = place();
                return Err(FileError::NotPlain { path, section, key });
            };
            let mut known = false;
            command = command.mut_subcommand(&section, |sub| {
                let (sub, found) = set(sub, &key, &text);
                known = found;
                sub
            });
            if !known {
                let (path, section, key) = place();
                return Err(FileError::UnknownKey { path, section, key });
            }
        }
    }
    Ok(command)
}

fn plain(kind: ValueKind) -> Option<String> {
    match kind {
        ValueKind::Boolean(value) => Some(value.to_string()),
        ValueKind::I64(value) => Some(value.to_string()),
        ValueKind::I128(value) => Some(value.to_string()),
        ValueKind::U64(value) => Some(value.to_string()),
        ValueKind::U128(value) => Some(value.to_string()),
        ValueKind::Float(value) => Some(value.to_string()),
        ValueKind::String(value) => Some(value),
        ValueKind::Nil | ValueKind::Table(_) | ValueKind::Array(_) => None,
    }
}

/// Gives the option of that name its default, in the command itself and in those below it.
fn set(command: Command, key: &str, text: &str) -> (Command, bool) {
    let named = |arg: &Arg| arg.get_long() == Some(key) && !arg.is_global_set();
    let id = command.get_arguments().find(|arg| named(arg)).map(|arg| arg.get_id().clone());
    let mut found = id.is_some();
    let mut command = match id {
        Some(id) => command.mut_arg(id, |arg| arg.default_value(text.to_owned())),
        None => command,
    };
    let below: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in below {
        command = command.mut_subcommand(name, |sub| {
            let (sub, here) = set(sub, key, text);
            found |= here;
            sub
        });
    }
    (command, found)
}
