//! `codec::ac3`: decoding 5.1. Frames a second over 31.25 is how many times faster than real time.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use xg2g_core::codec::Pcm;
use xg2g_core::codec::ac3::{Decoder, DynamicRange};

fn ac3(criterion: &mut Criterion) {
    let frames = xg2g_bench::ac3_frames();
    let mut group = criterion.benchmark_group("ac3");
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function("decode 5.1", |bencher| {
        let (mut decoder, mut pcm) = (Decoder::new(DynamicRange::default()), Pcm::default());
        bencher.iter(|| {
            for frame in &frames {
                decoder.decode(frame, &mut pcm).expect("the demo stream's frames are whole");
            }
        });
    });
    group.finish();
}

criterion_group!(benches, ac3);
criterion_main!(benches);
