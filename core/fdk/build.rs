//! Lets FDK link for WebAssembly: its build script asks for the C++ runtime of the machine that builds, though it needs none.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=wasm");
    if env::var("CARGO_CFG_TARGET_FAMILY").as_deref() == Ok("wasm") {
        let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
        // An archive of nothing is its magic number alone.
        fs::write(Path::new(&out).join("libstdc++.a"), b"!<arch>\n").expect("OUT_DIR can be written to");
        println!("cargo::rustc-link-search=native={out}");
    }
}
