//! The keyring file: reading it under its permissions, parsing it, writing it.
//!
//! ```json
//! {
//!   "format": "claviger-keyring-1",
//!   "id": "6f0c...",
//!   "current": 2,
//!   "versions": [
//!     {"number": 1, "secret": "base64 of 32 bytes"},
//!     {"number": 2, "secret": "..."}
//!   ]
//! }
//! ```

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Read,
    os::unix::fs::MetadataExt,
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::KeyringError;

pub(super) const SECRET_LEN: usize = 32;

/// Thousands of versions fit.
const LARGEST_FILE: u64 = 1 << 20;

const FORMAT: &str = "claviger-keyring-1";

const NOT_REGULAR: &str = "not a regular file";

/// A keyring file's content, checked.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) id: String,
    pub(super) current: u32,
    pub(super) versions: Vec<Version>,
}

pub(super) struct Version {
    pub(super) number: u32,
    pub(super) secret: Zeroizing<[u8; SECRET_LEN]>,
}

impl std::fmt::Debug for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Version").field("number", &self.number).finish_non_exhaustive()
    }
}

/// The JSON as it stands. Secrets are borrowed from the file's wiped buffer: no copy is left behind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'a> {
    format: &'a str,
    id: &'a str,
    current: u32,
    #[serde(borrow)]
    versions: Vec<RawVersion<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVersion<'a> {
    number: u32,
    secret: &'a str,
}

/// The file's bytes, if they are root's or our own, and nobody else may reach them.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
    let io = |source| KeyringError::Io { doing: "opening", path: path.to_owned(), source };
    // Opening a pipe that nobody writes to would hang.
    if !fs::metadata(path).map_err(io)?.is_file() {
        return Err(KeyringError::NotAFile { path: path.to_owned(), reason: NOT_REGULAR });
    }
    let mut file = File::open(path).map_err(io)?;
    read_open(path, &mut file)
}

/// Judges the open file, not the path: what was checked is what is read.
pub(super) fn read_open(path: &Path, file: &mut File) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
    let io = |source| KeyringError::Io { doing: "reading", path: path.to_owned(), source };
    let not_a_file = |reason| KeyringError::NotAFile { path: path.to_owned(), reason };
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(not_a_file(NOT_REGULAR));
    }
    let (owner, own) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != 0 && owner != own {
        return Err(KeyringError::Foreign { path: path.to_owned(), owner, own });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyringError::TooOpen { path: path.to_owned(), mode });
    }
    if metadata.len() > LARGEST_FILE {
        return Err(not_a_file("larger than 1 MiB"));
    }
    // One octet more than the file has, so that the buffer never grows and leaves a copy behind.
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1));
    file.take(metadata.len()).read_to_end(&mut content).map_err(io)?;
    Ok(content)
}

impl Content {
    pub(super) fn parse(path: &Path, content: &[u8]) -> Result<Self, KeyringError> {
        let raw: Raw<'_> = serde_json::from_slice(content).map_err(|error| KeyringError::Syntax {
            path: path.to_owned(),
            // serde_json's own message may quote the value that it did not like.
            reason: if error.is_data() { "an unknown, missing or ill-typed field" } else { "not JSON" },
            line: error.line(),
            column: error.column(),
        })?;
        let wrong = |reason: String| KeyringError::Content { path: path.to_owned(), reason };
        if raw.format != FORMAT {
            return Err(wrong(format!("is not of the format `{FORMAT}`")));
        }
        if raw.id.is_empty() || raw.id.len() > 64 || !raw.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(wrong("needs an id of 1 to 64 letters, digits and `-`".to_owned()));
        }
        let mut numbers = BTreeSet::new();
        let mut versions = Vec::with_capacity(raw.versions.len());
        for RawVersion { number, secret } in raw.versions {
            if !numbers.insert(number) {
                return Err(wrong(format!("has version {number} twice")));
            }
            let secret = decode(secret).ok_or_else(|| {
                wrong(format!("has a secret in version {number} that is not the base64 of {SECRET_LEN} bytes"))
            })?;
            versions.push(Version { number, secret });
        }
        if !numbers.contains(&raw.current) {
            return Err(wrong(format!("says that version {} is current, but has no such version", raw.current)));
        }
        Ok(Self { id: raw.id.to_owned(), current: raw.current, versions })
    }

    /// The file's text.
    pub(super) fn render(&self) -> Zeroizing<String> {
        // Sized beforehand: a string that grew would leave unwiped secrets behind.
        let mut text = Zeroizing::new(String::with_capacity(256 + self.versions.len() * 128));
        let head = ["{\n  \"format\": \"", FORMAT, "\",\n  \"id\": \"", &self.id, "\",\n  \"current\": "];
        head.iter().for_each(|part| text.push_str(part));
        text.push_str(&self.current.to_string());
        text.push_str(",\n  \"versions\": [");
        for (index, version) in self.versions.iter().enumerate() {
            text.push_str(if index == 0 { "\n    {\"number\": " } else { ",\n    {\"number\": " });
            text.push_str(&version.number.to_string());
            text.push_str(", \"secret\": \"");
            BASE64_STANDARD.encode_string(version.secret.as_slice(), &mut text);
            text.push_str("\"}");
        }
        text.push_str("\n  ]\n}\n");
        text
    }
}

fn decode(secret: &str) -> Option<Zeroizing<[u8; SECRET_LEN]>> {
    // The decoder wants room for whole quanta.
    let mut buffer = Zeroizing::new([0; SECRET_LEN + 4]);
    let length = BASE64_STANDARD.decode_slice(secret, buffer.as_mut_slice()).ok()?;
    let mut exact = Zeroizing::new([0; SECRET_LEN]);
    exact.copy_from_slice(buffer.get(..length).filter(|bytes| bytes.len() == SECRET_LEN)?);
    Some(exact)
}
