//! A document from the network: bounded in time and size, no redirects.

use std::{env, error::Error, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

/// For all of it.
const PATIENCE: Duration = Duration::from_secs(5);
/// A hundred keys of each kind take some 90 KB.
const LARGEST: usize = 256 << 10;

/// Where a pod finds who vouches for its apiserver, and its own token.
///
/// Source: Kubernetes documentation, "Accessing the Kubernetes API from a Pod".
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

pub(super) async fn url(url: &str) -> Result<Vec<u8>, String> {
    let roots = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Ok(roots)
    };
    bounded(url, roots, None).await
}

/// Source: Kubernetes documentation, "Configure Service Accounts for Pods" > "Service account issuer discovery": bound to
/// every service account by the role `system:service-account-issuer-discovery`.
pub(super) async fn apiserver() -> Result<Vec<u8>, String> {
    let named = |name: &str| env::var(name).map_err(|_| format!("{name} is not set: this is no pod of a cluster"));
    let (host, port) = (named("KUBERNETES_SERVICE_HOST")?, named("KUBERNETES_SERVICE_PORT")?);
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let file = |name: &str| Path::new(SERVICE_ACCOUNT).join(name);
    let token =
        tokio::fs::read_to_string(file("token")).await.map_err(|error| format!("cannot read the token: {error}"))?;
    let token = Zeroizing::new(token);
    let roots = || {
        let mut roots = RootCertStore::empty();
        let read = CertificateDer::pem_file_iter(file("ca.crt")).map_err(|error| said(&error))?;
        roots.add_parsable_certificates(read.filter_map(Result::ok));
        Ok(roots)
    };
    bounded(&format!("https://{host}:{port}/openid/v1/jwks"), roots, Some(token.trim())).await
}

async fn bounded(
    url: &str,
    roots: impl FnOnce() -> Result<RootCertStore, String>,
    token: Option<&str>,
) -> Result<Vec<u8>, String> {
    let late = || format!("{url} gave no answer within {} s", PATIENCE.as_secs());
    timeout(PATIENCE, get(url, roots, token)).await.unwrap_or_else(|_| Err(late()))
}

async fn get(
    url: &str,
    roots: impl FnOnce() -> Result<RootCertStore, String>,
    token: Option<&str>,
) -> Result<Vec<u8>, String> {
    let url: Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let is_secure = url.scheme_str() == Some("https");
    let port = url.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
    let stream = TcpStream::connect((host.as_str(), port)).await.map_err(|error| said(&error))?;
    if !is_secure {
        return ask(stream, &url, token).await;
    }
    let config = ClientConfig::builder().with_root_certificates(roots()?).with_no_client_auth();
    let name = ServerName::try_from(host).map_err(|error| said(&error))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| said(&error))?;
    ask(stream, &url, token).await
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    url: &Uri,
    token: Option<&str>,
) -> Result<Vec<u8>, String> {
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let host = url.authority().map_or("", |authority| authority.as_str());
    let mut request = Request::get(path).header(header::HOST, host);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| said(&error))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| said(&error))?;
    let answered = async {
        let answer = sender.send_request(request).await.map_err(|error| said(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(format!("it answered {}", answer.status()));
        }
        let body = Limited::new(answer.into_body(), LARGEST).collect().await.map_err(|error| said(&*error))?;
        Ok(body.to_bytes().to_vec())
    };
    // The connection goes with the answer.
    tokio::pin!(answered);
    tokio::select! {
        answer = &mut answered => answer,
        ended = connection => {
            ended.map_err(|error| said(&error))?;
            answered.await
        }
    }
}

fn said(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
