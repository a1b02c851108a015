//! v2, and v2alpha1, which differs from it in its name and in the `version` it says.

use aws_model::SecretBytes;
use tonic::{Request, Response, Status};

use super::{Plugin, Sealer, caller, peer_of};
use crate::{
    caller::Api,
    engine::DecryptRequest,
    proto::{
        v2::{self as wire, key_management_service_server::KeyManagementService as V2},
        v2alpha1::key_management_service_server::KeyManagementService as V2Alpha1,
    },
};

impl<S: Sealer> Plugin<S> {
    async fn status_v2(&self, api: Api) -> Result<Response<wire::StatusResponse>, Status> {
        let key_id = self.sealer.status(api).await?;
        Ok(Response::new(wire::StatusResponse {
            version: api.version().to_owned(),
            healthz: HEALTHY.to_owned(),
            key_id,
        }))
    }

    async fn encrypt_v2(
        &self,
        api: Api,
        request: Request<wire::EncryptRequest>,
    ) -> Result<Response<wire::EncryptResponse>, Status> {
        let peer = peer_of(&request)?;
        let mut request = request.into_inner();
        let plaintext = SecretBytes::new(std::mem::take(&mut request.plaintext));
        let uid = std::mem::take(&mut request.uid);
        let sealed = self.sealer.encrypt(plaintext, &caller(api, uid, peer)).await?;
        Ok(Response::new(wire::EncryptResponse {
            ciphertext: sealed.ciphertext,
            key_id: sealed.key_id,
            annotations: sealed.annotations,
        }))
    }

    async fn decrypt_v2(
        &self,
        api: Api,
        request: Request<wire::DecryptRequest>,
    ) -> Result<Response<wire::DecryptResponse>, Status> {
        let peer = peer_of(&request)?;
        let wire::DecryptRequest { ciphertext, uid, key_id, .. } = request.into_inner();
        // Proto3 has no difference between an absent and an empty text.
        let request = DecryptRequest { ciphertext, key_id: Some(key_id).filter(|id| !id.is_empty()) };
        let opened = self.sealer.decrypt(request, &caller(api, uid, peer)).await?;
        Ok(Response::new(wire::DecryptResponse { plaintext: opened.expose().to_vec() }))
    }
}

/// Answers one of the two APIs from the methods that they share.
macro_rules! serve {
    ($trait:ident as $api:expr) => {
        #[tonic::async_trait]
        impl<S: Sealer> $trait for Plugin<S> {
            async fn status(&self, _: Request<wire::StatusRequest>) -> Result<Response<wire::StatusResponse>, Status> {
                self.status_v2($api).await
            }

            async fn encrypt(
                &self,
                request: Request<wire::EncryptRequest>,
            ) -> Result<Response<wire::EncryptResponse>, Status> {
                self.encrypt_v2($api, request).await
            }

            async fn decrypt(
                &self,
                request: Request<wire::DecryptRequest>,
            ) -> Result<Response<wire::DecryptResponse>, Status> {
                self.decrypt_v2($api, request).await
            }
        }
    };
}

serve!(V2 as Api::V2);
serve!(V2Alpha1 as Api::V2Alpha1);

/// The only text that the apiserver takes for healthy (`apiserver: envelope/kmsv2/grpc_service.go`).
const HEALTHY: &str = "ok";
