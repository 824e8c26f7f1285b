//! The transcoder as a component: `xg2g_core` behind the contract of `wit/transcoder.wit`.
//!
//! Nothing is decided here. Options come in, bytes and reports go out, and each type is turned into its twin on the other side.
//! The module imports nothing, so there is nowhere to print: a panic ends in a trap, whose backtrace the host sees.
#![cfg(target_family = "wasm")]

mod bindings;
mod convert;

use bindings::exports::xg2g::transcoder::transcoder as wit;
use std::cell::RefCell;
use xg2g_core::pipeline;

/// Room in an output beside that for the input's own length: packets that waited in the session leave with it.
const OUTPUT_HEADROOM_BYTES: usize = 64 * 188;

struct Component;

/// The resource `session`. A component is entered by one call at a time, so the cell is never found borrowed.
struct Session(RefCell<pipeline::Session>);

impl wit::Guest for Component {
    type Session = Session;

    fn transcode(input: Vec<u8>, options: wit::Options) -> Result<Vec<u8>, String> {
        pipeline::transcode(&input, &options.into()).map_err(|error| error.to_string())
    }

    fn inspect(input: Vec<u8>, options: wit::Options) -> Result<wit::Inspection, String> {
        pipeline::inspect(&input, &options.into()).map(Into::into).map_err(|error| error.to_string())
    }

    fn version() -> String {
        env!("CARGO_PKG_VERSION").into()
    }
}

impl wit::GuestSession for Session {
    fn open(options: wit::Options) -> Result<wit::Session, String> {
        let session = pipeline::Session::open(&options.into()).map_err(|error| error.to_string())?;
        Ok(wit::Session::new(Self(RefCell::new(session))))
    }

    fn process(&self, input: Vec<u8>) -> Result<Vec<u8>, String> {
        let mut out = Vec::with_capacity(input.len() + OUTPUT_HEADROOM_BYTES);
        self.0.borrow_mut().process(&input, &mut out).map_err(|error| error.to_string())?;
        Ok(out)
    }

    fn finish(&self) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        self.0.borrow_mut().finish(&mut out).map_err(|error| error.to_string())?;
        Ok(out)
    }

    fn report(&self) -> wit::Report {
        convert::report(self.0.borrow().report(), memory_bytes())
    }
}

/// The size of the linear memory. It never shrinks, so this is its peak too.
fn memory_bytes() -> u64 {
    const PAGE_BYTES: u64 = 65_536;
    let pages = core::arch::wasm32::memory_size(0);
    pages as u64 * PAGE_BYTES
}
