//! The whole decoder on generated frames: against ffmpeg, and against what must never happen.

use super::generator::{Random, Recipe, frame, stream};
use super::{Decoder, DynamicRange, crc, parse_header};
use crate::codec::{ChannelMode, FrameError, Layout, Pcm};

#[path = "../../../tests/support/ffmpeg.rs"]
mod reference;

use reference::{Planes, ffmpeg_decode, have_ffmpeg, snr};

/// What A/52:2018 decoders must agree on where nothing is dithered, in dB.
const UNDITHERED: f64 = 96.0;

fn decode(stream: &[u8], drc: DynamicRange) -> Planes {
    let mut decoder = Decoder::new(drc);
    let mut pcm = Pcm::default();
    let mut planes = Planes::new();
    let mut rest = stream;
    while let Ok(header) = parse_header(rest) {
        decoder.decode(rest, &mut pcm).unwrap();
        planes.resize(pcm.layout.channels(), Vec::new());
        for (channel, plane) in planes.iter_mut().enumerate() {
            plane.extend_from_slice(pcm.plane(channel));
        }
        rest = &rest[header.frame_bytes..];
    }
    assert!(rest.is_empty());
    planes
}

fn agrees(recipe: &Recipe, seed: u64, drc: DynamicRange, options: &[&str]) {
    let stream = stream(recipe, 6, seed);
    let ours = decode(&stream, drc);
    let theirs = ffmpeg_decode(&stream, options, recipe.layout);
    let snrs: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| snr(ours, theirs)).collect();
    assert!(snrs.iter().all(|&snr| snr >= UNDITHERED), "{recipe:?}, seed {seed}, {drc:?}: {snrs:.1?} dB");
}

#[test]
fn every_mode_at_every_rate_agrees_with_ffmpeg() {
    if !have_ffmpeg() {
        return;
    }
    for acmod in 0..8 {
        for lfe in [false, true] {
            for fscod in 0..3 {
                let recipe = Recipe { fscod, ..Recipe::plain(acmod, lfe) };
                agrees(&recipe, u64::from(acmod * 8 + u32::from(fscod)), DynamicRange::Off, &[]);
            }
        }
    }
}

#[test]
fn half_rates_and_the_alternate_syntax_agree_with_ffmpeg() {
    if !have_ffmpeg() {
        return;
    }
    for (acmod, bsid, fscod) in
        [(1, 9, 0), (2, 9, 1), (7, 9, 2), (1, 10, 0), (2, 10, 2), (7, 10, 1), (2, 6, 0), (7, 6, 0)]
    {
        agrees(&Recipe { bsid, fscod, ..Recipe::plain(acmod, true) }, u64::from(acmod), DynamicRange::Off, &[]);
    }
}

#[test]
fn gains_agree_with_ffmpeg() {
    if !have_ffmpeg() {
        return;
    }
    for acmod in [0, 1, 2, 5, 7] {
        // Which programme's gain the low-frequency channel of 1+1 mode takes, decoders do not agree about.
        let recipe = Recipe { gains: true, ..Recipe::plain(acmod, acmod != 0) };
        agrees(&recipe, 1, DynamicRange::Off, &["-drc_scale", "0"]);
        agrees(&recipe, 2, DynamicRange::Line, &[]);
        // ffmpeg swaps compr and compr2 of 1+1 mode.
        if acmod != 0 {
            agrees(&recipe, 3, DynamicRange::Rf, &["-heavy_compr", "1"]);
        }
    }
}

