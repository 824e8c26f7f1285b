//! What the tests that cross rooms share: where streams are, and how a stream is taken apart to be judged.
#![forbid(unsafe_code)]

pub mod build;
pub mod judge;
pub mod streams;
