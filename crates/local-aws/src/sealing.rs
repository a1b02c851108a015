//! One way to encrypt bytes: for the ciphertexts that KMS hands out and for the rows that the store seals.
//!
//! ```text
//!   material --HMAC-SHA-256(salt)--> message key --AES-256-GCM(nonce, aad)--> ciphertext, tag
//! ```
//!
//! Every message has a key of its own. With random 96-bit nonces alone, one AES-GCM key is good for 2^32 messages
//! (NIST SP 800-38D, section 8.3), which a busy KMS key passes in days. With a random 128-bit salt drawn beside the
//! nonce, a repetition harms only when salt *and* nonce meet again: after 2^64 messages that is still less likely
//! than 2^-96. AWS KMS does the same (AWS KMS Cryptographic Details, "Encrypt": a key derived for each message).

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    error::Unspecified,
    hmac,
};
use aws_model::SecretBytes;
use zeroize::Zeroizing;

/// Bytes of key material: AES-256's.
pub(crate) const MATERIAL_LEN: usize = 32;

const SALT_LEN: usize = 16;
const TAG_LEN: usize = 16;
const OVERHEAD: usize = SALT_LEN + NONCE_LEN + TAG_LEN;

/// What sealing fails with: the machine gave no randomness, or the bytes are too many for one message.
#[derive(Debug, thiserror::Error)]
#[error("cannot encrypt: the operating system's random generator or the cipher failed")]
pub(crate) struct SealError;

/// Key material, ready to seal and open. It cannot be read back.
pub(crate) struct SealingKey(hmac::Key);

/// What a message key is for, so that no key serves two ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// A ciphertext blob of KMS.
    Ciphertext,
    /// A row of the store.
    Row,
    /// A secret of a snapshot.
    Snapshot,
    /// The authenticator of a grant token.
    GrantToken,
    /// What an import token holds.
    ImportToken,
    /// The id of imported key material.
    MaterialId,
    /// The token of an STS session.
    SessionToken,
    /// What a denial tells to those who may decode it.
    AuthorizationMessage,
    /// The secret of a generated access key.
    SecretAccessKey,
    /// What proves a password.
    Password,
    /// A generated password for a service.
    ServicePassword,
    /// The seed of an MFA device.
    MfaSeed,
    /// What tells an account's root access key id from its others.
    RootAccessKeyId,
    /// The same of a user's.
    UserAccessKeyId,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Ciphertext => b"claviger local-aws kms ciphertext 1",
            Self::Row => b"claviger local-aws store row 1",
            Self::Snapshot => b"claviger local-aws snapshot 1",
            Self::GrantToken => b"claviger local-aws kms grant token 1",
            Self::ImportToken => b"claviger local-aws kms import token 1",
            Self::MaterialId => b"claviger local-aws kms key-material id 1",
            Self::SessionToken => b"claviger local-aws sts session token 1",
            Self::AuthorizationMessage => b"claviger local-aws sts authorization message 1",
            Self::SecretAccessKey => b"claviger local-aws secret access key 1",
            Self::Password => b"claviger local-aws password 1",
            Self::ServicePassword => b"claviger local-aws service password 1",
            Self::MfaSeed => b"claviger local-aws mfa seed 1",
            Self::RootAccessKeyId => b"claviger local-aws root access key id 1",
            Self::UserAccessKeyId => b"claviger local-aws user access key id 1",
        }
    }
}

/// Key material straight from the operating system's random generator.
pub(crate) fn random_bytes(len: usize) -> Result<SecretBytes, SealError> {
    let mut bytes = vec![0; len];
    fill_randomly(&mut bytes)?;
    Ok(SecretBytes::new(bytes))
}

/// Not with aws-lc's generator, whose first use gathers entropy of its own for 30 ms, in which nothing is answered.
fn fill_randomly(bytes: &mut [u8]) -> Result<(), SealError> {
    #[cfg(test)]
    if tests::RANDOMNESS_FAILS.get() {
        return Err(SealError);
    }
    getrandom::fill(bytes).map_err(|_| SealError)
}

