//! What `wit-bindgen` makes of the contract.
#![allow(missing_docs, unsafe_code, clippy::all, clippy::undocumented_unsafe_blocks, clippy::unwrap_used)]

use crate::Component;

wit_bindgen::generate!({
    path: "../wit",
    world: "plugin",
});

export!(Component with_types_in self);
