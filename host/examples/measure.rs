//! Prints what loading the plugin, opening a session and calling it cost.
//!
//! `cargo run --release -p xg2g-transcoder --example measure`, with the plugin where the program would find it.

use std::error::Error;
use std::time::{Duration, Instant};

use xg2g_transcoder::{CompileCache, Limits, Options, PIECE, Plugin, PluginConfig, find_plugin};

/// Sessions that are opened, and calls that are made, for one figure.
const TIMES: u32 = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let bytes = std::fs::read(find_plugin(None)?)?;
    let (options, limits) = (Options::default(), Limits::default());
    let directory = tempfile::tempdir()?;
    let load = |cache| {
        let start = Instant::now();
        let plugin = Plugin::with_config(&bytes, &PluginConfig { cache, ..PluginConfig::default() });
        plugin.map(|plugin| (plugin, start.elapsed()))
    };
    let cached = || CompileCache::Directory(directory.path().to_owned());

    println!("plugin                     {} bytes", bytes.len());
    println!("load, compiling            {}", show(load(CompileCache::Off)?.1));
    println!("load, filling the cache    {}", show(load(cached())?.1));
    let (plugin, took) = load(cached())?;
    println!("load, from the cache       {}{}", show(took), if plugin.is_from_cache() { "" } else { " (MISSED)" });

    let start = Instant::now();
    drop(plugin.open(&options, &limits)?);
    println!("open, the first session    {}", show(start.elapsed()));
    println!("open and drop a session    {}", show(mean(|| plugin.open(&options, &limits).map(drop))?));

    let mut session = plugin.open(&options, &limits)?;
    let mut out = Vec::with_capacity(2 * PIECE);
    println!("process of no bytes        {}", show(mean(|| session.process(&[], &mut out))?));
    // Null packets: they pass through, and nothing is decoded.
    let null: Vec<u8> = [&[0x47, 0x1f, 0xff, 0x10][..], &[0xff; 184]].concat();
    let piece = null.repeat(PIECE / null.len());
    let pass = mean(|| {
        out.clear();
        session.process(&piece, &mut out)
    })?;
    let report = session.report()?;
    if report.packets_out < report.packets_in / 2 {
        return Err(format!("only {} of {} packets came out", report.packets_out, report.packets_in).into());
    }
    let rate = piece.len() as f64 / pass.as_secs_f64() / f64::from(1 << 20);
    println!("process of {} null packets {} ({rate:.0} MiB/s)", piece.len() / null.len(), show(pass));
    println!("memory of that session     {} bytes", session.memory_peak());
    Ok(())
}

fn mean<E>(mut work: impl FnMut() -> Result<(), E>) -> Result<Duration, E> {
    let start = Instant::now();
    for _ in 0..TIMES {
        work()?;
    }
    Ok(start.elapsed() / TIMES)
}

fn show(time: Duration) -> String {
    format!("{:10.1} µs", time.as_secs_f64() * 1e6)
}
