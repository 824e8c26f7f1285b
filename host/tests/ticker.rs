//! The thread behind the deadlines: one for each plugin, gone with the last that uses it. Alone in its process, because it
//! counts threads.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod plugins;

use std::time::{Duration, Instant};

use plugins::good;
use xg2g_transcoder::{Limits, Options};

fn tickers() -> usize {
    let names = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = names.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.trim() == "xg2g-ticker").count()
}

/// A thread takes its name, and leaves the list, a moment after it starts and ends.
fn tickers_become(expected: usize) -> bool {
    let deadline = Instant::now() + Duration::from_secs(5);
    while tickers() != expected && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    tickers() == expected
}

#[test]
fn the_ticker_ends_with_the_last_plugin_or_session() {
    assert_eq!(tickers(), 0);
    let plugin = good().load();
    let clone = plugin.clone();
    let session = plugin.open(&Options::default(), &Limits::default()).unwrap();
    assert!(tickers_become(1), "one for the plugin and all its clones");
    drop((plugin, clone));
    assert_eq!(tickers(), 1, "the session still needs it");
    drop(session);
    assert!(tickers_become(0), "it is left behind");
}
