//! What a stream holds and what would be done to it.

use super::Options;
use super::decision::{Content, codec_name};
use super::label::Label;
use super::survey::Survey;
use super::tables::Map;
use crate::Error;
use crate::ts::{Packet, PacketSync, Pid, descriptor};

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
    options.check()?;
    let mut survey = Survey::of_all(options);
    let mut sync = PacketSync::default();
    let mut counts = vec![0u64; Pid::COUNT];
    let mut look = |run: &[u8]| {
        for bytes in run.as_chunks().0 {
            let packet = Packet::new(bytes);
            counts[packet.pid().index()] += 1;
            survey.push(packet);
        }
    };
    sync.push(input, &mut look);
    sync.finish(&mut look);
    let packet_size = sync.packet_size().ok_or_else(Error::no_stream)?;
    let programs = survey.tables.programs().iter().map(|(&number, program)| Program {
        number,
        pmt_pid: program.pmt_pid.value(),
        pcr_pid: program.map.as_ref().and_then(|map| map.pcr_pid).map(Pid::value),
        tracks: tracks(&survey, program.map.as_ref(), &counts),
    });
    Ok(Inspection { packet_size: packet_size as u16, packets: counts.iter().sum(), programs: programs.collect() })
}

fn tracks(survey: &Survey, map: Option<&Map>, counts: &[u64]) -> Vec<Track> {
    let Some(map) = map else { return Vec::new() };
    let streams = map.streams.iter().map(|stream| {
        let decision = survey.decide(&map.descriptors, stream);
        let identity = match survey.content(stream.pid) {
            Content::Is(identity) => Some(identity),
            _ => None,
        };
        let label = Label::read(stream.stream_type, &stream.descriptors, &map.descriptors);
        Track {
            pid: stream.pid.value(),
            stream_type: stream.stream_type,
            format: identity.map_or(label.name(), |found| codec_name(found.codec, found.sample_rate)).to_owned(),
            language: descriptor::language(&stream.descriptors),
            sample_rate: identity.and_then(|found| found.sample_rate),
            channels: identity.and_then(|found| found.layout).map(|layout| layout.name().to_owned()),
            bitrate: identity.and_then(|found| found.bitrate),
            packets: counts[stream.pid.index()],
            action: decision.action(),
            reason: decision.reason,
        }
    });
    streams.collect()
}
