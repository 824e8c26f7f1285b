//! `native`: the core without the sandbox, as the host program runs it inside.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;

use xg2g_core::pipeline::{Options, Session};

use crate::arguments::Native;
use crate::error::Error;

/// Bytes of a call: as many as the host program gives the plugin at a time.
const PIECE_BYTES: usize = 64 << 10;

pub fn run(arguments: &Native) -> Result<(), Error> {
    let Native { input, output } = arguments;
    let mut from = File::open(input).map_err(|error| Error::read(input, error))?;
    // Without the line buffer of `std::io::Stdout`, which looks for line ends in the packets.
    let mut to = match output.as_path() {
        standard if standard == Path::new("-") => io::stdout().as_fd().try_clone_to_owned().map(File::from),
        path => File::create(path),
    }
    .map_err(|error| Error::write(output, error))?;

    let mut session = Session::open(&Options::default())?;
    let (mut piece, mut packets) = (vec![0; PIECE_BYTES], Vec::new());
    loop {
        let length = from.read(&mut piece).map_err(|error| Error::read(input, error))?;
        match length {
            0 => session.finish(&mut packets)?,
            length => session.process(&piece[..length], &mut packets)?,
        }
        to.write_all(&packets).map_err(|error| Error::write(output, error))?;
        packets.clear();
        if length == 0 {
            return Ok(());
        }
    }
}
