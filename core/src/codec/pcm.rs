//! Decoded sound: planar 32-bit float samples with the names of their channels.

/// Most channels of one track: 5.1.
pub const MAX_CHANNELS: usize = 6;

/// Most samples of one channel in one frame of any codec here (AC-3: six blocks of 256).
pub const MAX_FRAME_SAMPLES: usize = 1536;

/// The full-bandwidth channels, in the modes and the order of ATSC A/52:2018 Table 5.8 (`acmod`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ChannelMode {
    /// 1+1: two independent programmes, channel 1 and channel 2.
    DualMono = 0,
    /// 1/0: C.
    Mono = 1,
    /// 2/0: L, R.
    Stereo = 2,
    /// 3/0: L, C, R.
    Front3 = 3,
    /// 2/1: L, R, S.
    Front2Rear1 = 4,
    /// 3/1: L, C, R, S.
    Front3Rear1 = 5,
    /// 2/2: L, R, Ls, Rs.
    Front2Rear2 = 6,
    /// 3/2: L, C, R, Ls, Rs.
    Front3Rear2 = 7,
}

impl ChannelMode {
    /// Number of full-bandwidth channels (`nfchans`).
    #[must_use]
    pub const fn channels(self) -> usize {
        match self {
            Self::Mono => 1,
            Self::DualMono | Self::Stereo => 2,
            Self::Front3 | Self::Front2Rear1 => 3,
            Self::Front3Rear1 | Self::Front2Rear2 => 4,
            Self::Front3Rear2 => 5,
        }
    }
}

/// The channels of a track. The low-frequency channel, where there is one, is the last plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Layout {
    /// The full-bandwidth channels.
    pub mode: ChannelMode,
    /// Whether there is a low-frequency effects channel.
    pub lfe: bool,
}

impl Layout {
    /// Number of channels, the low-frequency one included.
    #[must_use]
    pub const fn channels(self) -> usize {
        self.mode.channels() + self.lfe as usize
    }

    /// The channels in words: front/rear.low, but for the common ones.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match (self.mode, self.lfe) {
            (ChannelMode::DualMono, false) => "dual mono",
            (ChannelMode::DualMono, true) => "dual mono + LFE",
            (ChannelMode::Mono, false) => "mono",
            (ChannelMode::Mono, true) => "1.1",
            (ChannelMode::Stereo, false) => "stereo",
            (ChannelMode::Stereo, true) => "2.1",
            (ChannelMode::Front3, false) => "3.0",
            (ChannelMode::Front3, true) => "3.1",
            (ChannelMode::Front2Rear1, false) => "2/1",
            (ChannelMode::Front2Rear1, true) => "2/1.1",
            (ChannelMode::Front3Rear1, false) => "3/1",
            (ChannelMode::Front3Rear1, true) => "3/1.1",
            (ChannelMode::Front2Rear2, false) => "2/2",
            (ChannelMode::Front2Rear2, true) => "2/2.1",
            (ChannelMode::Front3Rear2, false) => "5.0",
            (ChannelMode::Front3Rear2, true) => "5.1",
        }
    }
}

/// How the stream asks to be mixed down and levelled; linear gains, not dB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mix {
    /// Gain of the centre channel into left and right (`cmixlev`, A/52:2018 Table 5.9).
    pub center: f32,
    /// Gain of the surround channels into left and right (`surmixlev`, A/52:2018 Table 5.10).
    pub surround: f32,
    /// Level of dialogue in dB relative to full scale, −31 to −1 (`dialnorm`); `None` where the codec carries none.
    pub dialnorm: Option<i8>,
}

impl Default for Mix {
    /// −3 dB for centre and surround, no dialogue level: what a codec without metadata gets.
    fn default() -> Self {
        Self { center: std::f32::consts::FRAC_1_SQRT_2, surround: std::f32::consts::FRAC_1_SQRT_2, dialnorm: None }
    }
}

/// One decoded frame. Made once for each track and reused, so that nothing is allocated while a stream runs.
#[derive(Debug, Clone)]
pub struct Pcm {
    /// Sampling frequency in Hz.
    pub sample_rate: u32,
    /// Which channels the first planes hold.
    pub layout: Layout,
    /// Mix levels of this frame.
    pub mix: Mix,
    samples: usize,
    planes: Box<[[f32; MAX_FRAME_SAMPLES]; MAX_CHANNELS]>,
}

impl Default for Pcm {
    fn default() -> Self {
        Self {
            sample_rate: 48_000,
            layout: Layout { mode: ChannelMode::Stereo, lfe: false },
            mix: Mix::default(),
            samples: 0,
            planes: Box::new([[0.0; MAX_FRAME_SAMPLES]; MAX_CHANNELS]),
        }
    }
}

impl Pcm {
    /// Samples of one channel in the frame.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Sets the number of samples of one channel, at most [`MAX_FRAME_SAMPLES`]; what the planes hold is kept.
    pub fn set_samples(&mut self, samples: usize) {
        self.samples = samples.min(MAX_FRAME_SAMPLES);
    }

    /// The samples of one channel, full scale being ±1.0.
    #[must_use]
    pub fn plane(&self, channel: usize) -> &[f32] {
        &self.planes[channel][..self.samples]
    }

    /// The samples of one channel, to be written.
    pub fn plane_mut(&mut self, channel: usize) -> &mut [f32] {
        &mut self.planes[channel][..self.samples]
    }

    /// All planes whole, for a decoder that writes block by block.
    pub fn planes_mut(&mut self) -> &mut [[f32; MAX_FRAME_SAMPLES]; MAX_CHANNELS] {
        &mut self.planes
    }
}
