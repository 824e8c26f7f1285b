//! Handles, arguments, errors and threads.

use std::sync::Barrier;
use std::thread;

use super::*;
use crate::plugins::{good, stream};

#[test]
fn null_and_dangling_handles_are_errors() {
    let _turn = with(&good());
    let freed = Handle::open();
    xg2g_audio_remux_free(freed.raw());
    let local = 0u64;
    let address = ptr::from_ref(&local).addr();
    for (handle, kind) in [
        (0, "invalid-argument: "),
        (freed.0, "invalid-handle: "),
        (1, "invalid-handle: "),
        (address, "invalid-handle: "),
        (usize::MAX, "invalid-handle: "),
    ] {
        // Not dropped: freeing it is a part of the test.
        let handle = std::mem::ManuallyDrop::new(Handle(handle));
        let mut output = [0; 1000];
        assert_eq!(handle.process(&stream(1), &mut output), XG2G_FAILED);
        assert_error(kind, "");
        assert_eq!(handle.flush(&mut output), XG2G_FAILED);
        assert_error(kind, "");
        assert_eq!(handle.pending(), -1);
        assert_error(kind, "");
        assert_eq!(handle.report(), None);
        assert_error(kind, "");
        assert_eq!(xg2g_limits_set(0, 0), 0);
        xg2g_audio_remux_free(handle.raw());
        match handle.0 {
            0 => assert_eq!(last_error(), None, "NULL is nothing to free"),
            _ => assert_error(kind, &format!("{:#x}", handle.0)),
        }
    }
    // Its second end is no third.
    std::mem::forget(freed);
}

#[test]
fn a_handle_is_never_given_again() {
    let _turn = with(&good());
    let mut seen = std::collections::HashSet::new();
    for _ in 0..100 {
        let handle = Handle::open();
        assert!(seen.insert(handle.0), "{handle:?}");
        assert!(crate::handles::live(handle.0));
    }
    assert!(!seen.iter().any(|handle| crate::handles::live(*handle)));
}

#[test]
fn wrong_options_give_null_and_a_reason() {
    let _turn = with(&good());
    for (sample_rate, channels, bitrate, kind, holds) in [
        (-1, 2, 192_000, "invalid-argument: ", "sample_rate -1"),
        (47_999, 2, 192_000, "invalid-argument: ", "sample_rate 47999"),
        (48_000, -1, 192_000, "invalid-argument: ", "channels is -1"),
        (48_000, 3, 192_000, "invalid-argument: ", "take 1 or 2"),
        (48_000, 2, i32::MIN, "invalid-argument: ", "bitrate is -2147483648"),
        (48_000, 2, 15_999, "invalid-option: ", "bitrate"),
    ] {
        assert!(xg2g_audio_remux_init(sample_rate, channels, bitrate).is_null());
        assert_error(kind, holds);
    }
    for (sample_rate, channels, bitrate) in [(0, 0, 0), (48_000, 2, 192_000), (44_100, 1, 16_000)] {
        let handle = xg2g_audio_remux_init(sample_rate, channels, bitrate);
        assert!(!handle.is_null());
        assert_eq!(last_error(), None);
        xg2g_audio_remux_free(handle);
    }
}

#[test]
fn impossible_buffers_are_errors() {
    let _turn = with(&good());
    let handle = Handle::open();
    let mut byte = 0x47u8;
    let null = ptr::null_mut();
    let process = |input: *mut u8, input_len, output: *mut u8, capacity| {
        // SAFETY: every call but the last is refused before a buffer is looked at; that one has none.
        unsafe { xg2g_audio_remux_process(handle.raw(), input, input_len, output, capacity) }
    };
    for (input, input_len, output, capacity, holds) in [
        (null, 1, &raw mut byte, 1, "input is NULL"),
        (&raw mut byte, 1, null, 1, "output is NULL"),
        (&raw mut byte, usize::MAX, &raw mut byte, 1, "input of 18446744073709551615 bytes"),
        (&raw mut byte, 1, &raw mut byte, usize::MAX / 2 + 1, "output of"),
    ] {
        assert_eq!(process(input, input_len, output, capacity), XG2G_FAILED);
        assert_error("invalid-argument: ", holds);
    }
    assert_eq!(process(null, 0, null, 0), 0);
    assert_eq!(handle.pending(), 0, "nothing was taken in");
}

