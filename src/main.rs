//! The program `laurel`: command line, configuration, start-up and shutdown order. No business logic.

mod backup;
mod client;
mod delivery;
mod demo;
mod inspect;
mod keys;
mod logging;
mod members;
mod options;
mod program;
mod replay;
mod restore;
mod serve;
mod tenant;
mod verify;

use std::{env, future::Future, process::ExitCode};

use options::{Command, MembersAction, OptionsError, ProgramAction};

/// Many small short-lived allocations on several threads: what this allocator is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit code of a command that could not do its work.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let command = match options::read(env::args_os()) {
        Ok(options) => options.command,
        // Help and version come this way too, with exit code 0.
        Err(OptionsError::Arguments(error)) => error.exit(),
        Err(OptionsError::File(error)) => return failed(&error.into()),
    };
    run(command).unwrap_or_else(|error| failed(&error))
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(options) => serve::run(&options),
        Command::Demo(options) => demo::run(options),
        Command::Replay(options) => as_client(replay::run(&options)),
        Command::Program { action: ProgramAction::Check(options) } => as_client(program::check(&options)),
        Command::Program { action: ProgramAction::Apply(options) } => as_client(program::apply(&options)),
        Command::Members { action: MembersAction::Load(options) } => as_client(members::load(&options)),
        Command::Backup(options) => as_client(backup::run(&options)),
        Command::Restore(options) => restore::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Inspect(options) => inspect::run(&options),
    }
}

/// Runs a command that only speaks to a server. One thread: the client shares its machine with the server often enough.
fn as_client(command: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("laurel: {error:#}");
    ExitCode::from(FAILED)
}
