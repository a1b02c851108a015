//! Making a keyring and adding versions to it. Each edit replaces the whole file at once.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::{
    KeyringError,
    file::{self, Content, SECRET_LEN, Version},
};

/// Edits that lose this many races in a row give up.
const PATIENCE: u32 = 64;

/// Makes a keyring with one version, number 1, which is current. Mode 0600.
///
/// # Errors
/// When there is a file already, or it cannot be written.
pub fn create(path: &Path) -> Result<(), KeyringError> {
    let content = Content { id: random_id()?, current: 1, versions: vec![fresh(1)?] };
    let draft = write_draft(path, &content)?;
    // Unlike a rename, a link refuses to replace what is there.
    let linked = fs::hard_link(&draft, path);
    let removed = fs::remove_file(&draft);
    linked.and(removed).and_then(|()| sync_directory(path)).map_err(io("creating", path))
}

/// Adds a version and returns its number. It is not used to seal until [`set_current`] says so: give it to every
/// node first.
///
/// # Errors
/// When the file cannot be read or written, or is no keyring.
pub fn add_version(path: &Path) -> Result<u32, KeyringError> {
    edit(path, |content| {
        let number = content.versions.iter().map(|version| version.number).max().unwrap_or(0);
        let number = number.checked_add(1).ok_or_else(|| KeyringError::Content {
            path: path.to_owned(),
            reason: "has no version number left".to_owned(),
        })?;
        content.versions.push(fresh(number)?);
        Ok(number)
    })
}

/// Makes a version the one that seals.
///
/// # Errors
/// When the file cannot be read or written, is no keyring, or does not hold the version.
pub fn set_current(path: &Path, number: u32) -> Result<(), KeyringError> {
    edit(path, |content| {
        if !content.versions.iter().any(|version| version.number == number) {
            return Err(KeyringError::Content { path: path.to_owned(), reason: format!("holds no version {number}") });
        }
        content.current = number;
        Ok(())
    })
}

fn edit<T>(path: &Path, change: impl Fn(&mut Content) -> Result<T, KeyringError>) -> Result<T, KeyringError> {
    for _ in 0..PATIENCE {
        let mut file = File::open(path).map_err(io("opening", path))?;
        file.lock().map_err(io("locking", path))?;
        // While we waited for the lock another edit may have put a new file in its place.
        let locked = file.metadata().map_err(io("reading", path))?;
        let there = fs::metadata(path).map_err(io("reading", path))?;
        if (locked.dev(), locked.ino()) != (there.dev(), there.ino()) {
            continue;
        }
        let text = file::read_open(path, &mut file)?;
        let mut content = Content::parse(path, &text)?;
        let outcome = change(&mut content)?;
        let draft = write_draft(path, &content)?;
        fs::rename(&draft, path).and_then(|()| sync_directory(path)).map_err(io("replacing", path))?;
        return Ok(outcome);
    }
    Err(KeyringError::Contended { path: path.to_owned() })
}

/// Writes the content beside the file, durable, for the owner only, and returns where.
fn write_draft(path: &Path, content: &Content) -> Result<std::path::PathBuf, KeyringError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", random_id()?));
    let draft = path.with_file_name(name);
    let write = || {
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(content.render().as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| {
        // Half a secret on a full disk is of no use to anyone.
        let _ = fs::remove_file(&draft);
        io("writing", path)(error)
    })?;
    Ok(draft)
}

fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

fn fresh(number: u32) -> Result<Version, KeyringError> {
    let mut secret = Zeroizing::new([0; SECRET_LEN]);
    rand::fill(secret.as_mut_slice()).map_err(|_| KeyringError::Crypto { doing: "drawing a key" })?;
    Ok(Version { number, secret })
}

/// 128 random bits: two keyrings never share a name, so a key_id is never used twice.
fn random_id() -> Result<String, KeyringError> {
    let mut bits = [0; 16];
    rand::fill(&mut bits).map_err(|_| KeyringError::Crypto { doing: "drawing a name" })?;
    Ok(bits.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn io<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> KeyringError + 'a {
    move |source| KeyringError::Io { doing, path: path.to_owned(), source }
}
