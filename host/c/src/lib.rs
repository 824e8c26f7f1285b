//! The transcoder plugin for C: `include/xg2g_transcoder.h` says what each function does and is made from [`abi`].
//!
//! Everything that touches a pointer is in [`abi`]; what it calls is safe.

pub mod abi;
mod boundary;
mod failure;
mod handles;
mod plugin;
mod remuxer;
mod strings;

#[cfg(test)]
#[path = "../../tests/plugins/mod.rs"]
mod plugins;
#[cfg(test)]
mod tests;
