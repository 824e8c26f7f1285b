//! Transcodes standard input to standard output.
fn main() {}
