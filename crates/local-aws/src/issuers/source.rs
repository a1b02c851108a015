//! Issuers whose keys are not where discovery would find them.

use std::{path::PathBuf, str::FromStr};

use http::Uri;

/// An issuer, and where its keys are: `https://oidc.example.com/id/1=jwks.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerKeys {
    /// As the claim `iss` of its tokens has it, to the letter: some end with a slash.
    pub issuer: String,
    /// Where its JWK Set is.
    pub source: KeySource,
}

/// Where an issuer's JWK Set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In a file, which is read for each token.
    File(PathBuf),
    /// At a URL: `https://...`, or `http://...` of this machine.
    Url(String),
}

/// A text that names no issuer and its keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIssuerKeys {
    /// It is not of both parts.
    #[error("`{0}` is not ISSUER=FILE or ISSUER=URL, such as https://oidc.example.com/id/1=jwks.json")]
    Form(String),
    /// IAM takes no such provider.
    #[error("the issuer `{0}` is no https:// URL, and IAM makes no provider of any other")]
    Issuer(String),
    /// Anybody on the way could change the keys.
    #[error("`{0}` would be fetched from another machine without TLS; use https://, or a file")]
    Insecure(String),
}

impl FromStr for IssuerKeys {
    type Err = InvalidIssuerKeys;

    fn from_str(text: &str) -> Result<Self, InvalidIssuerKeys> {
        let parts = text.split_once('=').filter(|(issuer, source)| !issuer.is_empty() && !source.is_empty());
        let (issuer, source) = parts.ok_or_else(|| InvalidIssuerKeys::Form(text.to_owned()))?;
        if !issuer.starts_with("https://") {
            return Err(InvalidIssuerKeys::Issuer(issuer.to_owned()));
        }
        let source = match source {
            url if url.starts_with("https://") => KeySource::Url(url.to_owned()),
            url if url.starts_with("http://") => {
                if !is_on_this_machine(url) {
                    return Err(InvalidIssuerKeys::Insecure(url.to_owned()));
                }
                KeySource::Url(url.to_owned())
            }
            path => KeySource::File(PathBuf::from(path)),
        };
        Ok(Self { issuer: issuer.to_owned(), source })
    }
}

/// Whether a URL's host is a loopback one.
fn is_on_this_machine(url: &str) -> bool {
    let Ok(url) = url.parse::<Uri>() else { return false };
    let host = url.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
