//! The program's arguments.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use xg2g_transcoder::{
    Channels, CompileCache, DualMono, DynamicRange, Limits, LoadError, Options, Plugin, PluginConfig, find_plugin,
};

/// Shown at the end of `--help`.
const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    the input is no transport stream, or the plugin is missing, refused, or failed
  2    wrong usage, or an option outside its range
  3    a limit of memory, time or size was exceeded
  4    a file could not be read or written
  141  whoever read the output has gone (as a program ended by SIGPIPE)

The plugin is looked for in --plugin, in $XG2G_PLUGIN, beside this program, in ../lib/xg2g-transcoder/ from there, and in
./dist/; its name is transcoder.wasm. Compiled code is kept in $XDG_CACHE_HOME/xg2g-transcoder (~/.cache/xg2g-transcoder).";

/// Makes the sound of an MPEG transport stream AAC-LC, and leaves everything else as it is.
///
/// The work is done by a sandboxed WebAssembly plugin, which can reach nothing but the stream.
#[derive(Debug, Parser)]
#[command(name = "xg2g-transcoder", version, after_help = EXIT_CODES, max_term_width = 110)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Transcode a stream.
    Transcode(Transcode),
    /// Tell what a stream holds and what would be done to each track.
    Inspect(Inspect),
    /// Load and check the plugin; print its version and this program's.
    Version(Version),
}

/// Arguments of `transcode`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Transcode {
    /// The transport stream; `-` for standard input.
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// Where to write; `-` for standard output, at once as packets are ready. A file appears, or is replaced, only when all
    /// of it is written.
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    /// Print what happened to standard error when done.
    #[arg(long, value_name = "FORMAT")]
    pub report: Option<ReportFormat>,
    #[command(flatten)]
    pub options: StreamOptions,
    #[command(flatten)]
    pub sandbox: SandboxOptions,
}

/// Arguments of `inspect`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Inspect {
    /// The transport stream; `-` for standard input. At most its first 4 MiB are read.
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// Print JSON, for programs.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub options: StreamOptions,
    #[command(flatten)]
    pub sandbox: SandboxOptions,
}

/// Arguments of `version`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Version {
    #[command(flatten)]
    pub plugin: PluginOptions,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// One JSON object on one line.
    Json,
    /// A table, for people.
    Text,
}

/// What the contract lets one choose.
#[derive(Debug, Args)]
#[command(next_help_heading = "Stream options")]
pub struct StreamOptions {
    /// Bits per second of each AAC track: 16000 to 576000 [default: 192000 for stereo, 96000 for mono].
    #[arg(long, value_name = "BITS")]
    bitrate: Option<u32>,
    /// Channels of each AAC track [default: stereo].
    #[arg(long, value_name = "CHANNELS")]
    channels: Option<ChannelsArgument>,
    /// What is heard of two programmes in one track [default: both].
    #[arg(long, value_name = "PROGRAMME")]
    dual_mono: Option<DualMonoArgument>,
    /// How far the stream's own dynamic range control is followed [default: line].
    #[arg(long, value_name = "RANGE")]
    dynamic_range: Option<DynamicRangeArgument>,
    /// Transcode only tracks on this PID (16 to 8190, or 0x10 to 0x1ffe); may be repeated [default: every PID].
    #[arg(long = "pid", value_name = "PID", value_parser = pid)]
    pids: Vec<u16>,
    /// Transcode only tracks in this language (three letters of ISO 639-2); may be repeated [default: every language].
    #[arg(long = "language", value_name = "CODE")]
    languages: Vec<String>,
}

