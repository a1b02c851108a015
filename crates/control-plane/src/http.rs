//! JSON over TLS with one server that our own authority vouches for.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, InvalidHeaderValue},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use serde_json::Value;

use crate::pki::Identity;

/// The apiserver gives up a request after 60 s; whoever waits longer waits for nothing.
const PATIENCE: Duration = Duration::from_secs(65);

/// Far above any list of a local cluster.
const LARGEST_ANSWER: usize = 64 << 20;

/// Why a call to etcd or the apiserver brought no answer, or not the one that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No connection, or it broke.
    #[error("{method} {url}: {reason}")]
    NoAnswer {
        /// The request's method.
        method: Method,
        /// Its target.
        url: String,
        /// What went wrong, with the causes.
        reason: String,
    },
    /// An answer that says no.
    #[error("{method} {url}: {status}: {message}")]
    Refused {
        /// The request's method.
        method: Method,
        /// Its target.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The server's own words.
        message: String,
    },
    /// An answer of another shape than the API's.
    #[error("{url} answered what its API does not have: {reason}")]
    Unexpected {
        /// The request's target.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl CallError {
    /// The HTTP status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::NoAnswer { .. } | Self::Unexpected { .. } => None,
        }
    }
}

/// A client of one server. Clones share its connections.
#[derive(Clone, Debug)]
pub(crate) struct Https {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    /// Marked as sensitive, so that `Debug` does not show it.
    authorization: Option<HeaderValue>,
}

impl Https {
    /// A client of `base` (`https://HOST:PORT`) that shows who it is by a certificate, by a token, or not at all.
    pub(crate) fn new(
        base: String,
        authority: &CertificateDer<'static>,
        identity: Option<&Identity>,
        token: Option<&str>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone())?;
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let builder = ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let config = match identity {
            Some(own) => builder.with_client_auth_cert(vec![own.certificate.clone()], own.key.clone_key())?,
            None => builder.with_no_client_auth(),
        };
        let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1().build();
        let authorization = token.map(bearer).transpose()?;
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), base, authorization })
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Sends one request and reads the answer to its end, whatever its status.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Bytes), CallError> {
        let url = format!("{}{path}", self.base);
        let no_answer = |reason| CallError::NoAnswer { method: method.clone(), url: url.clone(), reason };

        let mut request = Request::builder().method(method.clone()).uri(&url).header(CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = request.body(Full::from(body)).map_err(|error| no_answer(error.to_string()))?;

        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| no_answer(causes(&error)))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER).collect().await;
            Ok((head.status, body.map_err(|error| no_answer(causes(error.as_ref())))?.to_bytes()))
        };
        let too_long = |_| Err(no_answer(format!("no answer within {} s", PATIENCE.as_secs())));
        tokio::time::timeout(PATIENCE, exchange).await.unwrap_or_else(too_long)
    }
}

fn bearer(token: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// An error and what is behind it: hyper's own text alone says little.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_sent_and_not_shown() {
        let value = bearer("hunter2").unwrap();
        assert_eq!(value, "Bearer hunter2");
        assert!(!format!("{value:?}").contains("hunter2"));
    }
}
