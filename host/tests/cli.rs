//! The program as its user meets it, on the good plugin of the tests and on hostile ones.
#![allow(clippy::unwrap_used)]

mod plugins;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use plugins::{Source, good, stream};
use tempfile::TempDir;

/// A folder with a plugin in it, which is also where the program runs.
struct Room(TempDir);

impl Room {
    fn new(source: &Source) -> Self {
        let room = Self(tempfile::tempdir().unwrap());
        std::fs::write(room.path("plugin.wasm"), source.component()).unwrap();
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The program with this room's plugin, and its cache in this room.
    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xg2g-transcoder"));
        command.args(arguments).current_dir(self.0.path());
        command.env("XG2G_PLUGIN", self.path("plugin.wasm")).env("XDG_CACHE_HOME", self.path("cache"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run(self.program(arguments).stdin(Stdio::null()).output().unwrap())
    }

    fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Run {
        let mut child = self
            .program(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // A program that stopped reading is not this thread's affair.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Run(output)
    }
}

struct Run(Output);

impl Run {
    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(code), "stderr: {}", self.stderr());
        assert_eq!(code == 0 || code == 141, !self.stderr().contains("error: "), "stderr: {}", self.stderr());
        self
    }

    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    #[track_caller]
    fn says(self, text: &str) -> Self {
        assert!(self.stderr().contains(text), "no {text:?} in {}", self.stderr());
        self
    }
}

#[test]
fn help_documents_every_command_and_the_exit_codes() {
    let room = Room::new(&good());
    let help = room.run(&["--help"]).exits(0).stdout();
    for word in ["transcode", "inspect", "version", "Exit codes", "141", "XG2G_PLUGIN", "XDG_CACHE_HOME"] {
        assert!(help.contains(word), "no {word:?} in {help}");
    }
    let help = room.run(&["transcode", "--help"]).exits(0).stdout();
    for option in [
        "--output",
        "--report",
        "--bitrate",
        "--channels",
        "--dual-mono",
        "--dynamic-range",
        "--pid",
        "--language",
        "--plugin",
        "--no-cache",
        "--memory-limit",
        "--time-limit",
        "Exit codes",
    ] {
        assert!(help.contains(option), "no {option:?} in {help}");
    }
}

#[test]
fn wrong_usage_is_2() {
    let room = Room::new(&good());
    room.put("in.ts", &stream(1));
    for arguments in [
        &[][..],
        &["transcode"],
        &["transcode", "in.ts"],
        &["frobnicate"],
        &["inspect", "in.ts", "--pid", "x"],
        &["inspect", "in.ts", "--channels", "7"],
        &["inspect", "in.ts", "--memory-limit", "lots"],
        &["inspect", "in.ts", "--time-limit", "0"],
        &["transcode", "in.ts", "-o", "out.ts", "--report", "xml"],
    ] {
        assert_eq!(room.run(arguments).0.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_file_becomes_a_file() {
    let room = Room::new(&good());
    room.put("in.ts", &stream(2000));
    let run = room.run(&["transcode", "in.ts", "-o", "out.ts"]).exits(0);
    assert_eq!((run.stdout(), run.stderr()), (String::new(), String::new()), "quiet where nobody watches");
    assert_eq!(std::fs::read(room.path("out.ts")).unwrap(), stream(2000));
    assert_eq!(room.names(), ["cache", "in.ts", "out.ts", "plugin.wasm"]);
    assert!(room.path("cache/xg2g-transcoder").is_dir(), "compiled code is kept where --help says");
}

#[test]
fn a_file_may_become_itself_and_a_link_stays_a_link() {
    let room = Room::new(&good());
    room.put("in.ts", &stream(20));
    std::os::unix::fs::symlink("in.ts", room.path("link.ts")).unwrap();
    room.run(&["transcode", "in.ts", "-o", "link.ts", "--no-cache"]).exits(0);
    assert_eq!(std::fs::read(room.path("in.ts")).unwrap(), stream(20));
    assert!(room.path("link.ts").is_symlink());
    assert_eq!(room.names(), ["in.ts", "link.ts", "plugin.wasm"], "and --no-cache keeps nothing");
}

#[test]
fn pipes_take_and_give() {
    let room = Room::new(&good());
    let run = room.run_with_input(&["transcode", "-", "-o", "-"], &stream(5000)).exits(0);
    assert_eq!(run.0.stdout, stream(5000));
    room.run(&["transcode", "/dev/null", "-o", "/dev/null"]).exits(0);
}

#[test]
fn packets_come_out_while_more_go_in() {
    use std::io::Read;
    let room = Room::new(&good());
    let mut child =
        room.program(&["transcode", "-", "-o", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    for _ in 0..3 {
        stdin.write_all(&stream(7)).unwrap();
        let mut packets = vec![0; 7 * 188];
        stdout.read_exact(&mut packets).unwrap();
        assert_eq!(packets, stream(7));
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_is_no_error_to_print() {
    let room = Room::new(&good());
    room.put("in.ts", &stream(20_000));
    let mut child =
        room.program(&["transcode", "in.ts", "-o", "-"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    Run(child.wait_with_output().unwrap()).exits(141);
}

#[test]
fn an_empty_input_gives_an_empty_output() {
    let room = Room::new(&good());
    room.put("in.ts", b"");
    room.run(&["transcode", "in.ts", "-o", "out.ts"]).exits(0);
    assert_eq!(std::fs::read(room.path("out.ts")).unwrap(), b"");
}

#[test]
fn what_is_no_stream_is_1_and_leaves_no_file() {
    let room = Room::new(&good());
    for input in [&b"To be, or not to be\n"[..], b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"] {
        room.put("in.ts", input);
        room.run(&["transcode", "in.ts", "-o", "out.ts"]).exits(1).says("malformed: ");
        room.run(&["inspect", "in.ts"]).exits(1).says("malformed: ");
        assert_eq!(room.names(), ["cache", "in.ts", "plugin.wasm"]);
    }
}

#[test]
fn a_failure_keeps_the_file_that_was_there() {
    let room = Room::new(&Source { process: "unreachable", ..good() });
    room.put("in.ts", &stream(10));
    room.put("out.ts", b"precious");
    room.run(&["transcode", "in.ts", "-o", "out.ts"]).exits(1).says("trap: ");
    assert_eq!(std::fs::read(room.path("out.ts")).unwrap(), b"precious");
    assert_eq!(room.names(), ["cache", "in.ts", "out.ts", "plugin.wasm"]);
}

#[test]
fn a_file_that_is_not_there_is_4() {
    let room = Room::new(&good());
    room.put("in.ts", &stream(10));
    room.run(&["transcode", "missing.ts", "-o", "out.ts"]).exits(4).says("missing.ts");
    room.run(&["inspect", "missing.ts"]).exits(4).says("missing.ts");
    room.run(&["inspect", "."]).exits(4);
    room.run(&["transcode", "in.ts", "-o", "no/such/folder/out.ts"]).exits(4).says("no/such/folder/out.ts");
    room.run(&["transcode", "in.ts", "-o", "/dev/full"]).exits(4).says("/dev/full");
    assert_eq!(room.names(), ["cache", "in.ts", "plugin.wasm"]);
}

#[test]
fn limits_are_3() {
    let room = Room::new(&good());
    room.put("in.ts", &stream(10));
    room.run(&["transcode", "in.ts", "-o", "out.ts", "--memory-limit", "64K"]).exits(3).says("memory");
    let room = Room::new(&Source { process: "(loop $ever (br $ever)) unreachable", ..good() });
    room.put("in.ts", &stream(10));
    room.run(&["transcode", "in.ts", "-o", "out.ts", "--time-limit", "100ms"]).exits(3).says("100 ms");
    assert_eq!(room.names(), ["cache", "in.ts", "plugin.wasm"]);
}

#[test]
fn an_option_out_of_range_is_2() {
    let room = Room::new(&good());
    room.put("in.ts", &stream(10));
    room.run(&["transcode", "in.ts", "-o", "out.ts", "--bitrate", "15999"]).exits(2).says("invalid-option: bitrate");
    assert_eq!(room.names(), ["cache", "in.ts", "plugin.wasm"]);
}

#[test]
fn a_missing_plugin_says_where_it_was_looked_for() {
    let room = Room::new(&good());
    room.put("in.ts", &stream(10));
    std::fs::remove_file(room.path("plugin.wasm")).unwrap();
    room.run(&["inspect", "in.ts"]).exits(1).says("plugin.wasm").says("make build");
    room.run(&["inspect", "in.ts", "--plugin", "nowhere.wasm"]).exits(1).says("nowhere.wasm");
    let run = Run(room.program(&["inspect", "in.ts"]).env_remove("XG2G_PLUGIN").output().unwrap());
    run.exits(1).says("../lib/xg2g-transcoder/transcoder.wasm").says("dist/transcoder.wasm");
}

#[test]
fn the_plugin_is_found_in_dist() {
    let room = Room::new(&good());
    std::fs::create_dir(room.path("dist")).unwrap();
    std::fs::rename(room.path("plugin.wasm"), room.path("dist/transcoder.wasm")).unwrap();
    let run = Run(room.program(&["version"]).env_remove("XG2G_PLUGIN").output().unwrap()).exits(0);
    assert!(run.stdout().contains("1.2.3 (dist/transcoder.wasm, compiled, "), "{}", run.stdout());
    let run = Run(room.program(&["version"]).env_remove("XG2G_PLUGIN").output().unwrap()).exits(0);
    assert!(run.stdout().contains("from the cache"), "{}", run.stdout());
}

#[test]
fn a_plugin_that_is_none_is_refused() {
    let room = Room::new(&good());
    room.put("plugin.wasm", b"hello");
    room.run(&["version"]).exits(1).says("not WebAssembly");
}

#[test]
fn reports_are_printed_in_both_forms() {
    let room = Room::new(&good());
    room.put("in.ts", &stream(10));
    let run = room.run(&["transcode", "in.ts", "-o", "-", "--report", "json"]).exits(0);
    assert_eq!(run.0.stdout, stream(10), "the report does not mix with the packets");
    let report: serde_json::Value = serde_json::from_str(&run.stderr()).unwrap();
    assert_eq!((report["bytes_in"].as_u64(), report["packets_out"].as_u64()), (Some(1880), Some(10)));
    assert!(report["tracks"].as_array().unwrap().is_empty());
    room.run(&["transcode", "in.ts", "-o", "out.ts", "--report", "text"]).exits(0).says("1880 in, 1880 out");
}

#[test]
fn inspect_prints_a_table_and_json() {
    let room = Room::new(&good());
    room.put("in.ts", &stream(10));
    assert_eq!(room.run(&["inspect", "in.ts"]).exits(0).stdout(), "10 packets of 188 bytes\n");
    let found = room.run(&["inspect", "in.ts", "--json"]).exits(0).stdout();
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found, serde_json::json!({"packet_size": 188, "packets": 10, "programs": []}));
    let found = room.run_with_input(&["inspect", "-", "--json"], &stream(40_000)).exits(0).stdout();
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["packets"], (4 << 20) / 188, "of a long input it reads the start");
}

#[test]
fn a_new_file_has_the_mode_that_any_new_file_has() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let room = Room::new(&good());
    let like = mode(&room.put("in.ts", &stream(10)));
    room.run(&["transcode", "in.ts", "-o", "out.ts"]).exits(0);
    assert_eq!(mode(&room.path("out.ts")), like);
    std::fs::set_permissions(room.path("out.ts"), std::fs::Permissions::from_mode(0o600)).unwrap();
    room.run(&["transcode", "in.ts", "-o", "out.ts"]).exits(0);
    assert_eq!(mode(&room.path("out.ts")), 0o600, "and a replaced one keeps its own");
}
