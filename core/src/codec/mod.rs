//! Audio codecs. Nothing in here knows of transport streams: frames in, samples out, and back.

pub mod ac3;
mod frame;
pub mod mpeg_audio;
mod pcm;

pub use frame::{Codec, FrameError, FrameHeader};
pub use pcm::{ChannelMode, Layout, MAX_CHANNELS, MAX_FRAME_SAMPLES, Mix, Pcm};
