//! AC-3, ATSC A/52:2018: `bsid` 0 to 8, and the half rates of `bsid` 9 and 10. Annex E (E-AC-3) is identified, not
//! decoded.
//!
//! A frame passes through the files in the order of the standard's own decoding process (§6): `header` and `bsi` say
//! what it is, `crc` whether it is whole; `audblk` reads each block's fields and hands them to `exponents`,
//! `bit_allocation`, `mantissas`, `coupling` and `rematrix`; `transform` makes samples of the coefficients.

mod audblk;
mod bit_allocation;
mod bits;
mod bsi;
mod coupling;
mod crc;
mod decoder;
mod dynamic_range;
mod exponents;
#[cfg(test)]
mod generator;
mod header;
mod mantissas;
mod rematrix;
mod tables;
#[cfg(test)]
mod tests;
mod transform;

pub use decoder::Decoder;
pub use dynamic_range::DynamicRange;
pub use header::{HEADER_BYTES, parse_header};
