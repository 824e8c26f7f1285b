//! AC-3, ATSC A/52:2018: `bsid` 0 to 8, and the half rates of `bsid` 9 and 10. Annex E is [`eac3`](super::eac3).
//!
//! A frame passes through the files in the order of the standard's own decoding process (§6): `header` and `bsi` say
//! what it is, `crc` whether it is whole; `audblk` reads each block's fields and hands them to `exponents`,
//! `bit_allocation`, `mantissas`, `coupling` and `rematrix`; `transform` makes samples of the coefficients.

pub(crate) mod audblk;
pub(crate) mod bit_allocation;
pub(crate) mod bits;
mod bsi;
pub(crate) mod coupling;
pub(crate) mod crc;
pub(crate) mod decoder;
pub(crate) mod dynamic_range;
pub(crate) mod exponents;
#[cfg(test)]
mod generator;
pub(crate) mod header;
pub(crate) mod mantissas;
pub(crate) mod rematrix;
pub(crate) mod tables;
#[cfg(test)]
mod tests;
pub(crate) mod transform;

pub use decoder::Decoder;
pub use dynamic_range::DynamicRange;
pub use header::{HEADER_BYTES, parse_header};
