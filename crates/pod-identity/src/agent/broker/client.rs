//! HTTP to the broker: connections that are kept, answers of bounded size and time.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio::time::timeout;

use crate::said::chain;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A replica that went without a word is not asked again and again.
const IDLE: Duration = Duration::from_secs(30);
/// The largest answer: 256 changed pairs of the longest names are half of it.
const LARGEST: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Client(Pool<HttpsConnector<HttpConnector>, Full<Bytes>>);

pub(super) struct Received {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

pub(super) struct Failed {
    pub(super) reason: String,
    /// Nobody has begun to answer.
    pub(super) may_be_tried_again: bool,
}

/// Who vouches for the broker cannot be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum TrustError {
    #[error("cannot read `{}`: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("there is no certificate in `{}`; it takes PEM", .0.display())]
    Absent(PathBuf),
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl Client {
    pub(super) fn new(ca: Option<&Path>) -> Result<Self, TrustError> {
        let config = ClientConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots(ca)?)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1();
        let mut pool = Pool::builder(TokioExecutor::new());
        pool.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
        Ok(Self(pool.build(connector.wrap_connector(tcp))))
    }

    pub(super) async fn ask(
        &self,
        method: Method,
        url: &str,
        token: &str,
        body: Vec<u8>,
        within: Duration,
    ) -> Result<Received, Failed> {
        let fail = |reason: String| Failed { reason, may_be_tried_again: false };
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| fail("the agent's own token is none".to_owned()))?;
        bearer.set_sensitive(true);
        let request = Request::builder().method(method).uri(url).header(header::AUTHORIZATION, bearer);
        let request = request.header(header::CONTENT_TYPE, "application/json").body(Full::from(body));
        let request = request.map_err(|error| fail(error.to_string()))?;
        let answered = async {
            let answer = self.0.request(request).await;
            let answer = answer.map_err(|error| Failed { may_be_tried_again: true, reason: chain(&error) })?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, LARGEST).collect().await.map_err(|error| fail(error.to_string()))?;
            Ok(Received { status: head.status, headers: head.headers, body: body.to_bytes() })
        };
        let late = || fail(format!("it gave no answer within {} s", within.as_secs()));
        timeout(within, answered).await.unwrap_or_else(|_| Err(late()))
    }
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    let pem = std::fs::read(path).map_err(|source| TrustError::Io { path: path.to_owned(), source })?;
    let read = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
    match roots.add_parsable_certificates(read) {
        (0, _) => Err(TrustError::Absent(path.to_owned())),
        _ => Ok(roots),
    }
}