impl SealingKey {
    pub(crate) fn new(material: &SecretBytes) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, material.expose()))
    }

    /// Appends salt, nonce, ciphertext and tag to `out`.
    pub(crate) fn seal(
        &self,
        purpose: Purpose,
        aad: &[u8],
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        // Both at once: each call of the operating system costs a part of what the cipher does.
        let mut salt_and_nonce = [0; SALT_LEN + NONCE_LEN];
        fill_randomly(&mut salt_and_nonce)?;
        let (salt, nonce) = salt_and_nonce.split_at(SALT_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|Unspecified| SealError)?;
        let key = self.message_key(purpose, salt).map_err(|Unspecified| SealError)?;
        // In a buffer of its own, so that no plaintext stays behind in `out` when it grows.
        let mut sealed = Zeroizing::new(plaintext.to_vec());
        let tag =
            key.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut sealed).map_err(|Unspecified| SealError)?;
        out.reserve(OVERHEAD + sealed.len());
        out.extend_from_slice(&salt_and_nonce);
        out.extend_from_slice(&sealed);
        out.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// The plaintext, or nothing when a single bit of key, purpose, `aad` or `sealed` is not what it was.
    pub(crate) fn open(&self, purpose: Purpose, aad: &[u8], sealed: &[u8]) -> Option<SecretBytes> {
        let (salt, rest) = sealed.split_at_checked(SALT_LEN)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>()?;
        let text_len = body.len().checked_sub(TAG_LEN)?;
        let (text, tag) = body.split_at_checked(text_len)?;
        let key = self.message_key(purpose, salt).ok()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut plaintext = Zeroizing::new(vec![0; text_len]);
        key.open_separate_gather(nonce, Aad::from(aad), text, tag, &mut plaintext).ok()?;
        Some(SecretBytes::new(std::mem::take(&mut *plaintext)))
    }

    /// An authenticator of `data` that nobody makes without the key.
    pub(crate) fn authenticator(&self, purpose: Purpose, data: &[u8]) -> [u8; 32] {
        let mut tag = [0; 32];
        self.derive(purpose, data, &mut tag);
        tag
    }

    fn message_key(&self, purpose: Purpose, salt: &[u8]) -> Result<LessSafeKey, Unspecified> {
        let mut key = Zeroizing::new([0; MATERIAL_LEN]);
        self.derive(purpose, salt, &mut key);
        Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_slice())?))
    }

    /// One block of NIST SP 800-108 rev. 1, section 4.1 (counter mode, HMAC-SHA-256): 256 bits for a label and context.
    fn derive(&self, purpose: Purpose, context: &[u8], out: &mut [u8; 32]) {
        const COUNTER: [u8; 4] = 1_u32.to_be_bytes();
        const BITS: [u8; 4] = 256_u32.to_be_bytes();
        let mut mac = hmac::Context::with_key(&self.0);
        mac.update(&COUNTER);
        mac.update(purpose.label());
        mac.update(&[0]);
        mac.update(context);
        mac.update(&BITS);
        out.copy_from_slice(mac.sign().as_ref());
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<sealing key>")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// Whether this thread gets no randomness.
        pub(crate) static RANDOMNESS_FAILS: Cell<bool> = const { Cell::new(false) };
    }

    fn key() -> SealingKey {
        SealingKey::new(&random_bytes(MATERIAL_LEN).unwrap())
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_purpose_and_aad_only() {
        let key = key();
        let mut sealed = Vec::new();
        key.seal(Purpose::Row, b"here", b"secret", &mut sealed).unwrap();
        assert_eq!(key.open(Purpose::Row, b"here", &sealed).unwrap().expose(), b"secret");
        assert!(key.open(Purpose::Ciphertext, b"here", &sealed).is_none());
        assert!(key.open(Purpose::Row, b"there", &sealed).is_none());
        assert!(self::key().open(Purpose::Row, b"here", &sealed).is_none());
    }

    #[test]
    fn short_input_is_refused_at_every_length() {
        let key = key();
        let mut sealed = Vec::new();
        key.seal(Purpose::Row, b"", b"x", &mut sealed).unwrap();
        for len in 0..sealed.len() {
            assert!(key.open(Purpose::Row, b"", &sealed[..len]).is_none(), "{len}");
        }
    }

    #[test]
    fn two_seals_of_the_same_bytes_share_neither_salt_nor_ciphertext() {
        let key = key();
        let (mut one, mut two) = (Vec::new(), Vec::new());
        key.seal(Purpose::Row, b"", b"same", &mut one).unwrap();
        key.seal(Purpose::Row, b"", b"same", &mut two).unwrap();
        assert_ne!(one[..SALT_LEN], two[..SALT_LEN]);
        assert_ne!(one[SALT_LEN + NONCE_LEN..], two[SALT_LEN + NONCE_LEN..]);
    }
}
