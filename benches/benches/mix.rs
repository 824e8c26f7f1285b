//! `dsp`: 5.1 down to stereo, with the limiter. Frames a second over 31.25 is how many times faster than real time.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use xg2g_core::codec::Pcm;
use xg2g_core::codec::ac3::{Decoder, DynamicRange};
use xg2g_core::dsp::{Channels, DualMono, Mixer};

fn mix(criterion: &mut Criterion) {
    let mut decoder = Decoder::new(DynamicRange::default());
    let decode = |frame: Vec<u8>| {
        let mut pcm = Pcm::default();
        decoder.decode(&frame, &mut pcm).expect("the demo stream's frames are whole");
        pcm
    };
    let frames: Vec<_> = xg2g_bench::ac3_frames().into_iter().map(decode).collect();
    let mut group = criterion.benchmark_group("mix");
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function("5.1 to stereo", |bencher| {
        let (mut mixer, mut samples) = (Mixer::new(Channels::Stereo, DualMono::Both), Vec::new());
        bencher.iter(|| {
            for frame in &frames {
                samples.clear();
                mixer.mix(frame, &mut samples);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, mix);
criterion_main!(benches);
