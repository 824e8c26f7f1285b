//! What C sees, called as C does it. The plugin of the process is the good one of the host's tests: input passes through.
#![allow(unsafe_code, clippy::unwrap_used)]

mod handles;
mod header;
mod real;
mod stream;

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::abi::*;
use crate::plugins::Source;

/// The process has one plugin and one set of limits: tests that set them come one after the other.
fn with_plugin(component: &[u8]) -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let name = format!("xg2g-c-{}-{:016x}.wasm", std::process::id(), component.as_ptr().addr());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, component).unwrap();
    let loaded = load(path.to_str().unwrap());
    std::fs::remove_file(&path).unwrap();
    assert_eq!(loaded, 0, "{:?}", last_error());
    assert_eq!(xg2g_limits_set(0, 0), 0);
    turn
}

fn with(source: &Source) -> MutexGuard<'static, ()> {
    with_plugin(&source.component())
}

fn load(path: &str) -> i32 {
    let path = CString::new(path).unwrap();
    // SAFETY: a string that ends with NUL.
    unsafe { xg2g_plugin_load(path.as_ptr()) }
}

/// A handle that a test may send to its threads, and that is freed at its end.
#[derive(Debug)]
struct Handle(usize);

impl Handle {
    fn open() -> Self {
        let handle = xg2g_audio_remux_init(0, 0, 0);
        assert!(!handle.is_null(), "{:?}", last_error());
        Self(handle.addr())
    }

    fn raw(&self) -> *mut c_void {
        ptr::without_provenance_mut(self.0)
    }

    fn process(&self, input: &[u8], output: &mut [u8]) -> i32 {
        // SAFETY: two slices and their own lengths.
        unsafe { xg2g_audio_remux_process(self.raw(), input.as_ptr(), input.len(), output.as_mut_ptr(), output.len()) }
    }

    fn flush(&self, output: &mut [u8]) -> i32 {
        // SAFETY: a slice and its own length.
        unsafe { xg2g_audio_remux_flush(self.raw(), output.as_mut_ptr(), output.len()) }
    }

    fn pending(&self) -> i64 {
        xg2g_audio_remux_pending(self.raw())
    }

    fn report(&self) -> Option<String> {
        string(xg2g_audio_remux_report_json(self.raw()))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        xg2g_audio_remux_free(self.raw());
    }
}

/// Copies a string and gives it back.
fn string(given: *mut c_char) -> Option<String> {
    if given.is_null() {
        return None;
    }
    // SAFETY: the library's own string, not yet given back.
    let text = unsafe { CStr::from_ptr(given) }.to_str().unwrap().to_owned();
    xg2g_free_string(given);
    Some(text)
}

fn last_error() -> Option<String> {
    string(xg2g_last_error())
}

fn assert_error(begins: &str, holds: &str) {
    let error = last_error().unwrap_or_default();
    assert!(error.starts_with(begins) && error.contains(holds), "{error:?} for {begins:?} and {holds:?}");
}
