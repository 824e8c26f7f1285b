//! MPEG-1 and MPEG-2 audio, Layers I to III: ISO/IEC 11172-3 and 13818-3.

use super::{FrameError, FrameHeader, Pcm};

/// Bytes from a frame's start that [`parse_header`] needs.
pub const HEADER_BYTES: usize = 4;

/// Reads the header of the frame at the start of `bytes`.
///
/// # Errors
/// [`FrameError::Truncated`] when fewer than [`HEADER_BYTES`] are given, otherwise what is wrong with them.
pub fn parse_header(bytes: &[u8]) -> Result<FrameHeader, FrameError> {
    let _ = bytes;
    Err(FrameError::Malformed("syncword"))
}

/// A decoder for Layers I, II and III: whole frames in, planar float samples out.
#[derive(Debug, Default)]
pub struct Decoder {}

impl Decoder {
    /// Makes a decoder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes one whole frame into `out`.
    ///
    /// # Errors
    /// [`FrameError`] when the frame is damaged; the decoder stays usable for the next one.
    pub fn decode(&mut self, frame: &[u8], out: &mut Pcm) -> Result<(), FrameError> {
        let _ = (frame, out);
        Err(FrameError::Malformed("syncword"))
    }

    /// Fills `out` with what best stands in for `samples` lost samples, so that neither the loss nor the next good frame
    /// clicks.
    pub fn conceal(&mut self, samples: usize, out: &mut Pcm) {
        let _ = (samples, out);
    }
}
