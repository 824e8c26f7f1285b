//! The `ac3forge` package of PyPI as an encoder of what no other makes, and as a second decoder. It is under the GPL: it is
//! run here as a program and nothing of it is carried over.
//!
//! The Python that has it is `XG2G_PYTHON`, or `python3`.

use super::Planes;
use std::process::{Command, Stdio};

/// Encodes noise over tones with the settings given and decodes it again. `settings` is Python, keywords of
/// `eac3.FrameConfig`; `kind` is `frames`, or `units` for access units of 7.1, or `core` for the same behind AC-3, whose
/// reference is the fold of 7.1 into 5.1.
const SCRIPT: &str = r"
import sys, struct
import numpy as np
import ac3forge as f
kind, frames = sys.argv[1], int(sys.argv[3])
e, rng, half = f.eac3, np.random.default_rng(1), np.float32(0.5 ** 0.5)
base = dict(auto_tools=False, coupling=False, spx=False, aht=False, transient_prenoise=False, dither=False, lfe=False)
def source(channels, samples):
    t = np.arange(samples) / 48000
    def one(c):
        tones = 0.2 * np.sin(2 * np.pi * (50 + 15 * c) * t) + 0.15 * np.sin(2 * np.pi * (3000 + 700 * c) * t)
        return (tones + 0.1 * rng.standard_normal(samples)).astype(np.float32)
    return [one(c) for c in range(channels)]
def pieces(encoder, length):
    sound = source(encoder.channel_count, frames * length)
    for i in range(frames):
        yield [np.ascontiguousarray(c[i * length:(i + 1) * length]) for c in sound]
planes = lambda decoded: np.concatenate([np.array(d.channels, dtype=np.float32) for d in decoded], axis=1)
if kind == 'frames':
    config = e.FrameConfig(**{**base, **eval('dict(' + sys.argv[2] + ')', {'f': f})})
    encoder, decoder = e.FrameEncoder(config), f.Eac3Decoder()
    units = [encoder.encode_frame(p) for p in pieces(encoder, encoder.samples_per_frame)]
    reference = planes([decoder.decode_substream(u) for u in units])
else:
    # Ls, Rs, Lrs, Rrs
    dependent = e.FrameConfig(**{**base, 'acmod': f.Acmod.k2_2, 'bitrate_kbps': 512, 'strmtyp': f.StreamType.kDependent,
        'chanmap': 0x1A00, 'last_dependent': True})
    independent = e.FrameConfig(**{**base, 'acmod': f.Acmod.k3_2, 'lfe': True, 'bitrate_kbps': 640})
    config = e.AccessUnitConfig(independent=independent, dependents=[dependent])
    encoder = e.AccessUnitEncoder(config)
    units = [encoder.encode_access_unit(p).bytes for p in pieces(encoder, 1536)]
    parts = [f.split_frames(u) for u in units]
    first, second = f.Eac3Decoder(), f.Eac3Decoder()
    five = planes([first.decode_substream(p[0]) for p in parts])
    four = planes([second.decode_substream(p[1]) for p in parts])
    if kind == 'core':
        config = f.EncoderConfig(acmod=f.Acmod.k3_2, lfe=True, bitrate_kbps=640, coupling=False)
        encoder, decoder = f.FrameEncoder(config), f.FrameDecoder()
        cores = [encoder.encode_frame(p) for p in pieces(encoder, 1536)]
        units = [c + p[1] for c, p in zip(cores, parts)]
        five = planes([decoder.decode_frame(c) for c in cores])
    five[3], five[4] = four[0] + half * four[2], four[1] + half * four[3]
    reference = five
stream = b''.join(units)
sys.stdout.buffer.write(struct.pack('<III', len(stream), *reference.shape) + stream + reference.tobytes())
";

/// A stream and what `ac3forge` makes of it.
pub struct Encoded {
    pub stream: Vec<u8>,
    pub planes: Planes,
}

/// Whether `ac3forge` can be run. Says so where it cannot.
pub fn have_ac3forge() -> bool {
    let found = Command::new(python()).args(["-c", "import numpy, ac3forge"]).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        eprintln!("SKIPPED: no ac3forge (pip install ac3forge numpy; XG2G_PYTHON names the Python that has it)");
    }
    found
}

/// Runs the script; see there.
pub fn encode(kind: &str, settings: &str, frames: usize) -> Encoded {
    let arguments = ["-c", SCRIPT, kind, settings, &frames.to_string()];
    let output = Command::new(python()).args(arguments).stderr(Stdio::inherit()).output().expect("python starts");
    assert!(output.status.success(), "ac3forge {kind} {settings}");
    let (sizes, rest) = output.stdout.split_at(12);
    let mut sizes = sizes.as_chunks().0.iter().map(|size| u32::from_le_bytes(*size) as usize);
    let mut size = || sizes.next().expect("three sizes");
    let (stream_bytes, _channels, samples) = (size(), size(), size());
    let (stream, planes) = rest.split_at(stream_bytes);
    let planes: Vec<f32> = planes.as_chunks().0.iter().map(|sample| f32::from_le_bytes(*sample)).collect();
    Encoded { stream: stream.to_vec(), planes: planes.chunks(samples).map(<[f32]>::to_vec).collect() }
}

fn python() -> std::ffi::OsString {
    std::env::var_os("XG2G_PYTHON").unwrap_or_else(|| "python3".into())
}
