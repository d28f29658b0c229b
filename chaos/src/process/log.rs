//! The file that a child's standard error goes to, and its end for error messages.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::process::Stdio;

use super::{Error, Spec};

/// Bytes of a log that an error shows at most.
const TAIL_BYTES: u64 = 2_000;

/// A child's log, and where this start of it begins.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    began_at: u64,
}

impl Log {
    pub(super) fn open(spec: &Spec) -> Result<Self, Error> {
        let opened = OpenOptions::new().create(true).append(true).open(&spec.log);
        let opened = opened.and_then(|file| Ok((file.metadata()?.len(), file)));
        let (began_at, file) = opened.map_err(|source| failed(spec, source))?;
        Ok(Self { path: spec.log.clone(), file, began_at })
    }

    pub(super) fn handle(&self, spec: &Spec) -> Result<Stdio, Error> {
        self.file.try_clone().map(Stdio::from).map_err(|source| failed(spec, source))
    }

    /// The last lines that were written since this start; empty when there are none or they cannot be read.
    pub(super) fn tail(&self) -> Tail {
        let read = || {
            let mut file = File::open(&self.path)?;
            let from = file.metadata()?.len().saturating_sub(TAIL_BYTES).max(self.began_at);
            file.seek(SeekFrom::Start(from))?;
            let mut bytes = Vec::new();
            file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
            std::io::Result::Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        Tail(read().unwrap_or_default())
    }
}

fn failed(spec: &Spec, source: std::io::Error) -> Error {
    Error::Log { name: spec.name.clone(), path: spec.log.clone(), source }
}

/// The end of a log, shown as indented lines under an error.
#[derive(Debug)]
pub struct Tail(String);

impl fmt::Display for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.trim_end().lines().try_for_each(|line| write!(f, "\n  {line}"))
    }
}
