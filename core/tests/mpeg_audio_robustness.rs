//! The MPEG audio decoder on damage: it never panics, and neither a loss nor what follows it clicks.

use proptest::prelude::*;
use xg2g_core::codec::mpeg_audio::{Decoder, HEADER_BYTES, parse_header};
use xg2g_core::codec::{FrameError, MAX_FRAME_SAMPLES, Pcm};

/// A valid header of any kind.
fn any_header() -> impl Strategy<Value = [u8; HEADER_BYTES]> {
    // ID and layer: MPEG-1, MPEG-2, MPEG-2.5 (Layer III only); then protection_bit.
    let second = prop::sample::select(vec![0xfe, 0xfc, 0xfa, 0xf6, 0xf4, 0xf2, 0xe2u8]);
    // bitrate_index, sampling_frequency, padding and private bit; mode and what follows it.
    (second, any::<bool>(), 1..15u8, 0..3u8, 0..4u8, any::<u8>()).prop_map(
        |(second, unprotected, bitrate_index, sampling_frequency, padding, mode)| {
            [0xff, second | u8::from(unprotected), bitrate_index << 4 | sampling_frequency << 2 | padding, mode]
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Rubbish behind valid headers: frames of any layers and formats one after another, concealment between them.
    #[test]
    fn rubbish_never_panics(
        headers in prop::collection::vec((any_header(), any::<bool>(), 0..2000usize), 1..8),
        rubbish in prop::collection::vec(any::<u8>(), 1729),
        sparse in any::<bool>(),
    ) {
        let (mut decoder, mut pcm) = (Decoder::new(), Pcm::default());
        for (turn, (header, lost, samples)) in headers.into_iter().enumerate() {
            let mut frame: Vec<u8> = rubbish.iter().map(|&byte| if sparse { byte & byte.rotate_left(3) } else { byte }).collect();
            frame.rotate_left(turn * 97);
            frame[..HEADER_BYTES].copy_from_slice(&header);
            let want = parse_header(&header).map_err(|error| TestCaseError::fail(error.to_string()))?;
            if decoder.decode(&frame, &mut pcm).is_ok() {
                prop_assert_eq!(pcm.samples(), want.samples);
                prop_assert_eq!(pcm.layout, want.layout);
            }
            prop_assert_eq!(
                decoder.decode(&frame[..want.frame_bytes - 1], &mut pcm),
                Err(FrameError::Truncated(want.frame_bytes))
            );
            if lost {
                decoder.conceal(samples, &mut pcm);
                prop_assert_eq!(pcm.samples(), samples.min(MAX_FRAME_SAMPLES));
            }
        }
    }

    /// The same format throughout, so that state builds up: Layer III's bit reservoir above all.
    #[test]
    fn rubbish_in_one_format_never_panics(
        header in any_header(),
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 1729), 1..6),
    ) {
        let (mut decoder, mut pcm) = (Decoder::new(), Pcm::default());
        for mut frame in frames {
            frame[..HEADER_BYTES].copy_from_slice(&header);
            let _ = decoder.decode(&frame, &mut pcm);
        }
    }
}

/// A frame of MPEG-1 Layer I, 48 kHz, mono, 384 kbit/s: subband 0 alone is allocated, with 15 bits and scale factor 1.0 (index
/// 3), and every one of its samples is the same, so that the sound is a constant level (ISO/IEC 11172-3 §2.4.1.5).
fn constant_level() -> Vec<u8> {
    let mut frame = vec![0u8; 384];
    frame[..4].copy_from_slice(&[0xff, 0xff, 0xc4, 0xc0]);
    let mut at = 32;
    let mut put = |value: u32, bits: usize| {
        for bit in (0..bits).rev() {
            frame[at / 8] |= ((value >> bit & 1) as u8) << (7 - at % 8);
            at += 1;
        }
    };
    put(14, 4);
    for _ in 1..32 {
        put(0, 4);
    }
    put(3, 6);
    for _ in 0..12 {
        put(0x6000, 15);
    }
    frame
}

#[test]
fn a_loss_fades_out_and_the_next_frame_fades_in() {
    let frame = constant_level();
    let (mut decoder, mut pcm) = (Decoder::new(), Pcm::default());
    let mut sound: Vec<f32> = Vec::new();
    let mut good = |decoder: &mut Decoder, sound: &mut Vec<f32>| {
        decoder.decode(&frame, &mut pcm).expect("a good frame");
        sound.extend(pcm.plane(0));
    };
    for _ in 0..4 {
        good(&mut decoder, &mut sound);
    }
    let level = sound[3 * 384];
    assert!(level > 0.3, "level {level}");

    // Losses of every length: shorter than the tail, a frame, several.
    for lost in [100, 384, 1536] {
        let mut hole = Pcm::default();
        decoder.conceal(lost, &mut hole);
        assert_eq!((hole.samples(), hole.layout, hole.sample_rate), (lost, pcm_layout(), 48_000));
        if lost > 480 {
            assert!(hole.plane(0)[480..].iter().all(|&sample| sample == 0.0), "silence after 10 ms");
        }
        sound.extend(hole.plane(0));
        for _ in 0..4 {
            good(&mut decoder, &mut sound);
        }
        assert!((sound[sound.len() - 1] - level).abs() < 0.01, "the level is back");
    }
    // A cut would be one step of `level`. The filter's own slope stays under a twentieth of it.
    let step = sound[384 * 2..].windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(step < level / 20.0, "step of {step} at a level of {level}");
}

fn pcm_layout() -> xg2g_core::codec::Layout {
    xg2g_core::codec::Layout { mode: xg2g_core::codec::ChannelMode::Mono, lfe: false }
}

/// Concealment before anything was decoded is silence in whatever layout `out` has.
#[test]
fn conceal_before_the_first_frame_is_silence() {
    let mut pcm = Pcm::default();
    pcm.set_samples(1152);
    pcm.plane_mut(1).fill(0.5);
    Decoder::new().conceal(1152, &mut pcm);
    assert_eq!(pcm.samples(), 1152);
    assert!(pcm.plane(0).iter().chain(pcm.plane(1)).all(|&sample| sample == 0.0));
}
