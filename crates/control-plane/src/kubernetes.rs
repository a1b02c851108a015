//! A small client of the Kubernetes API: what a check of encryption at rest needs, and no more.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::Method;
use serde_json::{Value, json};

use crate::http::{CallError, Https};

/// A client of the apiserver, as cluster administrator. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Kubernetes {
    client: Https,
}

/// What the apiserver answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body: JSON, or a string when it is something else.
    pub body: Value,
}

impl Kubernetes {
    pub(crate) fn new(client: Https) -> Self {
        Self { client }
    }

    /// Any request, with any answer.
    ///
    /// # Errors
    /// Only when there is no answer.
    pub async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, CallError> {
        let (status, body) = self.client.send(method, path, body).await?;
        let body = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
        Ok(Answer { status: status.as_u16(), body })
    }

    /// Creates the Secret `name` in the namespace `default`.
    ///
    /// # Errors
    /// When the apiserver does not answer or refuses.
    pub async fn create_secret(&self, name: &str, data: &BTreeMap<String, Vec<u8>>) -> Result<Value, CallError> {
        let data: BTreeMap<&str, String> =
            data.iter().map(|(key, value)| (key.as_str(), STANDARD.encode(value))).collect();
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data});
        self.accepted(Method::POST, SECRETS, Some(&secret)).await
    }

    /// The Secret as the API shows it, values in Base64.
    ///
    /// # Errors
    /// When the apiserver does not answer or refuses.
    pub async fn secret(&self, name: &str) -> Result<Value, CallError> {
        self.accepted(Method::GET, &format!("{SECRETS}/{name}"), None).await
    }

    /// The values of the Secret `name`.
    ///
    /// # Errors
    /// When the apiserver does not answer, refuses, or answers something else than a Secret.
    pub async fn secret_data(&self, name: &str) -> Result<BTreeMap<String, Vec<u8>>, CallError> {
        let secret = self.secret(name).await?;
        let data = secret.get("data").and_then(Value::as_object).into_iter().flatten();
        data.map(|(key, value)| {
            let decoded = STANDARD.decode(value.as_str().unwrap_or_default());
            let decoded = decoded.map_err(|error| CallError::Unexpected {
                url: format!("{}{SECRETS}/{name}", self.client.base()),
                reason: format!("`data.{key}`: {error}"),
            })?;
            Ok((key.clone(), decoded))
        })
        .collect()
    }

    /// Writes the Secret back as it was read: the apiserver stores it again only when what lies in etcd is stale,
    /// as after a change of the key.
    ///
    /// # Errors
    /// When the apiserver does not answer or refuses.
    pub async fn rewrite_secret(&self, name: &str) -> Result<Value, CallError> {
        let secret = self.secret(name).await?;
        self.accepted(Method::PUT, &format!("{SECRETS}/{name}"), Some(&secret)).await
    }

    /// Under which key etcd holds the Secret.
    #[must_use]
    pub fn etcd_key(name: &str) -> String {
        format!("/registry/secrets/default/{name}")
    }

    /// Makes the namespace `default`, which on a new cluster the apiserver makes only after a while.
    pub(crate) async fn ensure_namespace(&self) -> Result<(), CallError> {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}});
        match self.accepted(Method::POST, "/api/v1/namespaces", Some(&namespace)).await {
            Err(error) if error.status() == Some(CONFLICT) => Ok(()),
            other => other.map(drop),
        }
    }

    async fn accepted(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, CallError> {
        let answer = self.request(method.clone(), path, body).await?;
        if (200..300).contains(&answer.status) {
            return Ok(answer.body);
        }
        let message = answer.body.get("message").and_then(Value::as_str).map(str::to_owned);
        Err(CallError::Refused {
            method,
            url: format!("{}{path}", self.client.base()),
            status: answer.status,
            message: message.unwrap_or_else(|| answer.body.to_string()),
        })
    }
}

const SECRETS: &str = "/api/v1/namespaces/default/secrets";
const CONFLICT: u16 = 409;
