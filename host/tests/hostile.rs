//! Plugins that trap, and plugins that answer what the contract does not allow: typed errors, and the host goes on.
#![allow(clippy::unwrap_used)]

mod plugins;

use plugins::{Source, good, stream};
use xg2g_transcoder::{Error, Limits, Options, Plugin, Trap};

/// The error of the second packet, and the same plugin opened anew.
fn fail(source: &Source) -> Error {
    let plugin = source.load();
    let mut session = plugin.open(&Options::default(), &Limits::default()).unwrap();
    let mut out = Vec::new();
    let error = loop {
        if let Err(error) = session.process(&stream(1), &mut out) {
            break error;
        }
        assert!(session.position() < 1 << 20, "it never fails");
    };
    assert!(error.ends_session(), "{error:?}");
    let after = session.process(&stream(1), &mut out).unwrap_err();
    assert!(matches!(&after, Error::Closed(text) if text.contains(&error.to_string())), "{after:?}");
    plugin.open(&Options::default(), &Limits::default()).unwrap();
    error
}

fn contract_reason(source: &Source) -> String {
    match fail(source) {
        Error::Contract { reason, call: "process", .. } => reason,
        error => panic!("{error:?}"),
    }
}

#[test]
fn a_trap_names_the_function_and_the_position() {
    let source = Source {
        more: "(func $burn_bridges (if (i64.eq (global.get $in) (i64.const 376)) (then unreachable)))",
        process: "(call $burn_bridges) (global.set $in (i64.add (global.get $in) (i64.extend_i32_u (local.get 2))))
            (call $ok_list (local.get 1) (local.get 2))",
        ..good()
    };
    let error = fail(&source);
    let Error::Trap(Trap { reason, call, position, function, backtrace }) = &error else { panic!("{error:?}") };
    assert_eq!((*call, *position, function.as_deref()), ("process", 376, Some("burn_bridges")));
    assert_eq!(backtrace, &["burn_bridges", "process"]);
    assert!(reason.contains("unreachable"), "{reason}");
    assert!(error.to_string().contains("in `process` at byte 376 of the stream (function burn_bridges)"), "{error}");
}

#[test]
fn traps_of_every_kind_are_traps() {
    for (process, words) in [
        ("unreachable", "unreachable"),
        ("(i32.div_u (i32.const 1) (i32.const 0))", "divide by zero"),
        ("(i32.load (i32.const -8))", "out of bounds"),
        ("(i32.trunc_f32_s (f32.const nan))", "conversion"),
    ] {
        let error = fail(&Source { process, ..good() });
        assert!(matches!(&error, Error::Trap(trap) if trap.reason.contains(words)), "{process}: {error:?}");
    }
    let through_table =
        Source { more: "(table 1 funcref)", process: "(call_indirect (result i32) (i32.const 0))", ..good() };
    assert!(matches!(fail(&through_table), Error::Trap(_)));
}

#[test]
fn a_list_outside_the_memory_breaks_the_contract() {
    for process in [
        "(call $ok_list (i32.const 0) (i32.const -1))",
        "(call $ok_list (i32.const -1) (i32.const 1))",
        "(call $ok_list (i32.const -16) (i32.const 32))",
        "(call $ok_list (i32.const 0x7fffffff) (i32.const 0x7fffffff))",
        // The place of the result itself.
        "(i32.const -4)",
        "(i32.const 196608)",
        "(i32.const 1)",
        // A case that is neither `ok` nor `err`.
        "(drop (call $err (i32.const 0) (i32.const 0))) (i32.store8 (i32.const 0) (i32.const 9)) (i32.const 0)",
        "(call $err (i32.const -1) (i32.const 10))",
        "(call $err (i32.const 64) (i32.const -10))",
    ] {
        assert!(!contract_reason(&Source { process, ..good() }).is_empty(), "{process}");
    }
}

#[test]
fn an_error_that_is_no_utf8_breaks_the_contract() {
    let source = Source {
        more: r#"(data (i32.const 512) "closed: \ff\fe")"#,
        process: "(call $err (i32.const 512) (i32.const 10))",
        ..good()
    };
    assert!(contract_reason(&source).contains("utf-8"));
}

