//! Where an issuer says that its keys are.

use serde::Deserialize;

/// An issuer's configuration, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// Where its keys are.
    pub jwks_uri: String,
}

/// A document that is no configuration of the issuer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDiscovery {
    /// It is no JSON object with the members `issuer` and `jwks_uri`.
    #[error("it is no JSON object with the texts `issuer` and `jwks_uri`")]
    Form,
    /// It is another issuer's.
    #[error("it is of another issuer than the one that was asked")]
    Issuer,
}

impl Discovery {
    /// The URL of an issuer's configuration.
    ///
    /// Source: OpenID Connect Discovery 1.0, section 4: a slash at the issuer's end is left out.
    #[must_use]
    pub fn url(issuer: &str) -> String {
        format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer))
    }

    /// Reads the configuration of `issuer`.
    ///
    /// # Errors
    /// [`InvalidDiscovery`]. Section 4.3: the issuer must be exactly the one that was asked.
    pub fn parse(document: &[u8], issuer: &str) -> Result<Self, InvalidDiscovery> {
        #[derive(Deserialize)]
        struct Document {
            issuer: String,
            jwks_uri: String,
        }
        let document: Document = serde_json::from_slice(document).map_err(|_| InvalidDiscovery::Form)?;
        if document.issuer != issuer {
            return Err(InvalidDiscovery::Issuer);
        }
        Ok(Self { jwks_uri: document.jwks_uri })
    }
}
