//! A gRPC server on a unix socket that does nothing: what the transport costs.

use std::path::Path;

use kms_plugin::proto::v2::{
    DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse, StatusRequest, StatusResponse,
    key_management_service_server::{KeyManagementService, KeyManagementServiceServer},
};
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Request, Response, Status, transport::Server};

struct Floor;

pub(crate) async fn serve(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    let service = KeyManagementServiceServer::new(Floor);
    Server::builder().add_service(service).serve_with_incoming(UnixListenerStream::new(listener)).await.unwrap();
}

#[tonic::async_trait]
impl KeyManagementService for Floor {
    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        Ok(Response::new(StatusResponse {
            version: "v2beta1".to_owned(),
            healthz: "ok".to_owned(),
            key_id: "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(),
        }))
    }

    async fn decrypt(&self, _: Request<DecryptRequest>) -> Result<Response<DecryptResponse>, Status> {
        Ok(Response::new(DecryptResponse { plaintext: vec![7; 32] }))
    }

    async fn encrypt(&self, request: Request<EncryptRequest>) -> Result<Response<EncryptResponse>, Status> {
        let ciphertext = request.get_ref().plaintext.repeat(5);
        Ok(Response::new(EncryptResponse { ciphertext, key_id: "floor".to_owned(), ..Default::default() }))
    }
}
