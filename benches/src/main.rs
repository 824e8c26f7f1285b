//! `xg2g-bench`: what the transcoder costs, against ffmpeg and the sandbox against the native build, in one run.
#![forbid(unsafe_code)]

mod arguments;
mod error;
mod machine;
mod measure;
mod native;
mod programs;
mod results;
mod rounds;
mod statistics;
mod streams;
mod table;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use error::Error;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Some(Command::Native(native)) => native::run(native),
        None => compare(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xg2g-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures, prints the table and writes the JSON.
fn compare(arguments: &Arguments) -> Result<(), Error> {
    let results = rounds::measure(arguments)?;
    let json = serde_json::to_vec_pretty(&results).map_err(|error| Error::write(&arguments.json, error.into()))?;
    if let Some(directory) = arguments.json.parent() {
        std::fs::create_dir_all(directory).map_err(|error| Error::write(directory, error))?;
    }
    std::fs::write(&arguments.json, json).map_err(|error| Error::write(&arguments.json, error))?;
    print!("{}", table::markdown(&results));
    Ok(())
}
