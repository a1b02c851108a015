//! Files that say from whom to inject, read again when they change.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::watch;

/// A file, and who hears of what is in it.
pub(super) struct ReadFile<T> {
    path: PathBuf,
    read: fn(&Path) -> Result<T, String>,
    count: fn(&T) -> usize,
    publish: watch::Sender<Option<Arc<T>>>,
}

/// What can be read again.
pub(super) trait Reread {
    /// Reads it. What was read before goes on to count where it cannot be read or is none. Says whether all is well.
    fn load(&self) -> bool;
}

impl<T> ReadFile<T> {
    /// A file that `read` reads, with as many entries as `count` says.
    pub(super) fn new(
        path: PathBuf,
        read: fn(&Path) -> Result<T, String>,
        count: fn(&T) -> usize,
    ) -> (Self, watch::Receiver<Option<Arc<T>>>) {
        let (publish, receiver) = watch::channel(None);
        (Self { path, read, count, publish }, receiver)
    }
}

impl<T> Reread for ReadFile<T> {
    fn load(&self) -> bool {
        match (self.read)(&self.path) {
            Ok(all) => {
                tracing::info!(file = %self.path.display(), entries = (self.count)(&all), "read from whom to inject");
                self.publish.send_replace(Some(Arc::new(all)));
                true
            }
            Err(error) => {
                tracing::error!(file = %self.path.display(), error, "cannot be read; what was read before counts");
                false
            }
        }
    }
}

/// The text of any error.
pub(super) fn told(error: impl Display) -> String {
    error.to_string()
}
