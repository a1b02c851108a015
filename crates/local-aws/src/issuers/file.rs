//! An issuer's keys in a file.

use std::{
    fs::OpenOptions,
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use oidc::KeySet;
use rustix::fs::OFlags;

use super::{LARGEST, NoKeys, fetch::FetchError};

/// The keys that the file has now.
pub(super) async fn keys(path: PathBuf) -> Result<KeySet, NoKeys> {
    let content = tokio::task::spawn_blocking(move || content(&path)).await;
    let content = content.unwrap_or_else(|_| Err(io::Error::other("it could not be read to its end").into()))?;
    Ok(KeySet::parse(&content)?)
}

/// A file's content. Nobody waits for the other end of a pipe, which would never end, and be there once only.
fn content(path: &Path) -> Result<Vec<u8>, FetchError> {
    let without_waiting = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(without_waiting).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(FetchError::NoFile);
    }
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    let mut content = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() > LARGEST { Err(FetchError::Large) } else { Ok(content) }
}
