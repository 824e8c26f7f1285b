//! Loading a plugin: how it is compiled, where compiled code is kept, and why one is refused.

use std::path::{Path, PathBuf};

use wasmtime::{Cache, CacheConfig, Config, Engine};

use crate::plugin::CONTRACT;

/// How a plugin is compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginConfig {
    /// Where compiled code is kept. Default [`CompileCache::User`].
    pub cache: CompileCache,
    /// Bytes of native stack that one call may use. Default 512 KiB; the thread that calls needs 256 KiB more. Beyond it the
    /// session ends with [`crate::Exceeded::Stack`].
    pub stack: usize,
}

impl Default for PluginConfig {
    fn default() -> Self {
        Self { cache: CompileCache::User, stack: 512 << 10 }
    }
}

/// The folder that is the engine's own. It keeps its cache small by removing what it finds there, whoever put it there.
const ENGINE_FOLDER: &str = "wasmtime";

/// Where compiled code is kept from one run to the next. It is machine code that is run as it is found, so only the user
/// who runs it may be able to write there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CompileCache {
    /// `$XDG_CACHE_HOME/xg2g-transcoder`, or `~/.cache/xg2g-transcoder`, in a folder of its own. Nowhere when neither can be written.
    #[default]
    User,
    /// In a folder of its own in this directory, which is made if need be.
    Directory(PathBuf),
    /// Nowhere: every load compiles.
    Off,
}

impl CompileCache {
    /// The directory, if there is one.
    #[must_use]
    pub fn directory(&self) -> Option<PathBuf> {
        match self {
            Self::Off => None,
            Self::Directory(directory) => Some(directory.clone()),
            Self::User => {
                let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
                let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
                Some(base.join("xg2g-transcoder"))
            }
        }
    }

    pub(crate) fn open(&self) -> Result<Option<Cache>, LoadError> {
        let Some(directory) = self.directory() else { return Ok(None) };
        let opened = std::path::absolute(&directory).map_err(wasmtime::Error::from).and_then(|absolute| {
            let mut config = CacheConfig::new();
            config.with_directory(absolute.join(ENGINE_FOLDER));
            Cache::new(config)
        });
        match opened {
            Ok(cache) => Ok(Some(cache)),
            // A read-only home is no reason not to run.
            Err(_) if *self == Self::User => Ok(None),
            Err(error) => Err(LoadError::Cache { directory, reason: format!("{error:#}") }),
        }
    }
}

/// Why a plugin was refused. Nothing of it has run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// No plugin was found.
    #[error("found no plugin; tried {}; run `make build`, or name the plugin", list(.tried))]
    NotFound {
        /// Where it was looked for, in order.
        tried: Vec<PathBuf>,
    },
    /// The file could not be read.
    #[error("could not read the plugin {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not WebAssembly in binary form.
    #[error("the plugin is not WebAssembly: it begins with {begins}, not with \"\\0asm\"")]
    NotWasm {
        /// Its first bytes, escaped.
        begins: String,
    },
    /// It is a core module.
    #[error("the plugin is a core module, not a component; load dist/transcoder.wasm as `make build` made it")]
    CoreModule,
    /// It is a component of a binary format that this host does not know.
    #[error("the plugin is WebAssembly of an unknown binary format ({found:02x?})")]
    Format {
        /// Bytes 4 to 7.
        found: [u8; 4],
    },
    /// It ends too early.
    #[error(
        "the plugin is truncated: section {section} at byte {offset} needs {missing} bytes more; copy the file again"
    )]
    Truncated {
        /// The section's id.
        section: u8,
        /// Where the section begins.
        offset: usize,
        /// How much is missing, at least.
        missing: usize,
    },
    /// It is a damaged component, or one that needs a WebAssembly proposal that is switched off.
    #[error("the plugin is not a valid component: {reason}")]
    Invalid {
        /// The engine's words.
        reason: String,
    },
    /// It wants something of the host.
    #[error("the plugin imports {}; a transcoder plugin imports nothing", .imports.join(", "))]
    Imports {
        /// What it imports.
        imports: Vec<String>,
    },
    /// It exports the contract in another version.
    #[error("the plugin exports {found} where this host needs {CONTRACT}; use a plugin and a host of one release")]
    Version {
        /// What it exports.
        found: String,
    },
    /// It is a component of another world.
    #[error("the plugin is another kind of component: it exports {} and not {CONTRACT}", names(.exports))]
    World {
        /// What it exports.
        exports: Vec<String>,
    },
    /// It exports the contract's name with other functions or types.
    #[error("the plugin exports {CONTRACT} but not as the contract has it: {reason}")]
    Interface {
        /// What is different, in the engine's words.
        reason: String,
    },
    /// The directory for compiled code cannot be used.
    #[error("the compile cache {} cannot be used: {reason}; choose another or none", .directory.display())]
    Cache {
        /// The directory.
        directory: PathBuf,
        /// Why.
        reason: String,
    },
    /// The engine cannot run here.
    #[error("the WebAssembly engine could not start: {reason}")]
    Engine {
        /// Why.
        reason: String,
    },
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn names(exports: &[String]) -> String {
    if exports.is_empty() { "nothing".to_owned() } else { exports.join(", ") }
}

