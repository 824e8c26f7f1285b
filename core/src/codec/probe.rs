//! What a stream of bytes is, told from its first frames and not from its label.

use super::{Codec, Family, FrameError, Layout, aac, ac3, mpeg_audio};

/// Bytes of a stream after which a probe gives up.
const PROBE_BYTES: usize = 16 << 10;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The coding.
    pub codec: Codec,
    /// Sampling frequency in Hz, where the first frame says.
    pub sample_rate: Option<u32>,
    /// The channels, where the first frame says.
    pub layout: Option<Layout>,
    /// Bits per second, where the first frame says.
    pub bitrate: Option<u32>,
}

/// How far a probe is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// More bytes are needed.
    Open,
    /// Frames of this kind.
    Is(Identity),
    /// No frames of a kind that is known here.
    Unknown,
}

/// Finds out what a stream is.
///
/// A coding is believed when three headers follow each other at the distance that each states; two when it is the one that
/// is expected; one when that one stands right where a unit of the stream begins.
#[derive(Debug)]
pub struct Probe {
    expected: Option<Family>,
    bytes: Vec<u8>,
    unit_starts: Vec<usize>,
    verdict: Verdict,
}

impl Probe {
    /// A probe that expects a family, because a label says so, or none.
    #[must_use]
    pub fn new(expected: Option<Family>) -> Self {
        Self { expected, bytes: Vec::new(), unit_starts: Vec::new(), verdict: Verdict::Open }
    }

    /// What is known so far.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Says that a unit of the stream (a PES packet) begins with the bytes pushed next.
    pub fn unit(&mut self) {
        if self.verdict == Verdict::Open {
            self.unit_starts.push(self.bytes.len());
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.verdict != Verdict::Open {
            return;
        }
        self.bytes.extend_from_slice(bytes);
        self.verdict = self.look();
        if self.verdict != Verdict::Open {
            self.bytes = Vec::new();
            self.unit_starts = Vec::new();
        }
    }

    fn look(&self) -> Verdict {
        let mut undecided = false;
        for at in 0..self.bytes.len() {
            if !matches!(self.bytes[at], 0x0B | 0xFF | 0x56) {
                continue;
            }
            match self.chain(at) {
                Ok(identity) => return Verdict::Is(identity),
                Err(FrameError::Truncated(_)) => undecided = true,
                Err(_) => {}
            }
            if undecided && self.bytes.len() < PROBE_BYTES {
                return Verdict::Open;
            }
        }
        if self.bytes.len() < PROBE_BYTES { Verdict::Open } else { Verdict::Unknown }
    }

    /// Follows the headers from `at`.
    fn chain(&self, at: usize) -> Result<Identity, FrameError> {
        let (identity, mut length, continues) = identify(&self.bytes[at..])?;
        if continues {
            return Err(FrameError::Malformed("header"));
        }
        let is_expected = self.expected.is_some() && Family::of(identity.codec) == self.expected;
        let needed = match is_expected {
            true if self.unit_starts.contains(&at) => 1,
            true => 2,
            false => 3,
        };
        let mut next = at;
        let mut found = 1;
        while found < needed {
            next += length;
            let rest = self.bytes.get(next..).ok_or(FrameError::Truncated(next))?;
            let (other, other_length, continues) = identify(rest)?;
            if continues {
                length = other_length;
                continue;
            }
            found += 1;
            if other.codec != identity.codec || other.sample_rate != identity.sample_rate {
                return Err(FrameError::Malformed("header"));
            }
            length = other_length;
        }
        Ok(identity)
    }
}

/// Reads whichever header stands at the start of `bytes`; with it, the frame's length and whether it
/// continues another.
fn identify(bytes: &[u8]) -> Result<(Identity, usize, bool), FrameError> {
    let frame = match bytes {
        [] | [_] => return Err(FrameError::Truncated(2)),
        [0x0B, 0x77, ..] => ac3::parse_header(bytes)?,
        [0xFF, b, ..] if b & 0xF6 == 0xF0 => {
            let adts = aac::parse_adts(bytes)?;
            let (sample_rate, layout) = (Some(adts.sample_rate), adts.layout);
            return Ok((
                Identity { codec: Codec::AacAdts, sample_rate, layout, bitrate: None },
                adts.frame_bytes,
                false,
            ));
        }
        [0xFF, b, ..] if b & 0xE0 == 0xE0 => mpeg_audio::parse_header(bytes)?,
        [0x56, b, ..] if b & 0xE0 == 0xE0 => {
            let identity = Identity { codec: Codec::AacLatm, sample_rate: None, layout: None, bitrate: None };
            return Ok((identity, aac::loas_frame_bytes(bytes)?, false));
        }
        _ => return Err(FrameError::Malformed("syncword")),
    };
    let identity = Identity {
        codec: frame.codec,
        sample_rate: Some(frame.sample_rate),
        layout: Some(frame.layout),
        bitrate: Some(frame.bitrate).filter(|&bitrate| bitrate > 0),
    };
    Ok((identity, frame.frame_bytes, frame.continues))
}
