//! What `wit-bindgen` makes of the contract, from the caller's side.
#![allow(missing_docs, unsafe_code, clippy::all, clippy::undocumented_unsafe_blocks, clippy::unwrap_used)]

wit_bindgen::generate!({
    path: "../wit",
    world: "client",
});
