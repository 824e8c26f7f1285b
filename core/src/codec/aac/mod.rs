//! AAC: frames are recognised here, and encoded by the FDK binding.

mod adts;
mod loas;

pub use adts::{Adts, parse_adts};
pub use loas::loas_frame_bytes;
