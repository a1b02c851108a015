//! etcd: the process, and the raw bytes that it holds.

use std::{path::Path, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::Method;
use serde_json::{Value, json};

use crate::{
    error::StartError,
    http::{CallError, Https},
    pki::{self, Pki},
    port,
    process::Process,
    readiness,
};

/// Starts etcd on free ports and waits until it serves.
pub(crate) async fn start(program: &Path, data_folder: &Path, pki: &Pki) -> Result<(Process, Etcd), StartError> {
    let folder = data_folder.join("etcd");
    pki::private_folder(&folder)?;
    let client_url = format!("https://127.0.0.1:{}", port::free()?);
    let peer_url = format!("https://127.0.0.1:{}", port::free()?);

    let mut command = Command::new(program);
    command.arg("--name=claviger").arg(flag("data-dir", &folder));
    command.args([
        format!("--listen-client-urls={client_url}"),
        format!("--advertise-client-urls={client_url}"),
        format!("--listen-peer-urls={peer_url}"),
        format!("--initial-advertise-peer-urls={peer_url}"),
        format!("--initial-cluster=claviger={peer_url}"),
    ]);
    for side in ["", "peer-"] {
        command.arg(format!("--{side}client-cert-auth"));
        command.arg(flag(&format!("{side}trusted-ca-file"), &pki.authority_file));
        command.arg(flag(&format!("{side}cert-file"), &pki.etcd.certificate_file));
        command.arg(flag(&format!("{side}key-file"), &pki.etcd.key_file));
    }

    let process = Process::spawn(command, &data_folder.join("etcd.log"))?;
    let client = Https::new(client_url, &pki.authority, Some(&pki.etcd_client), None)
        .map_err(|error| StartError::Certificate { subject: "etcd's client", reason: error.to_string() })?;
    readiness::wait(&process, &client, "/health").await?;
    Ok((process, Etcd { client }))
}

/// A flag with a path, which need not be UTF-8.
pub(crate) fn flag(name: &str, path: &Path) -> std::ffi::OsString {
    let mut flag = std::ffi::OsString::from(format!("--{name}="));
    flag.push(path);
    flag
}

/// What etcd holds, byte for byte, read past the apiserver. Through etcd's JSON gateway (`/v3/kv/*`).
#[derive(Clone, Debug)]
pub struct Etcd {
    client: Https,
}

impl Etcd {
    /// `https://HOST:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.client.base()
    }

    /// A key's value; none when there is no such key.
    ///
    /// # Errors
    /// When etcd does not answer or refuses.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CallError> {
        let answer = self.call("/v3/kv/range", json!({"key": STANDARD.encode(key)})).await?;
        let Some(value) = answer.pointer("/kvs/0").map(|entry| entry.pointer("/value")) else { return Ok(None) };
        // proto3's JSON leaves an empty value out.
        let text = value.and_then(Value::as_str).unwrap_or_default();
        let value = STANDARD.decode(text).map_err(|error| self.unexpected("/v3/kv/range", error.to_string()))?;
        Ok(Some(value))
    }

    /// Sets a key's value past the apiserver, as a restored backup would.
    ///
    /// # Errors
    /// When etcd does not answer or refuses.
    pub async fn put(&self, key: &str, value: &[u8]) -> Result<(), CallError> {
        let entry = json!({"key": STANDARD.encode(key), "value": STANDARD.encode(value)});
        self.call("/v3/kv/put", entry).await.map(drop)
    }

    async fn call(&self, path: &str, body: Value) -> Result<Value, CallError> {
        let (status, answer) = self.client.send(Method::POST, path, Some(&body)).await?;
        if !status.is_success() {
            return Err(CallError::Refused {
                method: Method::POST,
                url: format!("{}{path}", self.endpoint()),
                status: status.as_u16(),
                message: String::from_utf8_lossy(&answer).trim().to_owned(),
            });
        }
        serde_json::from_slice(&answer).map_err(|error| self.unexpected(path, error.to_string()))
    }

    fn unexpected(&self, path: &str, reason: String) -> CallError {
        CallError::Unexpected { url: format!("{}{path}", self.endpoint()), reason }
    }
}
