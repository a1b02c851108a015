//! The directories in which a change of a file shows.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

#[derive(Debug)]
pub(super) struct Watcher {
    inotify: RecommendedWatcher,
    watched: HashSet<PathBuf>,
}

impl Watcher {
    /// Each event in a watched directory fills `stir`'s one place.
    pub(super) fn new(stir: mpsc::Sender<()>) -> notify::Result<Self> {
        let inotify = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // Reading a file is an event too, and our own look must not be the next reason to look.
            if !matches!(event, Ok(Event { kind: EventKind::Access(_), .. })) {
                // A full place says the same.
                let _ = stir.try_send(());
            }
        })?;
        Ok(Self { inotify, watched: HashSet::new() })
    }

    /// Watches the directory that names `path` and the one where it really is.
    pub(super) fn follow(&mut self, path: &Path) {
        let named_in = path.parent().map(Path::to_owned);
        let real_in = fs::canonicalize(path).ok().and_then(|real| real.parent().map(Path::to_owned));
        // kubelet removes the former target's directory, and with it the watch.
        self.watched.retain(|directory| directory.exists());
        for directory in [named_in, real_in].into_iter().flatten() {
            let directory = if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory };
            if self.watched.contains(&directory) {
                continue;
            }
            match self.inotify.watch(&directory, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.watched.insert(directory);
                }
                // It is still looked at from time to time.
                Err(error) => tracing::debug!(directory = %directory.display(), %error, "cannot watch"),
            }
        }
    }
}
