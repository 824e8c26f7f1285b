//! Transcodes a file natively, without the sandbox: what profilers and the native-against-sandbox benchmark run.
//!
//! `transcode IN OUT [PIECE_BYTES]`
#![forbid(unsafe_code)]

use std::io::{Error, Write};

use xg2g_core::pipeline::{Options, Session};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, piece @ ..] = &arguments[..] else {
        return Err(Error::other("usage: transcode IN OUT [PIECE_BYTES]"));
    };
    let piece = piece.first().map_or(Ok(64 << 10), |text| text.parse()).map_err(Error::other)?;
    let input = std::fs::read(input)?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(output)?);
    let mut session = Session::open(&Options::default()).map_err(Error::other)?;
    let mut out = Vec::new();
    for bytes in input.chunks(piece) {
        out.clear();
        session.process(bytes, &mut out).map_err(Error::other)?;
        file.write_all(&out)?;
    }
    out.clear();
    session.finish(&mut out).map_err(Error::other)?;
    file.write_all(&out)?;
    file.flush()?;
    eprintln!("{:#?}", session.report());
    Ok(())
}
