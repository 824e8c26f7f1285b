//! Why a call failed, and the text of the last failure of each thread.

use std::cell::RefCell;

use xg2g_transcoder::{Error, LoadError};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("invalid-argument: {0}")]
    Argument(String),
    #[error("invalid-handle: {0:#x} is no live handle; it was freed, or never came from xg2g_audio_remux_init")]
    Handle(usize),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Session(#[from] Error),
    #[error(
        "buffer-too-small: {waiting} bytes are ready and the buffer takes {capacity}; nothing is lost: call again with \
         input_len 0 and a buffer of {waiting} bytes"
    )]
    TooSmall { waiting: usize, capacity: usize },
    #[error("limit: {waiting} bytes wait and the input was not taken; take them out first, with input_len 0")]
    Backlog { waiting: usize },
    #[error("internal: {0}; this is a fault of the library, please report it")]
    Panic(String),
}

impl Failure {
    pub(crate) fn argument(text: impl Into<String>) -> Self {
        Self::Argument(text.into())
    }
}

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the text of this thread's last failure; `None` forgets it. A thread that is being torn down keeps nothing.
pub(crate) fn set_last(text: Option<String>) {
    let _ = LAST.try_with(|last| last.replace(text));
}

/// The text of this thread's last failure.
pub(crate) fn last() -> Option<String> {
    LAST.try_with(|last| last.borrow().clone()).ok().flatten()
}
