//! The file, or stdout.

use std::{
    fs::{File, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use super::{AuditError, AuditTarget};

#[derive(Debug)]
pub(super) struct Sink {
    target: AuditTarget,
    file: Option<File>,
}

impl Sink {
    pub(super) fn open(target: AuditTarget) -> Result<Self, AuditError> {
        let file = match &target {
            AuditTarget::File(path) => Some(open(path).map_err(|source| AuditError { path: path.clone(), source })?),
            AuditTarget::Stdout => None,
        };
        Ok(Self { target, file })
    }

    /// Opens the path anew; the former file stays in use when that fails.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        if let AuditTarget::File(path) = &self.target {
            self.file = Some(open(path)?);
        }
        Ok(())
    }

    /// Writes whole lines.
    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.write_all(lines),
            None => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(lines)?;
                stdout.flush()
            }
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let file = File::options().append(true).create(true).mode(0o600).open(path)?;
    // A file that was there before may be open to others.
    if file.metadata()?.is_file() {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}
