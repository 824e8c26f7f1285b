//! Where streams are.

use std::path::{Path, PathBuf};

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The demo stream, which is committed.
#[must_use]
pub fn demo() -> PathBuf {
    root().join("tests/demo/demo.ts")
}

/// The folder of real streams: `XG2G_STREAMS`, or `../shared/streams` beside the repository.
///
/// `None`, said loudly, where there is none.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("XG2G_STREAMS").map_or_else(|| root().join("../shared/streams"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no folder of real streams at {}; set XG2G_STREAMS to one", folder.display());
    None
}

/// The transport streams of the folder, by their names.
#[must_use]
pub fn all() -> Vec<PathBuf> {
    let Some(folder) = folder() else { return Vec::new() };
    let mut found: Vec<_> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| ["ts", "mts", "m2ts"].iter().any(|known| e == *known)))
        .collect();
    found.sort();
    found
}
