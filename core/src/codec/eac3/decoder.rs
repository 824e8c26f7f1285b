//! Whole access units in, samples out.

use super::audblk::AudioBlocks;
use super::audfrm::AudioFrame;
use super::bsi::{Bsi, StreamType};
use super::enhanced_coupling::Analysis;
use super::pre_noise::PreNoise;
use super::substreams;
use crate::codec::ac3::audblk::{MAX_FBW, coefficients};
use crate::codec::ac3::bits::BitReader;
use crate::codec::ac3::crc;
use crate::codec::ac3::decoder::{Format, carry_over, speakers};
use crate::codec::ac3::dynamic_range::compr_gain;
use crate::codec::ac3::header::{BLOCK_SAMPLES, BLOCKS};
use crate::codec::ac3::transform::{Overlap, Transform};
use crate::codec::ac3::{self, DynamicRange, parse_header};
use crate::codec::{ChannelMode, Codec, FrameError, FrameHeader, MAX_CHANNELS, MAX_FRAME_SAMPLES, Pcm};

/// Most substreams of one programme that are decoded: the independent one and three that depend on it, which is room for
/// 16 channels (A/52:2018 §E.3.8.2).
const MAX_SUBSTREAMS: usize = 4;

/// A decoder of E-AC-3 and AC-3: whole access units in, planar float samples out. It allocates nothing after
/// [`Decoder::new`].
///
/// An access unit is a frame of an independent substream, or of AC-3, and the frames of the substreams that depend on it
/// right behind it. Of several programmes the first one is decoded.
#[derive(Debug)]
pub struct Decoder {
    drc: DynamicRange,
    /// What decodes AC-3 frames.
    core: ac3::Decoder,
    /// Whether the last good unit began with AC-3.
    core_heard: bool,
    state: State,
    /// A dependent substream's channels.
    dependent: Pcm,
}

#[derive(Debug)]
struct State {
    bits: Box<BitReader>,
    blocks: Box<AudioBlocks>,
    transform: Box<Transform>,
    analysis: Box<Analysis>,
    /// [`MAX_SUBSTREAMS`] of them.
    substreams: Vec<Substream>,
}

/// What goes on from one frame of a substream to the next.
#[derive(Debug, Clone)]
struct Substream {
    /// What the last block leaves to the next, by the speaker it is for ([`speakers`]).
    overlap: [Overlap; MAX_CHANNELS],
    /// The same of the coupling channel in enhanced coupling.
    carrier_overlap: Overlap,
    pre_noise: PreNoise,
    /// What the last good frame was.
    last: Option<Format>,
}

impl Substream {
    const fn new() -> Self {
        Self {
            overlap: [[0.0; 128]; MAX_CHANNELS],
            carrier_overlap: [0.0; 128],
            pre_noise: PreNoise::new(),
            last: None,
        }
    }
}

impl Decoder {
    /// Makes a decoder.
    #[must_use]
    pub fn new(drc: DynamicRange) -> Self {
        let state = State {
            bits: boxed(BitReader::new),
            blocks: boxed(AudioBlocks::new),
            transform: boxed(Transform::new),
            analysis: boxed(Analysis::new),
            substreams: vec![Substream::new(); MAX_SUBSTREAMS],
        };
        Self { drc, core: ac3::Decoder::new(drc), core_heard: false, state, dependent: Pcm::default() }
    }

