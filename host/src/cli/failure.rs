//! How a command fails, and the exit code that says so.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use xg2g_transcoder::{Error, LoadError};

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The plugin could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The plugin refused, or failed.
    #[error(transparent)]
    Plugin(#[from] Error),
    /// Reading failed.
    #[error("could not read {from}: {source}")]
    Read {
        /// The file, or what stands for it.
        from: String,
        /// Why.
        source: io::Error,
    },
    /// Writing failed.
    #[error("could not write {to}: {source}")]
    Write {
        /// The file, or what stands for it.
        to: String,
        /// Why.
        source: io::Error,
    },
    /// Whoever read the output has gone.
    #[error("the reader of the output has gone")]
    ReaderGone,
}

impl Failure {
    pub fn read(from: &str, source: io::Error) -> Self {
        Self::Read { from: from.to_owned(), source }
    }

    pub fn write(to: &str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::Write { to: to.to_owned(), source },
        }
    }

    /// The codes are documented in `args::EXIT_CODES`.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Plugin(Error::InvalidOption(_)) => 2,
            Self::Plugin(Error::Exceeded { .. } | Error::Limit(_)) => 3,
            Self::Read { .. } | Self::Write { .. } | Self::Load(LoadError::Read { .. }) => 4,
            Self::Load(_) | Self::Plugin(_) => 1,
            Self::ReaderGone => 141,
        })
    }
}

/// `-` stands for a standard stream.
pub fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// What a file is called in a message; `standard` where the path is `-`.
pub fn name(path: &Path, standard: &str) -> String {
    if is_standard(path) { standard.to_owned() } else { path.display().to_string() }
}
