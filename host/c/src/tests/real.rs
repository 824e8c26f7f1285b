//! The plugin that `make build` makes: the same bytes as through the host.

use std::path::Path;

use xg2g_transcoder::{Limits, Options, Plugin};

use super::*;
use crate::plugins::real_plugin;

#[test]
fn the_demo_stream_is_the_host_s_byte_for_byte() {
    let component = std::fs::read(real_plugin()).unwrap();
    let input = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/demo/demo.ts")).unwrap();
    let expected =
        Plugin::from_bytes(&component).unwrap().transcode(&input, &Options::default(), &Limits::default()).unwrap();
    assert_ne!(expected, input);

    let _turn = with_plugin(&component);
    for (piece, capacity) in [(196_608, 786_432), (1000, 4000), (70_001, 3), (input.len(), input.len() / 2)] {
        let handle = Handle::open();
        let (mut output, mut out) = (vec![0; capacity], Vec::new());
        for piece in input.chunks(piece) {
            let written = handle.process(piece, &mut output);
            assert!(written >= 0 || written == XG2G_BUFFER_TOO_SMALL && capacity < 4 * piece.len());
            out.extend_from_slice(&output[..written.max(0) as usize]);
        }
        while let written @ 1.. = handle.flush(&mut output) {
            out.extend_from_slice(&output[..written as usize]);
        }
        assert_eq!(last_error(), None);
        assert!(out == expected, "pieces of {piece} and buffers of {capacity}");
    }
}