    /// Decodes one access unit into `out`.
    ///
    /// A dependent substream that is damaged, or does not fit its programme, is left out: what is heard then is the
    /// independent one, which is a programme of its own.
    ///
    /// # Errors
    /// [`FrameError`] when the independent frame is damaged; `out` then holds nothing of use, and the decoder stays as it
    /// was before the unit: ready for [`Decoder::conceal`] or for the next one.
    pub fn decode(&mut self, unit: &[u8], out: &mut Pcm) -> Result<(), FrameError> {
        let header = parse_header(unit)?;
        let (frame, dependents) =
            unit.split_at_checked(header.frame_bytes).ok_or(FrameError::Truncated(header.frame_bytes))?;
        if header.codec == Codec::Ac3 {
            self.core.decode(frame, out)?;
        } else {
            let (bsi, format) = self.state.decode(0, self.drc, &header, frame, out.planes_mut())?;
            if bsi.strmtyp == StreamType::Dependent {
                return Err(FrameError::Unsupported("a dependent substream alone"));
            }
            format.describe(out, header.samples);
        }
        self.core_heard = header.codec == Codec::Ac3;
        if out.layout.mode != ChannelMode::DualMono {
            self.decode_dependents(&header, dependents, out);
        }
        Ok(())
    }

    /// Decodes the dependent substreams that follow, up to the next programme, and puts them into `out`.
    fn decode_dependents(&mut self, independent: &FrameHeader, mut rest: &[u8], out: &mut Pcm) {
        for index in 1..MAX_SUBSTREAMS {
            let Ok(header) = parse_header(rest) else { return };
            let Some((frame, after)) = rest.split_at_checked(header.frame_bytes) else { return };
            let agrees = header.codec == Codec::EAc3
                && header.samples == independent.samples
                && header.sample_rate == independent.sample_rate;
            if !(agrees && is_dependent(frame)) {
                return;
            }
            rest = after;
            if let Ok((bsi, format)) = self.state.decode(index, self.drc, &header, frame, self.dependent.planes_mut())
                && substreams::fits(bsi.chanmap, bsi.layout)
            {
                let joined = substreams::join(out.layout, bsi.chanmap, bsi.layout);
                substreams::spread(out.layout, joined, out.planes_mut());
                substreams::merge(bsi.chanmap, format.layout, self.dependent.planes_mut(), joined, out.planes_mut());
                out.layout = joined;
            }
        }
    }

    /// Fills `out` with what best stands in for `samples` lost samples: the last block's overlap fading into silence, so
    /// that neither the loss nor the next good frame clicks. Rate, channels and levels are the last good frame's; before
    /// any, `out` keeps what it has.
    pub fn conceal(&mut self, samples: usize, out: &mut Pcm) {
        if self.core_heard {
            self.core.conceal(samples, out);
            return;
        }
        for plane in out.planes_mut() {
            plane.fill(0.0);
        }
        let State { transform, substreams, .. } = &mut self.state;
        for substream in substreams.iter_mut() {
            substream.carrier_overlap = [0.0; 128];
            substream.pre_noise.reset();
        }
        let Some((independent, dependents)) = substreams.split_first_mut() else { return };
        for dependent in dependents {
            dependent.overlap = [[0.0; 128]; MAX_CHANNELS];
        }
        let Some(format) = independent.last else {
            out.set_samples(samples);
            return;
        };
        for (plane, speaker) in out.planes_mut().iter_mut().zip(speakers(format.layout)) {
            if let Some(block) = plane.first_chunk_mut() {
                transform.fade(&mut independent.overlap[speaker], block);
            }
        }
        format.describe(out, samples);
    }
}

/// Makes something large in a stack frame of its own: the plugin's stack is not for all of it at once.
#[inline(never)]
fn boxed<T>(make: impl FnOnce() -> T) -> Box<T> {
    Box::new(make())
}

/// Whether a frame of Annex E is of a dependent substream: `strmtyp` 1.
fn is_dependent(frame: &[u8]) -> bool {
    frame.get(2).is_some_and(|byte| byte >> 6 == 1)
}

