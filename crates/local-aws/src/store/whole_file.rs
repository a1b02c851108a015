//! Files that are there whole or not at all.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::{Path, PathBuf},
};

use aws_lc_rs::rand;

const DRAFT: &str = ".new";

/// Makes a file that nobody ever sees half-written, not even after a kill: filled and synced under a name that is drawn
/// at random, then linked to `path`. Mode 0600. A process id would be no such name: two containers that share the folder
/// may both be process 1.
///
/// # Errors
/// `AlreadyExists` when another process was faster; its file is untouched.
pub(crate) fn create_whole(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut draft = Draft::beside(path)?;
    fill(&mut draft.file)?;
    draft.file.sync_all()?;
    link(&draft.path, path)?;
    sync_folder(path)
}

/// Puts a file in place of whatever is at `path`: nobody ever sees it half-written, not even after a kill.
///
/// # Errors
/// What the operating system says; what is at `path` is as it was then.
pub fn replace_whole(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let mut draft = Draft::with_mode(path, readers.mode())?;
    draft.file.write_all(bytes)?;
    draft.rename()
}

/// Who may read a file that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone.
    Owner,
    /// Whom the umask lets.
    Usual,
}

impl Readers {
    fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Usual => 0o666,
        }
    }
}

/// A file in the making, beside the one that it is to become. It is gone when this is dropped.
pub(super) struct Draft {
    path: PathBuf,
    file: File,
    becomes: PathBuf,
}

impl Draft {
    /// An empty one, readable by its owner only.
    pub(super) fn beside(path: &Path) -> io::Result<Self> {
        Self::with_mode(path, Readers::Owner.mode())
    }

    fn with_mode(path: &Path, mode: u32) -> io::Result<Self> {
        loop {
            let mut bits = [0; 4];
            rand::fill(&mut bits)
                .map_err(|_| io::Error::other("the machine gave no randomness to draw a name from"))?;
            let mut draft = path.as_os_str().to_owned();
            draft.push(format!(".{:08x}{DRAFT}", u32::from_ne_bytes(bits)));
            match OpenOptions::new().write(true).read(true).create_new(true).mode(mode).open(&draft) {
                // Another's, and one in four thousand million.
                Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => {}
                opened => return opened.map(|file| Self { path: draft.into(), file, becomes: path.to_owned() }),
            }
        }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Puts it in its place, whatever is there, when it would survive a kill.
    pub(super) fn rename(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, &self.becomes)?;
        sync_folder(&self.becomes)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // One that became what it was to become has this name no more. What cannot be removed now is at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes what killed processes left of their attempts to make `path`. For who has `path` and keeps others out.
pub(super) fn remove_drafts(path: &Path) -> io::Result<()> {
    let Some(name) = path.file_name() else { return Ok(()) };
    for entry in fs::read_dir(folder(path))? {
        let entry = entry?;
        if is_draft_of(&entry.file_name(), name) {
            remove_if_there(&entry.path())?;
        }
    }
    Ok(())
}

fn is_draft_of(candidate: &OsStr, name: &OsStr) -> bool {
    let drawn = candidate
        .as_bytes()
        .strip_prefix(name.as_bytes())
        .and_then(|rest| rest.strip_prefix(b"."))
        .and_then(|rest| rest.strip_suffix(DRAFT.as_bytes()));
    drawn.is_some_and(|drawn| drawn.len() == 8 && drawn.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

fn link(draft: &Path, path: &Path) -> io::Result<()> {
    fs::hard_link(draft, path).map_err(|failed| {
        // Whoever was faster may have cleared the draft away too.
        let lost = failed.kind() == io::ErrorKind::NotFound && path.exists();
        if lost { io::ErrorKind::AlreadyExists.into() } else { failed }
    })
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(gone) if gone.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// A new name is durable when its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
