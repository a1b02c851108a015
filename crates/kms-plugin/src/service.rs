//! The three KMS plugin APIs over one [`Sealer`].
//!
//! What differs between them is here: the texts of `version`, that v1beta1 checks the caller's and knows neither
//! `key_id` nor annotations. What is the same, and every decision, is the sealer's.

mod v1beta1;
mod v2;

use std::{collections::BTreeMap, sync::Arc};

use aws_model::SecretBytes;
use daemon::unix_socket::Peer;
use tonic::{Request, Status, service::Routes};

use crate::{
    caller::{Api, CallerInfo},
    engine::{DecryptRequest, Engine},
    policy::Refusal,
    proto,
};

/// What seals and opens for the APIs: the [`Engine`], or a test's own.
pub trait Sealer: Send + Sync + 'static {
    /// The key_id under which [`encrypt`](Self::encrypt) seals now. Answers at once, but before the first probe has ended.
    ///
    /// # Errors
    /// When the apiserver is to stop writing.
    fn status(&self, api: Api) -> impl Future<Output = Result<String, Refusal>> + Send;

    /// Seals `plaintext`.
    ///
    /// # Errors
    /// When the key service failed or refused.
    fn encrypt(
        &self,
        plaintext: SecretBytes,
        caller: &CallerInfo,
    ) -> impl Future<Output = Result<Sealed, Refusal>> + Send;

    /// Opens what was sealed.
    ///
    /// # Errors
    /// When it cannot be opened, or the key service failed or refused.
    fn decrypt(
        &self,
        request: DecryptRequest,
        caller: &CallerInfo,
    ) -> impl Future<Output = Result<SecretBytes, Refusal>> + Send;
}

/// An Encrypt's answer, as v2 gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// What etcd will hold.
    pub ciphertext: Vec<u8>,
    /// What [`Sealer::status`] says as well.
    pub key_id: String,
    /// To be stored beside the ciphertext.
    pub annotations: BTreeMap<String, Vec<u8>>,
}

impl Sealer for Engine {
    async fn status(&self, api: Api) -> Result<String, Refusal> {
        Ok(Self::status(self, api).await?.to_string())
    }

    async fn encrypt(&self, plaintext: SecretBytes, caller: &CallerInfo) -> Result<Sealed, Refusal> {
        let sealed = Self::encrypt(self, plaintext, caller).await?;
        let key_id = sealed.key_id.to_string();
        Ok(Sealed { ciphertext: sealed.ciphertext, key_id, annotations: sealed.annotations })
    }

    async fn decrypt(&self, request: DecryptRequest, caller: &CallerInfo) -> Result<SecretBytes, Refusal> {
        Self::decrypt(self, request, caller).await
    }
}

/// All three APIs, refusing requests of more than `max_request` octets.
pub fn routes<S: Sealer>(sealer: &Arc<S>, max_request: usize) -> Routes {
    let plugin = Arc::new(Plugin { sealer: Arc::clone(sealer) });
    let v1beta1 =
        proto::v1beta1::key_management_service_server::KeyManagementServiceServer::from_arc(Arc::clone(&plugin));
    let v2alpha1 =
        proto::v2alpha1::key_management_service_server::KeyManagementServiceServer::from_arc(Arc::clone(&plugin));
    let v2 = proto::v2::key_management_service_server::KeyManagementServiceServer::from_arc(plugin);
    Routes::new(v2.max_decoding_message_size(max_request))
        .add_service(v1beta1.max_decoding_message_size(max_request))
        .add_service(v2alpha1.max_decoding_message_size(max_request))
        .prepare()
}

struct Plugin<S> {
    sealer: Arc<S>,
}

/// The peer that the server found at the other end of the socket.
fn peer_of<T>(request: &Request<T>) -> Result<Peer, Status> {
    // INVARIANT: the server adds it to every request.
    request.extensions().get::<Peer>().copied().ok_or_else(|| Status::internal("the connection has no peer"))
}

fn caller(api: Api, uid: String, peer: Peer) -> CallerInfo {
    CallerInfo { uid, api, peer }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, refusal.message)
    }
}
