//! The access units themselves: their ADTS headers (ISO/IEC 14496-3 §1.A.2.2), their rate, and that they repeat.

use xg2g_fdk::{Encoder, EncoderConfig, Error, FRAME_SAMPLES, SAMPLE_RATES};

/// A chord, a little different in each channel.
fn chord(sample_rate: u32, channels: usize, frames: usize) -> Vec<i16> {
    (0..frames * FRAME_SAMPLES * channels)
        .map(|i| {
            let (t, channel) = ((i / channels) as f64 / f64::from(sample_rate), (i % channels) as f64);
            let tone = |hz: f64| (t * hz * std::f64::consts::TAU).sin();
            ((tone(220.0 + channel) + tone(1_661.2) + tone(3_300.0)) * 6_000.0) as i16
        })
        .collect()
}

fn encode(config: EncoderConfig, frames: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::open(config).expect("an allowed configuration");
    chord(config.sample_rate, config.channels.into(), frames)
        .chunks_exact(FRAME_SAMPLES * usize::from(config.channels))
        .map(|frame| {
            let mut out = Vec::new();
            encoder.encode(frame, &mut out).expect("a whole frame");
            out
        })
        .collect()
}

#[test]
fn headers_say_what_was_asked() {
    for (index, sample_rate) in SAMPLE_RATES.into_iter().enumerate() {
        for channels in [1_u8, 2] {
            let config = EncoderConfig { sample_rate, channels, bitrate: 24_000 * u32::from(channels) };
            for (n, unit) in encode(config, 8).into_iter().enumerate() {
                let h: [u8; 7] = unit[..7].try_into().expect("a header");
                let at = format!("{config:?}, access unit {n}");
                assert_eq!((h[0], h[1] & 0xf6), (0xff, 0xf0), "syncword and layer: {at}");
                assert_eq!(h[1] & 1, 1, "protection_absent: {at}");
                assert_eq!(h[2] >> 6, 1, "profile: AAC LC: {at}");
                assert_eq!(usize::from(h[2] >> 2 & 15), index, "sampling_frequency_index: {at}");
                assert_eq!((h[2] & 1) << 2 | h[3] >> 6, channels, "channel_configuration: {at}");
                let length = usize::from(h[3] & 3) << 11 | usize::from(h[4]) << 3 | usize::from(h[5] >> 5);
                assert_eq!(length, unit.len(), "aac_frame_length: {at}");
                assert_eq!(h[6] & 3, 0, "number_of_raw_data_blocks_in_frame: {at}");
            }
        }
    }
}

#[test]
fn bitrate_is_kept_and_no_access_unit_overflows_the_decoder() {
    let rates = [
        (8_000, 1, 48_000),
        (96_000, 2, 1_152_000),
        (48_000, 2, 16_000),
        (48_000, 2, 128_000),
        (48_000, 2, 192_000),
        (48_000, 2, 320_000),
        (48_000, 2, 576_000),
        (44_100, 2, 192_000),
        (32_000, 2, 192_000),
        (48_000, 1, 96_000),
        (48_000, 1, 288_000),
    ];
    for (sample_rate, channels, bitrate) in rates {
        let config = EncoderConfig { sample_rate, channels, bitrate };
        // The first units may also spend the bit reservoir, 6144 bits a channel: the rate is that of the second half.
        let units = encode(config, 400);
        let bytes: usize = units[200..].iter().map(Vec::len).sum();
        let measured = bytes as f64 * 8.0 * f64::from(sample_rate) / (200.0 * FRAME_SAMPLES as f64);
        let ratio = measured / f64::from(bitrate);
        assert!((0.95..1.03).contains(&ratio), "{config:?} gave {measured:.0} bit/s");
        let longest = units.iter().map(Vec::len).max().unwrap_or(0);
        assert!(longest <= 768 * usize::from(channels) + 7, "{config:?}: an access unit of {longest} bytes");
    }
}

#[test]
fn same_input_gives_same_bytes() {
    let config = EncoderConfig { sample_rate: 48_000, channels: 2, bitrate: 192_000 };
    let there = encode(config, 50);
    let elsewhere = std::thread::spawn(move || encode(config, 50)).join().expect("no panic");
    assert_eq!(there, elsewhere);
}

#[test]
fn an_encoder_can_move_to_another_thread() {
    let config = EncoderConfig { sample_rate: 48_000, channels: 1, bitrate: 64_000 };
    let mut encoder = Encoder::open(config).expect("an allowed configuration");
    let moved = std::thread::spawn(move || {
        let mut out = vec![0x47];
        encoder.encode(&[0; FRAME_SAMPLES], &mut out).expect("a whole frame");
        out
    });
    assert_eq!(&moved.join().expect("no panic")[..2], [0x47, 0xff], "appended behind what was there");
}

#[test]
fn a_partial_frame_is_refused_and_leaves_the_output_alone() {
    let config = EncoderConfig { sample_rate: 48_000, channels: 2, bitrate: 192_000 };
    let mut encoder = Encoder::open(config).expect("an allowed configuration");
    let mut out = vec![1, 2, 3];
    let error = encoder.encode(&[0; FRAME_SAMPLES], &mut out).expect_err("half a frame");
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    assert_eq!(out, [1, 2, 3]);
}

#[test]
fn a_wrong_configuration_is_refused_with_its_bounds() {
    let error =
        Encoder::open(EncoderConfig { sample_rate: 48_000, channels: 2, bitrate: 600_000 }).expect_err("too much");
    assert_eq!(
        error.to_string(),
        "AAC-LC cannot be encoded with 600000 bit/s at 48000 Hz and 2 channels; allowed are 16000 to 576000"
    );
}