#[test]
fn an_error_of_no_kind_breaks_the_contract() {
    let source = Source {
        more: r#"(data (i32.const 512) "teapot: I am one")"#,
        process: "(call $err (i32.const 512) (i32.const 16))",
        ..good()
    };
    assert!(contract_reason(&source).contains("teapot"));
    // And one of no kind that is very long is cut.
    let source = Source { process: "(call $err (i32.const 512) (i32.const 60000))", ..good() };
    assert!(contract_reason(&source).len() < 2000);
}

#[test]
fn memory_for_the_input_that_is_none_breaks_the_contract() {
    // Right for the empty lists of the options, wrong for the input.
    for realloc in [
        "(select (i32.const -1) (i32.const 65536) (local.get 3))",
        "(select (i32.const -8) (i32.const 65536) (local.get 3))",
        "(select (i32.const 196600) (i32.const 65536) (local.get 3))",
    ] {
        contract_reason(&Source { realloc, ..good() });
    }
}

#[test]
fn lies_in_a_report_break_the_contract() {
    // The list of tracks: outside the memory, at no multiple of eight, longer than any memory.
    for report in [
        "(i32.store (i32.const 344) (i32.const -8)) (i32.store (i32.const 348) (i32.const 1)) (i32.const 256)",
        "(i32.store (i32.const 344) (i32.const 257)) (i32.store (i32.const 348) (i32.const 1)) (i32.const 256)",
        "(i32.store (i32.const 344) (i32.const 0)) (i32.store (i32.const 348) (i32.const -1)) (i32.const 256)",
        "(i32.const 260)",
        "(i32.const -96)",
    ] {
        let plugin = Source { report, ..good() }.load();
        let mut session = plugin.open(&Options::default(), &Limits::default()).unwrap();
        let error = session.report().unwrap_err();
        assert!(matches!(error, Error::Contract { call: "report", .. }), "{report}: {error:?}");
        assert!(matches!(session.report(), Err(Error::Closed(_))));
    }
}

#[test]
fn a_handle_that_was_never_made_breaks_the_contract() {
    for open in
        ["(call $ok_handle (i32.const 0))", "(call $ok_handle (i32.const 99))", "(call $ok_handle (i32.const -1))"]
    {
        let error = Source { open, ..good() }.load().open(&Options::default(), &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::Contract { call: "open", .. }), "{open}: {error:?}");
    }
}

#[test]
fn handles_without_end_end_the_session() {
    let source = Source { process: "(loop $more (drop (call $new (i32.const 1))) (br $more)) unreachable", ..good() };
    fail(&source);
}

#[test]
fn a_trap_while_loading_or_in_inspect_is_a_trap() {
    let start = Source { more: "(func $begin unreachable) (start $begin)", ..good() }.load();
    let error = start.open(&Options::default(), &Limits::default()).unwrap_err();
    assert!(matches!(&error, Error::Trap(trap) if trap.function.as_deref() == Some("begin")), "{error:?}");
    let plugin = Source { inspect: "unreachable", version: "unreachable", ..good() }.load();
    assert!(matches!(plugin.inspect(&stream(1), &Options::default(), &Limits::default()), Err(Error::Trap(_))));
    assert!(matches!(plugin.version(), Err(Error::Trap(_))));
}

#[test]
fn a_hundred_neighbours_do_not_notice() {
    let (kind, hostile): (Plugin, Plugin) = (good().load(), Source { process: "unreachable", ..good() }.load());
    let input = stream(20);
    let mut neighbours: Vec<_> =
        (0..100).map(|_| (kind.open(&Options::default(), &Limits::default()).unwrap(), Vec::new())).collect();
    for part in input.chunks(188) {
        for (session, out) in &mut neighbours {
            session.process(part, out).unwrap();
        }
        let mut victim = hostile.open(&Options::default(), &Limits::default()).unwrap();
        assert!(matches!(victim.process(part, &mut Vec::new()), Err(Error::Trap(_))));
    }
    assert!(neighbours.iter().all(|(_, out)| *out == input));
}