/// Two decoders whose dithers differ are as far apart as ffmpeg is from itself when its own dither runs from elsewhere,
/// which it does when the stream comes a second time.
#[test]
fn dither_is_as_strong_as_ffmpegs() {
    if !have_ffmpeg() {
        return;
    }
    for acmod in [1, 2, 7] {
        let recipe = Recipe { dithered: true, ..Recipe::plain(acmod, false) };
        let once = stream(&recipe, 30, u64::from(acmod));
        let ours = decode(&once, DynamicRange::Off);
        let theirs = ffmpeg_decode(&once, &[], recipe.layout);
        let twice = ffmpeg_decode(&[&once[..], &once].concat(), &[], recipe.layout);
        for (channel, ours) in ours.iter().enumerate() {
            let theirs = &theirs[channel][1536..];
            let apart = snr(&ours[1536..], theirs);
            let spread = snr(&twice[channel][ours.len() + 1536..], theirs);
            assert!(spread < 60.0, "nothing is dithered: {spread:.1} dB");
            assert!(
                (apart - spread).abs() < 1.0,
                "acmod {acmod}, channel {channel}: {apart:.2} dB, ffmpeg {spread:.2} dB"
            );
        }
    }
}

#[test]
fn a_bad_frame_leaves_no_trace() {
    let recipe = Recipe::plain(7, true);
    let mut random = Random::new(5);
    let frames: Vec<Vec<u8>> = (0..3).map(|_| frame(&recipe, &mut random)).collect();
    let (mut disturbed, mut calm) = (Decoder::new(DynamicRange::Line), Decoder::new(DynamicRange::Line));
    let (mut out, mut expected) = (Pcm::default(), Pcm::default());
    for (index, good) in frames.iter().enumerate() {
        // Right by its checksums, wrong by its last block: exponents that cannot be.
        for byte in (20..good.len() - 2).step_by(61) {
            let mut bad = good.clone();
            bad[byte..byte + 2].fill(0xFF);
            assert!(matches!(disturbed.decode(&bad, &mut out), Err(FrameError::Malformed(_))), "byte {byte}");
            crc::seal(&mut bad);
            let mut other = Decoder::new(DynamicRange::Line);
            if other.decode(&bad, &mut out).is_err() {
                assert!(disturbed.decode(&bad, &mut out).is_err());
            }
        }
        assert!(matches!(disturbed.decode(&good[..good.len() - 1], &mut out), Err(FrameError::Truncated(_))));
        disturbed.decode(good, &mut out).unwrap();
        calm.decode(good, &mut expected).unwrap();
        for channel in 0..6 {
            assert_eq!(out.plane(channel), expected.plane(channel), "frame {index}, channel {channel}");
        }
    }
}

#[test]
fn concealment_fades_out_and_back_in() {
    let recipe = Recipe { fscod: 2, ..Recipe::plain(2, false) };
    let mut random = Random::new(6);
    let frames = [frame(&recipe, &mut random), frame(&recipe, &mut random)];
    let mut decoder = Decoder::new(DynamicRange::Off);
    let mut out = Pcm::default();
    // Before any frame there is nothing to tell of but silence.
    decoder.conceal(1536, &mut out);
    assert_eq!((out.samples(), out.sample_rate, out.plane(1)), (1536, 48_000, &[0.0; 1536][..]));

    decoder.decode(&frames[0], &mut out).unwrap();
    let mut uncoupled = Decoder::new(DynamicRange::Off);
    let mut expected = Pcm::default();
    uncoupled.decode(&frames[1], &mut expected).unwrap();
    (out.sample_rate, out.layout) = (8000, Layout { mode: ChannelMode::Mono, lfe: true });
    decoder.conceal(1536, &mut out);
    assert_eq!((out.samples(), out.sample_rate, out.layout), (1536, 32_000, recipe.layout));
    for channel in 0..2 {
        let energy = |samples: &[f32]| samples.iter().map(|sample| sample * sample).sum::<f32>();
        let plane = out.plane(channel);
        assert!(energy(&plane[..64]) > 30.0 * energy(&plane[192..256]) && energy(&plane[192..256]) > 0.0);
        assert_eq!(energy(&plane[256..]), 0.0);
    }
    // The next good frame begins as if it were the first.
    decoder.decode(&frames[1], &mut out).unwrap();
    assert_eq!((out.plane(0), out.plane(1)), (expected.plane(0), expected.plane(1)));
}

