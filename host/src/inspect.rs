//! What a stream holds.

use crate::sandbox::Sandbox;
use crate::{Error, Inspection, Limits, Options, Plugin};

/// The most bytes that [`Plugin::inspect`] looks at: half a second of 64 Mbit/s, more than any broadcast multiplex carries.
pub const INSPECT_MAX: usize = 4 << 20;

impl Plugin {
    /// Tells what a stream holds and what would be done to each track under `options`, from its first [`INSPECT_MAX`] bytes.
    ///
    /// # Errors
    /// [`Error::InvalidOption`]; [`Error::Malformed`] when the input holds no transport stream; [`Error::Exceeded`],
    /// [`Error::Trap`] and [`Error::Contract`] when the plugin fails.
    pub fn inspect(&self, input: &[u8], options: &Options, limits: &Limits) -> Result<Inspection, Error> {
        let stretch = &input[..input.len().min(INSPECT_MAX)];
        let mut sandbox = Sandbox::new(self, limits)?;
        sandbox
            .call("inspect", |store, guest| guest.call_inspect(store, stretch, options))?
            .map_err(|text| sandbox.refusal("inspect", &text))
    }
}
