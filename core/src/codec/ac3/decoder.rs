//! Whole frames in, samples out.

use super::audblk::AudioBlocks;
use super::bits::BitReader;
use super::bsi::Bsi;
use super::crc;
use super::dynamic_range::{DynamicRange, compr_gain};
use super::header::{BLOCK_SAMPLES, BLOCKS, halvings, parse_header};
use super::transform::{Overlap, Transform};
use crate::codec::{ChannelMode, Codec, FrameError, Layout, MAX_CHANNELS, Mix, Pcm};

/// An AC-3 decoder: whole frames in, planar float samples out. It allocates nothing after [`Decoder::new`].
#[derive(Debug)]
pub struct Decoder {
    drc: DynamicRange,
    state: Box<State>,
}

#[derive(Debug)]
struct State {
    bits: BitReader,
    blocks: AudioBlocks,
    transform: Transform,
    /// What the last block leaves to the next, by the speaker it is for ([`speakers`]).
    overlap: [Overlap; MAX_CHANNELS],
    /// What the last good frame was.
    last: Option<Format>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Format {
    pub(crate) sample_rate: u32,
    pub(crate) layout: Layout,
    pub(crate) mix: Mix,
}

impl Decoder {
    /// Makes a decoder.
    #[must_use]
    pub fn new(drc: DynamicRange) -> Self {
        let state = State {
            bits: BitReader::new(),
            blocks: AudioBlocks::new(),
            transform: Transform::new(),
            overlap: [[0.0; 128]; MAX_CHANNELS],
            last: None,
        };
        Self { drc, state: Box::new(state) }
    }

    /// Decodes one whole frame into `out`. Bytes after its end are left alone.
    ///
    /// # Errors
    /// [`FrameError`] when the frame is damaged; `out` then holds nothing of use, and the decoder stays as it was before
    /// the frame: ready for [`Decoder::conceal`] or for the next one.
    pub fn decode(&mut self, frame: &[u8], out: &mut Pcm) -> Result<(), FrameError> {
        let header = parse_header(frame)?;
        if header.codec != Codec::Ac3 {
            return Err(FrameError::Unsupported("bsid above 10: E-AC-3"));
        }
        let frame = frame.get(..header.frame_bytes).ok_or(FrameError::Truncated(header.frame_bytes))?;
        crc::check(frame)?;

        let State { bits, blocks, transform, overlap, last } = &mut *self.state;
        bits.load(frame);
        let bsi = Bsi::read(bits);
        bits.check()?;
        blocks.start_frame(bsi.layout, bsi.fscod, halvings(bsi.bsid));
        let drc = self.drc;
        let gain = |programme: usize, dynrng: f32| match (drc, bsi.compr[programme]) {
            (DynamicRange::Off, _) => 1.0,
            (DynamicRange::Rf, Some(compr)) => compr_gain(compr),
            _ => dynrng,
        };
        // All coefficients first, in the places of the samples: a frame that proves bad half-way leaves no trace.
        let mut blksw = [[false; MAX_CHANNELS]; BLOCKS];
        let planes = out.planes_mut();
        for (block, blksw) in blksw.iter_mut().enumerate() {
            blocks.read(bits, block, gain, planes)?;
            *blksw = blocks.blksw();
        }

        let format = Format { sample_rate: header.sample_rate, layout: bsi.layout, mix: bsi.mix };
        carry_over(last.replace(format), format, overlap);
        for (channel, speaker) in speakers(bsi.layout).enumerate() {
            let (plane, _) = planes[channel].as_chunks_mut::<BLOCK_SAMPLES>();
            for (block, blksw) in plane.iter_mut().zip(&blksw) {
                transform.inverse(blksw[channel], block, &mut overlap[speaker]);
            }
        }
        format.describe(out, header.samples);
        Ok(())
    }

    /// Fills `out` with what best stands in for `samples` lost samples: the last block's overlap fading into silence, so
    /// that neither the loss nor the next good frame clicks. Rate, channels and levels are the last good frame's; before
    /// any, `out` keeps what it has.
    pub fn conceal(&mut self, samples: usize, out: &mut Pcm) {
        let State { transform, overlap, last, .. } = &mut *self.state;
        for plane in out.planes_mut() {
            plane.fill(0.0);
        }
        let Some(format) = last else {
            out.set_samples(samples);
            return;
        };
        for (plane, speaker) in out.planes_mut().iter_mut().zip(speakers(format.layout)) {
            if let Some(block) = plane.first_chunk_mut() {
                transform.fade(&mut overlap[speaker], block);
            }
        }
        format.describe(out, samples);
    }
}

impl Format {
    /// Writes the format into a frame of `samples` samples.
    pub(crate) fn describe(self, out: &mut Pcm, samples: usize) {
        out.sample_rate = self.sample_rate;
        out.layout = self.layout;
        out.mix = self.mix;
        out.set_samples(samples);
    }
}

/// Where each channel of a layout is heard: L 0, C 1, R 2, left or only surround 3, right surround 4, low frequencies 5.
/// A change of `acmod` in mid-stream then goes without a click in the speakers that both have.
pub(crate) fn speakers(layout: Layout) -> impl Iterator<Item = usize> {
    let full: &[usize] = match layout.mode {
        ChannelMode::Mono => &[1],
        ChannelMode::DualMono | ChannelMode::Stereo => &[0, 2],
        ChannelMode::Front3 => &[0, 1, 2],
        ChannelMode::Front2Rear1 => &[0, 2, 3],
        ChannelMode::Front3Rear1 => &[0, 1, 2, 3],
        ChannelMode::Front2Rear2 => &[0, 2, 3, 4],
        ChannelMode::Front3Rear2 => &[0, 1, 2, 3, 4],
    };
    full.iter().copied().chain(layout.lfe.then_some(5))
}

/// Forgets what the last frame leaves to speakers that the new one does not have, or all of it when the rate changes.
pub(crate) fn carry_over(last: Option<Format>, format: Format, overlap: &mut [Overlap; MAX_CHANNELS]) {
    let Some(last) = last else { return };
    if last.layout == format.layout && last.sample_rate == format.sample_rate {
        return;
    }
    for (speaker, overlap) in overlap.iter_mut().enumerate() {
        if last.sample_rate != format.sample_rate || !speakers(format.layout).any(|heard| heard == speaker) {
            overlap.fill(0.0);
        }
    }
}
