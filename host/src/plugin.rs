//! A plugin, compiled and checked.

use std::path::Path;
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::contract::{self, PluginPre};
use crate::limits::Tally;
use crate::load::{self, LoadError, PluginConfig};
use crate::sandbox::Sandbox;
use crate::ticker::Ticker;
use crate::{Error, Limits, Options, Session};

/// The interface that a plugin exports.
pub const CONTRACT: &str = "xg2g:transcoder/transcoder@1.0.0";

/// A transcoder plugin, compiled once. Clones share the compiled code; threads may share a plugin.
#[derive(Clone)]
pub struct Plugin(Arc<Shared>);

/// What the clones and the sessions of a plugin share.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) pre: PluginPre<Tally>,
    pub(crate) ticker: Ticker,
    pub(crate) stack: usize,
    from_cache: bool,
}

impl Plugin {
    /// Compiles a component, with its compiled code kept where [`PluginConfig::default`] says.
    ///
    /// # Errors
    /// [`LoadError`]; nothing of the plugin has run.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        Self::with_config(bytes, &PluginConfig::default())
    }

    /// Reads and compiles a component, as [`Plugin::from_bytes`] does.
    ///
    /// # Errors
    /// [`LoadError`]; nothing of the plugin has run.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::from_bytes(&load::read(path.as_ref())?)
    }

    /// Reads and compiles a component as `config` says.
    ///
    /// # Errors
    /// [`LoadError`]; nothing of the plugin has run.
    pub fn from_file_with_config(path: impl AsRef<Path>, config: &PluginConfig) -> Result<Self, LoadError> {
        Self::with_config(&load::read(path.as_ref())?, config)
    }

    /// Compiles a component as `config` says.
    ///
    /// # Errors
    /// [`LoadError`]; nothing of the plugin has run.
    pub fn with_config(bytes: &[u8], config: &PluginConfig) -> Result<Self, LoadError> {
        load::check_binary(bytes)?;
        let cache = config.cache.open()?;
        let engine = load::engine(config, cache.clone())?;
        let component = Component::from_binary(&engine, bytes)
            .map_err(|error| LoadError::Invalid { reason: format!("{error:#}") })?;

        let component_type = component.component_type();
        let imports: Vec<_> = component_type.imports(&engine).map(|(name, _)| name.to_owned()).collect();
        if !imports.is_empty() {
            return Err(LoadError::Imports { imports });
        }
        let exports = component_type.exports(&engine).map(|(name, _)| name.to_owned()).collect();
        let interface = load::find_contract(exports)?;
        let pre = contract::check(&component_type, &engine, &interface)
            .and_then(|()| Linker::new(&engine).instantiate_pre(&component))
            .and_then(PluginPre::new)
            .map_err(|error| LoadError::Interface { reason: format!("{error:#}") })?;
        let ticker = Ticker::start(&engine).map_err(|error| LoadError::Engine { reason: error.to_string() })?;
        let from_cache = cache.is_some_and(|cache| cache.cache_hits() > 0);
        Ok(Self(Arc::new(Shared { engine, pre, ticker, stack: config.stack, from_cache })))
    }

    /// Opens a session: a sandbox of its own for one stream.
    ///
    /// # Errors
    /// [`Error::InvalidOption`]; [`Error::Exceeded`], [`Error::Trap`] or [`Error::Contract`] when the plugin fails at once;
    /// [`Error::Host`] when the system has no memory to map.
    pub fn open(&self, options: &Options, limits: &Limits) -> Result<Session, Error> {
        Session::open(self, options, limits)
    }

    /// Transcodes a whole stream at once, through a session.
    ///
    /// # Errors
    /// What a session gives; [`Error::Malformed`] when the input is not empty and holds no transport stream.
    pub fn transcode(&self, input: &[u8], options: &Options, limits: &Limits) -> Result<Vec<u8>, Error> {
        let mut session = self.open(options, limits)?;
        let mut out = Vec::with_capacity(input.len());
        session.process(input, &mut out)?;
        session.finish(&mut out)?;
        session.ensure_stream()?;
        Ok(out)
    }

    /// The plugin's own version, as `MAJOR.MINOR.PATCH`.
    ///
    /// # Errors
    /// What a session gives when the plugin fails.
    pub fn version(&self) -> Result<String, Error> {
        Sandbox::new(self, &Limits::default())?.call("version", |store, guest| guest.call_version(store))
    }

    /// Whether the compiled code came from the cache.
    #[must_use]
    pub fn is_from_cache(&self) -> bool {
        self.0.from_cache
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin").field("stack", &self.0.stack).field("from_cache", &self.0.from_cache).finish()
    }
}
