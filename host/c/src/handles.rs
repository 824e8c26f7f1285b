//! Handles: numbers that are looked up and never followed, so that one which was freed, or made up, is an error and no crash.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use crate::failure::Failure;
use crate::remuxer::Remuxer;

/// Where handles begin. No address of a process has this bit, so that no pointer to something is a handle by chance; and
/// managed languages that look at pointers on their stack (Go) take it for none of theirs.
const FIRST: usize = 1 << (usize::BITS - 2);

/// Handles are as far apart as what `malloc` gives is aligned.
const STEP: usize = 16;

/// A remuxer that several threads may hold; one call at a time runs on it.
pub(crate) type Shared = Arc<Mutex<Remuxer>>;

struct Table {
    next: usize,
    live: HashMap<usize, Shared>,
}

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(|| Mutex::new(Table { next: FIRST, live: HashMap::new() }));

fn table() -> MutexGuard<'static, Table> {
    // Nothing that runs under it can panic between two changes.
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps `remuxer` and returns its handle, which no other has had before.
pub(crate) fn insert(remuxer: Remuxer) -> usize {
    let mut table = table();
    let handle = table.next;
    table.next += STEP;
    table.live.insert(handle, Arc::new(Mutex::new(remuxer)));
    handle
}

/// The remuxer of a handle.
pub(crate) fn get(handle: usize) -> Result<Shared, Failure> {
    check(handle)?;
    table().live.get(&handle).cloned().ok_or(Failure::Handle(handle))
}

/// Takes a handle out. A call that runs on it goes on to its end, and the last to let go gives the memory back.
pub(crate) fn remove(handle: usize) -> Result<Shared, Failure> {
    check(handle)?;
    table().live.remove(&handle).ok_or(Failure::Handle(handle))
}

fn check(handle: usize) -> Result<(), Failure> {
    if handle == 0 { Err(Failure::argument("handle is NULL; did xg2g_audio_remux_init fail?")) } else { Ok(()) }
}

#[cfg(test)]
pub(crate) fn live(handle: usize) -> bool {
    table().live.contains_key(&handle)
}
