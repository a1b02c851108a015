//! TLS on request: with a certificate of an authority of our own, or of somebody else's.
//!
//! ```text
//!   DIRECTORY/ca.key (0600), ca.pem --made once--> authority --at each start--> certificate for this machine's names
//!   certificate and key of the user's ----------------------------------------> as they are
//! ```
//!
//! The authority stays, so that clients need to trust it once; what it vouches for is made anew with each start, and so is
//! never old.

mod authority;
mod certificate;
mod names;
mod session;

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};

use self::authority::Authority;
pub use self::session::TlsSession;

/// How an embedded AWS speaks TLS.
#[derive(Clone, Debug)]
pub enum Tls {
    /// By an authority that is made for it.
    Generated {
        /// Where the authority is kept (`ca.pem`, `ca.key`), to be the same after a restart; nowhere without.
        directory: Option<PathBuf>,
        /// Names and addresses that it is reached under, beside `localhost`, loopback and where it listens.
        names: Vec<String>,
    },
    /// By a certificate that somebody else made.
    Given {
        /// The certificate and those between it and whom clients trust, as PEM.
        certificate: PathBuf,
        /// Its key, as PEM.
        key: PathBuf,
    },
}

/// The embedded AWS cannot speak TLS as it is asked to.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum TlsError {
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("there is no {what} in `{}`; it takes PEM", path.display())]
    Absent { what: &'static str, path: PathBuf },
    #[error("`{}` can be read by others (its mode is {mode:o}): `chmod 600` it", path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error(
        "`{}` has lost its key, `{}`: bring it back, or remove both to have another authority made, which clients must \
         trust anew",
        certificate.display(), key.display()
    )]
    NoKeyOfAuthority { certificate: PathBuf, key: PathBuf },
    #[error("`{}` and `{}` do not belong together: {reason}", certificate.display(), key.display())]
    Apart { certificate: PathBuf, key: PathBuf, reason: String },
    #[error("the certificate `{}` ended at {at}: {help}", path.display())]
    Ended { path: PathBuf, at: Timestamp, help: &'static str },
    #[error("no certificate can be made for `{0}`: it is neither a host name nor an address")]
    Name(String),
    #[error("the certificate could not be made: {0}")]
    Make(String),
}

/// All that is needed to speak TLS.
pub(crate) struct Identity {
    pub(crate) config: Arc<ServerConfig>,
    /// Whom clients are to trust, as PEM, where we made it.
    pub(crate) authority: Option<String>,
}

impl Tls {
    /// Makes or reads what is asked for, for an embedded AWS that listens on `address`.
    ///
    /// # Errors
    /// [`TlsError`]. Files that it cannot use it leaves alone.
    pub(crate) fn identity(&self, address: IpAddr) -> Result<Identity, TlsError> {
        let now = Timestamp::now();
        match self {
            Self::Generated { directory, names } => {
                let names = names::all(names, address)?;
                let authority = match directory {
                    Some(directory) => Authority::kept_in(directory, now)?,
                    None => Authority::make(now)?,
                };
                let (certificate, key) = authority.issue(names, now)?;
                let config = config(vec![certificate], key).map_err(TlsError::Make)?;
                Ok(Identity { config, authority: Some(authority.into_pem()) })
            }
            Self::Given { certificate, key } => {
                let (chain, private) = (certificate::read_chain(certificate)?, certificate::read_key(key)?);
                warn_of_end(certificate, chain.first(), now)?;
                let config = config(chain, private).map_err(|reason| TlsError::Apart {
                    certificate: certificate.clone(),
                    key: key.clone(),
                    reason,
                })?;
                Ok(Identity { config, authority: None })
            }
        }
    }
}

/// Refuses a certificate that is over, and tells of one that soon is.
fn warn_of_end(path: &Path, certificate: Option<&CertificateDer<'_>>, now: Timestamp) -> Result<(), TlsError> {
    const SOON: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);
    // What does not read so is rustls's to refuse.
    let Some(at) = certificate.and_then(|certificate| certificate::end(certificate)) else { return Ok(()) };
    if at <= now {
        let help = "get another one, and start again";
        return Err(TlsError::Ended { path: path.to_owned(), at, help });
    }
    if at.duration_since(now) < SOON {
        tracing::warn!(certificate = %path.display(), %at, "the certificate ends soon");
    }
    Ok(())
}

/// HTTP/1.1 over TLS 1.2 and 1.3, as AWS's endpoints speak it.
fn config(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Arc<ServerConfig>, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|error| error.to_string())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests;
