//! The MPEG audio decoder against reference output.
//!
//! Vectors are found through `XG2G_STREAMS` (default `../shared/streams` beside the repository); without them the tests say so
//! and pass. PSNR is against full scale, 10·lg(1 / mean square error): where the reference is 16 bit, our samples are rounded
//! and clipped to 16 bit first, since that is what the reference did; where it is float, nothing is done to either.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use xg2g_core::codec::mpeg_audio::{Decoder, parse_header};
use xg2g_core::codec::{FrameError, Pcm};

/// What is asked of every standard vector, in dB.
const GOOD_DB: f64 = 96.0;

/// Decoded frames one after another, and what went wrong at which byte.
#[derive(Default)]
struct Decoded {
    /// Interleaved.
    samples: Vec<f32>,
    channels: usize,
    frames: usize,
    errors: Vec<(usize, FrameError)>,
}

/// Decodes frame after frame; after an error in the header it goes on at the next byte, after one in a frame behind it.
fn decode(bytes: &[u8]) -> Decoded {
    let (mut decoder, mut pcm, mut out) = (Decoder::new(), Pcm::default(), Decoded::default());
    let mut at = 0;
    while at + 4 <= bytes.len() {
        let Ok(header) = parse_header(&bytes[at..]).map_err(|error| out.errors.push((at, error))) else {
            at += 1;
            continue;
        };
        match decoder.decode(&bytes[at..], &mut pcm) {
            Ok(()) => {
                out.frames += 1;
                out.channels = pcm.layout.channels();
                assert_eq!(pcm.samples(), header.samples);
                for sample in 0..pcm.samples() {
                    out.samples.extend((0..out.channels).map(|channel| pcm.plane(channel)[sample]));
                }
            }
            Err(error) => out.errors.push((at, error)),
        }
        at += header.frame_bytes;
    }
    out
}

/// Reference samples, full scale ±1.
enum Reference {
    Pcm16(Vec<f64>),
    Float(Vec<f64>),
}

fn pcm16(bytes: &[u8]) -> Reference {
    Reference::Pcm16(bytes.chunks_exact(2).map(|b| f64::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0).collect())
}

fn float(bytes: &[u8]) -> Reference {
    Reference::Float(bytes.chunks_exact(4).map(|b| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect())
}

/// The samples of a WAV file of either kind: the reference floats of the set are partly 16-bit integers.
fn wav(bytes: &[u8]) -> Reference {
    let chunk = |id: &[u8; 4]| {
        let at = bytes.windows(4).position(|window| window == id).expect("a RIFF chunk");
        &bytes[at + 8..]
    };
    match chunk(b"fmt ")[0] {
        1 => pcm16(chunk(b"data")),
        3 => float(chunk(b"data")),
        format => panic!("WAV format {format}"),
    }
}

impl Reference {
    fn len(&self) -> usize {
        let (Self::Pcm16(samples) | Self::Float(samples)) = self;
        samples.len()
    }

    /// PSNR of `ours` against the samples from `from`.
    fn psnr_db(&self, from: usize, ours: &[f32]) -> f64 {
        let error = |ours: f64, theirs: &f64| (ours - theirs).powi(2);
        let count = ours.len() as f64;
        let ours = ours.iter().map(|&sample| f64::from(sample));
        let sum: f64 = match self {
            Self::Pcm16(theirs) => ours
                .map(|sample| (sample * 32768.0).round().clamp(-32768.0, 32767.0) / 32768.0)
                .zip(&theirs[from..])
                .map(|(ours, theirs)| error(ours, theirs))
                .sum(),
            Self::Float(theirs) => ours.zip(&theirs[from..]).map(|(ours, theirs)| error(ours, theirs)).sum(),
        };
        10.0 * (count / sum.max(1e-12)).log10()
    }
}

fn vectors(folder: &str, extension: &str) -> Option<Vec<PathBuf>> {
    let root = env::var_os("XG2G_STREAMS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/streams"), PathBuf::from);
    let folder = root.join("vectors").join(folder);
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("SKIPPED: no vectors in {}; set XG2G_STREAMS to the folder of streams", folder.display());
        return None;
    };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a directory entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    Some(files)
}

fn name(file: &Path) -> String {
    file.file_name().expect("a file name").to_string_lossy().into_owned()
}

/// Checks a standard vector: every frame decodes, and all of it is near the reference.
fn check(file: &Path, reference: &Reference, failures: &mut String) {
    let ours = decode(&fs::read(file).expect("a readable vector"));
    let db = reference.psnr_db(0, &ours.samples);
    eprintln!("{:28} {:3} frames {db:6.1} dB", name(file), ours.frames);
    // Reference files may go on with silence, up to a round size; they are never shorter.
    let whole = ours.errors.is_empty() && ours.frames > 0 && ours.samples.len() <= reference.len();
    if !whole || db < GOOD_DB {
        writeln!(failures, "{}: {db:.1} dB, errors {:?}", name(file), ours.errors).expect("a String takes all");
    }
}

