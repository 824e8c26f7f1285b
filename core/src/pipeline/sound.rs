//! One track's sound: frames in, AAC access units out, each at its place on the timeline.

use xg2g_fdk::{Encoder, EncoderConfig, FRAME_SAMPLES};

use super::splice::{crossfade_cut, stretch};
use super::timeline::{Correction, Timeline};
use super::{Channels, Options};
use crate::Error;
use crate::codec::{Family, Frame, FrameError, MAX_FRAME_SAMPLES, Pcm, eac3, mpeg_audio};
use crate::dsp::Mixer;
use crate::ts::Pts;

/// One encoded access unit.
#[derive(Debug, Clone, Copy)]
pub struct AccessUnit<'a> {
    /// Position of its first sample in the track, in samples.
    pub position: i64,
    /// When its first sample is presented.
    pub pts: Pts,
    /// One ADTS frame.
    pub bytes: &'a [u8],
}

/// What happened to a track's sound so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Frames decoded without fault.
    pub decoded: u64,
    /// Frames that were concealed.
    pub concealed: u64,
    /// Access units encoded.
    pub access_units: u64,
    /// Samples put in.
    pub inserted: u64,
    /// Samples taken out.
    pub dropped: u64,
    /// Times the timeline was anchored anew.
    pub reanchors: u64,
}

#[derive(Debug)]
enum Decoder {
    Ac3(Box<eac3::Decoder>),
    Mpeg(Box<mpeg_audio::Decoder>),
}

impl Decoder {
    fn decode(&mut self, frame: &[u8], out: &mut Pcm) -> Result<(), FrameError> {
        match self {
            Self::Ac3(decoder) => decoder.decode(frame, out),
            Self::Mpeg(decoder) => decoder.decode(frame, out),
        }
    }

    fn conceal(&mut self, samples: usize, out: &mut Pcm) {
        match self {
            Self::Ac3(decoder) => decoder.conceal(samples, out),
            Self::Mpeg(decoder) => decoder.conceal(samples, out),
        }
    }
}

/// An encoder and where its first sample stands in the track.
#[derive(Debug)]
struct Encoding {
    encoder: Encoder,
    origin: i64,
    units: i64,
}

impl Encoding {
    /// Position of the first sample of the next access unit.
    fn next_position(&self) -> i64 {
        self.origin + self.units * FRAME_SAMPLES as i64 - self.encoder.delay_samples() as i64
    }
}

/// One track's sound.
#[derive(Debug)]
pub struct Sound {
    options: Options,
    decoder: Decoder,
    pcm: Pcm,
    mixer: Mixer,
    /// One frame, mixed and interleaved.
    mixed: Vec<i16>,
    /// Samples that wait for the encoder, interleaved.
    waiting: Vec<i16>,
    encoding: Option<Encoding>,
    timeline: Timeline,
    /// Samples fed to the encoder or waiting for it: the position of the next one.
    fed: i64,
    /// Samples still to be cut because they overlap what was fed already.
    to_cut: usize,
    unit: Vec<u8>,
    tally: Tally,
}

impl Sound {
    /// The sound of a track of this family.
    #[must_use]
    pub fn new(family: Family, options: &Options) -> Self {
        let decoder = match family {
            Family::Ac3 => Decoder::Ac3(Box::new(eac3::Decoder::new(options.dynamic_range))),
            Family::Mpeg => Decoder::Mpeg(Box::default()),
        };
        Self {
            options: options.clone(),
            decoder,
            pcm: Pcm::default(),
            mixer: Mixer::new(options.channels, options.dual_mono),
            mixed: Vec::with_capacity(2 * MAX_FRAME_SAMPLES),
            waiting: Vec::with_capacity(2 * (MAX_FRAME_SAMPLES + FRAME_SAMPLES)),
            encoding: None,
            timeline: Timeline::new(48_000),
            fed: 0,
            to_cut: 0,
            unit: Vec::with_capacity(1 << 12),
            tally: Tally::default(),
        }
    }