/// The enumerations of the contract as arguments. Each has the contract's words.
macro_rules! choice {
    ($(#[$doc:meta])* $argument:ident is $of:ident { $($(#[$case_doc:meta])* $case:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, ValueEnum)]
        enum $argument { $($(#[$case_doc])* $case),+ }

        impl From<$argument> for $of {
            fn from(argument: $argument) -> Self {
                match argument { $($argument::$case => Self::$case),+ }
            }
        }
    };
}

choice! {
    /// Channels of each AAC track.
    ChannelsArgument is Channels {
        /// Two.
        Stereo,
        /// One.
        Mono,
    }
}
choice! {
    /// What is heard of a dual-mono track.
    DualMonoArgument is DualMono {
        /// The first programme left, the second right.
        Both,
        /// Only the first programme.
        First,
        /// Only the second programme.
        Second,
    }
}
choice! {
    /// Dynamic range control.
    DynamicRangeArgument is DynamicRange {
        /// The full range.
        Off,
        /// What a decoder does by default.
        Line,
        /// A narrow range, for small speakers and late evenings.
        Rf,
    }
}

impl StreamOptions {
    pub fn options(&self) -> Options {
        Options {
            bitrate: self.bitrate,
            channels: self.channels.map(Into::into),
            dual_mono: self.dual_mono.map(Into::into),
            dynamic_range: self.dynamic_range.map(Into::into),
            pids: self.pids.clone(),
            languages: self.languages.clone(),
        }
    }
}

/// The plugin and its limits.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sandbox options")]
pub struct SandboxOptions {
    #[command(flatten)]
    plugin: PluginOptions,
    /// Memory of the sandbox: bytes, or with K, M or G (powers of 1024).
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value = "16M")]
    memory_limit: usize,
    /// Time that one call, for at most 64 KiB of the stream, may take: seconds, or with ms or s.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "2s")]
    time_limit: Duration,
}

impl SandboxOptions {
    pub fn load(&self) -> Result<Plugin, LoadError> {
        self.plugin.load().map(|(plugin, _)| plugin)
    }

    pub fn limits(&self) -> Limits {
        Limits { memory: self.memory_limit, call_time: self.time_limit }
    }
}

/// Which plugin.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sandbox options")]
pub struct PluginOptions {
    /// The plugin.
    #[arg(long, value_name = "PATH")]
    plugin: Option<PathBuf>,
    /// Neither read nor keep compiled code.
    #[arg(long)]
    no_cache: bool,
}

impl PluginOptions {
    pub fn load(&self) -> Result<(Plugin, PathBuf), LoadError> {
        let path = find_plugin(self.plugin.as_deref())?;
        let cache = if self.no_cache { CompileCache::Off } else { CompileCache::User };
        let plugin = Plugin::from_file_with_config(&path, &PluginConfig { cache, ..PluginConfig::default() })?;
        Ok((plugin, path))
    }
}

/// A PID, decimal or with `0x`. Its range is the contract's to check.
fn pid(text: &str) -> Result<u16, String> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u16::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| "a PID is a number from 16 to 8190, decimal or with 0x".to_owned())
}

fn bytes(text: &str) -> Result<usize, String> {
    let expected = || format!("{text:?} is no size: bytes, or a number with K, M or G, as in 16M");
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let shift = match text[end..].to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return Err(expected()),
    };
    let number: usize = text[..end].parse().map_err(|_| expected())?;
    number.checked_mul(1 << shift).filter(|bytes| *bytes > 0).ok_or_else(expected)
}

fn time(text: &str) -> Result<Duration, String> {
    let expected = || format!("{text:?} is no time: seconds above 0, or a number with ms or s, as in 500ms");
    let (number, unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1e-3),
        (None, Some(number)) => (number, 1.0),
        (None, None) => (text, 1.0),
    };
    let seconds = number.parse::<f64>().map_err(|_| expected())? * unit;
    Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero()).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_defaults_of_the_limits_are_the_library_s() {
        let arguments = Arguments::parse_from(["xg2g-transcoder", "inspect", "in.ts"]);
        let Command::Inspect(arguments) = arguments.command else { panic!("not inspect") };
        assert_eq!(arguments.sandbox.limits(), Limits::default());
        assert_eq!(arguments.options.options(), Options::default());
    }

    #[test]
    fn sizes_take_binary_multiples() {
        assert_eq!(bytes("65536"), Ok(65536));
        assert_eq!(bytes("16M"), Ok(16 << 20));
        assert_eq!(bytes("64kib"), Ok(64 << 10));
        for wrong in ["", "0", "-1", "M", "1.5M", "16X", "99999999999G"] {
            assert!(bytes(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn times_take_seconds_and_milliseconds() {
        assert_eq!(time("2"), Ok(Duration::from_secs(2)));
        assert_eq!(time("0.5s"), Ok(Duration::from_millis(500)));
        assert_eq!(time("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["", "0", "-1s", "ms", "NaN", "inf", "1h"] {
            assert!(time(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn pids_are_decimal_or_hexadecimal() {
        assert_eq!(pid("256"), Ok(256));
        assert_eq!(pid("0x1FFE"), Ok(8190));
        for wrong in ["", "x", "-1", "70000", "0x"] {
            assert!(pid(wrong).is_err(), "{wrong:?}");
        }
    }
}
