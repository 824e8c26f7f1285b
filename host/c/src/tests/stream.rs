//! Bytes in and out: what is written, what waits, what is lost (nothing).

use super::*;
use crate::plugins::{good, stream};

/// Holds back all input until it is told the end.
fn hoarder() -> Source {
    Source {
        more: "(global $held (mut i32) (i32.const 0))",
        pages: 64,
        process: "(memory.copy (i32.add (i32.const 1048576) (global.get $held)) (local.get 1) (local.get 2))
            (global.set $held (i32.add (global.get $held) (local.get 2)))
            (call $ok_list (i32.const 0) (i32.const 0))",
        finish: "(call $ok_list (i32.const 1048576) (global.get $held))",
        ..good()
    }
}

/// Answers 300 packets to any input.
fn burst() -> Source {
    Source { pages: 4, process: "(call $ok_list (i32.const 65536) (i32.const 56400))", ..good() }
}

#[test]
fn a_stream_goes_through_and_the_last_error_stays_empty() {
    let _turn = with(&good());
    let handle = Handle::open();
    let (input, mut output) = (stream(1000), vec![0; 752_000]);
    assert_eq!(handle.process(&input, &mut output), 188_000);
    assert_eq!(output[..188_000], input);
    assert!(output[188_000..].iter().all(|byte| *byte == 0));
    assert_eq!((handle.process(b"", &mut output), handle.pending()), (0, 0));
    assert_eq!(handle.flush(&mut output), 0);
    assert_eq!(last_error(), None);
}

#[test]
fn a_buffer_of_four_times_the_input_is_always_enough() {
    let _turn = with(&burst());
    let handle = Handle::open();
    let mut output = [0; 800];
    // Whole packets, where one fits; the rest waits.
    assert_eq!((handle.process(&[0; 200], &mut output), handle.pending()), (752, 56_400 - 752));
    assert_eq!(last_error(), None);
    // Bytes, where none does; and then to the end of a packet again.
    assert_eq!(handle.process(b"", &mut output[..100]), 100);
    assert_eq!(handle.process(b"", &mut output[..100]), 88);
    assert_eq!(handle.process(b"", &mut output[..187]), 187);
    assert_eq!(handle.process(b"", &mut output[..376]), 189);
    let mut rest = vec![0; 100_000];
    assert_eq!(handle.process(b"", &mut rest), 56_400 - 752 - 188 - 376);
    assert_eq!(handle.pending(), 0);
}

#[test]
fn a_smaller_buffer_is_refused_and_nothing_is_lost() {
    let _turn = with(&good());
    let handle = Handle::open();
    let input = stream(100);
    let mut output = vec![0xEE; 18_799];
    assert_eq!(handle.process(&input, &mut output), XG2G_BUFFER_TOO_SMALL);
    assert_error("buffer-too-small: 18800 bytes", "18799");
    assert!(output.iter().all(|byte| *byte == 0xEE), "nothing was written");
    assert_eq!(handle.pending(), 18_800);
    assert_eq!(last_error(), None, "a success clears it");
    assert_eq!(handle.process(b"", &mut []), XG2G_BUFFER_TOO_SMALL);

    let mut output = vec![0; 18_800];
    assert_eq!(handle.process(b"", &mut output), 18_800);
    assert_eq!((output, handle.pending()), (input, 0));
}

#[test]
fn an_exact_buffer_is_enough() {
    let _turn = with(&good());
    let handle = Handle::open();
    assert_eq!(handle.process(&stream(10), &mut [0; 1880]), 1880);
}

#[test]
fn any_pieces_and_buffers_give_the_same_bytes() {
    let _turn = with(&good());
    let input = stream(2000);
    for (piece, capacity) in
        [(1, 4), (7, 3), (188, 752), (188, 187), (65_536, 70_000), (100_000, 1), (400_000, 400_000)]
    {
        let handle = Handle::open();
        let mut output = vec![0; capacity];
        let mut out = Vec::new();
        for piece in input.chunks(piece) {
            let written = handle.process(piece, &mut output);
            assert!(written >= 0 || written == XG2G_BUFFER_TOO_SMALL && capacity < 4 * piece.len(), "{written}");
            out.extend_from_slice(&output[..written.max(0) as usize]);
        }
        loop {
            let written = handle.flush(&mut output);
            assert!(written >= 0, "{:?}", last_error());
            if written == 0 {
                break;
            }
            out.extend_from_slice(&output[..written as usize]);
        }
        assert!(out == input, "pieces of {piece} and buffers of {capacity}");
    }
}

