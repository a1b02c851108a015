//! A server's certificate and key, from files that are read again when they change.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;

/// By what a server says who it is: HTTP/1.1 over TLS 1.2 and 1.3.
#[derive(Debug)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    current: Arc<Current>,
    acceptor: Arc<ServerConfig>,
}

/// Two files that are no certificate with its key.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum CertificateError {
    #[error("cannot read `{}`: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("there is no {what} in `{}`; it takes PEM", path.display())]
    Absent { what: &'static str, path: PathBuf },
    #[error("`{}` and `{}` are no certificate with its key: {reason}", chain.display(), key.display())]
    Apart { chain: PathBuf, key: PathBuf, reason: String },
}

#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl Certificate {
    /// Reads the certificate (with those that lead to whom clients trust) and its key, both as PEM.
    ///
    /// # Errors
    /// [`CertificateError`]
    pub fn read(chain: &Path, key: &Path) -> Result<Arc<Self>, CertificateError> {
        let current = Arc::new(Current(RwLock::new(Arc::new(certified(chain, key)?))));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| apart(chain, key, &error))?;
        let mut config =
            config.with_no_client_auth().with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(Self { chain: chain.to_owned(), key: key.to_owned(), current, acceptor: Arc::new(config) }))
    }

    /// Reads both again: the next handshakes have what they say. Says whether that is something else.
    ///
    /// # Errors
    /// [`CertificateError`], and what was in force stays so.
    pub fn reload(&self) -> Result<bool, CertificateError> {
        let read = certified(&self.chain, &self.key)?;
        let mut current = self.current.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = current.cert != read.cert;
        *current = Arc::new(read);
        Ok(is_new)
    }

    /// The two files.
    #[must_use]
    pub fn files(&self) -> [&Path; 2] {
        [&self.chain, &self.key]
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.acceptor).into()
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn certified(chain: &Path, key: &Path) -> Result<CertifiedKey, CertificateError> {
    let read =
        |path: &Path| std::fs::read(path).map_err(|source| CertificateError::Io { path: path.to_owned(), source });
    let absent = |what, path: &Path| CertificateError::Absent { what, path: path.to_owned() };
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(chain)?).collect();
    let certificates = certificates.ok().filter(|found| !found.is_empty());
    let certificates = certificates.ok_or_else(|| absent("certificate", chain))?;
    let pem = zeroize::Zeroizing::new(read(key)?);
    let private = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| absent("key", key))?;
    CertifiedKey::from_der(certificates, private, &aws_lc_rs::default_provider())
        .map_err(|error| apart(chain, key, &error))
}

fn apart(chain: &Path, key: &Path, error: &rustls::Error) -> CertificateError {
    CertificateError::Apart { chain: chain.to_owned(), key: key.to_owned(), reason: error.to_string() }
}
