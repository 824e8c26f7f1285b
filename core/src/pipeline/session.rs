//! One stream, being transcoded as it arrives.

use super::{Options, Report};
use crate::Error;

/// One stream, being transcoded as it arrives.
#[derive(Debug)]
pub struct Session {
    report: Report,
}

impl Session {
    /// Opens a session.
    ///
    /// # Errors
    /// [`Error::InvalidOption`].
    pub fn open(options: &Options) -> Result<Self, Error> {
        let _ = options;
        Ok(Self { report: Report::default() })
    }

    /// Takes the next bytes of the stream and appends to `out` the packets that are ready.
    ///
    /// # Errors
    /// [`Error::Closed`] after [`Session::finish`].
    pub fn process(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.report.bytes_in += input.len() as u64;
        out.extend_from_slice(input);
        Ok(())
    }

    /// Says that the stream ends and appends to `out` the packets that were waiting.
    ///
    /// # Errors
    /// [`Error::Closed`] when called twice.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let _ = out;
        Ok(())
    }

    /// What happened so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.report.clone()
    }
}

/// Transcodes a whole stream at once.
///
/// # Errors
/// [`Error::InvalidOption`], or [`Error::Malformed`] when the input is not empty and holds no transport stream.
pub fn transcode(input: &[u8], options: &Options) -> Result<Vec<u8>, Error> {
    let mut session = Session::open(options)?;
    let mut out = Vec::new();
    session.process(input, &mut out)?;
    session.finish(&mut out)?;
    Ok(out)
}
