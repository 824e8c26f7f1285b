//! Where a stream goes.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::failure::{Failure, is_standard, name};

/// Standard output, a device or pipe, or a file that takes its name only when it is whole.
pub struct Output {
    name: String,
    to: To,
}

enum To {
    Stream(File),
    File { partial: NamedTempFile, path: PathBuf },
}

impl Output {
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let name = name(path, "standard output");
        let to = if is_standard(path) { standard_output() } else { To::create(path) };
        to.map(|to| Self { to, name: name.clone() }).map_err(|source| Failure::write(&name, source))
    }

    /// Writes packets at once: whoever watches a live stream waits for them.
    pub fn write(&mut self, packets: &[u8]) -> Result<(), Failure> {
        let written = match &mut self.to {
            To::Stream(file) => file.write_all(packets),
            To::File { partial, .. } => partial.write_all(packets),
        };
        written.map_err(|source| Failure::write(&self.name, source))
    }

    /// Says that everything is written: the file takes its name. Without this it leaves nothing behind.
    pub fn complete(self) -> Result<(), Failure> {
        match self.to {
            To::Stream(_) => Ok(()),
            To::File { partial, path } => match partial.persist(path) {
                Ok(_) => Ok(()),
                Err(error) => Err(Failure::write(&self.name, error.error)),
            },
        }
    }
}

/// Without the line buffer of `std::io::Stdout`, which looks for line ends in the packets.
fn standard_output() -> io::Result<To> {
    Ok(To::Stream(File::from(io::stdout().as_fd().try_clone_to_owned()?)))
}

impl To {
    fn create(path: &Path) -> io::Result<Self> {
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => Some(metadata),
            // A pipe or a device keeps its name; a directory says so.
            Ok(_) => return Ok(Self::Stream(File::options().write(true).open(path)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        // A link stays a link: what it points to is replaced.
        let path = if metadata.is_some() { path.canonicalize()? } else { path.to_owned() };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let partial = tempfile::Builder::new()
            .prefix(".xg2g-")
            .suffix(".partial")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(directory)?;
        if let Some(metadata) = metadata {
            partial.as_file().set_permissions(metadata.permissions())?;
        }
        Ok(Self::File { partial, path })
    }
}
