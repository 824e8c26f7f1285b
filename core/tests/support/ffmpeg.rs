//! ffmpeg as the reference decoder, and how far two decoders are apart. Shared by the unit tests, which make their own
//! bitstreams, and by `ac3_conformance.rs`.

use super::{ChannelMode, Layout};
use std::io::Write;
use std::process::{Command, Stdio};

/// Planar samples of a whole stream.
pub type Planes = Vec<Vec<f32>>;

/// Whether there is an ffmpeg. Says so where there is none.
pub fn have_ffmpeg() -> bool {
    let found = Command::new("ffmpeg").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        eprintln!("SKIPPED: no ffmpeg on the path, the AC-3 decoder is not compared with it");
    }
    found
}

/// Runs ffmpeg with `input` on its standard input and gives back its standard output.
pub fn ffmpeg(arguments: &[&str], input: &[u8]) -> Vec<u8> {
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
    let (mut order, front) = match layout.mode {
        ChannelMode::Mono => (vec![0], 1),
        ChannelMode::DualMono | ChannelMode::Stereo => (vec![0, 1], 2),
        ChannelMode::Front3 => (vec![0, 2, 1], 3),
        ChannelMode::Front2Rear1 => (vec![0, 1, 2 + lfe], 2),
        ChannelMode::Front3Rear1 => (vec![0, 2, 1, 3 + lfe], 3),
        ChannelMode::Front2Rear2 => (vec![0, 1, 2 + lfe, 3 + lfe], 2),
        ChannelMode::Front3Rear2 => (vec![0, 2, 1, 3 + lfe, 4 + lfe], 3),
    };
    order.extend(layout.lfe.then_some(front));
    order
}

/// What ffmpeg makes of an AC-3 or E-AC-3 stream, in our order of channels.
pub fn ffmpeg_decode(stream: &[u8], options: &[&str], layout: Layout) -> Planes {
    let arguments = [options, &["-f", "ac3", "-i", "-", "-f", "f32le", "-"]].concat();
    let bytes = ffmpeg(&arguments, stream);
    let samples: Vec<f32> = bytes.as_chunks().0.iter().map(|sample| f32::from_le_bytes(*sample)).collect();
    let channels = layout.channels();
    ffmpeg_order(layout)
        .into_iter()
        .map(|plane| samples.iter().skip(plane).step_by(channels).copied().collect())
        .collect()
}

/// The power of samples.
pub fn power(samples: impl Iterator<Item = f64>) -> f64 {
    samples.map(|sample| sample * sample).sum()
}

/// How far `ours` is from `theirs`, in dB below it; infinite where they are the same.
pub fn snr(ours: &[f32], theirs: &[f32]) -> f64 {
    assert_eq!(ours.len(), theirs.len(), "lengths differ");
    let signal = power(theirs.iter().map(|&sample| f64::from(sample)));
    let noise = power(ours.iter().zip(theirs).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    if noise == 0.0 { f64::INFINITY } else { 10.0 * (signal / noise).log10() }
}
