//! `version`: loads and checks the plugin, and says what runs here.

use std::io::{Write, stdout};
use std::time::Instant;

use xg2g_transcoder::CONTRACT;

use super::args::Version;
use super::failure::Failure;

pub fn run(arguments: &Version) -> Result<(), Failure> {
    let start = Instant::now();
    let (plugin, path) = arguments.plugin.load()?;
    let took = start.elapsed().as_secs_f64() * 1e3;
    let how = if plugin.is_from_cache() { "from the cache" } else { "compiled" };
    let text = format!(
        "xg2g-transcoder {}\nplugin          {} ({}, {how}, loaded in {took:.1} ms)\ncontract        {CONTRACT}, no imports\n",
        env!("CARGO_PKG_VERSION"),
        plugin.version()?,
        path.display(),
    );
    stdout().lock().write_all(text.as_bytes()).map_err(|source| Failure::write("standard output", source))
}
