//! Why a measurement ended.

use std::io;
use std::path::{Path, PathBuf};

/// Why a measurement ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program could not be started.
    #[error("could not run {program}: {source}")]
    Start {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A program failed.
    #[error("{command}\nfailed with {status}: {stderr}")]
    Failed {
        /// Its whole command line.
        command: String,
        /// How it ended.
        status: String,
        /// The end of what it said.
        stderr: String,
    },
    /// What a program wrote is no use as a measurement.
    #[error("{command}\nwrote {what}")]
    Output {
        /// Its whole command line.
        command: String,
        /// What is wrong.
        what: String,
    },
    /// A file could not be read.
    #[error("could not read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("could not write {}: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The native core refused.
    #[error("the native transcoder failed: {0}")]
    Native(#[from] xg2g_core::Error),
    /// The machine has no place for the streams.
    #[error("neither XDG_CACHE_HOME nor HOME is set: there is no place to keep the streams")]
    NoCache,
    /// A name of `--only` is unknown.
    #[error("--only {name}: no stream or program has that name; there are {known}")]
    Unknown {
        /// What was given.
        name: String,
        /// What may be.
        known: String,
    },
}

impl Error {
    pub fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    pub fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }
}