#[test]
fn iso_layer_2_vectors() {
    let Some(files) = vectors("mp2_iso", "bit") else { return };
    let mut failures = String::new();
    let mut checked = 0;
    for file in files.iter().filter(|file| !name(file).contains("nonstandard")) {
        check(file, &pcm16(&fs::read(file.with_extension("pcm")).expect("a reference")), &mut failures);
        checked += 1;
    }
    assert!(checked >= 15, "only {checked} vectors");
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn ffmpeg_layer_2_vectors() {
    let Some(files) = vectors("mp2_oxideav", "mp2") else { return };
    let mut failures = String::new();
    assert!(files.len() >= 20, "only {} vectors", files.len());
    for file in &files {
        check(file, &wav(&fs::read(file.with_extension("ref.wav")).expect("a reference")), &mut failures);
    }
    assert!(failures.is_empty(), "{failures}");
}

/// What no standard describes: free-format frames do not say their length, and Symphonia does not do them.
#[test]
fn free_format_is_unsupported() {
    let Some(files) = vectors("mp2_iso", "bit") else { return };
    let file = files.iter().find(|file| name(file) == "l2-nonstandard-fl1_fl2_ff.bit").expect("the vector");
    let ours = decode(&fs::read(file).expect("a readable vector"));
    assert_eq!(ours.frames, 0);
    assert_eq!(ours.errors[0], (0, FrameError::Unsupported("free format")));
}

/// A stream whose thirteenth frame allocates more bits than it has. The reference skipped that frame, and heard its remains in
/// the next one; here it is one malformed frame and every other is right.
#[test]
fn a_frame_that_is_too_full_is_the_only_one_lost() {
    const FRAME: usize = 1152 * 2;
    let Some(files) = vectors("mp2_iso", "bit") else { return };
    let file = files.iter().find(|file| name(file) == "l2-nonstandard-test32-size.bit").expect("the vector");
    let reference = pcm16(&fs::read(file.with_extension("pcm")).expect("a reference"));
    let ours = decode(&fs::read(file).expect("a readable vector"));
    assert_eq!(ours.errors, [(12 * 768, FrameError::Malformed("audio_data"))]);
    assert_eq!((ours.frames, ours.samples.len()), (62, reference.len()));
    for frame in (0..62).filter(|&frame| frame != 12) {
        let db = reference.psnr_db(frame * FRAME, &ours.samples[frame * FRAME..][..FRAME]);
        assert!(db > GOOD_DB, "frame {frame}: {db:.1} dB");
    }
}

/// A checksum that is wrong condemns the frame in a stream whose checksums are right, and not in one whose never are.
#[test]
fn checksums_count_where_they_mean_something() {
    const FRAME: usize = 576;
    let Some(files) = vectors("mp2_oxideav", "mp2") else { return };
    let file = files.iter().find(|file| name(file) == "crc_48k_192.mp2").expect("the vector");
    let good = fs::read(file).expect("a readable vector");

    // One bit of the fourth frame's first scfsi or allocation, byte 8; no bit of the header.
    let mut damaged = good.clone();
    damaged[3 * FRAME + 8] ^= 0x10;
    assert_eq!(decode(&damaged).errors, [(3 * FRAME, FrameError::Malformed("crc_check"))]);

    // Every checksum wrong: an encoder that does not know how.
    let mut rubbish = good.clone();
    rubbish.chunks_exact_mut(FRAME).for_each(|frame| frame[4] ^= 0xff);
    assert_eq!(decode(&rubbish).errors, []);
    assert_eq!(decode(&rubbish).samples, decode(&good).samples);

    // A good start, then rubbish for longer than damage lasts: some frames are lost, then sound comes back.
    let mut turned: Vec<u8> = good.iter().chain(&rubbish).chain(&rubbish).chain(&rubbish).copied().collect();
    let lost = decode(&turned).errors.len();
    assert_eq!(lost, 40);
    // And one good frame is enough to believe them again.
    let last = turned.len() - 2 * FRAME;
    turned[last + 4] ^= 0xff;
    assert_eq!(decode(&turned).errors.len(), lost + 1);
}

/// Layers I and III have no vectors of their own here (`ILL2_layer1` apart), so ffmpeg's decoder judges Layer III.
///
/// Not at 24 kHz: there ffmpeg has 330 where ISO/IEC 13818-3 Table B.2 and the encoder have 332 as a band's edge, and the two
/// decoders are 39 dB apart on such a stream.
#[test]
fn layer_3_against_ffmpeg() {
    let cases: [&[&str]; 6] = [
        &["-ar", "48000", "-ac", "2", "-b:a", "192k"],
        &["-ar", "44100", "-ac", "2", "-b:a", "96k", "-joint_stereo", "1"],
        &["-ar", "32000", "-ac", "1", "-b:a", "64k"],
        &["-ar", "16000", "-ac", "2", "-b:a", "48k"],
        &["-ar", "22050", "-ac", "1", "-b:a", "32k"],
        &["-ar", "11025", "-ac", "2", "-b:a", "32k"],
    ];
    let source = "aevalsrc=0.4*sin(500*t*t)+0.2*(random(0)-0.5)|0.4*cos(300*t*t*t)+0.3*gt(mod(t\\,0.3)\\,0.29):d=3";
    for case in cases {
        let encode = ["-f", "lavfi", "-i", source, "-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0"];
        let Some(mp3) = ffmpeg(&[&encode[..], case, &["-f", "mp3", "-"]].concat(), &[]) else {
            eprintln!("SKIPPED: no ffmpeg with libmp3lame to make and judge Layer III");
            return;
        };
        let decode_args = ["-f", "mp3", "-c:a", "mp3float", "-flags2", "+skip_manual", "-i", "-", "-f", "f32le", "-"];
        let theirs = ffmpeg(&decode_args, &mp3).expect("ffmpeg decodes its own stream");
        let reference = float(&theirs);
        let ours = decode(&mp3);
        assert!(ours.errors.is_empty(), "{case:?}: {:?}", ours.errors);
        let db = reference.psnr_db(0, &ours.samples);
        eprintln!("{case:?}: {} of {} samples, {db:.1} dB", ours.samples.len(), reference.len());
        assert!(ours.samples.len().abs_diff(reference.len()) <= 2 * 1152, "{case:?}: {}", ours.samples.len());
        assert!(db > GOOD_DB, "{case:?}: {db:.1} dB");
    }
}

/// Bit rates that ISO/IEC 11172-3 does not allow in their mode, as ffmpeg's encoder writes them and its decoder hears them.
#[test]
fn layer_2_at_rates_that_no_standard_allows() {
    let cases: [&[&str]; 10] = [
        &["-ar", "44100", "-ac", "1", "-b:a", "384k"],
        &["-ar", "48000", "-ac", "1", "-b:a", "256k"],
        &["-ar", "48000", "-ac", "1", "-b:a", "320k"],
        &["-ar", "32000", "-ac", "1", "-b:a", "224k"],
        &["-ar", "48000", "-ac", "2", "-b:a", "32k"],
        &["-ar", "44100", "-ac", "2", "-b:a", "48k"],
        &["-ar", "32000", "-ac", "2", "-b:a", "56k"],
        &["-ar", "48000", "-ac", "2", "-b:a", "80k"],
        &["-ar", "16000", "-ac", "2", "-b:a", "32k"],
        &["-ar", "24000", "-ac", "2", "-b:a", "80k"],
    ];
    let source = "aevalsrc=0.4*sin(500*t*t)+0.2*(random(0)-0.5)|0.4*cos(300*t*t*t)+0.3*(random(1)-0.5):d=2";
    for case in cases {
        let encode = ["-f", "lavfi", "-i", source, "-c:a", "mp2"];
        let Some(mp2) = ffmpeg(&[&encode[..], case, &["-f", "mp2", "-"]].concat(), &[]) else {
            eprintln!("SKIPPED: no ffmpeg to make and judge Layer II");
            return;
        };
        let theirs = ffmpeg(&["-f", "mp3", "-c:a", "mp2float", "-i", "-", "-f", "f32le", "-"], &mp2);
        let reference = float(&theirs.expect("ffmpeg decodes its own stream"));
        let ours = decode(&mp2);
        assert!(ours.errors.is_empty(), "{case:?}: {:?}", ours.errors);
        let db = reference.psnr_db(0, &ours.samples);
        eprintln!("{case:?}: {} of {} samples, {db:.1} dB", ours.samples.len(), reference.len());
        assert!(ours.samples.len().abs_diff(reference.len()) <= 2 * 1152, "{case:?}: {}", ours.samples.len());
        assert!(db > GOOD_DB, "{case:?}: {db:.1} dB");
    }
}

/// Runs ffmpeg over `input` and gives its output; `None` where there is no ffmpeg or it fails.
fn ffmpeg(args: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    // A file and no pipe: ffmpeg would stop reading until its output is read, and we would stop writing.
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mpeg-audio-{}-{number}", std::process::id()));
    fs::write(&file, input).ok()?;
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error"])
        .args(args)
        .stdin(fs::File::open(&file).ok()?)
        .stderr(Stdio::inherit())
        .output();
    fs::remove_file(&file).ok()?;
    output.ok().filter(|output| output.status.success()).map(|output| output.stdout)
}
