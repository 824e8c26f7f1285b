//! Mixing and levelling of decoded sound.

mod downmix;

pub use downmix::{Channels, DualMono, Mixer};
