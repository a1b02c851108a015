//! What tells one content of a path from the next without reading it.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

/// Where a path leads and what is there; `None` where it leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(Option<Found>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    device: u64,
    inode: u64,
    length: u64,
    /// Seconds and nanoseconds. A write changes both, a rename or a chmod only the second.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Fingerprint {
    pub(super) fn of(path: &Path) -> Self {
        Self(fs::metadata(path).ok().map(|found| Found {
            device: found.dev(),
            inode: found.ino(),
            length: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }))
    }
}
