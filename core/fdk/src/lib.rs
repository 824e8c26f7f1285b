//! A safe binding of the FDK AAC encoder.
//!
//! One of the two rooms that talk C; everything above it is `forbid(unsafe_code)`. Natively it is FDK and a thin wrapper. On
//! `wasm32-unknown-unknown`, where there is no C library, it brings the three functions of one that FDK calls.

mod config;
mod encoder;
#[cfg(target_family = "wasm")]
mod libc;

pub use config::{EncoderConfig, SAMPLE_RATES};
pub use encoder::{Encoder, FRAME_SAMPLES};

/// Why the encoder could not be opened or could not encode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The configuration, or the length of a frame, is outside what AAC-LC or the encoder allows.
    #[error("AAC-LC cannot be encoded with {what}")]
    Unsupported {
        /// Which value, and what is allowed.
        what: String,
    },
    /// The encoder reported a failure of its own.
    #[error("the AAC encoder failed in {call} with code {code:#x}")]
    Encoder {
        /// Which of its functions.
        call: &'static str,
        /// `AACENC_ERROR`.
        code: u32,
    },
}
