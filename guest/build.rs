//! The shape of the plugin's linear memory.

/// Bytes of the stack, which the linker puts first: one that overflows runs below address 0 and traps. The deepest use measured
/// over the real streams of every codec is 28 KiB, in the encoder; Rust's default would be 1 MiB for each session.
const STACK_BYTES: u32 = 128 * 1024;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("unknown") {
        println!("cargo::rustc-link-arg-cdylib=-zstack-size={STACK_BYTES}");
    }
}
