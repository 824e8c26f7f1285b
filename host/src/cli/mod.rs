//! The program's commands.

mod args;
mod failure;
mod input;
mod inspect;
mod output;
mod progress;
mod transcode;
mod version;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use failure::Failure;

/// Runs the command that the arguments name. Its result is the exit code that `--help` documents.
pub fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Transcode(arguments) => transcode::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Version(arguments) => version::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Whoever read the output knows that they stopped.
            if !matches!(failure, Failure::ReaderGone) {
                eprintln!("error: {failure}");
            }
            failure.exit_code()
        }
    }
}
