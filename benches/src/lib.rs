//! The parts of the committed demo stream, for the benchmarks of single rooms in `benches/`.
//!
//! The program that measures whole transcodes against ffmpeg is this crate's binary, `xg2g-bench`.
#![forbid(unsafe_code)]

use std::path::Path;

use xg2g_core::codec::{self, FrameError, FrameHeader};
use xg2g_core::ts::psi::SectionReader;
use xg2g_core::ts::{PACKET_BYTES, Packet, PacketSync, PesReader, PesScan, Pid};

// As `tests/demo/make-demo-stream` lays them out.
const PMT_PID: Pid = Pid::new(0x100);
const AC3_PID: Pid = Pid::new(0x102);
const LAYER2_PID: Pid = Pid::new(0x103);

/// The demo stream, whole.
///
/// # Panics
/// When the file cannot be read.
#[must_use]
pub fn demo_stream() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/demo/demo.ts");
    std::fs::read(&path).unwrap_or_else(|error| panic!("could not read {}: {error}", path.display()))
}

/// The AC-3 5.1 frames of the demo stream.
///
/// # Panics
/// When there are none.
#[must_use]
pub fn ac3_frames() -> Vec<Vec<u8>> {
    frames(AC3_PID, codec::ac3::parse_header)
}

/// The MPEG Layer II frames of the demo stream.
///
/// # Panics
/// When there are none.
#[must_use]
pub fn layer2_frames() -> Vec<Vec<u8>> {
    frames(LAYER2_PID, codec::mpeg_audio::parse_header)
}

/// The first PMT section of the demo stream.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn pmt_section() -> Vec<u8> {
    let (mut reader, mut first) = (SectionReader::default(), None);
    packets(PMT_PID, |packet| {
        reader.push(packet.payload_unit_start(), packet.payload(), |section| {
            first.get_or_insert_with(|| section.to_vec());
        });
    });
    first.expect("the demo stream has a PMT")
}

/// Hands every packet of a PID to `sink`.
fn packets(pid: Pid, mut sink: impl FnMut(Packet<'_>)) {
    let mut run = |run: &[u8]| {
        let (packets, _) = run.as_chunks::<PACKET_BYTES>();
        packets.iter().map(Packet::new).filter(|packet| packet.pid() == pid).for_each(&mut sink);
    };
    let mut sync = PacketSync::default();
    sync.push(&demo_stream(), &mut run);
    sync.finish(&mut run);
}

/// Cuts the elementary stream of a PID, which has nothing but whole frames, into them.
fn frames(pid: Pid, parse: fn(&[u8]) -> Result<FrameHeader, FrameError>) -> Vec<Vec<u8>> {
    let (mut pes, mut es) = (PesReader::default(), Vec::new());
    packets(pid, |packet| {
        pes.push(packet.payload_unit_start(), packet.payload(), |scan| {
            if let PesScan::Payload(bytes) = scan {
                es.extend_from_slice(bytes);
            }
        });
    });
    let (mut frames, mut rest) = (Vec::new(), &es[..]);
    while !rest.is_empty() {
        let header = parse(rest).unwrap_or_else(|error| panic!("frame {} of PID {pid:?}: {error}", frames.len()));
        let (frame, tail) = rest.split_at_checked(header.frame_bytes).expect("the last frame is whole");
        frames.push(frame.to_vec());
        rest = tail;
    }
    assert!(!frames.is_empty(), "the demo stream has sound on PID {pid:?}");
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_stream_comes_apart() {
        // Eight seconds: 32 ms an AC-3 frame, 24 ms a Layer II frame.
        assert_eq!(ac3_frames().len(), 250);
        assert_eq!(layer2_frames().len(), 334);
        assert_eq!(pmt_section()[0], 0x02);
    }
}
