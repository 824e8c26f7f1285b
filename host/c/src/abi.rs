//! The functions that C calls. Their comments are the header's.
//!
//! What is a pointer's target is looked at here and nowhere else, and only where the caller's side of the contract makes it
//! valid; handles and strings are numbers to the rest of the crate.
#![allow(unsafe_code)]

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::path::Path;
use std::ptr;
use std::sync::{MutexGuard, PoisonError};

use crate::boundary::{clean_up, enter};
use crate::failure::{self, Failure};
use crate::remuxer::{self, Remuxer};
use crate::{handles, plugin, strings};

/// A call failed; `xg2g_last_error` says why.
pub const XG2G_FAILED: c_int = -1;

/// The buffer is too small. The input was taken in and nothing is lost: what is ready waits, and `xg2g_audio_remux_pending`
/// says how much it is. Call `xg2g_audio_remux_process` again with `input_len` 0, never with the same input, and a buffer of
/// that size.
pub const XG2G_BUFFER_TOO_SMALL: c_int = -2;

/// Opens a remuxer for one stream.
///
/// The process's plugin is loaded if it was not: see `xg2g_plugin_load`.
///
/// - `sample_rate`: in Hz, one that AAC has, or 0. Sound keeps the rate that it was broadcast with, so it changes nothing.
/// - `channels`: of the AAC, 1 or 2; 0 means 2. More channels of the source are mixed down.
/// - `bitrate`: of the AAC, in bits per second, 16000 to 576000; 0 means 192000, or 96000 for one channel.
///
/// Returns the handle, or NULL when it failed. The handle is a number and no address: it must not be followed. It is never
/// given again after it was freed.
#[unsafe(no_mangle)]
pub extern "C" fn xg2g_audio_remux_init(sample_rate: c_int, channels: c_int, bitrate: c_int) -> *mut c_void {
    enter(
        |_| ptr::null_mut(),
        || {
            let options = remuxer::options(sample_rate, channels, bitrate)?;
            let (plugin, limits) = plugin::shared()?;
            let handle = handles::insert(Remuxer::open(&plugin, &options, &limits)?);
            Ok(ptr::without_provenance_mut(handle))
        },
    )
}

/// Takes the next bytes of the stream, as one read gave them, and writes the packets that are ready.
///
/// All of the input is taken in. Then up to `output_capacity` bytes of what is ready are written to `output`, and the rest
/// waits for the next call. What is ready after a call can be more than its input: the start of a stream is held back for up to
/// half a second and then comes at once. So:
///
/// - A buffer of 4 times `input_len` is always enough: the call never returns `XG2G_BUFFER_TOO_SMALL`. What does not fit is
///   handed out by the following calls.
/// - With a smaller one the call returns `XG2G_BUFFER_TOO_SMALL`, and writes nothing, when not everything that is ready fits.
/// - With `input_len` 0 nothing is taken in, and what waits is written as far as it fits. `XG2G_BUFFER_TOO_SMALL` then means that
///   `output_capacity` is 0 and something waits.
///
/// Where not everything fits, whole packets of 188 bytes are written, or single bytes where the buffer takes no packet. More
/// than INT_MAX bytes are never written at once.
///
/// `input` may be NULL when `input_len` is 0, and `output` when `output_capacity` is 0. They may overlap.
///
/// Returns the number of bytes written, which may be 0; `XG2G_BUFFER_TOO_SMALL`; or `XG2G_FAILED`, with `output` untouched. Damage in
/// the stream is no failure. What was ready before a failure still waits, and calls with `input_len` 0 write it. While 64 MiB wait
/// no input is taken and the call fails.
///
/// Several threads may call with one handle: the calls run one after the other. The thread needs 1 MiB of stack.
///
/// # Safety
/// `input` is readable for `input_len` bytes and `output` writable for `output_capacity`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xg2g_audio_remux_process(
    handle: *mut c_void,
    input: *const u8,
    input_len: usize,
    output: *mut u8,
    output_capacity: usize,
) -> c_int {
    enter(code, || {
        let shared = handles::get(handle.addr())?;
        check_buffer("input", input, input_len)?;
        check_buffer("output", output, output_capacity)?;
        let mut remuxer = lock(&shared);
        if input_len == 0 {
            remuxer.take_in(&[])?;
        } else {
            // SAFETY: not null and of a possible size, as `check_buffer` saw; readable, as the caller promises. The slice is gone
            // before `output`, which may overlap it, is written.
            remuxer.take_in(unsafe { std::slice::from_raw_parts(input, input_len) })?;
        }
        // SAFETY: `check_buffer` saw `output`, and the caller promises that it is writable.
        unsafe { hand_out(&mut remuxer, input_len, output, output_capacity) }
    })
}

