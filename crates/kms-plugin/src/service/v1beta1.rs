//! v1beta1: the caller says its version in every request, and probes with an Encrypt and a Decrypt of four octets.

use aws_model::SecretBytes;
use tonic::{Request, Response, Status};

use super::{Plugin, Sealer, caller, peer_of};
use crate::{
    caller::Api,
    engine::DecryptRequest,
    proto::v1beta1::{self as wire, key_management_service_server::KeyManagementService},
};

#[tonic::async_trait]
impl<S: Sealer> KeyManagementService for Plugin<S> {
    async fn version(&self, request: Request<wire::VersionRequest>) -> Result<Response<wire::VersionResponse>, Status> {
        check_version(&request.get_ref().version)?;
        Ok(Response::new(wire::VersionResponse {
            version: Api::V1Beta1.version().to_owned(),
            runtime_name: RUNTIME_NAME.to_owned(),
            runtime_version: RUNTIME_VERSION.to_owned(),
        }))
    }

    async fn encrypt(&self, request: Request<wire::EncryptRequest>) -> Result<Response<wire::EncryptResponse>, Status> {
        let peer = peer_of(&request)?;
        let mut request = request.into_inner();
        check_version(&request.version)?;
        let plaintext = SecretBytes::new(std::mem::take(&mut request.plain));
        let sealed = self.sealer.encrypt(plaintext, &caller(Api::V1Beta1, String::new(), peer)).await?;
        Ok(Response::new(wire::EncryptResponse { cipher: sealed.ciphertext }))
    }

    async fn decrypt(&self, request: Request<wire::DecryptRequest>) -> Result<Response<wire::DecryptResponse>, Status> {
        let peer = peer_of(&request)?;
        let request = request.into_inner();
        check_version(&request.version)?;
        let request = DecryptRequest { ciphertext: request.cipher, key_id: None };
        let opened = self.sealer.decrypt(request, &caller(Api::V1Beta1, String::new(), peer)).await?;
        Ok(Response::new(wire::DecryptResponse { plain: opened.expose().to_vec() }))
    }
}

/// The apiserver sends `v1beta1` always (`apiserver: envelope/grpc_service.go`).
fn check_version(version: &str) -> Result<(), Status> {
    match version {
        "v1beta1" => Ok(()),
        _ => Err(Status::invalid_argument(format!(
            "the request says version `{}`, and this API is `v1beta1`",
            version.chars().take(32).collect::<String>().escape_debug()
        ))),
    }
}

/// What the apiserver logs as the plugin's name.
const RUNTIME_NAME: &str = "claviger";
/// A semantic version, as the API asks for.
const RUNTIME_VERSION: &str = env!("CARGO_PKG_VERSION");
