//! What can end a session or refuse a call.
//!
//! Bad input on the air is never an error: it is concealed, counted and reported. Only misuse and limits are.

/// An error of this library. Its text begins with its kind, which is what hosts turn into typed errors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The input as a whole is not what the call needs.
    #[error("malformed: {0}")]
    Malformed(String),
    /// The input is well-formed but asks for what this library does not do.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// A limit of size was exceeded.
    #[error("limit: {0}")]
    Limit(String),
    /// The session was finished before this call.
    #[error("closed: {0}")]
    Closed(String),
    /// An option is outside its range.
    #[error("invalid-option: {0}")]
    InvalidOption(String),
}

impl Error {
    /// What is said of input that holds no packets.
    pub(crate) fn no_stream() -> Self {
        Self::Malformed(
            "no transport stream: nowhere do sync bytes (0x47) stand 188, 192 or 204 bytes apart; is it another format, or \
             an error page?"
                .into(),
        )
    }
}
