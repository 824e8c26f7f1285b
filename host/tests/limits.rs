//! Each limit: obeyed without a trace, and violated as a typed error in bounded time with the host and its other sessions
//! unharmed.
#![allow(clippy::unwrap_used)]

mod plugins;

use std::time::{Duration, Instant};

use plugins::{Source, good, stream};
use xg2g_transcoder::{CompileCache, Error, Exceeded, Limits, Options, Plugin, PluginConfig, Session};

/// Memory that the good plugin begins with: 3 pages.
const BEGIN: usize = 3 << 16;

fn open(plugin: &Plugin, limits: &Limits) -> Session {
    plugin.open(&Options::default(), limits).expect("the session opens")
}

/// Violates a limit by one call of `process` while a good neighbour runs, and returns which limit the error names.
fn violate(hostile: &Plugin, limits: &Limits) -> Exceeded {
    let neighbour = good().load();
    let mut good_session = open(&neighbour, &Limits::default());
    let (input, mut out) = (stream(10), Vec::new());
    good_session.process(&input, &mut out).unwrap();

    let mut session = open(hostile, limits);
    let error = session.process(&input, &mut Vec::new()).unwrap_err();
    assert!(error.ends_session());
    assert!(error.to_string().starts_with("limit: "), "{error}");
    let Error::Exceeded { exceeded, call, position, .. } = error else { panic!("{error:?}") };
    assert_eq!((call, position), ("process", 0));
    for result in
        [session.process(&input, &mut Vec::new()), session.finish(&mut Vec::new()), session.report().map(|_| ())]
    {
        assert!(matches!(result, Err(Error::Closed(_))), "{result:?}");
    }
    drop(session);

    good_session.process(&input, &mut out).unwrap();
    good_session.finish(&mut out).unwrap();
    assert_eq!(out, [input.clone(), input].concat(), "the neighbour's output is what it would have been");
    open(hostile, limits);
    exceeded
}

#[test]
fn memory_limit_obeyed() {
    let source =
        Source { process: "(drop (memory.grow (i32.const 5))) (call $ok_list (i32.const 0) (i32.const 0))", ..good() };
    let mut session = open(&source.load(), &Limits { memory: BEGIN + (5 << 16), ..Limits::default() });
    session.process(&stream(1), &mut Vec::new()).unwrap();
    assert_eq!(session.memory_peak(), BEGIN + (5 << 16));
    assert_eq!(session.report().unwrap().memory, session.memory_peak() as u64);
}

#[test]
fn memory_limit_violated() {
    let source = Source { process: "(loop $more (drop (memory.grow (i32.const 1))) (br $more)) unreachable", ..good() };
    let exceeded = violate(&source.load(), &Limits::default());
    assert_eq!(exceeded, Exceeded::Memory { limit: 16 << 20, wanted: (16 << 20) + (1 << 16) });
}

#[test]
fn memory_limit_violated_names_the_function_that_asked() {
    let more = "(func $hoard (loop $more (drop (memory.grow (i32.const 1))) (br $more)))";
    let source = Source { more, process: "(call $hoard) unreachable", ..good() };
    let error = open(&source.load(), &Limits::default()).process(&stream(1), &mut Vec::new()).unwrap_err();
    assert!(matches!(&error, Error::Exceeded { function: Some(name), .. } if name == "hoard"), "{error:?}");
}

#[test]
fn memory_limit_violated_in_one_step() {
    let source = Source { process: "(drop (memory.grow (i32.const 65530))) unreachable", ..good() };
    assert!(
        matches!(violate(&source.load(), &Limits::default()), Exceeded::Memory { limit: 16777216, wanted } if wanted > 4 << 30 >> 1)
    );
}

#[test]
fn memory_limit_violated_before_the_first_call() {
    let error =
        good().load().open(&Options::default(), &Limits { memory: BEGIN - 1, ..Limits::default() }).unwrap_err();
    let expected = Exceeded::Memory { limit: BEGIN as u64 - 1, wanted: BEGIN as u64 };
    assert!(matches!(error, Error::Exceeded { exceeded, call: "open", .. } if exceeded == expected), "{error:?}");
}

#[test]
fn memory_limit_violated_by_tables() {
    let source = Source {
        more: "(table $t 1 funcref)",
        process: "(loop $more (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $more)) unreachable",
        ..good()
    };
    assert!(matches!(violate(&source.load(), &Limits::default()), Exceeded::Memory { limit: 16777216, .. }));
}

#[test]
fn memory_limit_violated_by_the_sum_of_what_fits_singly() {
    let source = Source {
        more: "(table $t 1 funcref)",
        process: "(if (i32.eq (i32.const -1) (memory.grow (i32.const 8))) (then unreachable))
            (drop (table.grow $t (ref.null func) (i32.const 70000))) unreachable",
        ..good()
    };
    let limits = Limits { memory: BEGIN + (16 << 16), ..Limits::default() };
    assert!(matches!(violate(&source.load(), &limits), Exceeded::Memory { .. }));
}

#[test]
fn time_limit_obeyed() {
    // As long a day as one likes, in calls that are short: the deadline is each call's own.
    let limits = Limits { call_time: Duration::from_millis(500), ..Limits::default() };
    let mut session = open(&good().load(), &limits);
    for _ in 0..4 {
        session.process(&stream(10), &mut Vec::new()).unwrap();
        std::thread::sleep(Duration::from_millis(200));
    }
    session.finish(&mut Vec::new()).unwrap();
}

