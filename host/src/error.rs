//! What can go wrong once a plugin is loaded.

use std::time::Duration;

/// Why a call failed.
///
/// After [`Error::Exceeded`], [`Error::Trap`] and [`Error::Contract`] the session is over and every further call is
/// [`Error::Closed`]; a new session of the same plugin can be opened at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input as a whole is not what the call needs.
    #[error("malformed: {0}")]
    Malformed(String),
    /// The input is right but asks for what the plugin does not do.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// A limit of size inside the plugin was exceeded.
    #[error("limit: {0}")]
    Limit(String),
    /// The session was finished, or ended by an earlier error, before this call.
    #[error("closed: {0}")]
    Closed(String),
    /// An option is outside its range.
    #[error("invalid-option: {0}")]
    InvalidOption(String),
    /// A limit that the host sets was exceeded, and the session ended.
    #[error("limit: {exceeded}, in `{call}` at byte {position} of the stream{}", at(.function))]
    Exceeded {
        /// Which limit.
        exceeded: Exceeded,
        /// The contract's function that was called.
        call: &'static str,
        /// Bytes of the stream that were taken in before the call.
        position: u64,
        /// The plugin's function that was running, where it is known.
        function: Option<String>,
    },
    /// The plugin trapped, and the session ended.
    #[error("trap: {0}")]
    Trap(Trap),
    /// The plugin answered what the contract does not allow, and the session ended.
    #[error("plugin broke its contract: {reason}, in `{call}` at byte {position} of the stream; is the plugin intact?")]
    Contract {
        /// What it did.
        reason: String,
        /// The contract's function that was called.
        call: &'static str,
        /// Bytes of the stream that were taken in before the call.
        position: u64,
    },
    /// The host could not give the session what it needs (address space, for instance).
    #[error("the host could not open a session: {0}")]
    Host(String),
}

/// A limit that the host sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Exceeded {
    /// [`crate::Limits::memory`].
    #[error(
        "the session asked for {wanted} bytes of memory where {limit} are allowed; raise the memory limit or open a new session"
    )]
    Memory {
        /// The limit in bytes.
        limit: u64,
        /// The sum of memories and tables that was asked for, in bytes.
        wanted: u64,
    },
    /// [`crate::Limits::call_time`].
    #[error("one call took longer than {} ms; raise the time limit or open a new session", .limit.as_millis())]
    Time {
        /// The limit.
        limit: Duration,
    },
    /// [`crate::PluginConfig::stack`].
    #[error("the call stack outgrew {limit} bytes; raise the stack limit or open a new session")]
    Stack {
        /// The limit in bytes.
        limit: u64,
    },
    /// What one call may hand to the host: as many bytes as the session may have memory.
    #[error("one call returned more than {limit} bytes; raise the memory limit or open a new session")]
    Answer {
        /// The limit in bytes.
        limit: u64,
    },
}

/// Where and why a plugin trapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}, in `{call}` at byte {position} of the stream{}; open a new session", at(.function))]
pub struct Trap {
    /// What happened, in the engine's words.
    pub reason: String,
    /// The contract's function that was called.
    pub call: &'static str,
    /// Bytes of the stream that were taken in before the call.
    pub position: u64,
    /// The innermost function of the plugin that is not a part of Rust's own panic machinery, where it has a name.
    pub function: Option<String>,
    /// Every frame, the innermost first, at most 32.
    pub backtrace: Vec<String>,
}

fn at(function: &Option<String>) -> String {
    function.as_ref().map(|name| format!(" (function {name})")).unwrap_or_default()
}

impl Error {
    /// An error string of the contract as a typed error; `None` when it begins with no kind of the contract.
    pub(crate) fn from_contract(text: &str) -> Option<Self> {
        let (kind, message) = text.split_once(": ")?;
        let message = message.to_owned();
        match kind {
            "malformed" => Some(Self::Malformed(message)),
            "unsupported" => Some(Self::Unsupported(message)),
            "limit" => Some(Self::Limit(message)),
            "closed" => Some(Self::Closed(message)),
            "invalid-option" => Some(Self::InvalidOption(message)),
            _ => None,
        }
    }

    /// Whether the session is over because of this error.
    #[must_use]
    pub fn ends_session(&self) -> bool {
        matches!(self, Self::Exceeded { .. } | Self::Trap(_) | Self::Contract { .. } | Self::Host(_))
    }
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn a_contract_string_becomes_its_kind() {
        let typed = |text: &str| Error::from_contract(text);
        assert_eq!(typed("malformed: no sync"), Some(Error::Malformed("no sync".into())));
        assert_eq!(typed("unsupported: x"), Some(Error::Unsupported("x".into())));
        assert_eq!(typed("limit: x: y"), Some(Error::Limit("x: y".into())));
        assert_eq!(typed("closed: "), Some(Error::Closed(String::new())));
        assert_eq!(typed("invalid-option: bitrate"), Some(Error::InvalidOption("bitrate".into())));
        for foreign in ["", "malformed", "malformed:x", "Malformed: x", "teapot: short and stout", " limit: x"] {
            assert_eq!(typed(foreign), None, "{foreign:?}");
        }
    }

    #[test]
    fn a_typed_error_prints_as_the_contract_writes_it() {
        for text in ["malformed: a", "unsupported: b", "limit: c", "closed: d", "invalid-option: e"] {
            assert_eq!(Error::from_contract(text).map(|error| error.to_string()).as_deref(), Some(text));
        }
    }
}
