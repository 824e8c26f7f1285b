//! Where a stream comes from.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::failure::{Failure, is_standard, name};

/// A file or standard input, with its size where it has one.
pub struct Input {
    pub name: String,
    pub size: Option<u64>,
    from: Box<dyn Read>,
}

impl Input {
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let name = name(path, "standard input");
        if is_standard(path) {
            return Ok(Self { name, size: None, from: Box::new(io::stdin().lock()) });
        }
        let open = || -> io::Result<(File, std::fs::Metadata)> {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            Ok((file, metadata))
        };
        let (file, metadata) = open().map_err(|source| Failure::read(&name, source))?;
        let size = metadata.is_file().then_some(metadata.len());
        Ok(Self { name, size, from: Box::new(file) })
    }

    /// Reads what is there, at least a byte; 0 at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        loop {
            match self.from.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read.map_err(|source| Failure::read(&self.name, source)),
            }
        }
    }

    /// Reads the first `most` bytes, or all where there are fewer.
    pub fn read_start(&mut self, most: usize) -> Result<Vec<u8>, Failure> {
        let mut start = Vec::new();
        let mut limited = (&mut self.from).take(most as u64);
        limited.read_to_end(&mut start).map_err(|source| Failure::read(&self.name, source))?;
        Ok(start)
    }
}
