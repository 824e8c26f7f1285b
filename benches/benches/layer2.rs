//! `codec::mpeg_audio`: decoding Layer II stereo. Frames a second over 41.67 is how many times faster than real time.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use xg2g_core::codec::Pcm;
use xg2g_core::codec::mpeg_audio::Decoder;

fn layer2(criterion: &mut Criterion) {
    let frames = xg2g_bench::layer2_frames();
    let mut group = criterion.benchmark_group("layer2");
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function("decode stereo", |bencher| {
        let (mut decoder, mut pcm) = (Decoder::new(), Pcm::default());
        bencher.iter(|| {
            for frame in &frames {
                decoder.decode(frame, &mut pcm).expect("the demo stream's frames are whole");
            }
        });
    });
    group.finish();
}

criterion_group!(benches, layer2);
criterion_main!(benches);
