//! A sample sealed and opened through the socket, by a real gRPC client, as an apiserver would.

use std::time::Duration;

use daemon::unix_socket::Endpoint;
use hyper_util::rt::TokioIo;
use kms_plugin::proto::v2::{
    DecryptRequest, EncryptRequest, StatusRequest, key_management_service_client::KeyManagementServiceClient,
};
use serde::Serialize;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Uri};
use tower::service_fn;

use crate::failure::Failure;

/// As long as the seeds that an apiserver has sealed.
const SAMPLE: &[u8; 32] = b"sealed and opened by claviger up";

/// The apiserver's own deadline.
const DEADLINE: Duration = Duration::from_secs(3);

/// What was sealed, what it became, under which key, and that it came back.
#[derive(Serialize)]
pub(super) struct Proof {
    pub(super) plaintext: String,
    /// Hexadecimal.
    pub(super) ciphertext: String,
    pub(super) ciphertext_octets: usize,
    pub(super) key_id: String,
}

/// Asks the plugin for its key, and has it seal and open a sample.
///
/// # Errors
/// When a call fails, and as a finding when what comes back is not what was sealed or Encrypt contradicts Status.
pub(super) async fn prove(socket: &Endpoint) -> Result<Proof, Failure> {
    let mut plugin = KeyManagementServiceClient::new(connect(socket.clone()).await?);
    let request = EncryptRequest { plaintext: SAMPLE.to_vec(), uid: "claviger-up-seal".to_owned() };
    let sealed = plugin.encrypt(request).await.map_err(|status| refused("Encrypt", &status))?.into_inner();
    let status = plugin.status(StatusRequest {}).await.map_err(|status| refused("Status", &status))?.into_inner();
    if status.key_id != sealed.key_id {
        return Err(Failure::finding(format_args!(
            "Status publishes the key_id `{}`, and Encrypt answered with `{}`",
            status.key_id, sealed.key_id
        )));
    }
    let request = DecryptRequest {
        ciphertext: sealed.ciphertext.clone(),
        uid: "claviger-up-open".to_owned(),
        key_id: sealed.key_id.clone(),
        annotations: sealed.annotations,
    };
    let opened = plugin.decrypt(request).await.map_err(|status| refused("Decrypt", &status))?.into_inner();
    if opened.plaintext != SAMPLE {
        return Err(Failure::finding("what was opened is not what was sealed"));
    }
    if sealed.ciphertext.windows(SAMPLE.len()).any(|part| part == SAMPLE) {
        return Err(Failure::finding("the ciphertext holds the plaintext"));
    }
    Ok(Proof {
        plaintext: String::from_utf8_lossy(SAMPLE).into_owned(),
        ciphertext: sealed.ciphertext.iter().map(|octet| format!("{octet:02x}")).collect(),
        ciphertext_octets: sealed.ciphertext.len(),
        key_id: sealed.key_id,
    })
}

async fn connect(socket: Endpoint) -> Result<Channel, Failure> {
    let connector = service_fn(move |_: Uri| {
        let socket = socket.clone();
        async move {
            let stream = match socket {
                Endpoint::Path(path) => UnixStream::connect(path).await,
                Endpoint::Abstract(name) => UnixStream::connect(format!("\0{name}")).await,
            };
            stream.map(TokioIo::new)
        }
    });
    // The URI is not dialled.
    let endpoint = tonic::transport::Endpoint::from_static("http://localhost").timeout(DEADLINE);
    let connected = endpoint.connect_with_connector(connector).await;
    connected.map_err(|error| Failure::from(error).help("the plugin does not answer on its own socket"))
}

fn refused(call: &str, status: &tonic::Status) -> Failure {
    Failure::new(format_args!("{call} through the socket: {}: {}", status.code(), status.message()))
}
