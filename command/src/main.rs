//! Transcodes standard input to standard output, through the transcoder component that it is composed with.
//!
//! A program for `wasmtime run`, and an example of how the contract is used: open, process, finish, report.

mod arguments;
mod bindings;
mod table;

use std::fmt::Display;
use std::io::{Read, Write, stderr, stdin, stdout};
use std::process::ExitCode;

use arguments::Arguments;
use bindings::xg2g::transcoder::transcoder::{Options, Session, inspect};
use clap::Parser;

/// Bytes of the stream handed over in one call.
const PIECE_BYTES: usize = 64 * 1024;

/// The most bytes that `--inspect` reads: half a second of 64 Mbit/s, more than any broadcast multiplex carries.
const INSPECT_BYTES: u64 = 4 << 20;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = arguments.options();
    let done = if arguments.inspect { show(&options) } else { transcode(&options, arguments.report) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // With standard error gone too there is nobody left to tell.
            let _ = writeln!(stderr(), "transcode: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The stream, piece by piece as it arrives.
fn transcode(options: &Options, report: bool) -> Result<(), String> {
    let session = Session::open(options)?;
    let (mut input, mut output) = (stdin().lock(), stdout().lock());
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = input.read(&mut piece).map_err(reading)?;
        if length == 0 {
            break;
        }
        output.write_all(&session.process(&piece[..length])?).map_err(writing)?;
        output.flush().map_err(writing)?;
    }
    output.write_all(&session.finish()?).map_err(writing)?;
    output.flush().map_err(writing)?;
    if report {
        stderr().write_all(table::report(&session.report()).as_bytes()).map_err(writing)?;
    }
    Ok(())
}

/// What the stream holds.
fn show(options: &Options) -> Result<(), String> {
    let mut start = Vec::new();
    stdin().lock().take(INSPECT_BYTES).read_to_end(&mut start).map_err(reading)?;
    let found = inspect(&start, options)?;
    stdout().lock().write_all(table::inspection(&found).as_bytes()).map_err(writing)
}

fn reading(error: impl Display) -> String {
    format!("could not read standard input: {error}")
}

fn writing(error: impl Display) -> String {
    format!("could not write the output: {error}")
}
