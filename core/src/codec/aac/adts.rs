//! ADTS headers. ISO/IEC 14496-3:2019 §1.A.3.2.

use crate::codec::{ChannelMode, FrameError, Layout};

/// `sampling_frequency_index`, ISO/IEC 14496-3:2019 Table 1.18.
const SAMPLE_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// What an ADTS header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adts {
    /// Length of the frame in bytes, header included.
    pub frame_bytes: usize,
    /// Sampling frequency in Hz: the core's, where SBR doubles it.
    pub sample_rate: u32,
    /// The channels, where `channel_configuration` names them (1 to 6).
    pub layout: Option<Layout>,
}

/// Reads the header at the start of `bytes`.
///
/// # Errors
/// [`FrameError::Truncated`] below seven bytes, otherwise which field is wrong.
pub fn parse_adts(bytes: &[u8]) -> Result<Adts, FrameError> {
    let &[a, b, c, d, e, f, _, ..] = bytes else { return Err(FrameError::Truncated(7)) };
    // syncword, ID, layer
    if a != 0xFF || b & 0xF6 != 0xF0 {
        return Err(FrameError::Malformed("syncword"));
    }
    let sample_rate =
        *SAMPLE_RATES.get(usize::from(c >> 2 & 0x0F)).ok_or(FrameError::Malformed("sampling_frequency_index"))?;
    let frame_bytes = usize::from(d & 3) << 11 | usize::from(e) << 3 | usize::from(f) >> 5;
    if frame_bytes < 7 {
        return Err(FrameError::Malformed("aac_frame_length"));
    }
    let mode = match (c & 1) << 2 | d >> 6 {
        1 => Some(ChannelMode::Mono),
        2 => Some(ChannelMode::Stereo),
        3 => Some(ChannelMode::Front3),
        4 => Some(ChannelMode::Front3Rear1),
        5 | 6 => Some(ChannelMode::Front3Rear2),
        _ => None,
    };
    let lfe = (c & 1) << 2 | d >> 6 == 6;
    Ok(Adts { frame_bytes, sample_rate, layout: mode.map(|mode| Layout { mode, lfe }) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_a_stereo_frame() {
        // 48 kHz, two channels, 371 bytes
        let header = [0xFF, 0xF1, 0x4C, 0x80, 0x2E, 0x7F, 0xFC];
        let adts = parse_adts(&header).expect("a right header");
        assert_eq!((adts.frame_bytes, adts.sample_rate), (371, 48_000));
        assert_eq!(adts.layout, Some(Layout { mode: ChannelMode::Stereo, lfe: false }));
        assert!(parse_adts(&[0xFF, 0xFD, 0x4C, 0x80, 0x2E, 0x7F, 0xFC]).is_err(), "a layer is MPEG audio's");
    }
}
