//! What the program can be told: commands, their options, and where an option's value comes from.
//!
//! A flag wins over the environment, the environment over the options file, the file over the default; an option has
//! the same name in all of them. Owns the parsing and checking of values. Must not act on them.

mod client;
mod file;
mod secret;
mod serve;
mod size;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use client::{MembersOptions, Patience, ProgramOptions, ProgramTexts, ReplayOptions, ServerChoice};
pub use file::FileError;
pub use secret::Secret;
pub use serve::{LogFormat, ServeOptions};
pub use size::ByteSize;

use crate::{
    backup::BackupOptions, demo::DemoOptions, inspect::InspectOptions, restore::RestoreOptions,
    verify::VerifyOptions,
};

/// A customer-loyalty engine that a retailer runs itself.
///
/// Every option can be given in three ways, here for `serve --shards`: as a flag `--shards 4`; in the environment,
/// `LAUREL_SHARDS=4`; in the file named by --config, as `shards = 4` in the section `[serve]`. The flag wins over
/// the environment, the environment over the file.
#[derive(Debug, Parser)]
#[command(name = "laurel", version, max_term_width = 110, propagate_version = true)]
pub struct Options {
    /// TOML file with options: a section per command, the names of the flags as keys
    #[arg(long, global = true, env = "LAUREL_CONFIG", value_name = "FILE")]
    pub config: Option<std::path::PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the engine and answer requests until SIGTERM or ctrl-c
    Serve(ServeOptions),
    /// See it work: start the engine, replay a month of real grocery sales through its HTTP interface, show the result
    ///
    /// Takes the options of `serve` too. Run it again and the same sales are sent again under the same request ids:
    /// nothing is counted twice.
    Demo(DemoOptions),
    /// Send a file of sales to a server
    ///
    /// Every member's sales are sent in the order of the file. What was not acknowledged is sent again with the same
    /// request id, so that the server counts it once.
    ///
    /// Exit code: 0 when the server has taken every sale, 1 when it refused some, 2 when the work was given up.
    Replay(ReplayOptions),
    /// Check or apply a loyalty program
    Program {
        /// Which of both.
        #[command(subcommand)]
        action: ProgramAction,
    },
    /// Create customers from a file
    Members {
        /// What to do with them.
        #[command(subcommand)]
        action: MembersAction,
    },
    /// Have a running server copy its data to a folder of its machine, without stopping it
    ///
    /// Everything that was acknowledged before is in the copy; the folder bears a `backup.json` when it is whole. The
    /// server has to be started with --backup-folder. Asking again for the same folder does no harm.
    Backup(BackupOptions),
    /// Bring a backup back to an empty folder, and check what is there then
    Restore(RestoreOptions),
    /// Check all stored data, recompute states from events, and repair what is damaged
    ///
    /// No server may run on the folder. Every checksum is compared, the journal is followed frame by frame, and every
    /// customer, sale and other entity is computed again from its history. Without --repair nothing is changed.
    ///
    /// --repair puts together what can be proven: states from histories, rows from frames of the journal that are still
    /// there, pages with one flipped bit from their checksums. It refuses, and changes nothing, when anything that was
    /// acknowledged would be lost, and lists what that is, file by file and entity by entity; --accept-loss goes on
    /// then. Restoring a backup may lose less. The files it replaces are kept in a folder damaged-TIME beside the new
    /// ones.
    ///
    /// Exit code: 0 when nothing is wrong (any more), 1 when something is, 2 when the folder cannot be looked at or
    /// written, 3 when a repair was refused because it would lose something.
    Verify(VerifyOptions),
    /// Look into stored data
    Inspect(InspectOptions),
}

/// What can be done with a program.
#[derive(Debug, Subcommand)]
pub enum ProgramAction {
    /// Let the server check it and list what is wrong; changes nothing
    Check(ProgramOptions),
    /// Put it into force
    Apply(ProgramOptions),
}

/// What can be done with members.
#[derive(Debug, Subcommand)]
pub enum MembersAction {
    /// Create the customers of a file; those that are already there are left as they are
    ///
    /// Exit code: 0 when all are there, 1 when the server refused some, 2 when the work was given up.
    Load(MembersOptions),
}

/// Why the options could not be read.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// An argument, or `--help` and `--version`, which are answered the same way.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
    /// The file named by `--config`.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Reads the options from the arguments of the process, its environment and the options file.
///
/// # Errors
/// An argument or a value of the environment or of the file is unknown or out of range.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Options, OptionsError> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let options = Options::try_parse_from(&arguments)?;
    let Some(path) = &options.config else { return Ok(options) };
    // The file's values become the defaults of the flags: one definition, one check and one precedence for all sources.
    let command = file::with_defaults(Options::command(), path)?;
    let matches = command.try_get_matches_from(&arguments)?;
    Ok(Options::from_arg_matches(&matches)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, OptionsError> {
        read(std::iter::once("laurel").chain(arguments.iter().copied()).map(OsString::from))
    }

    fn serve(arguments: &[&str]) -> ServeOptions {
        match parse(arguments).unwrap().command {
            Command::Serve(options) => options,
            other => panic!("not serve: {other:?}"),
        }
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn the_definition_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn a_file_sets_what_no_flag_sets() {
        let file = file("[serve]\nshards = 3\nlisten = \"127.0.0.1:9000\"\ntail-bytes-max = \"64MiB\"\n");
        let path = file.path().to_str().unwrap();
        let options = serve(&["--config", path, "serve", "--shards", "5"]);
        assert_eq!(options.shards().get(), 5, "the flag wins");
        assert_eq!(options.listen.to_string(), "127.0.0.1:9000");
        assert_eq!(options.tail_bytes_max.bytes(), 64 << 20);
        assert_eq!(options.resident_limit, 200_000, "the default stays where nobody says anything");
    }

    #[test]
    fn a_section_reaches_the_commands_below() {
        let file = file("[members]\nconnections = 3\n");
        let options =
            parse(&["members", "load", "x.ndjson", "--config", file.path().to_str().unwrap()]).unwrap();
        match options.command {
            Command::Members { action: MembersAction::Load(load) } => assert_eq!(load.connections.get(), 3),
            other => panic!("not members load: {other:?}"),
        }
    }

    #[test]
    fn a_switch_can_stand_in_the_file() {
        let file = file("[replay]\nbulk = true\n");
        let options = parse(&["replay", "x.ndjson", "--config", file.path().to_str().unwrap()]).unwrap();
        assert!(matches!(options.command, Command::Replay(ReplayOptions { bulk: true, .. })));
    }

    #[test]
    fn an_unknown_name_in_the_file_is_an_error_that_names_it() {
        for (text, told) in [("[serve]\nshard = 3\n", "serve.shard"), ("[server]\nshards = 3\n", "server")] {
            let file = file(text);
            let error = parse(&["serve", "--config", file.path().to_str().unwrap()]).unwrap_err();
            assert!(matches!(error, OptionsError::File(_)), "{error}");
            assert!(error.to_string().contains(told), "{error}");
        }
    }

    #[test]
    fn a_wrong_value_in_the_file_is_an_error() {
        let file = file("[serve]\nshards = \"many\"\n");
        let error = parse(&["serve", "--config", file.path().to_str().unwrap()]).unwrap_err();
        assert!(error.to_string().contains("--shards"), "{error}");
    }

    #[test]
    fn the_admin_key_is_not_shown() {
        let options = serve(&["serve", "--admin-key", "open-sesame"]);
        assert!(!format!("{options:?}").contains("sesame"));
        assert_eq!(options.admin_key.as_ref().unwrap().reveal(), "open-sesame");
    }
}
