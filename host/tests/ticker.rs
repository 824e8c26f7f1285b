//! The thread behind the deadlines: one for each plugin, gone with the last that uses it. Alone in its process, because it
//! counts threads.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod plugins;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use plugins::good;
use xg2g_transcoder::{Limits, Options};

/// The folders of the ticker threads under `/proc`.
fn tickers() -> Vec<PathBuf> {
    let is_ticker =
        |task: &PathBuf| std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "xg2g-ticker");
    std::fs::read_dir("/proc/self/task").unwrap().flatten().map(|task| task.path()).filter(is_ticker).collect()
}

/// How often the only ticker woke up in 300 ms.
fn wakes() -> u64 {
    let switches = || -> u64 {
        let status = std::fs::read_to_string(tickers()[0].join("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.unwrap().trim().parse().unwrap()
    };
    let before = switches();
    std::thread::sleep(Duration::from_millis(300));
    switches() - before
}

/// A thread takes its name, and leaves the list, a moment after it starts and ends.
fn tickers_become(expected: usize) -> bool {
    let deadline = Instant::now() + Duration::from_secs(5);
    while tickers().len() != expected && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    tickers().len() == expected
}

#[test]
fn the_ticker_sleeps_without_a_session_and_ends_with_the_last_plugin_or_session() {
    assert!(tickers().is_empty());
    let plugin = good().load();
    let clone = plugin.clone();
    assert!(tickers_become(1), "one for the plugin and all its clones");
    assert!(wakes() < 5, "it sleeps while there is no session");
    let session = plugin.open(&Options::default(), &Limits::default()).unwrap();
    assert!(wakes() > 6, "it ticks while there is one");
    drop(plugin.open(&Options::default(), &Limits { memory: 1, ..Limits::default() }).unwrap_err());
    drop(session);
    assert!(wakes() < 5, "and sleeps again, also after a session that did not open");
    let session = plugin.open(&Options::default(), &Limits::default()).unwrap();
    drop((plugin, clone));
    assert!(tickers_become(1), "the session still needs it");
    drop(session);
    assert!(tickers_become(0), "it is left behind");
}
