//! A server's certificate and key, from files that are read again when they change, or from who makes them.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use daemon::http::Health;
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
    /// Certificate and key, where they come from files.
    files: Option<[PathBuf; 2]>,
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
    #[error("cannot speak TLS: {0}")]
    Tls(String),
}

#[derive(Debug)]
struct Current(RwLock<Option<Arc<CertifiedKey>>>);

impl Certificate {
    /// Reads the certificate (with those that lead to whom clients trust) and its key, both as PEM.
    ///
    /// # Errors
    /// [`CertificateError`]
    pub fn read(chain: &Path, key: &Path) -> Result<Arc<Self>, CertificateError> {
        let certificate = Self::of_files(chain, key)?;
        certificate.reload()?;
        Ok(certificate)
    }

    /// One of files that may come later: until then every handshake fails.
    ///
    /// # Errors
    /// [`CertificateError`], but not because of the files.
    pub fn of_files(chain: &Path, key: &Path) -> Result<Arc<Self>, CertificateError> {
        Self::new(Some([chain.to_owned(), key.to_owned()]))
    }

    /// One that is [`put`](Self::put) later: until then every handshake fails.
    ///
    /// # Errors
    /// [`CertificateError`]
    pub fn awaited() -> Result<Arc<Self>, CertificateError> {
        Self::new(None)
    }

    fn new(files: Option<[PathBuf; 2]>) -> Result<Arc<Self>, CertificateError> {
        let current = Arc::new(Current(RwLock::new(None)));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| CertificateError::Tls(error.to_string()))?;
        let mut config =
            config.with_no_client_auth().with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(Self { files, current, acceptor: Arc::new(config) }))
    }

    /// Reads both files again: the next handshakes have what they say. Says whether that is something else.
    ///
    /// # Errors
    /// [`CertificateError`], and what was in force stays so.
    pub fn reload(&self) -> Result<bool, CertificateError> {
        let Some([chain, key]) = &self.files else { return Ok(false) };
        Ok(self.take(certified(chain, key)?))
    }

    /// Puts a certificate (with those that lead to whom clients trust) and its key, both as PEM, in force. Says whether that
    /// is something else.
    ///
    /// # Errors
    /// [`CertificateError`], and what was in force stays so.
    pub fn put(&self, chain: &str, key: &str) -> Result<bool, CertificateError> {
        let made =
            parsed(chain.as_bytes(), key.as_bytes()).map_err(|reason| CertificateError::Tls(reason.to_string()))?;
        Ok(self.take(made))
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.current.0.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn take(&self, certified: CertifiedKey) -> bool {
        let mut current = self.current.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = current.as_ref().is_none_or(|current| current.cert != certified.cert);
        *current = Some(Arc::new(certified));
        is_new
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.acceptor).into()
    }
}

impl Health for Certificate {
    fn name(&self) -> &str {
        "certificate"
    }

    fn live(&self) -> Result<(), String> {
        Ok(())
    }

    fn ready(&self) -> Result<(), String> {
        if self.is_there() { Ok(()) } else { Err("there is no certificate yet".to_owned()) }
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn certified(chain: &Path, key: &Path) -> Result<CertifiedKey, CertificateError> {
    let read =
        |path: &Path| std::fs::read(path).map_err(|source| CertificateError::Io { path: path.to_owned(), source });
    let private = || read(key).map(zeroize::Zeroizing::new);
    parsed(&read(chain)?, &private()?).map_err(|unusable| match unusable {
        Unusable::Absent(what @ "key") => CertificateError::Absent { what, path: key.to_owned() },
        Unusable::Absent(what) => CertificateError::Absent { what, path: chain.to_owned() },
        Unusable::Apart(error) => {
            CertificateError::Apart { chain: chain.to_owned(), key: key.to_owned(), reason: error.to_string() }
        }
    })
}

/// Why two texts are no certificate with its key.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("there is no {0} in what was made")]
    Absent(&'static str),
    #[error("what was made is no certificate with its key: {0}")]
    Apart(rustls::Error),
}

fn parsed(chain: &[u8], key: &[u8]) -> Result<CertifiedKey, Unusable> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
    let certificates = certificates.ok().filter(|found| !found.is_empty());
    let certificates = certificates.ok_or(Unusable::Absent("certificate"))?;
    let private = PrivateKeyDer::from_pem_slice(key).map_err(|_| Unusable::Absent("key"))?;
    CertifiedKey::from_der(certificates, private, &aws_lc_rs::default_provider()).map_err(Unusable::Apart)
}
