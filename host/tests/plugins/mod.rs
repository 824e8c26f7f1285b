//! Small plugins for the tests, good and hostile: a core module in text, made a component of the contract's world.
//!
//! The good one passes its input through. A hostile one is the good one with a function's body replaced. The layouts are
//! those of the canonical ABI (component-model `CanonicalABI.md`, "Flattening" and "Storing").

// Every test file takes what it needs.
#![allow(dead_code)]

use std::path::PathBuf;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;
use xg2g_transcoder::{CompileCache, Plugin, PluginConfig};

const WIT: &str = include_str!("../../../wit/transcoder.wit");

/// Where a plugin puts what it returns; its strings begin at 64; what it is given comes at 65,536.
const RESULT: usize = 0;

/// A plugin as WIT and as bodies of its functions.
#[derive(Clone)]
pub struct Source {
    pub wit: String,
    pub world: &'static str,
    /// The interface's full name, which the core module's exports carry.
    pub interface: &'static str,
    /// Pages of 64 KiB that the memory begins with.
    pub pages: usize,
    pub imports: &'static str,
    /// Functions, tables and globals besides.
    pub more: &'static str,
    pub realloc: &'static str,
    pub open: &'static str,
    pub process: &'static str,
    pub finish: &'static str,
    pub report: &'static str,
    pub inspect: &'static str,
    pub version: &'static str,
}

/// The good plugin: packets pass through, `0x47` in front makes a stream, options are checked as far as the bit rate goes.
pub fn good() -> Source {
    Source {
        wit: WIT.to_owned(),
        world: "plugin",
        interface: "xg2g:transcoder/transcoder@1.0.0",
        pages: 3,
        imports: "",
        more: "",
        // Everything that comes in goes to one place: it is looked at before the next comes.
        realloc: "(block $fits
                (br_if $fits (i32.le_u (i32.add (local.get 3) (i32.const 65536)) (i32.mul (memory.size) (i32.const 65536))))
                (if (i32.eq (i32.const -1) (memory.grow (i32.div_u (local.get 3) (i32.const 65536)))) (then unreachable)))
            (i32.const 65536)",
        open: "(if (result i32)
                (i32.and (local.get 0) (i32.lt_u (local.get 1) (i32.const 16000)))
                (then (call $err (i32.const 64) (i32.const 31)))
                (else (call $ok_handle (call $new (i32.const 7)))))",
        process: "(if (global.get $finished) (then (return (call $err (i32.const 128) (i32.const 28)))))
            (if (i64.eqz (global.get $in)) (then
                (global.set $sync (i32.and (i32.ne (local.get 2) (i32.const 0))
                    (i32.eq (i32.load8_u (local.get 1)) (i32.const 0x47))))))
            (global.set $in (i64.add (global.get $in) (i64.extend_i32_u (local.get 2))))
            (call $ok_list (local.get 1) (local.get 2))",
        finish: "(if (global.get $finished) (then (return (call $err (i32.const 128) (i32.const 28)))))
            (global.set $finished (i32.const 1))
            (call $ok_list (i32.const 0) (i32.const 0))",
        report: "(memory.fill (i32.const 0) (i32.const 0) (i32.const 64))
            (memory.fill (i32.const 256) (i32.const 0) (i32.const 96))
            (i64.store (i32.const 256) (global.get $in))
            (i64.store (i32.const 264) (global.get $in))
            (if (global.get $sync) (then
                (i64.store (i32.const 272) (i64.div_u (global.get $in) (i64.const 188)))
                (i64.store (i32.const 280) (i64.div_u (global.get $in) (i64.const 188)))))
            (i64.store (i32.const 336) (i64.extend_i32_u (i32.mul (memory.size) (i32.const 65536))))
            (i32.const 256)",
        inspect: "(memory.fill (i32.const 0) (i32.const 0) (i32.const 64))
            (if (i32.ne (i32.load8_u (local.get 0)) (i32.const 0x47)) (then
                (i32.store (i32.const 0) (i32.const 1))
                (i32.store (i32.const 8) (i32.const 192))
                (i32.store (i32.const 12) (i32.const 30))
                (return (i32.const 0))))
            (i32.store (i32.const 8) (i32.const 188))
            (i64.store (i32.const 16) (i64.extend_i32_u (i32.div_u (local.get 1) (i32.const 188))))
            (i32.const 0)",
        version: "(i32.store (i32.const 0) (i32.const 240)) (i32.store (i32.const 4) (i32.const 5)) (i32.const 0)",
    }
}

