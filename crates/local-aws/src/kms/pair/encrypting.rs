//! Private keys that decrypt, and public ones that encrypt: RSAES-OAEP.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_model::SecretBytes;
use zeroize::Zeroizing;

use super::{CryptoFailed, NotSuchAKey};
use crate::kms::kind::EncryptionAlgorithm;

/// An RSA key that encrypts and decrypts.
#[derive(Debug)]
pub(in crate::kms) struct Encrypting {
    private: OaepPrivateDecryptingKey,
    public: OaepPublicEncryptingKey,
}

impl Encrypting {
    pub(in crate::kms) fn read(pkcs8: &SecretBytes, public: &[u8]) -> Result<Self, NotSuchAKey> {
        let private = PrivateDecryptingKey::from_pkcs8(pkcs8.expose()).map_err(|_| NotSuchAKey)?;
        let public = PublicEncryptingKey::from_der(public).map_err(|_| NotSuchAKey)?;
        Ok(Self {
            private: OaepPrivateDecryptingKey::new(private).map_err(|_| NotSuchAKey)?,
            public: OaepPublicEncryptingKey::new(public).map_err(|_| NotSuchAKey)?,
        })
    }

    /// The longest plaintext that it takes.
    pub(in crate::kms) fn longest(&self, algorithm: EncryptionAlgorithm) -> usize {
        oaep(algorithm).map_or(0, |algorithm| self.public.max_plaintext_size(algorithm))
    }

    pub(in crate::kms) fn ciphertext_len(&self) -> usize {
        self.public.ciphertext_size()
    }

    pub(in crate::kms) fn encrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        plaintext: &SecretBytes,
    ) -> Result<Vec<u8>, CryptoFailed> {
        let algorithm = oaep(algorithm).ok_or(CryptoFailed)?;
        let mut ciphertext = vec![0; self.public.ciphertext_size()];
        self.public.encrypt(algorithm, plaintext.expose(), &mut ciphertext, None)?;
        Ok(ciphertext)
    }

    /// The plaintext; nothing when the ciphertext is not this key's by this algorithm.
    pub(in crate::kms) fn decrypt(&self, algorithm: EncryptionAlgorithm, ciphertext: &[u8]) -> Option<SecretBytes> {
        let mut buffer = Zeroizing::new(vec![0; self.private.min_output_size()]);
        let plaintext = self.private.decrypt(oaep(algorithm)?, ciphertext, &mut buffer, None).ok()?;
        Some(SecretBytes::new(plaintext.to_vec()))
    }
}

fn oaep(algorithm: EncryptionAlgorithm) -> Option<&'static OaepAlgorithm> {
    match algorithm {
        EncryptionAlgorithm::RsaesOaepSha1 => Some(&OAEP_SHA1_MGF1SHA1),
        EncryptionAlgorithm::RsaesOaepSha256 => Some(&OAEP_SHA256_MGF1SHA256),
        EncryptionAlgorithm::SymmetricDefault | EncryptionAlgorithm::Sm2Pke => None,
    }
}
