//! The `xg2g-transcoder` program: the sandboxed transcoder from the command line.
#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
