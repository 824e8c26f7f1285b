//! Live transcoding of broadcast sound in MPEG transport streams.
//!
//! Transport stream in, transport stream out with the sound as AAC-LC and everything else byte for byte. The library is
//! sans-I/O: bytes in, bytes out; it knows no clock, no file and no thread, and it logs nothing.
//!
//! Data flows one way: [`ts`] takes packets apart, [`codec`] decodes, [`dsp`] mixes, [`pipeline`] joins them and writes
//! packets again. `ts` knows nothing of codecs and `codec` knows nothing of transport streams.
#![forbid(unsafe_code)]

pub mod codec;
pub mod dsp;
mod error;
pub mod pipeline;
pub mod ts;

pub use error::Error;
