//! Strings that belong to the caller until they come back.
//!
//! They are kept in a table by their address, so that a pointer which did not come from here, or comes back twice, is an error
//! and no corrupted heap.

use std::collections::HashMap;
use std::ffi::{CString, c_char};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::failure::Failure;

static GIVEN: LazyLock<Mutex<HashMap<usize, CString>>> = LazyLock::new(Mutex::default);

fn given() -> MutexGuard<'static, HashMap<usize, CString>> {
    GIVEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hands `text` out; a NUL in it, which would end it in C, is shown as `\0`.
pub(crate) fn give(text: &str) -> *const c_char {
    let string = CString::new(text).or_else(|_| CString::new(text.replace('\0', "\\0"))).unwrap_or_default();
    // A string's bytes stay where they are while its owner moves into the table.
    let pointer = string.as_ptr();
    given().insert(pointer.addr(), string);
    pointer
}

/// Takes a string back.
pub(crate) fn take_back(address: usize) -> Result<(), Failure> {
    let unknown = || Failure::argument(format!("{address:#x} is no string of this library, or was freed already"));
    given().remove(&address).map(drop).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_does_not_cut_a_text_short() {
        let address = give("a\0b").addr();
        assert_eq!(given().get(&address).unwrap().as_bytes(), b"a\\0b");
        take_back(address).unwrap();
        assert!(take_back(address).is_err());
    }
}
