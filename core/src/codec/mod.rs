//! Audio codecs. Nothing in here knows of transport streams: frames in, samples out, and back.

pub mod aac;
pub mod ac3;
pub mod eac3;
mod frame;
mod framer;
pub mod mpeg_audio;
mod pcm;
mod probe;

pub use frame::{Codec, FrameError, FrameHeader};
pub use framer::{Family, Frame, Framer};
pub use pcm::{ChannelMode, Layout, MAX_CHANNELS, MAX_FRAME_SAMPLES, Mix, Pcm};
pub use probe::{Identity, Probe, Verdict};
