//! One stream, being transcoded as it arrives.

use wasmtime::component::ResourceAny;

use crate::sandbox::Sandbox;
use crate::{Error, Limits, Options, Plugin, Report};

/// The most bytes of a stream that one call hands to the plugin: larger input goes in pieces, so that the plugin's memory
/// does not grow with it. The output does not depend on it.
pub const PIECE: usize = 64 << 10;

/// One stream, being transcoded as it arrives, in a sandbox of its own. It may move between threads.
///
/// Dropping it gives all of its memory back at once.
pub struct Session {
    sandbox: Sandbox,
    resource: ResourceAny,
}

impl Session {
    pub(crate) fn open(plugin: &Plugin, options: &Options, limits: &Limits) -> Result<Self, Error> {
        let mut sandbox = Sandbox::new(plugin, limits)?;
        let resource = sandbox
            .call("open", |store, guest| guest.session().call_open(store, options))?
            .map_err(|text| sandbox.refusal("open", &text))?;
        Ok(Self { sandbox, resource })
    }

    /// Takes the next bytes of the stream, any number of them, and appends the packets that are ready to `out`.
    ///
    /// # Errors
    /// [`Error::Closed`] after [`Session::finish`] or an error that ended the session; [`Error::Exceeded`], [`Error::Trap`] and
    /// [`Error::Contract`], which end it. `out` then holds what was ready before.
    pub fn process(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        // Nothing in still is a call: a session that is closed says so.
        let nothing = input.is_empty().then_some(input);
        for piece in input.chunks(PIECE).chain(nothing) {
            let resource = self.resource;
            let packets =
                self.sandbox.call("process", |store, guest| guest.session().call_process(store, resource, piece))?;
            append(out, packets.map_err(|text| self.sandbox.refusal("process", &text))?);
            self.sandbox.position += piece.len() as u64;
        }
        Ok(())
    }

    /// Says that the stream ends and appends the packets that were waiting to `out`.
    ///
    /// # Errors
    /// As [`Session::process`]; [`Error::Closed`] when called twice.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let resource = self.resource;
        let packets = self.sandbox.call("finish", |store, guest| guest.session().call_finish(store, resource))?;
        append(out, packets.map_err(|text| self.sandbox.refusal("finish", &text))?);
        Ok(())
    }

    /// What happened so far; also after [`Session::finish`].
    ///
    /// # Errors
    /// [`Error::Closed`] after an error that ended the session, and the errors that end one.
    pub fn report(&mut self) -> Result<Report, Error> {
        let resource = self.resource;
        self.sandbox.call("report", |store, guest| guest.session().call_report(store, resource))
    }

    /// Fails when what came in so far is something, but no transport stream: the contract's rule for `transcode`, which
    /// knows the whole input, where a session goes on looking.
    ///
    /// # Errors
    /// [`Error::Malformed`], and those of [`Session::report`].
    pub fn ensure_stream(&mut self) -> Result<(), Error> {
        let report = self.report()?;
        if report.bytes_in > 0 && report.packets_in == 0 {
            let text = format!("no transport stream in {} bytes; is the input an MPEG-TS?", report.bytes_in);
            return Err(Error::Malformed(text));
        }
        Ok(())
    }

    /// Bytes of the stream that were taken in.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.sandbox.position
    }

    /// The largest sum of the session's memories and tables so far, in bytes, as the host counts it.
    #[must_use]
    pub fn memory_peak(&self) -> usize {
        self.sandbox.memory_peak()
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let peak = self.memory_peak();
        f.debug_struct("Session").field("position", &self.position()).field("memory_peak", &peak).finish()
    }
}

fn append(out: &mut Vec<u8>, packets: Vec<u8>) {
    if out.capacity() == 0 {
        *out = packets;
    } else {
        out.extend_from_slice(&packets);
    }
}
