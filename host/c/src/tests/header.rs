//! The header is what `abi.rs` says.

use std::path::Path;

#[test]
fn the_header_is_made_from_the_source() {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(room.join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::Builder::new().with_config(config).with_src(room.join("src/abi.rs")).generate().unwrap();
    let mut made = Vec::new();
    bindings.write(&mut made);
    let made = String::from_utf8(made).unwrap();

    let path = room.join("include/xg2g_transcoder.h");
    if std::env::var_os("XG2G_BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "{} is not what abi.rs says; make it again: XG2G_BLESS=1 cargo test -p xg2g-transcoder-c header",
        path.display()
    );
}
