//! What is refused as a plugin, each with an error of its own before anything of it runs, and what the cache does.
#![allow(clippy::unwrap_used)]

mod plugins;

use plugins::{Source, component, good};
use xg2g_transcoder::{CompileCache, LoadError, Plugin, PluginConfig};

fn refuse(bytes: &[u8]) -> LoadError {
    Plugin::with_config(bytes, &PluginConfig { cache: CompileCache::Off, ..PluginConfig::default() }).unwrap_err()
}

#[test]
fn what_is_no_webassembly_is_refused() {
    for bytes in [&b""[..], b"\x89PNG\r\n\x1a\n", b"(component)", b"hello", b"\x7fELF"] {
        assert!(matches!(refuse(bytes), LoadError::NotWasm { .. }), "{bytes:?}");
    }
}

#[test]
fn a_core_module_is_refused() {
    assert!(matches!(refuse(&wat::parse_str("(module)").unwrap()), LoadError::CoreModule));
}

#[test]
fn an_unknown_format_is_refused() {
    assert!(matches!(refuse(b"\0asm\x0e\0\x01\0"), LoadError::Format { found: [14, 0, 1, 0] }));
}

#[test]
fn a_truncated_component_is_refused_wherever_it_ends() {
    let whole = good().component();
    for length in (1..whole.len()).step_by(97).chain([whole.len() - 1]) {
        let error = refuse(&whole[..length]);
        // Where it ends between two sections, what is left is a component without the export.
        let named = matches!(error, LoadError::Truncated { .. } | LoadError::World { .. } | LoadError::Invalid { .. });
        assert!(named, "{length}: {error:?}");
    }
    assert!(matches!(refuse(&whole[..whole.len() / 2]), LoadError::Truncated { .. }));
}

#[test]
fn a_damaged_component_is_refused() {
    let mut damaged = good().component();
    // The first section is the core module; past its own preamble and into its types.
    damaged[40..60].fill(0xff);
    assert!(matches!(refuse(&damaged), LoadError::Invalid { .. }));
}

#[test]
fn a_component_with_imports_is_refused() {
    let source = Source {
        wit: good().wit.replace("export transcoder;", "export transcoder; import clock: func() -> u64;"),
        imports: r#"(import "$root" "clock" (func $clock (result i64)))"#,
        more: "(func $begin (drop (call $clock))) (start $begin)",
        ..good()
    };
    let error = refuse(&source.component());
    assert!(matches!(&error, LoadError::Imports { imports } if imports == &["clock"]), "{error:?}");
}

#[test]
fn another_version_is_refused() {
    let source = Source {
        wit: good().wit.replace("package xg2g:transcoder@1.0.0", "package xg2g:transcoder@2.0.0"),
        interface: "xg2g:transcoder/transcoder@2.0.0",
        ..good()
    };
    let error = refuse(&source.component());
    assert!(matches!(&error, LoadError::Version { found } if found == "xg2g:transcoder/transcoder@2.0.0"), "{error:?}");
}

#[test]
fn another_world_is_refused() {
    let wit = "package a:b; world other { export run: func() -> u32; }";
    let wat = r#"(module (func (export "run") (result i32) (i32.const 1)))"#;
    let error = refuse(&component(wit, "other", wat));
    assert!(matches!(&error, LoadError::World { exports } if exports == &["run"]), "{error:?}");
    let nothing = refuse(b"\0asm\x0d\0\x01\0");
    assert!(nothing.to_string().contains("it exports nothing"), "{nothing}");
}

#[test]
fn the_contract_s_name_on_other_functions_is_refused() {
    let changed = |from: &str, to: &str| {
        assert!(good().wit.contains(from));
        refuse(&Source { wit: good().wit.replace(from, to), ..good() }.component())
    };
    let function = changed("version: func() -> string;", "version: func() -> list<u8>;");
    assert!(matches!(&function, LoadError::Interface { reason } if reason.contains("`version`")), "{function:?}");
    let record = changed("drift-us: s64,", "drift-ms: s64,");
    assert!(matches!(&record, LoadError::Interface { reason } if reason.contains("session.report")), "{record:?}");
}

#[test]
fn a_missing_file_is_named() {
    let error = Plugin::from_file("/no/such/plugin.wasm").unwrap_err();
    assert!(matches!(error, LoadError::Read { .. }) && error.to_string().contains("/no/such/plugin.wasm"), "{error}");
}

#[test]
fn the_cache_serves_the_second_load() {
    let directory = tempfile::tempdir().unwrap();
    let config = PluginConfig { cache: CompileCache::Directory(directory.path().join("c")), ..PluginConfig::default() };
    let bytes = good().component();
    assert!(!Plugin::with_config(&bytes, &config).unwrap().is_from_cache());
    assert!(Plugin::with_config(&bytes, &config).unwrap().is_from_cache());
    let other = Source { process: "unreachable", ..good() }.component();
    assert!(!Plugin::with_config(&other, &config).unwrap().is_from_cache(), "other code is another entry");
    let off = PluginConfig { cache: CompileCache::Off, ..config };
    assert!(!Plugin::with_config(&bytes, &off).unwrap().is_from_cache());
}

#[test]
fn a_cache_directory_that_cannot_be_is_an_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let config = PluginConfig { cache: CompileCache::Directory(file.path().join("c")), ..PluginConfig::default() };
    assert!(matches!(Plugin::with_config(&good().component(), &config), Err(LoadError::Cache { .. })));
}

/// The engine once tidied up a whole folder that it was told to cache in, builds that others kept there included.
#[test]
fn the_cache_keeps_to_a_folder_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let cache = CompileCache::Directory(directory.path().to_path_buf());
    Plugin::with_config(&good().component(), &PluginConfig { cache, ..PluginConfig::default() }).unwrap();
    let found: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(found, ["wasmtime"]);
}
