//! The one secret that every generated credential grows from.

use aws_model::{AccountId, Arn, SecretBytes};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use zeroize::Zeroizing;

use super::access_key::{self, KeyKind};
use crate::sealing::{Purpose, SealError, SealingKey};

/// Whoever keeps the seed keeps every root credential and every session: nothing else about credentials has to
/// survive a restart.
#[derive(Debug)]
pub(crate) struct Seed(SealingKey);

impl Seed {
    pub(crate) fn new(material: &SecretBytes) -> Self {
        Self(SealingKey::new(material))
    }

    /// The access key id of an account's root user: always the same.
    pub(crate) fn root_access_key_id(&self, account: AccountId) -> String {
        let bytes = self.0.authenticator(Purpose::RootAccessKeyId, account.as_str().as_bytes());
        let distinguisher = bytes.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte));
        access_key::compose(KeyKind::LongTerm, account, distinguisher)
    }

    /// The access key id of a user: always the same.
    pub(crate) fn user_access_key_id(&self, account: AccountId, user: &Arn) -> String {
        let bytes = self.0.authenticator(Purpose::UserAccessKeyId, user.as_str().as_bytes());
        let distinguisher = bytes.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte));
        access_key::compose(KeyKind::LongTerm, account, distinguisher)
    }

    /// The secret of an access key id: 40 characters of base64, as AWS's are.
    pub(crate) fn secret_access_key(&self, access_key_id: &str) -> SecretBytes {
        let bytes = Zeroizing::new(self.0.authenticator(Purpose::SecretAccessKey, access_key_id.as_bytes()));
        let thirty = bytes.get(..30).unwrap_or_default();
        SecretBytes::new(STANDARD.encode(thirty).into_bytes())
    }

    /// The password of a service-specific credential, another one after each reset: 44 characters, as AWS's are.
    pub(crate) fn service_password(&self, credential_id: &str, resets: u32) -> SecretBytes {
        let context = format!("{credential_id}/{resets}");
        let bytes = Zeroizing::new(self.0.authenticator(Purpose::ServicePassword, context.as_bytes()));
        SecretBytes::new(STANDARD.encode(bytes.as_slice()).into_bytes())
    }

    /// The seed of an MFA device: 40 bytes, as AWS's are.
    pub(crate) fn mfa_seed(&self, device_id: &str) -> SecretBytes {
        let halves = ["1", "2"].map(|half| {
            let context = format!("{device_id}/{half}");
            Zeroizing::new(self.0.authenticator(Purpose::MfaSeed, context.as_bytes()))
        });
        SecretBytes::new(halves.iter().flat_map(|half| half.iter().take(20).copied()).collect())
    }

    /// What tells a password from others. Without the seed nobody can try passwords on it.
    pub(crate) fn password_proof(&self, salt: &str, password: &SecretBytes) -> String {
        // The salt has no zero in it.
        let context = Zeroizing::new([salt.as_bytes(), b"\0", password.expose()].concat());
        STANDARD.encode(self.0.authenticator(Purpose::Password, &context))
    }

    /// The text of a session token that only this seed reads, and only beside this access key id.
    pub(crate) fn seal_token(&self, access_key_id: &str, content: &[u8]) -> Result<String, SealError> {
        let mut sealed = Vec::new();
        self.0.seal(Purpose::SessionToken, access_key_id.as_bytes(), content, &mut sealed)?;
        Ok(STANDARD.encode(sealed))
    }

    /// What a session token says, or nothing when it was not made here, for this access key id.
    pub(crate) fn open_token(&self, access_key_id: &str, token: &SecretBytes) -> Option<SecretBytes> {
        let sealed = STANDARD.decode(token.expose()).ok()?;
        self.0.open(Purpose::SessionToken, access_key_id.as_bytes(), &sealed)
    }

    /// The text of an authorization message that only this seed reads, for this account.
    pub(crate) fn seal_message(&self, account: AccountId, content: &[u8]) -> Result<String, SealError> {
        let mut sealed = Vec::new();
        self.0.seal(Purpose::AuthorizationMessage, account.as_str().as_bytes(), content, &mut sealed)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What an authorization message holds, or nothing when it was not made here, for this account.
    pub(crate) fn open_message(&self, account: AccountId, text: &str) -> Option<SecretBytes> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        self.0.open(Purpose::AuthorizationMessage, account.as_str().as_bytes(), &sealed)
    }
}
