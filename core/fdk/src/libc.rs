//! The C library of `wasm32-unknown-unknown`, as far as FDK calls it: there is none on that target, and a component that
//! imports nothing cannot ask its host for one.
//!
//! `memcpy`, `memmove`, `memset` and the like come with Rust's own `compiler_builtins`.
#![allow(unsafe_code)]

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::{c_char, c_int, c_void};
use std::ptr;

/// What `max_align_t` needs on this target, and what the header in front of each block takes.
const ALIGN: usize = 16;

/// The layout of a block of `bytes` with its header, which holds `bytes` for `free` to find.
fn layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes.checked_add(ALIGN)?, ALIGN).ok()
}

/// `calloc` of ISO/IEC 9899 §7.24.3.2.
#[unsafe(no_mangle)]
extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    let Some(bytes) = count.checked_mul(size) else { return ptr::null_mut() };
    let Some(layout) = layout(bytes) else { return ptr::null_mut() };
    // SAFETY: the layout is never empty: it holds the header.
    let block = unsafe { alloc_zeroed(layout) };
    if block.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: the block begins with a header of `ALIGN` bytes, aligned for a `usize`, and what follows is still inside it.
    unsafe {
        block.cast::<usize>().write(bytes);
        block.add(ALIGN).cast()
    }
}

/// `free` of ISO/IEC 9899 §7.24.3.3.
///
/// # Safety
/// `pointer` is null or came from [`calloc`] and was not freed since.
#[unsafe(no_mangle)]
unsafe extern "C" fn free(pointer: *mut c_void) {
    if pointer.is_null() {
        return;
    }
    // SAFETY: the caller's promise makes `pointer` the end of a header that `calloc` wrote, in a block of that layout.
    unsafe {
        let block = pointer.cast::<u8>().sub(ALIGN);
        if let Some(layout) = layout(block.cast::<usize>().read()) {
            dealloc(block, layout);
        }
    }
}

/// `vsprintf` of ISO/IEC 9899 §7.23.6.13, which FDK calls for nothing but its library information: writes an empty string.
///
/// # Safety
/// `buffer` has room for one byte.
#[unsafe(no_mangle)]
unsafe extern "C" fn vsprintf(buffer: *mut c_char, _format: *const c_char, _arguments: *mut c_void) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { buffer.write(0) };
    0
}
