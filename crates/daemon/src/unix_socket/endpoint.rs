//! The name of a unix socket, in the forms that people and the apiserver write.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::error::EndpointError;

/// Where a unix socket is.
///
/// Text forms: `/run/kms.sock`, `@name`, and both as the apiserver's EncryptionConfiguration has them:
/// `unix:///run/kms.sock`, `unix:///@name`. `Display` gives the last two.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A file. Its mode says who may connect.
    Path(PathBuf),
    /// A name in Linux's abstract namespace, without the `@`: no file, no mode, and reachable by every process of the
    /// network namespace. Only the check of the peer's user protects it.
    Abstract(String),
}

impl Endpoint {
    /// The path, where there is a file.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Abstract(_) => None,
        }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let name = match text.strip_prefix("unix://") {
            Some(url) => percent_decode_str(url)
                .decode_utf8()
                .map_err(|_| EndpointError::NotUtf8 { text: text.to_owned() })?
                .into_owned(),
            None => text.to_owned(),
        };
        if name.contains('\0') {
            return Err(EndpointError::Nul { text: text.to_owned() });
        }
        match name.strip_prefix("/@").or_else(|| name.strip_prefix('@')) {
            Some("") => Err(EndpointError::Empty { text: text.to_owned() }),
            Some(name) => within(name.len() + 1, text).map(|()| Self::Abstract(name.to_owned())),
            None if name.is_empty() || name.ends_with('/') => Err(EndpointError::Empty { text: text.to_owned() }),
            None if name.contains("://") => Err(EndpointError::Scheme { text: text.to_owned() }),
            None => within(name.len() + 1, text).map(|()| Self::Path(PathBuf::from(name))),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "unix://{}", utf8_percent_encode(&path.to_string_lossy(), NOT_IN_A_URL_PATH)),
            Self::Abstract(name) => write!(f, "unix:///@{}", utf8_percent_encode(name, NOT_IN_A_URL_PATH)),
        }
    }
}

/// A path needs room for the NUL after it, an abstract name for the NUL before it.
fn within(octets: usize, text: &str) -> Result<(), EndpointError> {
    match octets {
        0..=SUN_PATH => Ok(()),
        _ => Err(EndpointError::TooLong { text: text.to_owned(), length: octets - 1, limit: SUN_PATH - 1 }),
    }
}

/// The size of `sockaddr_un.sun_path` on Linux, unix(7).
pub(super) const SUN_PATH: usize = 108;

const NOT_IN_A_URL_PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_people_and_the_apiserver_write_is_read() {
        let path = Endpoint::Path("/run/kms.sock".into());
        let abstract_name = Endpoint::Abstract("kms".to_owned());
        for (text, endpoint) in [
            ("/run/kms.sock", &path),
            ("unix:///run/kms.sock", &path),
            ("unix:///run/k%6ds.sock", &path),
            ("@kms", &abstract_name),
            ("unix://@kms", &abstract_name),
            ("unix:///@kms", &abstract_name),
        ] {
            assert_eq!(text.parse::<Endpoint>().as_ref(), Ok(endpoint), "{text}");
        }
    }

    #[test]
    fn display_is_a_url_that_reads_back() {
        for text in ["/run/kms.sock", "/run/a b%?#/kms.sock", "@kms"] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!(endpoint.to_string().parse(), Ok(endpoint.clone()), "{endpoint}");
            assert!(endpoint.to_string().starts_with("unix:///"), "{endpoint}");
        }
    }

    #[test]
    fn what_cannot_be_a_socket_is_refused() {
        for text in ["", "@", "unix://", "/run/", "tcp://127.0.0.1:80", "/a\0b", "unix:///%00", "unix:///%ff"] {
            assert!(text.parse::<Endpoint>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_limit_of_the_kernel_is_named() {
        let longest = format!("/{}", "x".repeat(106));
        assert!(longest.parse::<Endpoint>().is_ok());
        let error = format!("{longest}x").parse::<Endpoint>().unwrap_err();
        assert!(error.to_string().contains("has 108 octets, and a socket's name at most 107"), "{error}");
        assert!(format!("@{}", "x".repeat(107)).parse::<Endpoint>().is_ok());
        assert!(format!("@{}", "x".repeat(108)).parse::<Endpoint>().is_err());
    }
}
