//! Decoding and concealment, over Symphonia's decoders.

use std::fmt;

use symphonia_bundle_mp3::MpaDecoder;
use symphonia_core::audio::{Audio, GenericAudioBufferRef};
use symphonia_core::codecs::audio::well_known::{CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3};
use symphonia_core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia_core::packet::PacketRef;
use symphonia_core::units::{Duration, Timestamp};

use super::crc;
use super::disguise::Disguise;
use super::header::{HEADER_BYTES, Header, Layer, MAX_FRAME_BYTES, Mode, Version};
use crate::codec::{FrameError, MAX_FRAME_SAMPLES, Mix, Pcm};

/// Most coded channels.
const CHANNELS: usize = 2;

/// How long the filter bank rings after the last frame: 480 samples of the polyphase filter (512 taps in steps of 32), and
/// before it, in Layer III, 576 of the hybrid's overlap. 1152 is that in whole frames of every layer.
const TAIL_SAMPLES: usize = 1152;

/// Wrong checksums in a row after which checksums are taken to be rubbish again: about a second.
const DISTRUST_FRAMES: u32 = 40;

/// A decoder for Layers I, II and III: whole frames in, planar float samples out.
///
/// Symphonia's decoders are told nothing but whole frames of one format, so a change of layer, sampling frequency or number
/// of channels makes a new one. Otherwise nothing is allocated, but for a new bit reservoir after a loss in Layer III.
///
/// **Checksums.** Symphonia skips them, so they are checked here, and a frame whose checksum is wrong is not decoded: its bit
/// allocation is what every later bit hangs on, and a wrong one is heard as a burst of noise. But there are encoders that
/// write rubbish there, whose streams every player plays (`ILL2_wrongcrc` is such a stream, and its reference output is the
/// sound). So a wrong checksum condemns a frame only once one has been right in this format, and no longer when about a
/// second of them in a row was wrong.
pub struct Decoder {
    format: Option<Format>,
    mpa: Option<MpaDecoder>,
    /// The last frame that was decoded: as it came, and as Symphonia saw it.
    last: Option<(Header, Header)>,
    checksums: Checksums,
    tail: Tail,
    /// A frame that Symphonia is to see in place of the one that came.
    scratch: Box<[u8; MAX_FRAME_BYTES]>,
}

/// What one of Symphonia's decoders is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Format {
    layer: Layer,
    sample_rate: u32,
    channels: usize,
}

/// Whether this stream's checksums mean anything.
#[derive(Debug, Clone, Copy, Default)]
struct Checksums {
    trusted: bool,
    wrong_in_a_row: u32,
}

/// What the filter bank still holds of the sound before a loss.
///
/// It is had by decoding silent frames, and is what makes concealment free of clicks without fades of our own: where the
/// sound is cut, every subband ends in the filter's own window, 10 ms at 48 kHz and half of it audible; where it sets in
/// again, every subband begins in it; and because the filter bank is linear, tail and new sound may overlap by addition.
struct Tail {
    planes: Box<[[f32; TAIL_SAMPLES]; CHANNELS]>,
    /// Samples that are given out already; [`TAIL_SAMPLES`] when nothing is left.
    at: usize,
    /// The decoder's filter bank is empty: nothing was decoded since the tail was taken.
    taken: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            format: None,
            mpa: None,
            last: None,
            checksums: Checksums::default(),
            tail: Tail { planes: Box::new([[0.0; TAIL_SAMPLES]; CHANNELS]), at: TAIL_SAMPLES, taken: true },
            scratch: Box::new([0; MAX_FRAME_BYTES]),
        }
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("last", &self.last)
            .field("checksums", &self.checksums)
            .field("tail_at", &self.tail.at)
            .finish_non_exhaustive()
    }
}

impl Decoder {
    /// Makes a decoder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes one whole frame into `out`; what follows the frame in `frame` is ignored.
    ///
    /// # Errors
    /// [`FrameError`] when the frame is damaged; the decoder stays usable for the next one, and `out` says nothing.
    pub fn decode(&mut self, frame: &[u8], out: &mut Pcm) -> Result<(), FrameError> {
        let header = Header::parse(frame)?;
        let frame = frame.get(..header.frame_bytes()).ok_or(FrameError::Truncated(header.frame_bytes()))?;
        let disguise = Disguise::of(&header);
        let seen = disguise.header(&header)?;
        let format = Format::of(&seen);
        if self.format != Some(format) {
            self.change_format(format)?;
        }
        self.checksums.judge(crc::fits(&header, frame))?;

        let mpa = self.mpa.as_mut().ok_or(FrameError::Unsupported("layer"))?;
        let frame =
            disguise.put_on(&header, &seen, frame, &mut self.scratch).ok_or(FrameError::Malformed("allocation"))?;
        out.set_samples(header.samples());
        render(mpa, frame, header.samples(), |channel, samples| out.plane_mut(channel).copy_from_slice(samples))?;
        out.sample_rate = header.sample_rate;
        out.layout = header.layout();
        out.mix = mix(&header);
        self.tail.add_to(out);
        self.tail.taken = false;
        self.last = Some((header, seen));
        Ok(())
    }

    /// Fills `out` with what best stands in for `samples` lost samples, at most [`MAX_FRAME_SAMPLES`]: the sound before the
    /// loss fades out within some 5 ms, then there is silence, and the next good frame fades in as fast. Neither clicks.
    pub fn conceal(&mut self, samples: usize, out: &mut Pcm) {
        self.take_tail();
        out.set_samples(samples.min(MAX_FRAME_SAMPLES));
        if let Some((last, _)) = self.last {
            out.sample_rate = last.sample_rate;
            out.layout = last.layout();
            out.mix = mix(&last);
        }
        for channel in 0..out.layout.channels() {
            out.plane_mut(channel).fill(0.0);
        }
        self.tail.add_to(out);
    }

