//! A client of the embedded AWS, for every service that it has: `aws-wire`, the other way round.

use std::net::SocketAddr;

use aws_model::SecretBytes;
use aws_wire::{
    model::{self, ServiceId},
    protocol::{self, WireError},
    sigv4::{Body, Credentials, RequestParts, Rules, SigningParams, sign},
};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use jiff::Timestamp;
use serde_json::Value;
use test_support::REGION;

/// Whose calls they are.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    pub(crate) session_token: Option<String>,
}

/// Calls of one principal.
#[derive(Clone, Debug)]
pub(crate) struct Aws {
    client: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    keys: Keys,
    region: &'static str,
}

impl Aws {
    pub(crate) fn new(address: SocketAddr, keys: Keys) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), address, keys, region: REGION }
    }

    /// The same principal's, in another region.
    pub(crate) fn in_region(&self, region: &'static str) -> Self {
        Self { region, ..self.clone() }
    }

    /// A call, which must succeed.
    pub(crate) async fn call(&self, service: ServiceId, operation: &str, input: Value) -> Value {
        let answer = self.try_call(service, operation, &input).await;
        answer.unwrap_or_else(|error| panic!("{operation} {input}: {error:?}"))
    }

    /// A call, with whatever comes of it.
    pub(crate) async fn try_call(
        &self,
        service: ServiceId,
        operation: &str,
        input: &Value,
    ) -> Result<Value, WireError> {
        let model = model::service(service);
        let modelled = model.operation(operation).unwrap_or_else(|| panic!("{service:?} has no {operation}"));
        let request = protocol::encode_request(model, modelled, input).unwrap();
        let host = self.address.to_string();
        let mut headers: Vec<(&str, &[u8])> = vec![("host", host.as_bytes())];
        headers.extend(request.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let parts = RequestParts { method: &request.method, path, query, headers: &headers };
        let service = model.metadata().signing_name.as_str();
        let secret = |text: &str| SecretBytes::new(text.as_bytes().to_vec());
        let (key, token) = (secret(&self.keys.secret), self.keys.session_token.as_deref().map(secret));
        let params = SigningParams {
            credentials: Credentials {
                access_key_id: &self.keys.access_key_id,
                secret: &key,
                session_token: token.as_ref(),
            },
            region: self.region,
            service,
            time: Timestamp::now(),
            rules: Rules::for_service(service),
        };
        let signed = sign(&parts, Body::Bytes(&request.body), &params).unwrap();
        let mut sent = Request::builder().method(&*request.method).uri(format!("http://{host}{}", request.target));
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        for (name, value) in &signed.headers {
            sent = sent.header(*name, value);
        }
        let sent = sent.body(Full::from(request.body.clone())).unwrap();
        let (head, body) = self.client.request(sent).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        if head.status.is_success() {
            return Ok(protocol::decode_response(model, modelled, &body).unwrap());
        }
        let kind = head.headers.get("x-amzn-errortype").and_then(|kind| kind.to_str().ok());
        Err(protocol::decode_error(model, head.status.as_u16(), kind, &body))
    }
}