/// Says that the stream ends and writes the packets that were waiting, as `xg2g_audio_remux_process` with `input_len` 0 does: as many
/// as fit. Call it again until it returns 0. Input is refused from then on.
///
/// Returns the number of bytes written; `XG2G_BUFFER_TOO_SMALL` when `output_capacity` is 0 and something waits; or `XG2G_FAILED`,
/// for instance when there was input and not one packet in it.
///
/// # Safety
/// `output` is writable for `output_capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xg2g_audio_remux_flush(handle: *mut c_void, output: *mut u8, output_capacity: usize) -> c_int {
    enter(code, || {
        let shared = handles::get(handle.addr())?;
        check_buffer("output", output, output_capacity)?;
        let mut remuxer = lock(&shared);
        remuxer.finish()?;
        // SAFETY: `check_buffer` saw `output`, and the caller promises that it is writable.
        unsafe { hand_out(&mut remuxer, 0, output, output_capacity) }
    })
}

/// Returns how many bytes wait for a call with room for them, or `XG2G_FAILED`.
#[unsafe(no_mangle)]
pub extern "C" fn xg2g_audio_remux_pending(handle: *mut c_void) -> i64 {
    enter(
        |_| i64::from(XG2G_FAILED),
        || {
            let waiting = lock(&handles::get(handle.addr())?).waiting();
            Ok(i64::try_from(waiting).unwrap_or(i64::MAX))
        },
    )
}

/// Returns what happened in the stream so far as a JSON object, the contract's `report`, or NULL when it failed. The string belongs
/// to the caller, who gives it back with `xg2g_free_string`.
#[unsafe(no_mangle)]
pub extern "C" fn xg2g_audio_remux_report_json(handle: *mut c_void) -> *mut c_char {
    enter(
        |_| ptr::null_mut(),
        || {
            let report = lock(&handles::get(handle.addr())?).report()?;
            let json = serde_json::to_string(&report).map_err(|error| Failure::Panic(error.to_string()))?;
            Ok(strings::give(&json).cast_mut())
        },
    )
}

/// Frees a remuxer and all of its memory. What waited is dropped.
///
/// A call that runs on the handle in another thread goes on to its end first; this one does not wait for it. NULL is nothing to
/// free. A handle that is none is left alone and is the thread's last error; success does not clear that.
#[unsafe(no_mangle)]
pub extern "C" fn xg2g_audio_remux_free(handle: *mut c_void) {
    clean_up(|| if handle.is_null() { Ok(()) } else { handles::remove(handle.addr()).map(drop) });
}

/// Loads the plugin for the handles to come; those that exist keep theirs.
///
/// `path` is a file name that ends with NUL. With NULL it is looked for as `xg2g_audio_remux_init` does when none was loaded:
/// `$XG2G_PLUGIN`, else `transcoder.wasm` beside the executable, in `../lib/xg2g-transcoder/` from there, and in `./dist/`. It is
/// compiled once; compiled code is kept in `$XDG_CACHE_HOME/xg2g-transcoder` or `~/.cache/xg2g-transcoder`.
///
/// Returns 0, or `XG2G_FAILED` and keeps the plugin before.
///
/// # Safety
/// `path` is NULL or a string that ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xg2g_plugin_load(path: *const c_char) -> c_int {
    enter(code, || {
        // SAFETY: not null here, and a string as the caller promises.
        let path = (!path.is_null()).then(|| unsafe { CStr::from_ptr(path) });
        plugin::load(path.map(file_name).transpose()?)?;
        Ok(0)
    })
}

