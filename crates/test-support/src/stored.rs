//! What etcd holds of a Secret.

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use prost::Message;

/// `k8s:enc:kms:v2:NAME:` and an `EncryptedObject` (`kubernetes/apiserver`,
/// `pkg/storage/value/encrypt/envelope/kmsv2/v2/api.proto`).
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The provider's name in the EncryptionConfiguration.
    pub provider: String,
    /// What the plugin answered, and what it was made for.
    pub object: EncryptedObject,
}

/// Only the fields that tests look at, under their numbers.
#[derive(Clone, PartialEq, Message)]
pub struct EncryptedObject {
    /// The Secret under a key that the DEK source gives.
    #[prost(bytes = "vec", tag = "1")]
    pub encrypted_data: Vec<u8>,
    /// The plugin's `key_id`.
    #[prost(string, tag = "2")]
    pub key_id: String,
    /// The plugin's ciphertext.
    #[prost(bytes = "vec", tag = "3")]
    pub encrypted_dek_source: Vec<u8>,
    /// The plugin's annotations.
    #[prost(btree_map = "string, bytes", tag = "4")]
    pub annotations: BTreeMap<String, Vec<u8>>,
    /// 0: the plaintext of the DEK source is an AES-GCM key; 1: it is a seed.
    #[prost(int32, tag = "5")]
    pub encrypted_dek_source_type: i32,
}

const PREFIX: &str = "k8s:enc:kms:v2:";

impl Stored {
    /// Parses a value of etcd; none when it is something else.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let rest = value.strip_prefix(PREFIX.as_bytes())?;
        let colon = rest.iter().position(|byte| *byte == b':')?;
        let (name, object) = rest.split_at_checked(colon)?;
        let object = EncryptedObject::decode(object.get(1..)?).ok()?;
        Some(Self { provider: String::from_utf8(name.to_owned()).ok()?, object })
    }

    /// The value as etcd holds it.
    #[must_use]
    pub fn to_value(&self) -> Vec<u8> {
        let mut value = format!("{PREFIX}{}:", self.provider).into_bytes();
        value.extend(self.object.encode_to_vec());
        value
    }

    /// Encrypts `plaintext` for the etcd key `key` as an apiserver does whose DEK source is the AES-GCM key `dek`.
    ///
    /// # Panics
    /// When the system has no randomness.
    #[must_use]
    pub fn encrypt_data(plaintext: &[u8], dek: &[u8; 32], key: &str) -> Vec<u8> {
        let mut nonce = [0; 12];
        aws_lc_rs::rand::fill(&mut nonce).expect("randomness");
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, dek).expect("32 bytes are a key"));
        let mut data = plaintext.to_vec();
        cipher
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(key.as_bytes()), &mut data)
            .expect("a small plaintext can be sealed");
        [nonce.as_slice(), &data].concat()
    }
}
