//! Files that are there whole or not at all.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io,
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::{Path, PathBuf},
};

const DRAFT: &str = ".new";

/// Makes a file that nobody ever sees half-written, not even after a kill: filled and synced under a name of this
/// process's own, then linked to `path`. Mode 0600.
///
/// # Errors
/// `AlreadyExists` when another process was faster; its file is untouched.
pub(super) fn create_whole(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let draft = draft_path(path);
    // Left behind by a process of this id that was killed here.
    remove_if_there(&draft)?;
    let mut file = OpenOptions::new().write(true).read(true).create_new(true).mode(0o600).open(&draft)?;
    let made = fill(&mut file)
        .and_then(|()| file.sync_all())
        .and_then(|()| link(&draft, path))
        .and_then(|()| sync_folder(path));
    let cleaned = remove_if_there(&draft);
    made.and(cleaned)
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

fn draft_path(path: &Path) -> PathBuf {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}{DRAFT}", std::process::id()));
    draft.into()
}

fn is_draft_of(candidate: &OsStr, name: &OsStr) -> bool {
    let process = candidate
        .as_bytes()
        .strip_prefix(name.as_bytes())
        .and_then(|rest| rest.strip_prefix(b"."))
        .and_then(|rest| rest.strip_suffix(DRAFT.as_bytes()));
    process.is_some_and(|process| !process.is_empty() && process.iter().all(u8::is_ascii_digit))
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