/// Sets the limits of the handles to come. One that exceeds a limit fails, and so does every further call on it; the others go on.
///
/// - `memory`: bytes of memory a handle's sandbox may use. Default 16 MiB.
/// - `call_time_ms`: milliseconds that 64 KiB of input may take. Default 2000; resolution 10, rounded up.
///
/// 0 means the default. Returns 0, or `XG2G_FAILED`.
#[unsafe(no_mangle)]
pub extern "C" fn xg2g_limits_set(memory: u64, call_time_ms: u32) -> c_int {
    enter(code, || plugin::set_limits(memory, call_time_ms).map(|()| 0))
}

/// Returns the version of this library, `MAJOR.MINOR.PATCH`. It is static: never free it.
#[unsafe(no_mangle)]
pub extern "C" fn xg2g_transcoder_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// Returns why the last call of this thread failed, the whole message; NULL when it succeeded. The string belongs to the caller,
/// who gives it back with `xg2g_free_string`, on any thread. Asking does not clear it.
///
/// It begins with a kind and a colon: `invalid-argument`, `invalid-handle`, `buffer-too-small`, `internal`, or one of the
/// plugin's: `malformed`, `unsupported`, `limit`, `closed`, `invalid-option`, `trap`; a plugin that could not be loaded is said
/// in a sentence.
///
/// Each thread has its own. Every function sets it when it fails and clears it when it succeeds, except `xg2g_audio_remux_free`,
/// `xg2g_free_string`, `xg2g_transcoder_version` and this one, which do not clear it.
#[unsafe(no_mangle)]
pub extern "C" fn xg2g_last_error() -> *mut c_char {
    let mut string = ptr::null_mut();
    clean_up(|| {
        if let Some(text) = failure::last() {
            string = strings::give(&text).cast_mut();
        }
        Ok(())
    });
    string
}

/// Frees a string of `xg2g_last_error` or `xg2g_audio_remux_report_json`. NULL is nothing to free; any other pointer is left alone
/// and is the thread's last error.
#[unsafe(no_mangle)]
pub extern "C" fn xg2g_free_string(string: *mut c_char) {
    clean_up(|| if string.is_null() { Ok(()) } else { strings::take_back(string.addr()) });
}

fn code(failure: &Failure) -> c_int {
    match failure {
        Failure::TooSmall { .. } => XG2G_BUFFER_TOO_SMALL,
        _ => XG2G_FAILED,
    }
}

/// A remuxer whose call panicked is still whole, but has lost its session.
fn lock(shared: &handles::Shared) -> MutexGuard<'_, Remuxer> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn check_buffer(name: &str, pointer: *const u8, len: usize) -> Result<(), Failure> {
    if pointer.is_null() && len > 0 {
        return Err(Failure::argument(format!("{name} is NULL where {len} bytes were named")));
    }
    // What is larger is no object (a negative number that became a size), and no slice may be so.
    if isize::try_from(len).is_err() || pointer.addr().checked_add(len).is_none() {
        return Err(Failure::argument(format!("{name} of {len} bytes is larger than anything in memory")));
    }
    Ok(())
}

/// Writes what fits of what is ready.
///
/// # Safety
/// `output` is writable for `capacity` bytes, or `capacity` is 0.
unsafe fn hand_out(
    remuxer: &mut Remuxer,
    input_len: usize,
    output: *mut u8,
    capacity: usize,
) -> Result<c_int, Failure> {
    let count = remuxer.fitting(input_len, capacity)?;
    let written = c_int::try_from(count).map_err(|error| Failure::Panic(error.to_string()))?;
    if count > 0 {
        let ready = remuxer.first(count);
        // SAFETY: `fitting` gives at most `capacity`, for which the caller promises that `output` is writable; `ready` is
        // the library's own memory, which no buffer of the caller overlaps.
        unsafe { ptr::copy_nonoverlapping(ready.as_ptr(), output, ready.len()) };
        remuxer.hand_out(count);
    }
    Ok(written)
}

#[cfg(unix)]
fn file_name(path: &CStr) -> Result<&Path, Failure> {
    use std::os::unix::ffi::OsStrExt;
    Ok(Path::new(OsStr::from_bytes(path.to_bytes())))
}

#[cfg(not(unix))]
fn file_name(path: &CStr) -> Result<&Path, Failure> {
    let text = path.to_str().map_err(|_| Failure::argument("path is not UTF-8"))?;
    Ok(Path::new(OsStr::new(text)))
}