#[test]
fn channels_that_stay_do_not_click_when_others_go() {
    // Alike but for acmod, 5.1 to stereo: left and right must go on from their overlap, which ffmpeg drops.
    let mut random = Random::new(7);
    let surround = frame(&Recipe::plain(7, true), &mut random);
    let stereo = frame(&Recipe::plain(2, false), &mut random);
    let first_block = |frames: &[&[u8]]| {
        let mut decoder = Decoder::new(DynamicRange::Off);
        let mut out = Pcm::default();
        for frame in frames {
            decoder.decode(frame, &mut out).unwrap();
        }
        [0, 1].map(|channel| out.plane(channel)[..256].to_vec())
    };
    let fade = {
        let mut decoder = Decoder::new(DynamicRange::Off);
        let mut out = Pcm::default();
        decoder.decode(&surround, &mut out).unwrap();
        decoder.conceal(256, &mut out);
        [0, 2].map(|channel| out.plane(channel).to_vec())
    };
    let alone = first_block(&[&stereo]);
    let after = first_block(&[&surround, &stereo]);
    for channel in 0..2 {
        for n in 0..256 {
            let sum = alone[channel][n] + fade[channel][n];
            assert!((after[channel][n] - sum).abs() < 1e-5, "channel {channel}, sample {n}");
        }
    }
}

#[test]
fn all_lowest_snr_offsets_are_no_mantissas() {
    // A/52:2018 §7.2.2.1; such a frame would otherwise take its stuffing for mantissas.
    let recipe = Recipe { layout: Layout { mode: ChannelMode::Mono, lfe: false }, ..Recipe::plain(1, false) };
    let silent = super::generator::silent_frame(&recipe, &mut Random::new(8));
    let mut out = Pcm::default();
    Decoder::new(DynamicRange::Off).decode(&silent, &mut out).unwrap();
    assert_eq!(out.plane(0), [0.0; 1536]);
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever stands in a frame, with checksums that match so that it is read to its end.
        #[test]
        fn no_frame_panics(
            seed in 0u64..1000,
            acmod in 0u32..8,
            lfe: bool,
            hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
            drc in prop::sample::select(vec![DynamicRange::Off, DynamicRange::Line, DynamicRange::Rf]),
        ) {
            let recipe = Recipe { dithered: true, gains: true, ..Recipe::plain(acmod, lfe) };
            let mut bytes = frame(&recipe, &mut Random::new(seed));
            for (place, byte) in hits {
                // Not the header: another length or rate would only end it early.
                let place = 6 + place.index(bytes.len() - 6);
                bytes[place] = byte;
            }
            crc::seal(&mut bytes);
            let mut decoder = Decoder::new(drc);
            let mut out = Pcm::default();
            for _ in 0..2 {
                let decoded = decoder.decode(&bytes, &mut out).is_ok();
                decoder.conceal(1536, &mut out);
                prop_assert!((0..out.layout.channels()).all(|channel| out.plane(channel).iter().all(|s| s.is_finite())));
                prop_assert!(decoded || out.plane(0).iter().all(|&sample| sample == 0.0));
            }
        }

        /// Whatever bytes come, sealed where they look like a frame.
        #[test]
        fn no_bytes_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..3000), frmsizecod in 0u8..38, bsid in 0u8..12) {
            let mut decoder = Decoder::new(DynamicRange::Line);
            let mut out = Pcm::default();
            let _ = decoder.decode(&bytes, &mut out);
            if bytes.len() > 8 {
                bytes[..2].copy_from_slice(&[0x0B, 0x77]);
                bytes[4] = frmsizecod;
                bytes[5] = bsid << 3;
                let length = parse_header(&bytes).map_or(0, |header| header.frame_bytes);
                if (8..=bytes.len()).contains(&length) {
                    crc::seal(&mut bytes[..length]);
                }
                let _ = decoder.decode(&bytes, &mut out);
            }
        }
    }
}
