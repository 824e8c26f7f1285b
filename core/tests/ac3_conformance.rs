//! The AC-3 decoder against ffmpeg's, on the shared vectors and on streams that ffmpeg's own encoder makes.
//!
//! Needs `ffmpeg` on the path and, for the vectors, `XG2G_STREAMS`; what is missing is said on stderr and skipped.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use xg2g_core::codec::ac3::{Decoder, DynamicRange, parse_header};
use xg2g_core::codec::{ChannelMode, Codec, Layout, Pcm};

/// Planar samples of a whole stream.
type Planes = Vec<Vec<f32>>;

fn have_ffmpeg() -> bool {
    let found = Command::new("ffmpeg").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        eprintln!("SKIPPED: no ffmpeg on the path, the AC-3 decoder is not compared with it");
    }
    found
}

fn vector(name: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("XG2G_STREAMS").map_or_else(|| PathBuf::from("../../shared/streams"), PathBuf::from);
    let path = root.join("vectors").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("SKIPPED: {} is not there (set XG2G_STREAMS)", path.display());
    }
    bytes
}

/// Runs ffmpeg with `input` on its standard input and gives back its standard output.
fn ffmpeg(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-v", "error"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg starts");
    let mut stdin = child.stdin.take().expect("stdin");
    let input = input.to_vec();
    // An early end of ffmpeg shows in its status, not here.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("ffmpeg ends");
    writer.join().expect("writer");
    assert!(output.status.success(), "ffmpeg {arguments:?} failed");
    output.stdout
}

/// Which of ffmpeg's planes holds each of ours: its order is L R C LFE and then the surrounds.
fn ffmpeg_order(layout: Layout) -> Vec<usize> {
    let lfe = usize::from(layout.lfe);
    let mut order = match layout.mode {
        ChannelMode::Mono => vec![0],
        ChannelMode::DualMono | ChannelMode::Stereo => vec![0, 1],
        ChannelMode::Front3 => vec![0, 2, 1],
        ChannelMode::Front2Rear1 => vec![0, 1, 2 + lfe],
        ChannelMode::Front3Rear1 => vec![0, 2, 1, 3 + lfe],
        ChannelMode::Front2Rear2 => vec![0, 1, 2 + lfe, 3 + lfe],
        ChannelMode::Front3Rear2 => vec![0, 2, 1, 3 + lfe, 4 + lfe],
    };
    if layout.lfe {
        let has_center = order.len() > 1 && order[1] == 2;
        order.push(if layout.mode == ChannelMode::Mono { 1 } else { 2 + usize::from(has_center) });
    }
    order
}

fn ffmpeg_decode(stream: &[u8], options: &[&str], layout: Layout) -> Planes {
    let arguments = [options, &["-f", "ac3", "-i", "-", "-f", "f32le", "-"]].concat();
    let bytes = ffmpeg(&arguments, stream);
    let samples: Vec<f32> = bytes.as_chunks().0.iter().map(|sample| f32::from_le_bytes(*sample)).collect();
    let channels = layout.channels();
    ffmpeg_order(layout)
        .into_iter()
        .map(|plane| samples.iter().skip(plane).step_by(channels).copied().collect())
        .collect()
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

fn power(samples: impl Iterator<Item = f64>) -> f64 {
    samples.map(|sample| sample * sample).sum()
}

/// How far `ours` is from `theirs`, in dB below it; infinite where they are the same.
fn snr(ours: &[f32], theirs: &[f32]) -> f64 {
    assert_eq!(ours.len(), theirs.len(), "lengths differ");
    let signal = power(theirs.iter().map(|&sample| f64::from(sample)));
    let noise = power(ours.iter().zip(theirs).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    10.0 * (signal / noise).log10()
}

const VECTORS: [&str; 6] = [
    "ac3forge_ac3-51-448_ffmpeg.ac3",
    "dolby_51_1kHz.ac3",
    "dolby_5ch_channel_id.ac3",
    "mp4parser_count_english_22k_mono.ac3",
    "oxideav_transients.ac3",
    "packager_bear.ac3",
];

#[test]
fn vectors_against_ffmpeg() {
    if !have_ffmpeg() {
        return;
    }
    for name in VECTORS {
        let Some(stream) = vector(name) else { continue };
        let header = parse_header(&stream).unwrap();
        assert_eq!(header.codec, Codec::Ac3);
        let (ours, pcm) = decode(&stream, DynamicRange::Line);
        let theirs = ffmpeg_decode(&stream, &[], header.layout);
        if header.layout.lfe {
            let lfe = ours.len() - 1;
            assert!(snr(&ours[lfe], &theirs[lfe]) >= 96.0, "{name}: the low-frequency channel is never dithered");
        }
        let snrs: Vec<String> = ours.iter().zip(&theirs).map(|(a, b)| format!("{:.1}", snr(a, b))).collect();
        eprintln!("{name}: {} Hz {:?} {:?}: SNR {snrs:?} dB", pcm.sample_rate, pcm.layout, pcm.mix);
    }
}
