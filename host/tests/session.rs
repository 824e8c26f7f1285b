//! Sessions of a good plugin: pieces, closing, sharing between threads.
#![allow(clippy::unwrap_used)]

mod plugins;

use plugins::{Source, good, stream};
use xg2g_transcoder::{Error, Limits, Options, PIECE, Plugin, Session};

fn open(plugin: &Plugin) -> Session {
    plugin.open(&Options::default(), &Limits::default()).unwrap()
}

#[test]
fn a_stream_passes_through_and_is_counted() {
    let mut session = open(&good().load());
    let (input, mut out) = (stream(1000), b"before".to_vec());
    session.process(&input, &mut out).unwrap();
    session.finish(&mut out).unwrap();
    assert_eq!(out, [b"before", &input[..]].concat(), "output is appended");
    assert_eq!(session.position(), 188_000);
    let report = session.report().unwrap();
    assert_eq!((report.bytes_in, report.packets_in), (188_000, 1000));
    assert!(report.tracks.is_empty());
    session.ensure_stream().unwrap();
}

#[test]
fn large_input_goes_in_pieces_and_memory_stays_flat() {
    let source = Source {
        process: "(if (i32.gt_u (local.get 2) (i32.const 65536)) (then unreachable)) (call $ok_list (local.get 1) (local.get 2))",
        ..good()
    };
    let mut session = open(&source.load());
    let input = stream(100_000);
    let mut out = Vec::new();
    session.process(&input, &mut out).unwrap();
    assert_eq!(out, input);
    assert!(session.memory_peak() <= (3 << 16) + PIECE, "{}", session.memory_peak());
}

#[test]
fn a_finished_session_is_closed_but_still_reports() {
    let mut session = open(&good().load());
    session.process(&stream(2), &mut Vec::new()).unwrap();
    session.finish(&mut Vec::new()).unwrap();
    for input in [&stream(1)[..], b""] {
        let error = session.process(input, &mut Vec::new()).unwrap_err();
        assert!(matches!(error, Error::Closed(_)) && !error.ends_session(), "{error:?}");
    }
    assert!(matches!(session.finish(&mut Vec::new()), Err(Error::Closed(_))));
    assert_eq!(session.report().unwrap().bytes_in, 376);
}

#[test]
fn options_reach_the_plugin_and_its_refusal_is_typed() {
    let options = Options { bitrate: Some(15_999), ..Options::default() };
    let error = good().load().open(&options, &Limits::default()).unwrap_err();
    assert_eq!(error, Error::InvalidOption("bitrate too low".into()));
    let all =
        Options { bitrate: Some(16_000), pids: vec![100, 200], languages: vec!["eng".into()], ..Options::default() };
    good().load().open(&all, &Limits::default()).unwrap();
}

#[test]
fn a_whole_stream_at_once() {
    let plugin = good().load();
    let transcode = |input: &[u8]| plugin.transcode(input, &Options::default(), &Limits::default());
    assert_eq!(transcode(&stream(700)), Ok(stream(700)));
    assert_eq!(transcode(b""), Ok(Vec::new()));
    assert!(matches!(transcode(b"no stream"), Err(Error::Malformed(_))));
}

#[test]
fn inspect_sees_at_most_its_documented_part() {
    let plugin = good().load();
    let inspect = |input: &[u8]| plugin.inspect(input, &Options::default(), &Limits::default());
    assert_eq!(inspect(&stream(10)).unwrap().packets, 10);
    assert_eq!(inspect(&stream(40_000)).unwrap().packets, xg2g_transcoder::INSPECT_MAX as u64 / 188);
    assert_eq!(inspect(b"text"), Err(Error::Malformed("no transport stream".into())));
}

#[test]
fn the_plugin_tells_its_version() {
    assert_eq!(good().load().version().unwrap(), "1.2.3");
}

#[test]
fn threads_share_a_plugin_and_sessions_move() {
    fn is_shared<T: Send + Sync + Clone>(_: &T) {}
    fn moves<T: Send>(value: T) -> T {
        value
    }
    let plugin = good().load();
    is_shared(&plugin);
    let input = stream(500);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let (plugin, input) = (plugin.clone(), &input);
            let mut session = moves(open(&plugin));
            scope.spawn(move || {
                for _ in 0..20 {
                    let mut out = Vec::new();
                    session.process(input, &mut out).unwrap();
                    assert_eq!(out, *input);
                    open(&plugin);
                }
            });
        }
    });
}

#[test]
fn a_session_outlives_its_plugin() {
    let mut session = open(&good().load());
    let mut out = Vec::new();
    session.process(&stream(3), &mut out).unwrap();
    assert_eq!(out, stream(3));
}