#[test]
fn strings_come_back_once() {
    let _turn = with(&good());
    xg2g_free_string(ptr::null_mut());
    assert_eq!(xg2g_audio_remux_pending(ptr::null_mut()), -1);
    let (first, second) = (xg2g_last_error(), xg2g_last_error());
    assert!(!first.is_null() && !second.is_null() && first != second, "each is the caller's own");
    xg2g_free_string(first);
    xg2g_free_string(second);
    assert_error("invalid-argument: handle is NULL", "");
    xg2g_free_string(second);
    assert_error("invalid-argument: ", "no string of this library");
    let mut own = *b"mine\0";
    xg2g_free_string(own.as_mut_ptr().cast());
    assert_error("invalid-argument: ", "no string of this library");
}

#[test]
fn the_version_is_this_crate_s() {
    // SAFETY: a static string.
    let version = unsafe { CStr::from_ptr(xg2g_transcoder_version()) };
    assert_eq!(version.to_str().unwrap(), env!("CARGO_PKG_VERSION"));
}

#[test]
fn each_thread_has_its_own_last_error_and_any_may_free_it() {
    let _turn = with(&good());
    assert_eq!(xg2g_audio_remux_pending(ptr::null_mut()), -1);
    let address = thread::spawn(|| {
        assert_eq!(last_error(), None);
        assert!(xg2g_audio_remux_init(1, 2, 3).is_null());
        xg2g_last_error().addr()
    })
    .join()
    .unwrap();
    xg2g_free_string(ptr::with_exposed_provenance_mut(address));
    assert_error("invalid-argument: handle is NULL", "");
}

#[test]
fn calls_on_one_handle_come_one_after_the_other() {
    let _turn = with(&good());
    let handle = Handle::open();
    let ready = Barrier::new(4);
    // Each thread's packets begin with its number: a packet that is two threads' would show.
    let out = std::sync::Mutex::new(Vec::new());
    thread::scope(|scope| {
        for number in 1..=4u8 {
            let (handle, ready, out) = (&handle, &ready, &out);
            scope.spawn(move || {
                ready.wait();
                for _ in 0..200 {
                    let mut output = [0; 4 * 188];
                    let written = handle.process(&[number; 188], &mut output);
                    // With this thread's packet there may come what a small buffer left behind in another.
                    assert!(written >= 188 && written % 188 == 0, "{written}: {:?}", last_error());
                    out.lock().unwrap().extend(output[..written as usize].chunks(188).map(<[u8]>::to_vec));
                    assert_eq!(handle.process(&[number; 188], &mut []), XG2G_BUFFER_TOO_SMALL);
                    assert_error("buffer-too-small: ", "");
                    // Another thread may have been quicker.
                    let written = handle.process(b"", &mut output);
                    out.lock().unwrap().extend(output[..written as usize].chunks(188).map(<[u8]>::to_vec));
                }
            });
        }
    });
    let mut count = [0; 5];
    for packet in out.into_inner().unwrap() {
        assert!(packet.iter().all(|byte| *byte == packet[0]));
        count[usize::from(packet[0])] += 1;
    }
    assert_eq!(count[1..].iter().sum::<i32>() + handle.pending() as i32 / 188, 1600);
}

#[test]
fn a_handle_may_be_freed_while_it_is_in_use() {
    let _turn = with(&good());
    for _ in 0..20 {
        let handle = Handle::open();
        let start = Barrier::new(3);
        thread::scope(|scope| {
            for _ in 0..2 {
                let (handle, start) = (&handle, &start);
                scope.spawn(move || {
                    start.wait();
                    let (input, mut output) = (stream(500), vec![0; 94_000 * 4]);
                    while handle.process(&input, &mut output) >= 0 {}
                    assert_error("invalid-handle: ", "");
                });
            }
            start.wait();
            thread::yield_now();
            xg2g_audio_remux_free(handle.raw());
        });
        std::mem::forget(handle);
    }
}

#[test]
fn a_plugin_that_is_none_is_refused_and_the_one_before_stays() {
    let _turn = with(&good());
    assert_eq!(load("/no/such/plugin.wasm"), XG2G_FAILED);
    assert_error("found no plugin; tried /no/such/plugin.wasm", "make build");
    assert_eq!(load(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")), XG2G_FAILED);
    assert_error("the plugin is not WebAssembly", "[pac");
    assert_eq!(Handle::open().process(&stream(1), &mut [0; 188]), 188);
}
