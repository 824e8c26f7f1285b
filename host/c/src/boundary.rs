//! What stands between C and Rust: no panic crosses, and every outcome leaves its mark in the thread's last error.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::failure::{Failure, set_last};

/// Runs `call`. A failure, or a panic, is kept as the thread's last error and becomes what `failed` makes of it; a success
/// forgets the last error.
///
/// What `call` had under a mutex when it panicked stays as it was: [`crate::remuxer::Remuxer`] is made so that this is no
/// half-done state, and so unwinding is safe.
pub(crate) fn enter<T>(failed: impl FnOnce(&Failure) -> T, call: impl FnOnce() -> Result<T, Failure>) -> T {
    let failure = match run(call) {
        Ok(value) => {
            set_last(None);
            return value;
        }
        Err(failure) => failure,
    };
    set_last(Some(failure.to_string()));
    failed(&failure)
}

/// Runs `call` as [`enter`] does, but lets a success leave the last error alone: cleaning up must not wipe out why.
pub(crate) fn clean_up(call: impl FnOnce() -> Result<(), Failure>) {
    if let Err(failure) = run(call) {
        set_last(Some(failure.to_string()));
    }
}

fn run<T>(call: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|payload| {
        let text = message(payload.as_ref());
        // A payload may panic when it is dropped: that, too, has to stay here.
        std::mem::forget(payload);
        Err(Failure::Panic(text))
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::last;

    #[test]
    fn a_panic_becomes_the_last_error_with_its_message() {
        let number = 7;
        assert_eq!(enter(|_| -1, || panic!("lost {number} packets")), -1);
        assert!(last().unwrap().starts_with("internal: lost 7 packets;"), "{:?}", last());
        assert_eq!(enter(|_| -1, || panic!("plain")), -1);
        assert!(last().unwrap().starts_with("internal: plain;"), "{:?}", last());
        assert_eq!(enter(|_| -1, || std::panic::panic_any(7)), -1);
        assert!(last().unwrap().contains("without a message"), "{:?}", last());
        assert_eq!(enter(|_| -1, || Ok(3)), 3);
        assert_eq!(last(), None);
    }

    #[test]
    fn cleaning_up_keeps_the_last_error_unless_it_fails_itself() {
        enter(|_| (), || Err(Failure::argument("why")));
        clean_up(|| Ok(()));
        assert_eq!(last().unwrap(), "invalid-argument: why");
        clean_up(|| Err(Failure::Handle(16)));
        assert!(last().unwrap().starts_with("invalid-handle: 0x10 "), "{:?}", last());
    }
}
