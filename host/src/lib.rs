//! Runs the transcoder plugin, a WebAssembly component that imports nothing, under limits.
//!
//! A [`Plugin`] is compiled once and shared; a [`Session`] transcodes one stream in a sandbox of its own. Whatever a stream
//! or a plugin does, at worst its own session ends, with a typed [`Error`]; the host and its other sessions go on.
//!
//! ```no_run
//! use xg2g_transcoder::{Limits, Options, Plugin};
//!
//! let plugin = Plugin::from_file("dist/transcoder.wasm")?;
//! let mut session = plugin.open(&Options::default(), &Limits::default())?;
//! let mut out = Vec::new();
//! session.process(&std::fs::read("in.ts")?, &mut out)?;
//! session.finish(&mut out)?;
//! println!("{} bytes, {:?}", out.len(), session.report()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod contract;
mod error;
mod inspect;
mod limits;
mod load;
mod locate;
mod plugin;
mod sandbox;
mod session;
mod ticker;

pub use contract::{
    Action, Channels, DualMono, DynamicRange, Inspection, Options, Program, Report, Track, TrackReport,
};
pub use error::{Error, Exceeded, Trap};
pub use inspect::INSPECT_MAX;
pub use limits::Limits;
pub use load::{CompileCache, LoadError, PluginConfig};
pub use locate::{PLUGIN_FILE, PLUGIN_VARIABLE, find_plugin};
pub use plugin::{CONTRACT, Plugin};
pub use session::{PIECE, Session};
