//! From transport stream to transport stream: which tracks are transcoded, the timeline, one session.

mod inspect;
mod options;
mod report;
mod session;

pub use inspect::{Action, Inspection, Program, Track, inspect};
pub use options::{Channels, DualMono, DynamicRange, Options};
pub use report::{Report, TrackReport};
pub use session::{Session, transcode};
