//! A connection to an embedded AWS: in the clear, or by TLS with whom `AWS_CA_BUNDLE` trusts.

use std::{env, io, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{EndpointUrl, Untold};
use crate::environment::CA_BUNDLE;

/// What can be written to and read from.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(super) async fn open(endpoint: &EndpointUrl) -> Result<Box<dyn Stream>, Untold> {
    let url = endpoint.to_string();
    let host = endpoint.host.trim_matches(['[', ']']);
    let connected = TcpStream::connect((host, endpoint.port)).await;
    let stream = connected.map_err(|reason| Untold::Unreachable { url: url.clone(), reason })?;
    if !endpoint.is_secure {
        return Ok(Box::new(stream));
    }
    let untrusted = |reason: String| Untold::Untrusted { url: url.clone(), reason };
    let config = config().map_err(untrusted)?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| untrusted(error.to_string()))?;
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    Ok(Box::new(shaken.map_err(|error| untrusted(error.to_string()))?))
}

/// TLS with whoever one of the bundle vouches for.
fn config() -> Result<ClientConfig, String> {
    let file = env::var_os(CA_BUNDLE).ok_or_else(|| format!("{CA_BUNDLE} names no file of whom to trust"))?;
    let file = Path::new(&file);
    let unread = |error: &dyn std::fmt::Display| format!("{CA_BUNDLE}, `{}`: {error}", file.display());
    let text = std::fs::read(file).map_err(|error| unread(&error))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let added = certificate.map_err(io::Error::other).map(|certificate| roots.add(certificate));
        added.map_err(|error| unread(&error))?.map_err(|error| unread(&error))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
