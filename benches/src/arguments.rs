//! The program's arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Measures CPU time, wall time and peak memory of the transcoder against ffmpeg, round by round on the same streams.
///
/// Prints a Markdown table and writes JSON. It asserts nothing about speed: it fails only when a program fails.
#[derive(Debug, Parser)]
#[command(name = "xg2g-bench", version, args_conflicts_with_subcommands = true, max_term_width = 110)]
pub struct Arguments {
    /// One of the programs that are measured.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How often each program runs on each stream; one more run before the first, to warm up, is not counted.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Length of the streams in seconds; each length is made once and kept.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(2..=3600))]
    pub seconds: u32,
    /// Only this stream or program, by its name in the table; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Where the measurements go.
    #[arg(long, value_name = "PATH", default_value = "target/bench.json")]
    pub json: PathBuf,
    /// The host program [default: xg2g-transcoder beside this program, or in dist/].
    #[arg(long, value_name = "PATH", env = "XG2G_TRANSCODER")]
    pub host: Option<PathBuf>,
    /// The plugin [default: where the host program looks for it].
    #[arg(long, value_name = "PATH")]
    pub plugin: Option<PathBuf>,
}

/// Programs that are measured and are this one.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Transcode with the core compiled natively: no sandbox, no limits.
    Native(Native),
}

/// Arguments of `native`.
#[derive(Debug, Args)]
pub struct Native {
    /// The transport stream.
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// Where to write; `-` for standard output.
    #[arg(value_name = "OUT", default_value = "-")]
    pub output: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
