//! The command's arguments: the contract's options, each by its own name.

use clap::{Parser, ValueEnum};

use crate::bindings::xg2g::transcoder::transcoder as wit;

/// Shown at the end of `--help`.
const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  wrong usage, the transcoder refused the stream or an option, or reading or writing failed; standard error says why
     (a WASI 0.2 command can only succeed or fail)

wasmtime run transcode.wasm --bitrate 128000 < in.ts > out.ts";

/// Makes the sound of an MPEG transport stream AAC-LC and leaves everything else as it is: standard input to standard output.
#[derive(Debug, Parser)]
#[command(name = "transcode", version, after_help = AFTER_HELP)]
pub struct Arguments {
    /// Print what the stream holds and what would be done to each track, instead of transcoding it. Reads 4 MiB at most.
    #[arg(long)]
    pub inspect: bool,
    /// Print what happened to standard error when done.
    #[arg(long, conflicts_with = "inspect")]
    pub report: bool,
    /// Bits per second of each AAC track: 16000 to 576000 [default: 192000 for stereo, 96000 for mono].
    #[arg(long, value_name = "BITS")]
    bitrate: Option<u32>,
    /// Channels of each AAC track [default: stereo].
    #[arg(long, value_name = "CHANNELS")]
    channels: Option<Channels>,
    /// What is heard of two programmes in one track [default: both].
    #[arg(long, value_name = "PROGRAMME")]
    dual_mono: Option<DualMono>,
    /// How far the stream's own dynamic range control is followed [default: line].
    #[arg(long, value_name = "RANGE")]
    dynamic_range: Option<DynamicRange>,
    /// Transcode only tracks on this PID (16 to 8190, or 0x10 to 0x1ffe); may be repeated [default: every PID].
    #[arg(long = "pid", value_name = "PID", value_parser = pid)]
    pids: Vec<u16>,
    /// Transcode only tracks in this language (three letters of ISO 639-2); may be repeated [default: every language].
    #[arg(long = "language", value_name = "CODE")]
    languages: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Channels {
    /// Two: what is mono comes out of both, what is multichannel is mixed down.
    Stereo,
    /// One.
    Mono,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DualMono {
    /// The first programme left, the second right.
    Both,
    /// Only the first programme.
    First,
    /// Only the second programme.
    Second,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DynamicRange {
    /// The full range.
    Off,
    /// What a decoder does by default.
    Line,
    /// A narrow range, for small speakers and late evenings.
    Rf,
}

impl Arguments {
    /// The options as the contract has them.
    pub fn options(&self) -> wit::Options {
        wit::Options {
            bitrate: self.bitrate,
            channels: self.channels.map(|channels| match channels {
                Channels::Stereo => wit::Channels::Stereo,
                Channels::Mono => wit::Channels::Mono,
            }),
            dual_mono: self.dual_mono.map(|programme| match programme {
                DualMono::Both => wit::DualMono::Both,
                DualMono::First => wit::DualMono::First,
                DualMono::Second => wit::DualMono::Second,
            }),
            dynamic_range: self.dynamic_range.map(|range| match range {
                DynamicRange::Off => wit::DynamicRange::Off,
                DynamicRange::Line => wit::DynamicRange::Line,
                DynamicRange::Rf => wit::DynamicRange::Rf,
            }),
            pids: self.pids.clone(),
            languages: self.languages.clone(),
        }
    }
}

/// A PID, decimal or with `0x`. Its range is the transcoder's to check.
fn pid(text: &str) -> Result<u16, String> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u16::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| "a PID is a number from 16 to 8190, decimal or with 0x".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_reaches_the_contract() {
        let line = "transcode --bitrate 128000 --channels mono --dual-mono second --dynamic-range rf --pid 0x100 --pid 257 \
                    --language deu";
        let options = Arguments::try_parse_from(line.split_whitespace()).unwrap().options();
        assert_eq!(options.bitrate, Some(128_000));
        assert_eq!(options.channels, Some(wit::Channels::Mono));
        assert_eq!(options.dual_mono, Some(wit::DualMono::Second));
        assert_eq!(options.dynamic_range, Some(wit::DynamicRange::Rf));
        assert_eq!(options.pids, [0x100, 257]);
        assert_eq!(options.languages, ["deu"]);
    }

    #[test]
    fn a_word_is_no_pid() {
        assert!(Arguments::try_parse_from(["transcode", "--pid", "sound"]).is_err());
    }
}
