//! What the encoder writes, as a decoder hears it: ffmpeg from the `PATH`. Without it the tests are skipped, loudly.

use std::io::Write;
use std::process::{Command, Stdio};
use xg2g_fdk::{Encoder, EncoderConfig, FRAME_SAMPLES};

const FRAMES: usize = 40;

/// White noise from a linear congruential generator: its autocorrelation is a single peak, so a delay shows to the sample.
fn noise(samples: usize) -> Vec<i16> {
    let mut state = 0x2545_f491_u32;
    (0..samples)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) as u16 as i16) / 4
        })
        .collect()
}

/// Encodes whole frames; returns the access units and the encoder's delay.
fn encode(config: EncoderConfig, pcm: &[i16]) -> (Vec<u8>, usize) {
    let mut encoder = Encoder::open(config).expect("an allowed configuration");
    let mut out = Vec::new();
    for frame in pcm.chunks_exact(FRAME_SAMPLES * usize::from(config.channels)) {
        let before = out.len();
        encoder.encode(frame, &mut out).expect("a whole frame");
        assert!(out.len() > before, "every frame yields an access unit, the first included");
    }
    (out, encoder.delay_samples())
}

/// Decodes ADTS to 16-bit samples with ffmpeg, which drops nothing at the start of a raw ADTS stream.
fn decode(adts: &[u8]) -> Option<Vec<i16>> {
    let child = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "aac", "-i", "-", "-f", "s16le", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("SKIPPED: no ffmpeg on the PATH, nothing was decoded");
        return None;
    };
    let mut stdin = child.stdin.take().expect("a pipe");
    let adts = adts.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&adts));
    let output = child.wait_with_output().expect("ffmpeg ends");
    writer.join().expect("no panic").expect("ffmpeg reads everything");
    assert!(output.status.success(), "ffmpeg refused the stream");
    Some(output.stdout.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect())
}

/// The lag of `decoded` behind `input`, in samples of one channel, where their correlation peaks.
fn lag(input: &[i16], decoded: &[i16], channels: usize, channel: usize) -> usize {
    let pick = |pcm: &[i16]| -> Vec<i64> { pcm.iter().skip(channel).step_by(channels).map(|&s| s.into()).collect() };
    let (input, decoded) = (pick(input), pick(decoded));
    let window = &input[4096..6144];
    let correlation = |lag: usize| -> i64 { window.iter().zip(&decoded[4096 + lag..]).map(|(a, b)| a * b).sum() };
    (0..3072).max_by_key(|&lag| correlation(lag)).expect("not empty")
}

#[test]
fn delay_is_true_to_the_sample() {
    for sample_rate in [16_000, 24_000, 32_000, 44_100, 48_000] {
        for channels in [1_u8, 2] {
            for bitrate_per_channel in [32_000, 64_000, 90_000] {
                let config =
                    EncoderConfig { sample_rate, channels, bitrate: bitrate_per_channel * u32::from(channels) };
                let pcm = noise(FRAMES * FRAME_SAMPLES * usize::from(channels));
                let (adts, delay) = encode(config, &pcm);
                let Some(decoded) = decode(&adts) else { return };
                assert_eq!(decoded.len(), pcm.len(), "{config:?}");
                for channel in 0..usize::from(channels) {
                    let measured = lag(&pcm, &decoded, usize::from(channels), channel);
                    assert_eq!(measured, delay, "{config:?}, channel {channel}");
                }
            }
        }
    }
}
