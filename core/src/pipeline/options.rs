//! What may be chosen for a session, and its defaults.

use crate::Error;
pub use crate::codec::ac3::DynamicRange;
pub use crate::dsp::{Channels, DualMono};

/// What may be chosen for a session; `Default` is what each field's text calls its default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Bits per second of each AAC track. `None`: 192,000 for stereo, 96,000 for mono. Allowed 16,000 to 576,000 and at most
    /// 6,144 bits for each channel and access unit (ISO/IEC 14496-3).
    pub bitrate: Option<u32>,
    /// Channels of each AAC track.
    pub channels: Channels,
    /// What is heard of dual-mono tracks.
    pub dual_mono: DualMono,
    /// Dynamic range control.
    pub dynamic_range: DynamicRange,
    /// Only tracks on these PIDs (16 to 8190) are transcoded; empty: every PID.
    pub pids: Vec<u16>,
    /// Only tracks in these languages (ISO 639-2) are transcoded; empty: every language, and none.
    pub languages: Vec<String>,
}

/// The bits per second that may be asked for.
const BITRATES: std::ops::RangeInclusive<u32> = 16_000..=576_000;

/// The PIDs that a track may have: below are tables, above are null packets (ISO/IEC 13818-1:2023 Table 2-3).
const PIDS: std::ops::RangeInclusive<u16> = 16..=8190;

/// The most bits of an access unit for each channel (ISO/IEC 14496-3:2019 §4.5.3, the decoder's input buffer).
const MAX_CHANNEL_BITS: u64 = 6144;

impl Options {
    /// Checks each option against its range.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] names the option, the value and the range.
    pub fn check(&self) -> Result<(), Error> {
        if let Some(bitrate) = self.bitrate.filter(|bitrate| !BITRATES.contains(bitrate)) {
            let (low, high) = BITRATES.into_inner();
            return Err(Error::InvalidOption(format!("bitrate is {bitrate} bit/s; allowed are {low} to {high}")));
        }
        if let Some(pid) = self.pids.iter().find(|pid| !PIDS.contains(pid)) {
            let (low, high) = PIDS.into_inner();
            return Err(Error::InvalidOption(format!("PID {pid} carries no track; allowed are {low} to {high}")));
        }
        let is_code = |code: &String| code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_alphabetic());
        if let Some(code) = self.languages.iter().find(|code| !is_code(code)) {
            let shown: String = code.chars().take(16).collect();
            return Err(Error::InvalidOption(format!("language {shown:?} is no code of three letters (ISO 639-2)")));
        }
        Ok(())
    }

    /// The bits per second of a track at a sampling frequency: what was asked for, or the default, and at most what AAC
    /// allows there.
    #[must_use]
    pub fn bitrate_at(&self, sample_rate: u32) -> u32 {
        let (channels, default) = match self.channels {
            Channels::Stereo => (2, 192_000),
            Channels::Mono => (1, 96_000),
        };
        let most = MAX_CHANNEL_BITS * channels * u64::from(sample_rate) / 1024;
        self.bitrate.unwrap_or(default).min(u32::try_from(most).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_named() {
        let text = |options: Options| options.check().expect_err("out of range").to_string();
        let bitrate = text(Options { bitrate: Some(1), ..Options::default() });
        assert_eq!(bitrate, "invalid-option: bitrate is 1 bit/s; allowed are 16000 to 576000");
        assert!(text(Options { pids: vec![100, 15], ..Options::default() }).starts_with("invalid-option: PID 15 "));
        assert!(text(Options { languages: vec!["de".into()], ..Options::default() }).contains("\"de\""));
        assert_eq!(Options { pids: vec![16, 8190], bitrate: Some(576_000), ..Options::default() }.check(), Ok(()));
    }

    #[test]
    fn a_bitrate_that_the_rate_does_not_allow_is_lowered() {
        assert_eq!(Options::default().bitrate_at(48_000), 192_000);
        assert_eq!(Options::default().bitrate_at(8_000), 96_000);
        assert_eq!(
            Options { bitrate: Some(500_000), channels: Channels::Mono, ..Options::default() }.bitrate_at(48_000),
            288_000
        );
    }
}
