//! A host outside the cluster, connected to from where the diagnosis runs.

use std::{error::Error, sync::Arc, time::Duration};

use diagnose::pod::FarEnd;
use hyper::Uri;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;

const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn tried(uri: &Uri, host: &str) -> FarEnd {
    let is_secure = uri.scheme_str() != Some("http");
    let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    let late = || format!("no answer within {} s", PATIENCE.as_secs());
    let connecting = timeout(PATIENCE, connected(host.trim_matches(['[', ']']), port, is_secure));
    let reached = connecting.await.unwrap_or_else(|_| Err(late()));
    FarEnd::Elsewhere { host: format!("{host}:{port}"), reached }
}

/// By DNS and TCP; and by TLS, where the other end needs to be known to whom this system trusts.
async fn connected(host: &str, port: u16, is_secure: bool) -> Result<(), String> {
    let addresses: Vec<_> =
        lookup_host((host, port)).await.map_err(|error| format!("its name is not found: {error}"))?.collect();
    let stream = TcpStream::connect(addresses.as_slice()).await.map_err(|error| error.to_string())?;
    if !is_secure {
        return Ok(());
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    shaken.map(drop).map_err(|error| {
        let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        format!("TLS: {why}")
    })
}
