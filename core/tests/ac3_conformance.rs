//! The AC-3 decoder against ffmpeg's, on the shared vectors and on streams that ffmpeg's own encoder makes.
//!
//! Needs `ffmpeg` on the path and, for the vectors, `XG2G_STREAMS`; what is missing is said on stderr and skipped.

use std::path::PathBuf;
use xg2g_core::codec::ac3::{Decoder, DynamicRange, parse_header};
use xg2g_core::codec::{ChannelMode, Codec, FrameError, Layout, Pcm};

#[path = "support/ffmpeg.rs"]
mod reference;

use reference::{Planes, ffmpeg, ffmpeg_decode, have_ffmpeg, snr};

fn vector(name: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("XG2G_STREAMS").map_or_else(|| PathBuf::from("../../shared/streams"), PathBuf::from);
    let path = root.join("vectors").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("SKIPPED: {} is not there (set XG2G_STREAMS)", path.display());
    }
    bytes
}

/// Cuts a stream into frames by their headers.
fn frames(stream: &[u8]) -> Vec<&[u8]> {
    let mut rest = stream;
    let mut frames = Vec::new();
    while let Ok(header) = parse_header(rest) {
        let Some((frame, after)) = rest.split_at_checked(header.frame_bytes) else { break };
        frames.push(frame);
        rest = after;
    }
    assert!(rest.len() < 8, "{} bytes are no frame", rest.len());
    frames
}

fn decode(stream: &[u8], drc: DynamicRange) -> (Planes, Pcm) {
    let mut decoder = Decoder::new(drc);
    let mut pcm = Pcm::default();
    let mut planes = Planes::new();
    for (index, frame) in frames(stream).into_iter().enumerate() {
        decoder.decode(frame, &mut pcm).unwrap_or_else(|error| panic!("frame {index}: {error}"));
        planes.resize(pcm.layout.channels(), Vec::new());
        for (channel, plane) in planes.iter_mut().enumerate() {
            plane.extend_from_slice(pcm.plane(channel));
        }
    }
    (planes, pcm)
}

const VECTORS: [&str; 6] = [
    "ac3forge_ac3-51-448_ffmpeg.ac3",
    "dolby_51_1kHz.ac3",
    "dolby_5ch_channel_id.ac3",
    "mp4parser_count_english_22k_mono.ac3",
    "oxideav_transients.ac3",
    "packager_bear.ac3",
];

/// What decoders must agree on where nothing is dithered, in dB.
const UNDITHERED: f64 = 96.0;

/// How often ffmpeg decodes a stream to show how far it is from itself, and how far beyond the farthest of these pairs
/// chance may take another pair, in dB: in some of these streams only a handful of bins is dithered.
const TIMES: usize = 6;
const SCATTER: f64 = 2.0;

/// Compares a stream with ffmpeg, channel by channel: to 96 dB, or where dither makes that impossible, as near as ffmpeg
/// comes to itself when its dither runs from elsewhere, which it does each further time that the whole stream comes. The
/// first frame has another before it then and is left out.
fn compare(name: &str, stream: &[u8]) {
    let layout = parse_header(stream).expect("a header").layout;
    let (ours, pcm) = decode(stream, DynamicRange::Line);
    let repeated = ffmpeg_decode(&stream.repeat(TIMES), &[], layout);
    let skipped = pcm.samples();
    let mut report = String::new();
    for (channel, ours) in ours.iter().enumerate() {
        let theirs: Vec<&[f32]> = repeated[channel].chunks(ours.len()).map(|samples| &samples[skipped..]).collect();
        assert_eq!(theirs.len(), TIMES);
        let apart = snr(&ours[skipped..], theirs[0]);
        // Dither of few bins scatters much from run to run, so the farthest of all pairs counts.
        let spread = (0..TIMES)
            .flat_map(|a| (0..a).map(move |b| (a, b)))
            .map(|(a, b)| snr(theirs[a], theirs[b]))
            .fold(f64::INFINITY, f64::min);
        report += &format!(" {apart:.1} ({spread:.1})");
        assert!(
            apart >= UNDITHERED.min(spread - SCATTER),
            "{name}, channel {channel}: {apart:.2} dB from ffmpeg, which is {spread:.2} dB from itself"
        );
        if layout.lfe && channel == layout.channels() - 1 {
            assert!(apart >= UNDITHERED, "{name}: the low-frequency channel is never dithered: {apart:.2} dB");
        }
    }
    eprintln!("{name}: {} Hz, {layout:?}: dB from ffmpeg (ffmpeg from itself){report}", pcm.sample_rate);
}

#[test]
fn vectors_are_as_near_to_ffmpeg_as_it_is_to_itself() {
    if !have_ffmpeg() {
        return;
    }
    for name in VECTORS {
        let Some(stream) = vector(name) else { continue };
        assert_eq!(parse_header(&stream).unwrap().codec, Codec::Ac3);
        compare(name, &stream);
    }
}