    /// Makes the decoder for another format. What the old one still holds is kept where the channels are the same.
    fn change_format(&mut self, format: Format) -> Result<(), FrameError> {
        self.take_tail();
        let fades_over = self.format.is_some_and(|old| Format { layer: format.layer, ..old } == format);
        if !fades_over {
            self.tail.at = TAIL_SAMPLES;
        }
        self.format = None;
        let codec = match format.layer {
            Layer::One => CODEC_ID_MP1,
            Layer::Two => CODEC_ID_MP2,
            Layer::Three => CODEC_ID_MP3,
        };
        let mut params = AudioCodecParameters::new();
        params.for_codec(codec);
        let mpa = MpaDecoder::try_new(&params, &AudioDecoderOptions::default());
        self.mpa = Some(mpa.map_err(|_| FrameError::Unsupported("layer"))?);
        self.format = Some(format);
        self.checksums = Checksums::default();
        Ok(())
    }

    /// Decodes silence until the filter bank is empty and keeps what comes out.
    fn take_tail(&mut self) {
        if self.tail.taken {
            return;
        }
        self.tail.taken = true;
        self.tail.at = 0;
        let (Some(mpa), Some((_, last))) = (self.mpa.as_mut(), self.last) else { return };
        let frame = silent_frame(&last, &mut self.scratch);
        for from in (0..TAIL_SAMPLES).step_by(last.samples()) {
            let planes = &mut self.tail.planes;
            let rendered = render(mpa, frame, last.samples(), |channel, samples| {
                planes[channel][from..from + samples.len()].copy_from_slice(samples);
            });
            if rendered.is_err() {
                // A silent frame is a good one; were it refused, no tail is safer than half of one.
                self.tail.at = TAIL_SAMPLES;
                break;
            }
        }
        if last.layer == Layer::Three {
            // Its bit reservoir now holds the silent frames' bytes, which no frame to come means by `main_data_begin`.
            mpa.reset();
        }
    }
}

impl Format {
    fn of(header: &Header) -> Self {
        Self { layer: header.layer, sample_rate: header.sample_rate, channels: header.channels() }
    }
}

impl Checksums {
    /// Takes in one frame's verdict and gives the one that counts.
    fn judge(&mut self, fits: Option<bool>) -> Result<(), FrameError> {
        match fits {
            None => {}
            Some(true) => *self = Self { trusted: true, wrong_in_a_row: 0 },
            Some(false) => {
                self.wrong_in_a_row = self.wrong_in_a_row.saturating_add(1);
                self.trusted &= self.wrong_in_a_row <= DISTRUST_FRAMES;
                if self.trusted {
                    return Err(FrameError::Malformed("crc_check"));
                }
            }
        }
        Ok(())
    }
}

impl Tail {
    /// Adds what is left to `out`, as much of it as `out` has room for.
    fn add_to(&mut self, out: &mut Pcm) {
        let count = out.samples().min(TAIL_SAMPLES - self.at);
        for channel in 0..CHANNELS.min(out.layout.channels()) {
            let rest = &self.planes[channel][self.at..];
            for (sample, tail) in out.plane_mut(channel)[..count].iter_mut().zip(rest) {
                *sample += tail;
            }
        }
        self.at += count;
    }
}

/// MPEG audio carries no mix levels. One channel alone is what otherwise would be in both, so it goes into both as it is.
fn mix(header: &Header) -> Mix {
    match header.mode {
        Mode::SingleChannel | Mode::DualChannel => Mix { center: 1.0, ..Mix::default() },
        Mode::Stereo | Mode::JointStereo { .. } => Mix::default(),
    }
}

/// Has Symphonia decode one frame and hands out its planes, each `samples` long.
fn render(
    mpa: &mut MpaDecoder,
    frame: &[u8],
    samples: usize,
    mut plane: impl FnMut(usize, &[f32]),
) -> Result<(), FrameError> {
    let packet = PacketRef::new(0, Timestamp::from(0), Duration::from(samples as u64), frame);
    let decoded = mpa.decode_ref(&packet).map_err(|_| FrameError::Malformed("audio_data"))?;
    let GenericAudioBufferRef::F32(decoded) = decoded else { return Err(FrameError::Unsupported("sample format")) };
    if decoded.frames() != samples {
        return Err(FrameError::Malformed("audio_data"));
    }
    for channel in 0..decoded.num_planes().min(CHANNELS) {
        if let Some(samples) = decoded.plane(channel) {
            plane(channel, samples);
        }
    }
    Ok(())
}

/// A frame of silence in `header`'s format: nothing is allocated (Layers I and II) or coded (Layer III).
fn silent_frame<'a>(header: &Header, scratch: &'a mut [u8; MAX_FRAME_BYTES]) -> &'a [u8] {
    let version = match header.version {
        Version::Mpeg1 => 0b11,
        Version::Mpeg2 => 0b10,
        Version::Mpeg25 => 0b00,
    };
    let layer = match header.layer {
        Layer::One => 0b11,
        Layer::Two => 0b10,
        Layer::Three => 0b01,
    };
    let mode = if header.channels() == 1 { 0b11 } else { 0b00 };
    scratch.fill(0);
    // No CRC; bitrate_index 8, which every layer and version has and allows in every mode.
    scratch[..HEADER_BYTES].copy_from_slice(&[
        0xff,
        0xe0 | version << 3 | layer << 1 | 1,
        8 << 4 | header.sampling_frequency << 2,
        mode << 6,
    ]);
    let length = Header::parse(&scratch[..HEADER_BYTES]).map_or(0, |silent| silent.frame_bytes());
    scratch.get(..length).unwrap_or_default()
}