    /// Position of the next sample that comes.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.fed
    }

    /// Position up to which access units are out.
    #[must_use]
    pub fn covered(&self) -> i64 {
        self.encoding.as_ref().map_or(i64::MIN, Encoding::next_position)
    }

    /// What happened so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// How far the last PTS was ahead of the sample count, in microseconds.
    #[must_use]
    pub fn drift_us(&self) -> i64 {
        self.timeline.drift_us()
    }

    /// Takes the next frame and calls `sink` with the access units that it completes.
    ///
    /// # Errors
    /// When the encoder fails.
    pub fn push(&mut self, frame: &Frame<'_, Pts>, sink: &mut impl FnMut(AccessUnit<'_>)) -> Result<(), Error> {
        let header = &frame.header;
        self.encode_at(header.sample_rate, sink)?;
        let mut by = 0;
        if let Some(pts) = frame.mark {
            match self.timeline.observe(self.fed, header.samples, pts) {
                Correction::None => self.to_cut = 0,
                Correction::Stretch(samples) => {
                    self.to_cut = 0;
                    by = samples;
                }
                Correction::Cut(samples) => self.to_cut = samples as usize,
                Correction::Fill(samples) => {
                    self.to_cut = 0;
                    self.fill(samples as usize, sink)?;
                }
                Correction::Jump => {
                    self.to_cut = 0;
                    self.tally.reanchors += u64::from(self.timeline.is_anchored());
                    self.timeline.anchor(self.fed, pts);
                }
            }
        }
        match self.decoder.decode(frame.bytes, &mut self.pcm) {
            Ok(()) => self.tally.decoded += 1,
            Err(_) => {
                self.decoder.conceal(header.samples, &mut self.pcm);
                self.tally.concealed += 1;
            }
        }
        if !self.timeline.is_anchored() {
            // Nothing says yet when this is to be heard.
            self.tally.dropped += header.samples as u64;
            return Ok(());
        }
        self.mixed.clear();
        self.mixer.mix(&self.pcm, &mut self.mixed);
        let channels = self.channels();
        if self.to_cut > 0 {
            let cut = self.to_cut.min(self.pcm.samples());
            self.to_cut -= cut;
            self.tally.dropped += cut as u64;
            crossfade_cut(&mut self.mixed, channels, cut);
        }
        self.tally.inserted += by.max(0) as u64;
        self.tally.dropped += (-by).max(0) as u64;
        let start = self.waiting.len();
        stretch(&self.mixed, channels, by, &mut self.waiting);
        self.fed += ((self.waiting.len() - start) / channels) as i64;
        self.encode(sink)
    }

    /// Encodes what the encoder still holds: the stream ends.
    ///
    /// # Errors
    /// When the encoder fails.
    pub fn finish(&mut self, sink: &mut impl FnMut(AccessUnit<'_>)) -> Result<(), Error> {
        let channels = self.channels();
        while self.encoding.is_some() && self.covered() < self.fed {
            self.waiting.resize(FRAME_SAMPLES * channels, 0);
            self.encode(sink)?;
        }
        Ok(())
    }

    fn channels(&self) -> usize {
        match self.options.channels {
            Channels::Stereo => 2,
            Channels::Mono => 1,
        }
    }

    /// Sees to it that an encoder for this sampling frequency is at work.
    fn encode_at(&mut self, sample_rate: u32, sink: &mut impl FnMut(AccessUnit<'_>)) -> Result<(), Error> {
        if self.encoding.as_ref().is_some_and(|e| e.encoder.config().sample_rate == sample_rate) {
            return Ok(());
        }
        self.finish(sink)?;
        let bitrate = self.options.bitrate_at(sample_rate);
        let config = EncoderConfig { sample_rate, channels: self.channels() as u8, bitrate };
        let encoder = Encoder::open(config).map_err(|error| Error::Unsupported(error.to_string()))?;
        self.encoding = Some(Encoding { encoder, origin: self.fed, units: 0 });
        self.timeline = Timeline::new(sample_rate);
        Ok(())
    }

    /// Puts concealment where sound is missing.
    fn fill(&mut self, mut samples: usize, sink: &mut impl FnMut(AccessUnit<'_>)) -> Result<(), Error> {
        self.tally.inserted += samples as u64;
        while samples > 0 {
            let part = samples.min(MAX_FRAME_SAMPLES);
            self.decoder.conceal(part, &mut self.pcm);
            self.mixer.mix(&self.pcm, &mut self.waiting);
            self.fed += part as i64;
            samples -= part;
            self.encode(sink)?;
        }
        Ok(())
    }

    fn encode(&mut self, sink: &mut impl FnMut(AccessUnit<'_>)) -> Result<(), Error> {
        let frame = FRAME_SAMPLES * self.channels();
        let Some(encoding) = &mut self.encoding else { return Ok(()) };
        let mut done = 0;
        while self.waiting.len() - done >= frame {
            self.unit.clear();
            let encoded = encoding.encoder.encode(&self.waiting[done..done + frame], &mut self.unit);
            encoded.map_err(|error| Error::Unsupported(error.to_string()))?;
            let position = encoding.next_position();
            encoding.units += 1;
            done += frame;
            self.timeline.forget_before(position);
            if let Some(pts) = self.timeline.pts_at(position) {
                self.tally.access_units += 1;
                sink(AccessUnit { position, pts, bytes: &self.unit });
            }
        }
        self.waiting.drain(..done);
        Ok(())
    }
}