/// An engine that knows what the plugin needs of WebAssembly and no more.
pub(crate) fn engine(config: &PluginConfig, cache: Option<Cache>) -> Result<Engine, LoadError> {
    let mut engine = Config::new();
    engine
        .cache(cache)
        .epoch_interruption(true)
        .max_wasm_stack(config.stack)
        // Components of one instance each, called from outside: no tasks, streams or futures.
        .concurrency_support(false)
        .wasm_simd(true)
        .wasm_relaxed_simd(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false);
    Engine::new(&engine).map_err(|error| LoadError::Engine { reason: format!("{error:#}") })
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    std::fs::read(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })
}

/// Checks what the engine's own errors would not say plainly: that these bytes are a component's, all of them.
///
/// A component is an 8-byte preamble and sections, each an id, a size in LEB128 and that many bytes (component-model
/// `Binary.md`, "Component Definitions"), so a file that was cut in the middle shows in its last section.
pub(crate) fn check_binary(bytes: &[u8]) -> Result<(), LoadError> {
    const MAGIC: &[u8; 4] = b"\0asm";
    const CORE_MODULE: [u8; 4] = [1, 0, 0, 0];
    const COMPONENT: [u8; 4] = [0x0d, 0, 1, 0];

    let begins = &bytes[..bytes.len().min(MAGIC.len())];
    if begins.is_empty() || begins != &MAGIC[..begins.len()] {
        return Err(LoadError::NotWasm { begins: format!("\"{}\"", begins.escape_ascii()) });
    }
    let Some((preamble, sections)) = bytes.split_first_chunk::<8>() else {
        return Err(LoadError::Truncated { section: 0, offset: 0, missing: 8 - bytes.len() });
    };
    match [preamble[4], preamble[5], preamble[6], preamble[7]] {
        COMPONENT => check_sections(sections, preamble.len()),
        CORE_MODULE => Err(LoadError::CoreModule),
        found => Err(LoadError::Format { found }),
    }
}

fn check_sections(mut rest: &[u8], mut offset: usize) -> Result<(), LoadError> {
    while let Some((&section, after_id)) = rest.split_first() {
        let truncated = |missing| LoadError::Truncated { section, offset, missing };
        let (size, size_bytes) = leb128_u32(after_id).ok_or_else(|| truncated(1))?;
        let body = &after_id[size_bytes..];
        rest = body.get(size..).ok_or_else(|| truncated(size - body.len()))?;
        offset += 1 + size_bytes + size;
    }
    Ok(())
}

/// An unsigned LEB128 number of at most 32 bits and the bytes that it takes; `None` where the bytes end before it does. One
/// that is too long comes back as it stands at its fifth byte: the engine refuses it with its own words.
fn leb128_u32(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 || index == 4 {
            return Some((value, index + 1));
        }
    }
    None
}

/// The contract among the names that a component exports, in this version or in one that is compatible by its number.
pub(crate) fn find_contract(exports: Vec<String>) -> Result<String, LoadError> {
    let split = |export: &str| export.split_once('@').map(|(name, version)| (name.to_owned(), major(version)));
    let ours = split(CONTRACT);
    if let Some(fits) = exports.iter().find(|export| split(export) == ours) {
        return Ok(fits.clone());
    }
    let same_name = |export: &&String| export.split('@').next() == CONTRACT.split('@').next();
    match exports.iter().find(same_name) {
        Some(other) => Err(LoadError::Version { found: other.clone() }),
        None => Err(LoadError::World { exports }),
    }
}

fn major(version: &str) -> String {
    version.split('.').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_that_is_cut_anywhere_is_truncated() {
        // Preamble, then one custom section (id 0) of 200 bytes: its size takes two bytes of LEB128.
        let mut whole = b"\0asm\x0d\0\x01\0\0\xc8\x01".to_vec();
        whole.extend([0; 200]);
        assert!(check_binary(&whole).is_ok());
        assert!(check_binary(&whole[..8]).is_ok(), "no section at all is whole");
        for length in (1..8).chain(9..whole.len()) {
            assert!(matches!(check_binary(&whole[..length]), Err(LoadError::Truncated { .. })), "{length} bytes");
        }
    }

    #[test]
    fn the_contract_is_found_in_any_version_that_is_compatible() {
        let find = |exports: &[&str]| find_contract(exports.iter().map(|export| (*export).to_owned()).collect());
        for name in [CONTRACT, "xg2g:transcoder/transcoder@1.2.3"] {
            assert_eq!(find(&["run", name]).unwrap(), name);
        }
        for name in
            ["xg2g:transcoder/transcoder@2.0.0", "xg2g:transcoder/transcoder", "xg2g:transcoder/transcoder@0.1.0"]
        {
            assert!(matches!(find(&["run", name]), Err(LoadError::Version { found }) if found == name));
        }
        assert!(matches!(find(&["run", "xg2g:other/transcoder@1.0.0"]), Err(LoadError::World { .. })));
    }

    #[test]
    fn leb128_numbers_end_where_they_end() {
        assert_eq!(leb128_u32(&[0x7f, 0xff]), Some((127, 1)));
        assert_eq!(leb128_u32(&[0xe5, 0x8e, 0x26]), Some((624_485, 3)));
        assert_eq!(leb128_u32(&[0x80]), None);
        assert_eq!(leb128_u32(&[0xff; 9]).map(|(_, length)| length), Some(5));
    }
}
