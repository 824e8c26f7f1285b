//! What all codecs' frames have in common.

use super::Layout;

/// A coding of sound, told from its frames' own headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// ATSC A/52, `bsid` 0 to 10.
    Ac3,
    /// ATSC A/52 Annex E, `bsid` 11 to 16.
    EAc3,
    /// ISO/IEC 11172-3 or 13818-3, Layer I.
    MpegLayer1,
    /// ISO/IEC 11172-3 or 13818-3, Layer II.
    MpegLayer2,
    /// ISO/IEC 11172-3 or 13818-3, Layer III.
    MpegLayer3,
    /// ISO/IEC 14496-3 AAC in ADTS frames.
    AacAdts,
    /// ISO/IEC 14496-3 AAC in LOAS/LATM frames.
    AacLatm,
}

/// What a frame's header says, as far as all codecs say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// The coding.
    pub codec: Codec,
    /// Length of the whole frame in bytes, header included.
    pub frame_bytes: usize,
    /// Samples of one channel in the frame.
    pub samples: usize,
    /// Sampling frequency in Hz.
    pub sample_rate: u32,
    /// Which channels are coded.
    pub layout: Layout,
    /// Nominal bits per second; 0 where the header does not say.
    pub bitrate: u32,
    /// Whether the frame goes on with what an earlier one began: a substream of E-AC-3 that depends on another, or another
    /// programme beside the first. It has no time of its own.
    pub continues: bool,
}

/// Why bytes are not a frame that can be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// More bytes are needed to tell; this many from the frame's start will do for the next step.
    #[error("the frame needs at least {0} bytes")]
    Truncated(usize),
    /// The bytes contradict the standard, or a checksum fails. The text names the field.
    #[error("malformed frame: {0}")]
    Malformed(&'static str),
    /// The bytes are right but ask for what this decoder does not do.
    #[error("unsupported frame: {0}")]
    Unsupported(&'static str),
}
