//! Mixing and levelling of decoded sound: any layout down to stereo or mono, without clipping, as 16-bit samples.

mod downmix;
mod limiter;
mod mixer;

pub use downmix::{Channels, DualMono};
pub use mixer::Mixer;
