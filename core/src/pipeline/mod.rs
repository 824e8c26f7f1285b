//! From transport stream to transport stream: which tracks are transcoded, the timeline, one session.

mod decision;
mod engine;
mod inspect;
mod label;
mod maps;
mod options;
mod prelude;
mod queue;
mod report;
mod session;
mod sound;
mod splice;
mod survey;
mod tables;
mod timeline;
mod track;

pub use inspect::{Action, Inspection, Program, Track, inspect};
pub use options::{Channels, DualMono, DynamicRange, Options};
pub use report::{Report, TrackReport};
pub use session::{Session, transcode};
