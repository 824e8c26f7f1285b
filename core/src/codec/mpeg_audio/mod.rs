//! MPEG-1 and MPEG-2 audio, Layers I to III: ISO/IEC 11172-3 and 13818-3.

mod allocation;
mod crc;
mod decoder;
mod disguise;
mod header;
mod tables;

pub use decoder::Decoder;
pub use header::{HEADER_BYTES, parse_header};