/// Streams of ffmpeg's own encoder: every layout it can make, every rate, with and without coupling.
#[test]
fn encoded_streams_are_as_near_to_ffmpeg_as_it_is_to_itself() {
    if !have_ffmpeg() {
        return;
    }
    let layouts = ["mono", "stereo", "3.0(back)", "3.0", "quad(side)", "4.0", "5.0(side)", "2.1", "4.1", "5.1(side)"];
    for (index, layout) in layouts.into_iter().enumerate() {
        let rate = ["48000", "44100", "32000"][index % 3];
        for (coupling, bitrate) in [("1", ["96k", "320k"]), ("0", ["192k", "640k"])] {
            let bitrate = bitrate[usize::from(index > 1)];
            // Decaying bursts of noise over tones, low enough for the low-frequency channel: transients for block switching,
            // bands that want no bits.
            let source = format!("aevalsrc=exprs='{}':s={rate}:d=1.2:c={layout}", source(layout));
            let arguments = [
                "-f",
                "lavfi",
                "-i",
                &source,
                "-c:a",
                "ac3",
                "-b:a",
                bitrate,
                "-channel_coupling",
                coupling,
                "-f",
                "ac3",
                "-",
            ];
            let stream = ffmpeg(&arguments, &[]);
            compare(&format!("ffmpeg -c:a ac3 {layout} {rate} {bitrate} coupling {coupling}"), &stream);
        }
    }
}

/// An expression for each channel of an ffmpeg layout.
fn source(layout: &str) -> String {
    let channels = match layout {
        "mono" => 1,
        "stereo" => 2,
        "3.0(back)" | "3.0" | "2.1" => 3,
        "quad(side)" | "4.0" => 4,
        "5.0(side)" | "4.1" => 5,
        _ => 6,
    };
    let channel = |index: usize| {
        let (tone, period) = (60 + 25 * index, 0.21 + 0.05 * index as f64);
        format!("0.3*sin({tone}*2*PI*t)+0.5*(random({index})-0.5)*exp(-20*mod(t\\,{period}))")
    };
    (0..channels).map(channel).collect::<Vec<_>>().join("|")
}

/// Each channel's voice is in its channel: the energy of every frame of every channel is what ffmpeg has there, and the
/// same channel is the loudest.
#[test]
fn every_voice_is_in_its_channel() {
    let Some(stream) = vector("dolby_5ch_channel_id.ac3") else { return };
    if !have_ffmpeg() {
        return;
    }
    let layout = parse_header(&stream).unwrap().layout;
    let (ours, _) = decode(&stream, DynamicRange::Line);
    let theirs = ffmpeg_decode(&stream, &[], layout);
    let energies = |planes: &Planes| -> Vec<Vec<f64>> {
        let energy = |samples: &[f32]| samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>();
        planes.iter().map(|plane| plane.chunks(1536).map(energy).collect()).collect()
    };
    let (ours, theirs) = (energies(&ours), energies(&theirs));
    let loudest = |planes: &[Vec<f64>], frame: usize| {
        (0..planes.len()).max_by(|&a, &b| planes[a][frame].total_cmp(&planes[b][frame])).unwrap()
    };
    let mut heard = vec![0; layout.channels()];
    for frame in 0..ours[0].len() {
        for channel in 0..layout.channels() {
            let (ours, theirs) = (ours[channel][frame], theirs[channel][frame]);
            // -60 dB over a frame's 1536 samples is where a voice begins.
            if theirs > 1536e-6 {
                let apart = 10.0 * (ours / theirs).log10();
                assert!(apart.abs() < 0.1, "frame {frame}, channel {channel}: {apart:.2} dB");
            }
        }
        let voice = loudest(&theirs, frame);
        if theirs[voice][frame] > 1536e-4 {
            assert_eq!(loudest(&ours, frame), voice, "frame {frame}");
            heard[voice] += 1;
        }
    }
    assert!(heard[..5].iter().all(|&frames| frames > 10), "frames in which each channel is the loudest: {heard:?}");
}

/// E-AC-3 is told by its header and refused by the decoder.
#[test]
fn eac3_is_identified() {
    for (name, mode, lfe) in [
        ("ac3forge_eac3-51-256_ffmpeg.ec3", ChannelMode::Front3Rear2, true),
        ("ac3forge_eac3-stereo-192_ffmpeg.ec3", ChannelMode::Stereo, false),
        ("packager_bear.eac3", ChannelMode::Stereo, false),
    ] {
        let Some(stream) = vector(name) else { continue };
        let frames = frames(&stream);
        assert!(frames.len() > 10, "{name}");
        for frame in frames {
            let header = parse_header(frame).unwrap();
            assert_eq!(
                (header.codec, header.samples, header.layout),
                (Codec::EAc3, 1536, Layout { mode, lfe }),
                "{name}"
            );
            let refused = Decoder::new(DynamicRange::Line).decode(frame, &mut Pcm::default());
            assert!(matches!(refused, Err(FrameError::Unsupported(_))));
        }
    }
}
