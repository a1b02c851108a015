//! A private directory that goes when `up` does.

use std::{env, path::PathBuf};

use tempfile::TempDir;

use crate::{environment, failure::Failure};

/// Mode 0700, in the session's runtime directory or else in the directory for temporary files; removed when dropped.
pub(super) struct Directory(TempDir);

impl Directory {
    pub(super) fn make() -> Result<Self, Failure> {
        let session = env::var_os(environment::RUNTIME_DIRECTORY).map(PathBuf::from).filter(|path| path.is_dir());
        let parent = session.unwrap_or_else(env::temp_dir);
        // tempfile makes directories 0700.
        match tempfile::Builder::new().prefix("claviger-").tempdir_in(&parent) {
            Ok(directory) => Ok(Self(directory)),
            Err(error) => Err(Failure::new(format_args!("cannot make a directory in `{}`: {error}", parent.display()))
                .help(format_args!("name one that can be written with {}", environment::RUNTIME_DIRECTORY))),
        }
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}
