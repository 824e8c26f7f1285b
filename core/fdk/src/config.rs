//! What the encoder is asked for, and what it can be asked for.

use crate::{Error, FRAME_SAMPLES};

/// Sampling frequencies in Hz that the encoder knows: ISO/IEC 14496-3 Table 1.18 without 7350, which FDK does not encode.
pub const SAMPLE_RATES: [u32; 12] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000];

/// Most bits of one channel in an access unit: the decoder's input buffer (ISO/IEC 14496-3 §4.5.3).
const MAX_BITS_PER_CHANNEL: u64 = 6144;

/// Fewest bits per second of one channel. From 48 kHz down FDK keeps to it; at 96 kHz, where it is 85 bits for an access
/// unit, FDK writes more than it was asked for.
const MIN_BITRATE_PER_CHANNEL: u32 = 8_000;

/// What the encoder is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderConfig {
    /// Sampling frequency in Hz, one of [`SAMPLE_RATES`].
    pub sample_rate: u32,
    /// Channels: 1 or 2.
    pub channels: u8,
    /// Bits per second of the whole track, the ADTS headers included: from 8,000 for each channel to 6,144 bits for each
    /// channel and access unit.
    pub bitrate: u32,
}

impl EncoderConfig {
    /// The highest bitrate, in bits per second, at this sampling frequency and number of channels.
    #[must_use]
    pub fn max_bitrate(&self) -> u32 {
        let bits = MAX_BITS_PER_CHANNEL * u64::from(self.channels) * u64::from(self.sample_rate);
        u32::try_from(bits / FRAME_SAMPLES as u64).unwrap_or(u32::MAX)
    }

    /// Checks every field against its range.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let Self { sample_rate, channels, bitrate } = *self;
        let unsupported = |what| Err(Error::Unsupported { what });
        if !SAMPLE_RATES.contains(&sample_rate) {
            return unsupported(format!("a sampling frequency of {sample_rate} Hz; allowed are {SAMPLE_RATES:?}"));
        }
        if !matches!(channels, 1 | 2) {
            return unsupported(format!("{channels} channels; allowed are 1 and 2"));
        }
        let (min, max) = (MIN_BITRATE_PER_CHANNEL * u32::from(channels), self.max_bitrate());
        if !(min..=max).contains(&bitrate) {
            return unsupported(format!(
                "{bitrate} bit/s at {sample_rate} Hz and {channels} channels; allowed are {min} to {max}"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(sample_rate: u32, channels: u8, bitrate: u32) -> String {
        match (EncoderConfig { sample_rate, channels, bitrate }).validate() {
            Err(Error::Unsupported { what }) => what,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn bounds_are_inclusive() {
        assert_eq!(what(48_000, 2, 576_000), "Ok(())");
        assert!(what(48_000, 2, 576_001).contains("16000 to 576000"));
        assert_eq!(what(48_000, 1, 8_000), "Ok(())");
        assert!(what(48_000, 1, 7_999).contains("8000 to 288000"));
    }

    #[test]
    fn each_field_is_named() {
        assert!(what(7_350, 2, 96_000).starts_with("a sampling frequency of 7350 Hz"));
        assert!(what(48_000, 0, 96_000).starts_with("0 channels"));
        assert!(what(48_000, 6, 96_000).starts_with("6 channels"));
    }
}