#[test]
fn time_limit_violated() {
    let source = Source { process: "(loop $ever (br $ever)) unreachable", ..good() };
    let plugin = source.load();
    let limits = Limits { call_time: Duration::from_millis(100), ..Limits::default() };
    let start = Instant::now();
    assert_eq!(violate(&plugin, &limits), Exceeded::Time { limit: limits.call_time });
    let took = start.elapsed();
    assert!(took >= limits.call_time && took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn time_limit_violated_in_every_call() {
    const EVER: &str = "(loop $ever (br $ever)) unreachable";
    let limits = Limits { call_time: Duration::from_millis(100), ..Limits::default() };
    let is_time = |error: &Error| matches!(error, Error::Exceeded { exceeded: Exceeded::Time { .. }, .. });
    let options = Options::default();

    let error = Source { open: EVER, ..good() }.load().open(&options, &limits).unwrap_err();
    assert!(is_time(&error), "{error:?}");
    let start = Source { more: "(func $ever (loop $ever (br $ever))) (start $ever)", ..good() };
    let error = start.load().open(&options, &limits).unwrap_err();
    assert!(is_time(&error), "{error:?}");
    let error = open(&Source { finish: EVER, ..good() }.load(), &limits).finish(&mut Vec::new()).unwrap_err();
    assert!(is_time(&error), "{error:?}");
    let error = open(&Source { report: EVER, ..good() }.load(), &limits).report().unwrap_err();
    assert!(is_time(&error), "{error:?}");
    let error = Source { inspect: EVER, ..good() }.load().inspect(&stream(1), &options, &limits).unwrap_err();
    assert!(is_time(&error), "{error:?}");
    let realloc = "(if (local.get 3) (then (loop $ever (br $ever)))) (i32.const 65536)";
    let error = open(&Source { realloc, ..good() }.load(), &limits).process(&stream(1), &mut Vec::new()).unwrap_err();
    assert!(is_time(&error), "{error:?}");
}

/// Calls itself as deep as `process` has input, 188 times a packet.
const DEEP: &str = "(func $deep (param i32) (result i32)
    (if (result i32) (local.get 0)
        (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
        (else (i32.const 0))))";

fn recursive(stack: usize) -> Plugin {
    let source = Source {
        more: DEEP,
        process: "(call $deep (local.get 2)) drop (call $ok_list (i32.const 0) (i32.const 0))",
        ..good()
    };
    Plugin::with_config(&source.component(), &PluginConfig { stack, cache: CompileCache::Off }).unwrap()
}

#[test]
fn stack_limit_obeyed() {
    let mut session = open(&recursive(512 << 10), &Limits::default());
    session.process(&stream(10), &mut Vec::new()).unwrap();
}

#[test]
fn stack_limit_violated() {
    let exceeded = violate(&recursive(16 << 10), &Limits::default());
    assert_eq!(exceeded, Exceeded::Stack { limit: 16 << 10 });
}

#[test]
fn stack_limit_violated_at_its_default() {
    let more = "(func $deep (result i32) (i32.add (i32.const 1) (call $deep)))";
    let source = Source { more, process: "(call $deep)", ..good() };
    assert_eq!(violate(&source.load(), &Limits::default()), Exceeded::Stack { limit: 512 << 10 });
}

/// A report whose tracks all have the same string of 1 MiB as their codec: little to the plugin, much to the host.
fn reports_mebibytes(tracks: &str) -> Plugin {
    // A track's record is 104 bytes long, with the codec's pointer and length at 4 and 8 (CanonicalABI.md, "Alignment").
    let more = "(func $tracks (param $count i32) (local $at i32)
        (drop (memory.grow (i32.const 20)))
        (memory.fill (i32.const 65536) (i32.const 0) (i32.mul (local.get $count) (i32.const 104)))
        (memory.fill (i32.const 262144) (i32.const 97) (i32.const 1048576))
        (memory.fill (i32.const 256) (i32.const 0) (i32.const 96))
        (i32.store (i32.const 344) (i32.const 65536))
        (i32.store (i32.const 348) (local.get $count))
        (local.set $at (i32.const 65536))
        (loop $next
            (i32.store offset=4 (local.get $at) (i32.const 262144))
            (i32.store offset=8 (local.get $at) (i32.const 1048576))
            (local.set $at (i32.add (local.get $at) (i32.const 104)))
            (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))";
    let report = match tracks {
        "3" => "(call $tracks (i32.const 3)) (i32.const 256)",
        _ => "(call $tracks (i32.const 17)) (i32.const 256)",
    };
    Source { more, report, ..good() }.load()
}

#[test]
fn answer_limit_obeyed() {
    let report = open(&reports_mebibytes("3"), &Limits::default()).report().unwrap();
    assert_eq!(report.tracks.len(), 3);
    assert!(report.tracks.iter().all(|track| track.codec.len() == 1 << 20));
}

#[test]
fn answer_limit_violated() {
    let error = open(&reports_mebibytes("17"), &Limits::default()).report().unwrap_err();
    let expected = Exceeded::Answer { limit: 16 << 20 };
    assert!(matches!(error, Error::Exceeded { exceeded, call: "report", .. } if exceeded == expected), "{error:?}");
}
