//! `ts`: finding packets in bytes.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

use xg2g_core::ts::PacketSync;

fn packets(criterion: &mut Criterion) {
    let stream = xg2g_bench::demo_stream();
    let mut group = criterion.benchmark_group("packets");
    group.throughput(Throughput::Bytes(stream.len() as u64));
    // A network packet of UDP, one read of a server, and a size that never fits.
    for piece in [1316, 192 << 10, 1000] {
        group.bench_with_input(BenchmarkId::new("sync", piece), &piece, |bencher, &piece| {
            bencher.iter(|| {
                let (mut sync, mut bytes) = (PacketSync::default(), 0);
                stream.chunks(piece).for_each(|piece| sync.push(piece, |run| bytes += black_box(run).len()));
                sync.finish(|run| bytes += black_box(run).len());
                assert_eq!(bytes, stream.len());
            });
        });
    }
    group.finish();
}

criterion_group!(benches, packets);
criterion_main!(benches);
