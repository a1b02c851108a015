//! Sealers for what a real engine would not do on demand: wait, refuse, and tell who called.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Arc, Mutex},
};

use aws_model::SecretBytes;
use kms_plugin::{
    caller::{Api, CallerInfo},
    engine::DecryptRequest,
    policy::Refusal,
    service::{Sealed, Sealer},
};
use tokio::sync::{Semaphore, mpsc};

/// Encrypts by negating, and takes note of every call.
#[derive(Default)]
pub(crate) struct Negating {
    pub(crate) calls: Mutex<Vec<(CallerInfo, Option<String>)>>,
}

impl Sealer for Negating {
    async fn status(&self, _: Api) -> Result<String, Refusal> {
        Ok("key@1".to_owned())
    }

    async fn encrypt(&self, plaintext: SecretBytes, caller: &CallerInfo) -> Result<Sealed, Refusal> {
        self.calls.lock().unwrap().push((caller.clone(), None));
        let annotations = BTreeMap::from([("note.example.com".to_owned(), vec![0, 255])]);
        Ok(Sealed { ciphertext: negated(plaintext.expose()), key_id: "key@1".to_owned(), annotations })
    }

    async fn decrypt(&self, request: DecryptRequest, caller: &CallerInfo) -> Result<SecretBytes, Refusal> {
        self.calls.lock().unwrap().push((caller.clone(), request.key_id));
        Ok(negated(&request.ciphertext).into())
    }
}

/// Refuses everything in the same words.
pub(crate) struct Refusing(pub(crate) Refusal);

impl Sealer for Refusing {
    async fn status(&self, _: Api) -> Result<String, Refusal> {
        Err(self.0.clone())
    }

    async fn encrypt(&self, _: SecretBytes, _: &CallerInfo) -> Result<Sealed, Refusal> {
        Err(self.0.clone())
    }

    async fn decrypt(&self, _: DecryptRequest, _: &CallerInfo) -> Result<SecretBytes, Refusal> {
        Err(self.0.clone())
    }
}

/// Tells of each Encrypt when it begins, and ends it when it is let; Decrypts never end.
pub(crate) struct Held {
    begun: mpsc::UnboundedSender<()>,
    pub(crate) let_go: Semaphore,
}

impl Held {
    pub(crate) fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<()>) {
        let (begun, beginning) = mpsc::unbounded_channel();
        (Arc::new(Self { begun, let_go: Semaphore::new(0) }), beginning)
    }
}

impl Sealer for Held {
    async fn status(&self, _: Api) -> Result<String, Refusal> {
        Ok("key@1".to_owned())
    }

    async fn encrypt(&self, plaintext: SecretBytes, _: &CallerInfo) -> Result<Sealed, Refusal> {
        self.begun.send(()).unwrap();
        self.let_go.acquire().await.unwrap().forget();
        let ciphertext = negated(plaintext.expose());
        Ok(Sealed { ciphertext, key_id: "key@1".to_owned(), annotations: BTreeMap::new() })
    }

    async fn decrypt(&self, _: DecryptRequest, _: &CallerInfo) -> Result<SecretBytes, Refusal> {
        pending().await
    }
}

fn negated(octets: &[u8]) -> Vec<u8> {
    octets.iter().map(|octet| !octet).collect()
}
