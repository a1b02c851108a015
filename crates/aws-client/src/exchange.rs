//! One attempt: signed, sent, and its answer read within bounds.

use aws_credential_types::Credentials;
use aws_model::SecretBytes;
use aws_smithy_runtime_api::{
    client::{
        http::HttpConnector,
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::Headers,
};
use aws_smithy_types::body::SdkBody;
use aws_wire::{
    protocol::EncodedRequest,
    sigv4::{self, Body, RequestParts, Rules, SigningParams},
};
use http_body_util::BodyExt;
use jiff::Timestamp;

use crate::{aws::Shared, endpoint::Endpoint, error::Cause};

/// What a service answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// What is sent, but for the signature.
pub(crate) struct Outgoing<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) request: &'a EncodedRequest,
    pub(crate) signing_name: &'a str,
}

impl Outgoing<'_> {
    /// Sends it, signed where there are credentials to sign with.
    pub(crate) async fn send(&self, shared: &Shared, credentials: Option<&Credentials>) -> Result<Answer, Cause> {
        let request = self.signed(credentials)?;
        let connector = shared.connector(self.endpoint);
        let response = connector.call(request).await.map_err(|error| unreachable(&error))?;
        read(response, shared.largest_answer).await
    }

    fn signed(&self, credentials: Option<&Credentials>) -> Result<HttpRequest, Cause> {
        let unsendable = |what: &str| Cause::Unsendable(format!("its {what} cannot stand in HTTP"));
        let (endpoint, encoded) = (self.endpoint, self.request);
        let target = format!("{}{}", endpoint.path, encoded.target);
        let mut headers = vec![("host", endpoint.authority.as_str())];
        headers.extend(encoded.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let added = match credentials {
            Some(credentials) => {
                let bytes: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
                let (path, query) = target.split_once('?').unwrap_or((&target, ""));
                let parts = RequestParts { method: &encoded.method, path, query, headers: &bytes };
                self.signature(&parts, credentials)?
            }
            None => Vec::new(),
        };
        let mut request = HttpRequest::new(SdkBody::from(encoded.body.clone()));
        request.set_method(&encoded.method).map_err(|_| unsendable("method"))?;
        let scheme = if endpoint.is_plain { "http" } else { "https" };
        request
            .set_uri(format!("{scheme}://{}{target}", endpoint.authority))
            .map_err(|_| unsendable("path or query string"))?;
        let all = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let all = all.chain(added.into_iter().map(|(name, value)| (name.to_owned(), value)));
        for (name, value) in all.chain([("user-agent".to_owned(), USER_AGENT.to_owned())]) {
            request.headers_mut().try_insert(name, value).map_err(|_| unsendable("headers"))?;
        }
        Ok(request)
    }

    fn signature(
        &self,
        parts: &RequestParts<'_>,
        credentials: &Credentials,
    ) -> Result<Vec<(&'static str, String)>, Cause> {
        let secret = SecretBytes::new(credentials.secret_access_key().as_bytes().to_vec());
        let token = credentials.session_token().map(|token| SecretBytes::new(token.as_bytes().to_vec()));
        let params = SigningParams {
            credentials: sigv4::Credentials {
                access_key_id: credentials.access_key_id(),
                secret: &secret,
                session_token: token.as_ref(),
            },
            region: &self.endpoint.signing_region,
            service: self.signing_name,
            time: Timestamp::now(),
            rules: Rules::for_service(self.signing_name),
        };
        let signed = sigv4::sign(parts, Body::Bytes(&self.request.body), &params);
        Ok(signed.map_err(|error| Cause::Unsendable(error.to_string()))?.headers)
    }
}

const USER_AGENT: &str = concat!("claviger/", env!("CARGO_PKG_VERSION"));

async fn read(response: HttpResponse, most: usize) -> Result<Answer, Cause> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut stream = response.into_body();
    let mut body = Vec::new();
    while let Some(frame) = stream.frame().await {
        let frame = frame.map_err(|error| Cause::Unreachable(format!("the answer broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if body.len().saturating_add(data.len()) > most {
            return Err(Cause::TooLarge(most));
        }
        body.extend_from_slice(&data);
    }
    Ok(Answer { status, headers, body })
}

/// The innermost reason says most: `Connection refused`.
fn unreachable(error: &ConnectorError) -> Cause {
    let mut text = error.to_string();
    let mut inner = std::error::Error::source(error);
    while let Some(error) = inner {
        text = error.to_string();
        inner = error.source();
    }
    if error.is_user() { Cause::Unsendable(text) } else { Cause::Unreachable(text) }
}
