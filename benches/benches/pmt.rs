//! `ts::psi`: reading a PMT and writing it with one stream relabelled.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

use xg2g_core::ts::psi::{EsRewrite, Pmt, crc_is_right};

fn pmt(criterion: &mut Criterion) {
    let section = xg2g_bench::pmt_section();
    let mut out = Vec::with_capacity(1024);
    criterion.bench_function("pmt/rewrite", |bencher| {
        bencher.iter(|| {
            let pmt = Pmt::parse(black_box(&section)).expect("the demo stream's PMT is right");
            // The AC-3 track (0x81 or 0x06) and the Layer II track (0x03) become AAC.
            let relabel = |stream_type| matches!(stream_type, 0x03 | 0x04 | 0x06 | 0x81);
            let aac = || EsRewrite { stream_type: 0x0F, descriptors: vec![0x0A, 4, b'e', b'n', b'g', 0] };
            assert!(pmt.rewrite(1, |stream| relabel(stream.stream_type).then(aac), &mut out));
        });
    });
    assert!(crc_is_right(&out) && out != section, "the last PMT written is right, and another");
}

criterion_group!(benches, pmt);
criterion_main!(benches);
