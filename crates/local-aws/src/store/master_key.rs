//! The key over all keys: everything secret in the state file is sealed under it.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use aws_model::SecretBytes;
use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use super::{OpenError, whole_file::create_whole};
use crate::sealing::{MATERIAL_LEN, random_bytes};

/// Where the master key comes from.
#[derive(Clone, Debug)]
pub enum MasterKey {
    /// From the file beside the state file, [`key_path`]; made together with a new state file.
    Beside,
    /// From whoever starts the embedded AWS; any number of bytes, 32 random ones are right.
    Given(SecretBytes),
}

/// Where the master key of the state file `state` is kept unless it is given: `STATE.key`.
pub fn key_path(state: &Path) -> PathBuf {
    let mut path = state.as_os_str().to_owned();
    path.push(".key");
    path.into()
}

impl MasterKey {
    /// The key for a state file that is there already.
    pub(crate) fn of_existing(&self, state: &Path) -> Result<SecretBytes, OpenError> {
        match self {
            Self::Given(key) => Ok(key.clone()),
            Self::Beside => {
                let key = key_path(state);
                read(&key)?.ok_or_else(|| OpenError::NoMasterKey { path: state.to_owned(), key })
            }
        }
    }

    /// The key for a new state file.
    pub(crate) fn for_new(&self, state: &Path) -> Result<SecretBytes, OpenError> {
        match self {
            Self::Given(key) => Ok(key.clone()),
            Self::Beside => {
                let path = key_path(state);
                match read(&path)? {
                    Some(key) => Ok(key),
                    None => make(&path),
                }
            }
        }
    }
}

fn read(path: &Path) -> Result<Option<SecretBytes>, OpenError> {
    let io = |source| OpenError::Io { doing: "read the master key", path: path.to_owned(), source };
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.mode() & 0o777,
        Err(gone) if gone.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io(source)),
    };
    if mode & 0o077 != 0 {
        return Err(OpenError::ExposedMasterKey { path: path.to_owned(), mode });
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(io)?);
    match BASE64_STANDARD.decode(text.trim()).map(SecretBytes::new) {
        Ok(key) if key.len() == MATERIAL_LEN => Ok(Some(key)),
        _ => Err(OpenError::MalformedMasterKey { path: path.to_owned() }),
    }
}

fn make(path: &Path) -> Result<SecretBytes, OpenError> {
    let key = random_bytes(MATERIAL_LEN).map_err(|_| OpenError::NoRandomness)?;
    let mut text = Zeroizing::new(BASE64_STANDARD.encode(key.expose()));
    text.push('\n');
    let io = |source| OpenError::Io { doing: "make the master key", path: path.to_owned(), source };
    let fill = |file: &mut File| file.write_all(text.as_bytes());
    match create_whole(path, fill) {
        Ok(()) => Ok(key),
        // Another process was faster; its key is the key.
        Err(lost) if lost.kind() == io::ErrorKind::AlreadyExists => {
            read(path)?.ok_or_else(|| io(io::Error::from(io::ErrorKind::NotFound)))
        }
        Err(source) => Err(io(source)),
    }
}
