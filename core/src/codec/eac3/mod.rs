//! E-AC-3, ATSC A/52:2018 Annex E (`bsid` 11 to 16), and AC-3 with it: one programme may mix both.
//!
//! A unit passes through the files in the order of the standard's own decoding process: `bsi` and `audfrm` say what a
//! frame is; `audblk` reads each block's fields and shares exponents, bit allocation, mantissas, coupling and transform
//! with [`ac3`](super::ac3); `aht`, `enhanced_coupling` and `spectral_extension` are the coding tools of Annex E,
//! `pre_noise` works on samples, and `substreams` puts a programme together.

mod aht;
mod audblk;
mod audfrm;
mod bsi;
mod decoder;
mod enhanced_coupling;
mod pre_noise;
mod spectral_extension;
mod substreams;
mod tables;
#[cfg(test)]
mod tests;
mod vq_tables;

pub use decoder::Decoder;