impl Source {
    fn wat(&self) -> String {
        let Self { interface, pages, imports, more, realloc, open, process, finish, report, inspect, version, .. } =
            self;
        let options = "i32 ".repeat(12);
        format!(
            r#"(module
            (import "[export]{interface}" "[resource-new]session" (func $new (param i32) (result i32)))
            {imports}
            (memory (export "memory") {pages})
            (data (i32.const 64) "invalid-option: bitrate too low")
            (data (i32.const 128) "closed: the session finished")
            (data (i32.const 192) "malformed: no transport stream")
            (data (i32.const 240) "1.2.3")
            (global $in (mut i64) (i64.const 0))
            (global $sync (mut i32) (i32.const 0))
            (global $finished (mut i32) (i32.const 0))
            {more}
            (func $case (param $case i32)
                (memory.fill (i32.const {RESULT}) (i32.const 0) (i32.const 64))
                (i32.store8 (i32.const {RESULT}) (local.get $case)))
            (func $ok_handle (param i32) (result i32)
                (call $case (i32.const 0)) (i32.store (i32.const 4) (local.get 0)) (i32.const {RESULT}))
            (func $ok_list (param i32 i32) (result i32)
                (call $case (i32.const 0))
                (i32.store (i32.const 4) (local.get 0)) (i32.store (i32.const 8) (local.get 1)) (i32.const {RESULT}))
            (func $err (param i32 i32) (result i32)
                (drop (call $ok_list (local.get 0) (local.get 1)))
                (i32.store8 (i32.const {RESULT}) (i32.const 1)) (i32.const {RESULT}))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
            (func $open (export "{interface}#[static]session.open") (param {options}) (result i32) {open})
            (func $process (export "{interface}#[method]session.process") (param i32 i32 i32) (result i32) {process})
            (func $finish (export "{interface}#[method]session.finish") (param i32) (result i32) {finish})
            (func $report (export "{interface}#[method]session.report") (param i32) (result i32) {report})
            (func $transcode (export "{interface}#transcode") (param i32 i32 {options}) (result i32)
                (call $ok_list (local.get 0) (local.get 1)))
            (func $inspect (export "{interface}#inspect") (param i32 i32 {options}) (result i32) {inspect})
            (func $version (export "{interface}#version") (result i32) {version})
            )"#
        )
    }

    /// The component.
    pub fn component(&self) -> Vec<u8> {
        component(&self.wit, self.world, &self.wat())
    }

    /// The component, loaded without a cache.
    pub fn load(&self) -> Plugin {
        load(&self.component())
    }
}

/// A component of the world `world` of the package in `wit` around the core module in `wat`.
pub fn component(wit: &str, world: &str, wat: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", wit).expect("the WIT parses");
    let world = resolve.select_world(&[package], Some(world)).expect("the world is there");
    let mut module = wat::parse_str(wat).expect("the core module parses");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
    ComponentEncoder::default().module(&module).expect("the module fits").validate(true).encode().expect("a component")
}

pub fn load(component: &[u8]) -> Plugin {
    let config = PluginConfig { cache: CompileCache::Off, ..PluginConfig::default() };
    Plugin::with_config(component, &config).expect("the plugin loads")
}

/// `packets` packets of a stream that is one to the good plugin.
pub fn stream(packets: usize) -> Vec<u8> {
    (0..packets * 188).map(|index| if index % 188 == 0 { 0x47 } else { (index % 251) as u8 }).collect()
}

/// The plugin that `make build` makes.
pub fn real_plugin() -> PathBuf {
    let path = std::env::var_os("XG2G_PLUGIN")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/transcoder.wasm")), PathBuf::from);
    assert!(path.is_file(), "{} is missing: run `make build` first, or set XG2G_PLUGIN", path.display());
    path
}
