//! `fdk`: encoding stereo at 192 kbit/s. Access units a second over 46.875 is how many times faster than real time.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use xg2g_core::codec::Pcm;
use xg2g_core::codec::ac3::{Decoder, DynamicRange};
use xg2g_core::dsp::{Channels, DualMono, Mixer};
use xg2g_fdk::{Encoder, EncoderConfig, FRAME_SAMPLES};

/// The demo stream's AC-3, mixed to stereo.
fn stereo() -> Vec<i16> {
    let (mut decoder, mut pcm, mut samples) = (Decoder::new(DynamicRange::default()), Pcm::default(), Vec::new());
    let mut mixer = Mixer::new(Channels::Stereo, DualMono::Both);
    for frame in xg2g_bench::ac3_frames() {
        decoder.decode(&frame, &mut pcm).expect("the demo stream's frames are whole");
        mixer.mix(&pcm, &mut samples);
    }
    samples
}

fn aac(criterion: &mut Criterion) {
    let samples = stereo();
    let (frames, _) = samples.as_chunks::<{ 2 * FRAME_SAMPLES }>();
    let config = EncoderConfig { sample_rate: 48_000, channels: 2, bitrate: 192_000 };
    let mut encoder = Encoder::open(config).expect("the configuration is the transcoder's default");
    let mut group = criterion.benchmark_group("aac");
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.sample_size(20);
    group.bench_function("encode stereo", |bencher| {
        let mut access_unit = Vec::new();
        bencher.iter(|| {
            for frame in frames {
                access_unit.clear();
                encoder.encode(frame, &mut access_unit).expect("whole frames are encoded");
            }
        });
    });
    group.finish();
}

criterion_group!(benches, aac);
criterion_main!(benches);
