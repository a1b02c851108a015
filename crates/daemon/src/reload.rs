//! When to look again at files and credentials: on SIGHUP, and when a watched file changes.
//!
//! Kubernetes mounts ConfigMaps and Secrets as links through a `..data` link that it swaps, so the file itself never
//! sees a write. Its directory is watched, not the file, and what counts is whether the path leads to something else
//! than before. The directory the path really leads to is watched too, for links that lead elsewhere.

mod fingerprint;
mod watcher;

use std::{io, path::PathBuf, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
    time::{Instant, sleep_until},
};

use fingerprint::Fingerprint;
use watcher::Watcher;

/// A change is told once nothing has stirred for this long: files that belong together are written one by one.
const QUIET: Duration = Duration::from_millis(100);
/// Yet no later than this after the first stir.
const MAX_WAIT: Duration = Duration::from_secs(1);
/// How often to look without being told: network file systems do not notify.
const LOOK_ANYWAY: Duration = Duration::from_secs(30);

/// Tells when to reload. One consumer.
#[derive(Debug)]
pub struct Reload {
    files: Vec<(PathBuf, Fingerprint)>,
    hangup: Signal,
    watcher: Watcher,
    stirs: mpsc::Receiver<()>,
    look_anyway: Duration,
}

/// Why to reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// SIGHUP.
    Hangup,
    /// These files lead to something else than before, or appeared, or went away.
    Changed(Vec<PathBuf>),
}

/// Reloading could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// No handler for SIGHUP.
    #[error("cannot handle SIGHUP: {0}")]
    Hangup(#[source] io::Error),
    /// The kernel gives no inotify instance.
    #[error("cannot watch files: {0}; the limit is /proc/sys/fs/inotify/max_user_instances")]
    Watch(#[source] notify::Error),
}

impl Reload {
    /// Starts to listen for SIGHUP and for changes of `files`, which need not exist yet.
    ///
    /// # Errors
    /// [`ReloadError`]. Must be called within a tokio runtime.
    pub fn watch(files: impl IntoIterator<Item = PathBuf>) -> Result<Self, ReloadError> {
        let hangup = signal(SignalKind::hangup()).map_err(ReloadError::Hangup)?;
        // One place is enough: it means "look", however much has happened.
        let (stir, stirs) = mpsc::channel(1);
        let mut watcher = Watcher::new(stir).map_err(ReloadError::Watch)?;
        let files: Vec<_> = files
            .into_iter()
            .map(|path| {
                watcher.follow(&path);
                let now = Fingerprint::of(&path);
                (path, now)
            })
            .collect();
        Ok(Self { files, hangup, watcher, stirs, look_anyway: LOOK_ANYWAY })
    }

    /// The next reason to reload. Safe to drop and call again.
    pub async fn next(&mut self) -> Cause {
        loop {
            tokio::select! {
                _ = self.hangup.recv() => {
                    // What changed so far is reloaded now, and need not be told again.
                    self.changed_files();
                    return Cause::Hangup;
                }
                Some(()) = self.stirs.recv() => self.settle().await,
                () = sleep_until(Instant::now() + self.look_anyway) => {}
            }
            let changed = self.changed_files();
            if !changed.is_empty() {
                return Cause::Changed(changed);
            }
        }
    }

    /// Waits until nothing stirs any more.
    async fn settle(&mut self) {
        let latest = Instant::now() + MAX_WAIT;
        loop {
            let quiet_at = (Instant::now() + QUIET).min(latest);
            tokio::select! {
                biased;
                () = sleep_until(quiet_at) => return,
                Some(()) = self.stirs.recv() => {}
            }
        }
    }

    fn changed_files(&mut self) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for (path, known) in &mut self.files {
            let now = Fingerprint::of(path);
            if now != *known {
                *known = now;
                // The way to the file may be another one now.
                self.watcher.follow(path);
                changed.push(path.clone());
            }
        }
        changed
    }
}
