//! What is no good stream: each gives its documented error or passes through.
#![forbid(unsafe_code)]

use xg2g_core::Error;
use xg2g_core::pipeline::{Options, Report, Session, inspect, transcode};
use xg2g_tests::build::{Mux, layer2};

fn run(bytes: &[u8]) -> (Vec<u8>, Report, Result<(), Error>) {
    let mut session = Session::open(&Options::default()).expect("defaults are in range");
    let mut out = Vec::new();
    session.process(bytes, &mut out).expect("open");
    let end = session.finish(&mut out);
    (out, session.report(), end)
}

#[test]
fn nothing_in_nothing_out() {
    let (out, report, end) = run(&[]);
    assert_eq!((out.len(), report, end), (0, Report::default(), Ok(())));
    assert_eq!(transcode(&[], &Options::default()), Ok(Vec::new()));
}

#[test]
fn text_and_a_picture_are_malformed() {
    let png =
        [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &[0x47; 100], &(0..=255).collect::<Vec<u8>>().repeat(20)].concat();
    for input in [&b"<html>404 Not Found</html>".repeat(100)[..], &png] {
        let (out, report, end) = run(input);
        assert!(out.is_empty() && report.bytes_skipped == input.len() as u64 && report.packets_in == 0);
        assert!(matches!(end, Err(Error::Malformed(_))), "{end:?}");
        assert!(matches!(inspect(input, &Options::default()), Err(Error::Malformed(_))));
        let text = transcode(input, &Options::default()).expect_err("no stream").to_string();
        assert!(text.starts_with("malformed: no transport stream"), "{text}");
    }
}

#[test]
fn a_truncated_last_packet_is_skipped_and_counted() {
    let bytes = Mux::default().pat(&[(1, 0x100)]).other(0x200, 20).bytes();
    let (out, report, end) = run(&bytes[..bytes.len() - 88]);
    assert_eq!(end, Ok(()));
    assert!(out == bytes[..20 * 188]);
    assert_eq!((report.bytes_skipped, report.packets_in, report.packets_out), (100, 20, 20));
}

#[test]
fn a_stream_without_tables_passes() {
    let bytes = Mux::default().layer2(0x101, 90_000, 50).other(0x200, 400).layer2(0x101, 200_000, 2000).bytes();
    let (out, report, end) = run(&bytes);
    assert!(end.is_ok() && out == bytes && report.tracks.is_empty());
}

#[test]
fn scrambled_sound_passes_and_is_counted() {
    let mut mux = Mux::default();
    mux.pat(&[(1, 0x100)]).pmt(0x100, 1, 0, 0x101, &[(3, 0x101, &[])]).layer2(0x101, 90_000, 40);
    for packet in &mut mux.packets_mut()[2..] {
        packet[3] |= 0x80;
    }
    let bytes = mux.bytes();
    let (out, report, end) = run(&bytes);
    assert!(end.is_ok() && out == bytes, "not one byte differs");
    assert_eq!(report.scrambled_packets, report.packets_in - 2);
    let found = inspect(&bytes, &Options::default()).expect("a stream");
    assert_eq!(found.programs[0].tracks[0].reason, "scrambled");
}

#[test]
fn a_finished_session_is_closed() {
    let mut session = Session::open(&Options::default()).expect("defaults are in range");
    let mut out = Vec::new();
    session.finish(&mut out).expect("open");
    assert!(matches!(session.process(&[0x47; 188], &mut out), Err(Error::Closed(_))));
    assert!(matches!(session.finish(&mut out), Err(Error::Closed(_))));
}

#[test]
fn options_out_of_range_are_refused_everywhere() {
    let options = Options { bitrate: Some(1_000_000), ..Options::default() };
    for error in [
        Session::open(&options).expect_err("out of range"),
        transcode(&[], &options).expect_err("out of range"),
        inspect(&[], &options).expect_err("out of range"),
    ] {
        assert!(error.to_string().starts_with("invalid-option: bitrate is 1000000"), "{error}");
    }
}

#[test]
fn good_packets_survive_bad_neighbours() {
    let mut mux = Mux::default();
    mux.pat(&[(1, 0x100)]).pmt(0x100, 1, 0, 0x200, &[(3, 0x101, &[])]);
    for n in 0..40 {
        mux.other(0x200, 10).pes(0x101, 0xC0, Some(90_000 + n * 2160), &layer2(1));
    }
    let mut bytes = mux.bytes();
    let is_other = |p: &[u8]| p[1] & 0x1F == 2 && p[2] == 0;
    let no_sync = |n: &usize| n % 37 == 5;
    for n in (0..bytes.len() / 188).filter(no_sync) {
        bytes[n * 188] = 0;
    }
    // A stretch of sync bytes where none belong, inside packet 15.
    bytes.splice(3000..3000, [0x47; 777]);
    let (out, report, end) = run(&bytes);
    assert_eq!((end, report.resyncs), (Ok(()), 1));
    let whole = mux.packets_mut().iter().enumerate().filter(|(n, p)| is_other(&p[..]) && !no_sync(n) && *n != 15);
    let expected: Vec<_> = whole.map(|(_, p)| p.to_vec()).collect();
    let found: Vec<_> = out.chunks(188).filter(|p| is_other(p)).map(<[u8]>::to_vec).collect();
    assert!(found == expected, "{} of {} good packets", found.len(), expected.len());
}