impl State {
    /// Decodes one frame of the programme's substream `index` into `planes`.
    fn decode(
        &mut self,
        index: usize,
        drc: DynamicRange,
        header: &FrameHeader,
        frame: &[u8],
        planes: &mut [[f32; MAX_FRAME_SAMPLES]; MAX_CHANNELS],
    ) -> Result<(Bsi, Format), FrameError> {
        crc::check_whole(frame)?;
        let Self { bits, blocks, transform, analysis, substreams, .. } = self;
        let substream = &mut substreams[index];
        bits.load(frame);
        let bsi = Bsi::read(bits)?;
        let audio_frame = AudioFrame::read(bits, &bsi)?;
        bits.check()?;
        let transients = audio_frame.transients;
        blocks.start_frame(&bsi, audio_frame);
        let gain = |programme: usize, dynrng: f32| match (drc, bsi.compr[programme]) {
            (DynamicRange::Off, _) => 1.0,
            (DynamicRange::Rf, Some(compr)) => compr_gain(compr),
            _ => dynrng,
        };
        // All coefficients first, in the places of the samples: a frame that proves bad half-way leaves no trace.
        for block in 0..bsi.blocks {
            blocks.read(bits, block, gain, planes)?;
        }

        let format = Format { sample_rate: header.sample_rate, layout: bsi.layout, mix: bsi.mix };
        let last = substream.last.replace(format);
        carry_over(last, format, &mut substream.overlap);
        if last.is_none_or(|last| last.layout != format.layout || last.sample_rate != format.sample_rate) {
            substream.pre_noise.reset();
        }
        finish(blocks, bsi.blocks, transform, analysis, &mut substream.carrier_overlap, planes);
        for (channel, speaker) in speakers(bsi.layout).enumerate() {
            let (plane, _) = planes[channel].as_chunks_mut::<BLOCK_SAMPLES>();
            for (block, rest) in plane.iter_mut().zip(&blocks.rests[..bsi.blocks]) {
                transform.inverse(rest.blksw[channel], block, &mut substream.overlap[speaker]);
            }
        }
        for channel in 0..bsi.layout.mode.channels() {
            substream.pre_noise.process(channel, transients[channel], &mut planes[channel][..header.samples]);
        }
        Ok((bsi, format))
    }
}

/// Does the rest with the coefficients of all blocks: enhanced coupling, rematrixing, spectral extension.
///
/// Enhanced coupling looks at the blocks before and after. For the frame's last block the next is taken as silent, as if
/// it had no enhanced coupling: to wait for the next frame would keep all sound back by one.
fn finish(
    blocks: &mut AudioBlocks,
    count: usize,
    transform: &Transform,
    analysis: &Analysis,
    carrier_overlap: &mut Overlap,
    planes: &mut [[f32; MAX_FRAME_SAMPLES]; MAX_CHANNELS],
) {
    let AudioBlocks { rests, coupled, dither, frame, .. } = blocks;
    // The samples of the coupling channel, one block more than there are.
    let mut sound = [[0.0; BLOCK_SAMPLES]; BLOCKS + 1];
    if rests[..count].iter().any(|rest| rest.enhanced.is_some()) {
        for (block, rest) in rests[..count].iter().enumerate() {
            if rest.enhanced.is_some() {
                sound[block] = coupled[block];
                transform.inverse(false, &mut sound[block], carrier_overlap);
            } else {
                transform.fade(carrier_overlap, &mut sound[block]);
            }
        }
        transform.fade(&mut carrier_overlap.clone(), &mut sound[count]);
    } else {
        carrier_overlap.fill(0.0);
    }
    for (block, rest) in rests[..count].iter().enumerate() {
        if let Some((enhanced, channels)) = &rest.enhanced {
            let carrier = analysis.carrier(&sound[block], &sound[block + 1]);
            for (channel, plane) in
                planes.iter_mut().enumerate().filter(|(channel, _)| channels.get(*channel) == Some(&true))
            {
                enhanced.decouple(channel, rest.gains[0], &carrier, dither, coefficients(plane, block));
            }
        }
        let [left, right, ..] = planes;
        rest.rematrix.apply(rest.rematrix_end, coefficients(left, block), coefficients(right, block));
        for channel in (0..MAX_FBW).filter(|&channel| rest.extension.has(channel)) {
            let coefficients = coefficients(&mut planes[channel], block);
            rest.extension.extend(channel, frame.spxattencod[channel], dither, coefficients);
        }
    }
}
