//! The whole decoder on frames that no encoder makes.

use super::Decoder;
use crate::codec::ac3::{DynamicRange, crc, parse_header};
use crate::codec::{Family, FrameError, Framer, Pcm};
use crate::ts::{Packet, PesReader, PesScan};
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Real frames to be broken: of the shared vectors, where they are.
static FRAMES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let root = std::env::var_os("XG2G_STREAMS").map_or_else(|| PathBuf::from("../../shared/streams"), PathBuf::from);
    let mut frames = Vec::new();
    for name in [
        "vectors/ac3forge_eac3-51-256_ffmpeg.ec3",
        "vectors/ac3forge_reference_51_eac3_448k_cplbndstrce0.ec3",
        "vectors/packager_bear.eac3",
        "shaka_chid_eac3_6ch_256k_0.ts",
    ] {
        let Ok(bytes) = std::fs::read(root.join(name)) else {
            eprintln!("SKIPPED: {name} is not there (set XG2G_STREAMS), its frames are not broken");
            continue;
        };
        let mut framer = Framer::<()>::new(Family::Ac3);
        if name.ends_with(".ts") {
            let mut pes = PesReader::default();
            for packet in bytes.as_chunks().0.iter().map(Packet::new).filter(|packet| packet.pid().value() == 0x101) {
                pes.push(packet.payload_unit_start(), packet.payload(), |scan| {
                    if let PesScan::Payload(bytes) = scan {
                        framer.push(bytes);
                    }
                });
            }
        } else {
            framer.push(&bytes);
        }
        let mut taken = 0;
        while let Some(frame) = framer.next_frame() {
            taken += 1;
            if taken % 10 == 0 && crc::check_whole(frame.bytes).is_ok() {
                frames.push(frame.bytes.to_vec());
            }
        }
    }
    assert!(frames.is_empty() || frames.len() > 30, "{} frames", frames.len());
    frames
});

/// The start of a frame of 1024 bytes in the given format.
fn header(numblkscod: u8, acmod: u8, lfeon: bool) -> [u8; 6] {
    [0x0B, 0x77, 0x01, 0xFF, numblkscod << 4 | acmod << 1 | u8::from(lfeon), 0x80]
}

/// Decodes what must not panic and says whether it was a frame. Twice, since a frame leaves its traces.
fn decode(bytes: &[u8], drc: DynamicRange) -> bool {
    let mut decoder = Decoder::new(drc);
    let mut out = Pcm::default();
    let mut decoded = false;
    for _ in 0..2 {
        decoded = decoder.decode(bytes, &mut out).is_ok();
        decoder.conceal(out.samples(), &mut out);
        let finite = |channel| out.plane(channel).iter().all(|sample: &f32| sample.is_finite());
        assert!((0..out.layout.channels()).all(finite));
    }
    decoded
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever follows a header, with a checksum that matches so that it is read as far as it makes sense.
    #[test]
    fn no_content_panics(
        numblkscod in 0u8..4,
        acmod in 0u8..8,
        lfeon: bool,
        mut content in prop::collection::vec(any::<u8>(), 1018),
        exponents in any::<bool>(),
    ) {
        if exponents {
            // Groups of equal exponents are 62; with this pattern most of what is read as groups stays in range.
            for byte in content.iter_mut().skip(40) {
                *byte = *byte & 0x11 | 0b0111_1100;
            }
        }
        let mut bytes = [&header(numblkscod, acmod, lfeon)[..], &content].concat();
        crc::seal_whole(&mut bytes);
        decode(&bytes, DynamicRange::Rf);
    }

    /// Real frames with bits turned, checksum right.
    #[test]
    fn no_broken_frame_panics(
        which in any::<prop::sample::Index>(),
        hits in prop::collection::vec((any::<prop::sample::Index>(), 0u32..8), 1..6),
        early in any::<bool>(),
    ) {
        prop_assume!(!FRAMES.is_empty());
        let mut bytes = which.get(&FRAMES[..]).clone();
        for (place, bit) in hits {
            let place = 5 + place.index(if early { 40 } else { bytes.len() - 5 });
            bytes[place] ^= 1 << bit;
        }
        crc::seal_whole(&mut bytes);
        decode(&bytes, DynamicRange::Line);
    }
}

#[test]
fn damage_is_noticed_and_leaves_no_trace() {
    let Some(frame) = FRAMES.first() else { return };
    let (mut decoder, mut other) = (Decoder::new(DynamicRange::Line), Decoder::new(DynamicRange::Line));
    let (mut out, mut expected) = (Pcm::default(), Pcm::default());
    for _ in 0..3 {
        decoder.decode(frame, &mut out).unwrap();
        other.decode(frame, &mut expected).unwrap();
    }
    let mut broken = frame.clone();
    *broken.last_mut().unwrap() ^= 1;
    assert_eq!(decoder.decode(&broken, &mut out), Err(FrameError::Malformed("crc2 does not match")));
    assert_eq!(decoder.decode(&frame[..100], &mut out), Err(FrameError::Truncated(frame.len())));
    // The end is wrong only half-way: all blocks before it have been read. What was left to the next frame is as it was,
    // but for the dither.
    let samples = parse_header(frame).unwrap().samples;
    decoder.conceal(samples, &mut out);
    other.conceal(samples, &mut expected);
    let apart = out.plane(0).iter().zip(expected.plane(0)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart < 1e-6 && out.plane(0)[..256].iter().any(|&sample| sample != 0.0), "{apart}");
}

#[test]
fn a_dependent_frame_alone_is_refused_and_a_damaged_one_left_out() {
    let Some(frame) = FRAMES.first() else { return };
    let mut dependent = frame.clone();
    // strmtyp 1 in the same syntax: its dialnorm, compre and chanmape follow, and convexpstr goes, so that it is damaged.
    dependent[2] |= 0x40;
    crc::seal_whole(&mut dependent);
    let mut decoder = Decoder::new(DynamicRange::Line);
    let mut out = Pcm::default();
    assert!(decoder.decode(&dependent, &mut out).is_err());
    let unit = [&frame[..], &dependent].concat();
    assert_eq!(decoder.decode(&unit, &mut out), Ok(()));
    assert_eq!(out.layout, parse_header(frame).unwrap().layout);
}
