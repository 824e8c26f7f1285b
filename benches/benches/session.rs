//! `pipeline`: whole sessions, transcoding both tracks of the demo stream and passing all of it through.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use xg2g_core::pipeline::{Options, Session};

/// As much as the host program gives the plugin at a time.
const PIECE_BYTES: usize = 64 << 10;

fn run(stream: &[u8], options: &Options, out: &mut Vec<u8>) {
    let mut session = Session::open(options).expect("the options are in their ranges");
    for piece in stream.chunks(PIECE_BYTES) {
        out.clear();
        session.process(piece, out).expect("the session is open");
    }
    session.finish(out).expect("the session is open");
}

fn session(criterion: &mut Criterion) {
    let stream = xg2g_bench::demo_stream();
    // No track of the demo stream is on this PID.
    let pass = Options { pids: vec![0x1FFE], ..Options::default() };
    let mut out = Vec::new();
    let mut group = criterion.benchmark_group("session");
    group.throughput(Throughput::Bytes(stream.len() as u64));
    group.bench_function("pass", |bencher| bencher.iter(|| run(&stream, &pass, &mut out)));
    group.sample_size(10);
    group.bench_function("transcode", |bencher| bencher.iter(|| run(&stream, &Options::default(), &mut out)));
    group.finish();
}

criterion_group!(benches, session);
criterion_main!(benches);
