//! The plugin that `make build` makes, through the library: what it promises to any host.
#![allow(clippy::unwrap_used)]

mod plugins;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use plugins::real_plugin;
use xg2g_transcoder::{Channels, Error, Limits, Options, Plugin, Session};

/// Compiled once for all tests.
fn plugin() -> Plugin {
    static PLUGIN: OnceLock<Plugin> = OnceLock::new();
    PLUGIN.get_or_init(|| Plugin::from_file(real_plugin()).unwrap()).clone()
}

fn open(plugin: &Plugin) -> Session {
    plugin.open(&Options::default(), &Limits::default()).expect("the session opens")
}

/// Packets of one PID with a running continuity counter: a stream without programme tables.
fn packets(pid: u16, count: usize) -> Vec<u8> {
    let packet = |index: usize| {
        let [high, low] = pid.to_be_bytes();
        let mut packet = [index as u8; 188];
        packet[..4].copy_from_slice(&[0x47, high, low, 0x10 | (index % 16) as u8]);
        packet
    };
    (0..count).flat_map(packet).collect()
}

#[test]
fn its_version_is_this_release_s() {
    assert_eq!(plugin().version().unwrap(), env!("CARGO_PKG_VERSION"));
}

#[test]
fn an_empty_stream_stays_empty() {
    assert_eq!(plugin().transcode(b"", &Options::default(), &Limits::default()), Ok(Vec::new()));
}

#[test]
fn text_and_pictures_are_malformed() {
    let plugin = plugin();
    let text = b"To be, or not to be, that is the question. ".repeat(1000);
    let picture =
        [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), (0..40_000u32).map(|i| ((i * i) >> 7) as u8).collect()].concat();
    for input in [&b"x"[..], &text, &picture] {
        let error = plugin.transcode(input, &Options::default(), &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::Malformed(_)), "{error:?}");
        let error = plugin.inspect(input, &Options::default(), &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::Malformed(_)), "{error:?}");
    }
    let error = plugin.inspect(b"", &Options::default(), &Limits::default()).unwrap_err();
    assert!(matches!(error, Error::Malformed(_)), "{error:?}");
}

#[test]
fn a_stream_without_programmes_passes_through_and_its_truncated_end_is_counted() {
    let input = packets(300, 4000);
    let mut session = open(&plugin());
    let mut out = Vec::new();
    session.process(&input[..input.len() - 100], &mut out).unwrap();
    session.finish(&mut out).unwrap();
    assert!(out == input[..3999 * 188], "{} bytes", out.len());
    let report = session.report().unwrap();
    assert_eq!((report.packets_in, report.packets_out, report.bytes_skipped), (3999, 3999, 88));
    assert!(report.tracks.is_empty());
}

#[test]
fn options_out_of_range_are_invalid() {
    let plugin = plugin();
    let default = Options::default();
    for options in [
        Options { bitrate: Some(15_999), ..default.clone() },
        Options { bitrate: Some(576_001), ..default.clone() },
        Options { pids: vec![15], ..default.clone() },
        Options { pids: vec![256, 8191], ..default.clone() },
        Options { languages: vec!["english".into()], ..default.clone() },
        Options { languages: vec![String::new()], ..default.clone() },
        Options { languages: vec!["d\u{e9}u".into()], ..default.clone() },
    ] {
        let error = plugin.open(&options, &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::InvalidOption(_)), "{options:?}: {error:?}");
        let error = plugin.inspect(&packets(300, 100), &options, &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::InvalidOption(_)), "{options:?}: {error:?}");
    }
    for options in [
        Options { bitrate: Some(16_000), channels: Some(Channels::Mono), ..default.clone() },
        Options { pids: vec![16, 8190], languages: vec!["DEU".into()], ..default },
    ] {
        plugin.open(&options, &Limits::default()).unwrap();
    }
}

#[test]
fn a_finished_session_is_closed_and_still_reports() {
    let mut session = open(&plugin());
    session.process(&packets(300, 10), &mut Vec::new()).unwrap();
    session.finish(&mut Vec::new()).unwrap();
    assert!(matches!(session.process(&packets(300, 1), &mut Vec::new()), Err(Error::Closed(_))));
    assert!(matches!(session.finish(&mut Vec::new()), Err(Error::Closed(_))));
    assert_eq!(session.report().unwrap().packets_in, 10);
}

#[test]
fn a_session_keeps_within_4_mib_and_the_default_limit() {
    let mut session = open(&plugin());
    let input = packets(300, 5000);
    let mut out = Vec::new();
    for _ in 0..20 {
        out.clear();
        session.process(&input, &mut out).unwrap();
    }
    let peak = session.memory_peak();
    assert!(peak < 4 << 20, "{peak} bytes");
    let told = session.report().unwrap().memory;
    assert!(told > 0 && told <= session.memory_peak() as u64, "it tells {told} of {peak}");
}

#[test]
fn too_little_memory_is_a_limit_and_not_a_trap() {
    let plugin = plugin();
    let least = open(&plugin).memory_peak();
    let limits = Limits { memory: least, ..Limits::default() };
    // What it needs to begin with suffices to open; the first half mebibyte of waiting packets does not fit any more.
    let mut session = plugin.open(&Options::default(), &limits).unwrap();
    let error = session.process(&packets(300, 20_000), &mut Vec::new()).unwrap_err();
    assert!(matches!(error, Error::Exceeded { .. }), "{error:?}");
    assert!(matches!(
        plugin.open(&Options::default(), &Limits { memory: 64 << 10, ..limits }),
        Err(Error::Exceeded { .. })
    ));
}

/// A shared stream, or nothing and a loud word where there is none.
fn shared_stream(name: &str) -> Option<Vec<u8>> {
    let streams = std::env::var_os("XG2G_STREAMS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/streams"), PathBuf::from);
    let read = std::fs::read(streams.join(name));
    if let Err(error) = &read {
        eprintln!("SKIPPED: {name} is not in {}: {error}", streams.display());
    }
    read.ok()
}

#[test]
fn a_stream_gives_the_same_bytes_in_any_pieces_and_stays_small() {
    let Some(input) = shared_stream("media3_sample_ac3.ts") else { return };
    let plugin = plugin();
    let whole = plugin.transcode(&input, &Options::default(), &Limits::default()).unwrap();
    for size in [1, 7, 188, 1316, 1_000_000] {
        let mut session = open(&plugin);
        let mut out = Vec::new();
        for piece in input.chunks(size) {
            session.process(piece, &mut out).unwrap();
        }
        session.finish(&mut out).unwrap();
        assert!(out == whole, "pieces of {size} bytes");
        assert!(session.memory_peak() < 4 << 20, "{} bytes of memory", session.memory_peak());
        let report = session.report().unwrap();
        assert_eq!((report.bytes_in, report.bytes_out), (input.len() as u64, out.len() as u64));
        assert!(report.tracks.iter().any(|track| track.frames_decoded > 0 && track.access_units > 0), "{report:?}");
    }
}
