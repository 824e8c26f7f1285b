//! What may be chosen for a session, and its defaults.

pub use crate::codec::ac3::DynamicRange;

/// How many channels each AAC track has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Channels {
    /// Two.
    #[default]
    Stereo,
    /// One.
    Mono,
}

/// What is heard of a dual-mono track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DualMono {
    /// The first programme left, the second right.
    #[default]
    Both,
    /// Only the first programme.
    First,
    /// Only the second programme.
    Second,
}

/// What may be chosen for a session; `Default` is what each field's text calls its default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Bits per second of each AAC track. `None`: 192,000 for stereo, 96,000 for mono. Allowed 16,000 to 576,000 and at most
    /// 6,144 bits for each channel and access unit (ISO/IEC 14496-3).
    pub bitrate: Option<u32>,
    /// Channels of each AAC track.
    pub channels: Channels,
    /// What is heard of dual-mono tracks.
    pub dual_mono: DualMono,
    /// Dynamic range control.
    pub dynamic_range: DynamicRange,
    /// Only tracks on these PIDs (16 to 8190) are transcoded; empty: every PID.
    pub pids: Vec<u16>,
    /// Only tracks in these languages (ISO 639-2) are transcoded; empty: every language, and none.
    pub languages: Vec<String>,
}