#[test]
fn a_flush_comes_in_as_many_calls_as_it_needs() {
    let _turn = with(&hoarder());
    let handle = Handle::open();
    let input = stream(1000);
    assert_eq!(handle.process(&input, &mut []), 0);
    assert_eq!(handle.flush(&mut []), XG2G_BUFFER_TOO_SMALL);
    let (mut output, mut out) = ([0; 100_000], Vec::new());
    for expected in [531 * 188, 469 * 188, 0, 0] {
        assert_eq!(handle.flush(&mut output), expected);
        out.extend_from_slice(&output[..expected as usize]);
    }
    assert_eq!(out, input);
}

#[test]
fn input_after_the_end_is_refused_and_output_is_not() {
    let _turn = with(&good());
    let handle = Handle::open();
    assert_eq!(handle.process(&stream(3), &mut [0; 10]), XG2G_BUFFER_TOO_SMALL);
    assert_eq!(handle.flush(&mut [0; 188]), 188);
    assert_eq!(handle.process(&stream(1), &mut [0; 1000]), XG2G_FAILED);
    assert_error("closed: ", "finished");
    assert_eq!(handle.process(b"", &mut [0; 1000]), 376);
    assert_eq!(handle.process(b"", &mut [0; 1000]), 0);
}

#[test]
fn input_and_output_may_be_one_buffer() {
    let _turn = with(&good());
    let handle = Handle::open();
    let (input, mut both) = (stream(50), stream(50));
    let shared = both.as_mut_ptr();
    // SAFETY: both are the one vector with its length.
    let written = unsafe { xg2g_audio_remux_process(handle.raw(), shared, both.len(), shared, both.len()) };
    assert_eq!((written, both), (9400, input));
}

#[test]
fn who_never_makes_room_is_stopped() {
    let _turn = with(&good());
    let handle = Handle::open();
    let piece = stream(50_000);
    let mut taken = 0;
    while handle.process(&piece, &mut []) == XG2G_BUFFER_TOO_SMALL {
        taken += piece.len();
        assert!(taken < 100 << 20);
    }
    assert_error("limit: ", "not taken");
    assert_eq!(handle.pending(), taken as i64);
    let mut output = vec![0; 50_000 * 188];
    for _ in 0..taken / piece.len() {
        assert_eq!(handle.process(b"", &mut output), piece.len() as i32);
        assert!(output == piece);
    }
    assert_eq!(handle.process(&piece, &mut output), piece.len() as i32, "and goes on");
}

#[test]
fn what_was_ready_before_a_failure_waits() {
    // The third piece of 64 KiB is one too many.
    let _turn = with(&Source {
        process: "(if (i64.ge_u (global.get $in) (i64.const 131072)) (then unreachable))
            (global.set $in (i64.add (global.get $in) (i64.extend_i32_u (local.get 2))))
            (call $ok_list (local.get 1) (local.get 2))",
        ..good()
    });
    let handle = Handle::open();
    let (input, mut output) = (stream(1000), vec![0; 752_000]);
    assert_eq!(handle.process(&input, &mut output), XG2G_FAILED);
    assert_error("trap: ", "byte 131072 of the stream");
    assert!(output.iter().all(|byte| *byte == 0), "outputs are written on success");
    assert_eq!(handle.process(&input, &mut output), XG2G_FAILED);
    assert_error("closed: the session ended earlier: trap: ", "unreachable");
    assert_eq!(handle.report(), None);
    assert_eq!(handle.process(b"", &mut output), 131_072);
    assert_eq!(output[..131_072], input[..131_072]);
    assert_eq!(handle.process(b"", &mut output), XG2G_FAILED);

    let next = Handle::open();
    assert_eq!(next.process(&input[..188], &mut output), 188, "another session goes on");
}

#[test]
fn limits_hold_for_what_is_opened_after() {
    let _turn = with(&Source {
        process: "(if (i32.eq (i32.load8_u (local.get 1)) (i32.const 1)) (then (loop $ever (br $ever))))
            (drop (memory.grow (i32.const 100))) (call $ok_list (local.get 1) (local.get 2))",
        ..good()
    });
    let before = Handle::open();
    assert_eq!(xg2g_limits_set(2 << 20, 30), 0);
    let (after, late) = (Handle::open(), Handle::open());
    assert_eq!(xg2g_limits_set(0, 0), 0);
    let mut output = [0; 1000];
    assert_eq!(after.process(&stream(1), &mut output), XG2G_FAILED);
    assert_error("limit: ", "2097152 are allowed");
    assert_eq!(late.process(&[1], &mut output), XG2G_FAILED);
    assert_error("limit: ", "longer than 30 ms");
    assert_eq!(before.process(&stream(1), &mut output), 188);
}

#[test]
fn the_report_is_json() {
    let _turn = with(&good());
    let handle = Handle::open();
    assert_eq!(handle.process(&stream(3), &mut [0; 1000]), 564);
    let report: serde_json::Value = serde_json::from_str(&handle.report().unwrap()).unwrap();
    assert_eq!((&report["bytes_in"], &report["packets_in"]), (&564.into(), &3.into()));
}
