//! Long-term credentials, given or generated.

use std::{fmt, str::FromStr};

use aws_model::{AccountId, InvalidAccountId, SecretBytes};

/// An access key with its secret. Printed, it shows the id alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The access key's id. Not secret.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: SecretBytes,
    /// The account whose root user it is.
    pub account: AccountId,
}

/// The text is not `ACCESS_KEY:SECRET:ACCOUNT`. The secret is in none of the messages.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidCredential {
    /// There are not three fields.
    #[error("a credential takes three fields divided by colons, `ACCESS_KEY:SECRET:ACCOUNT`, but this has {0}")]
    Fields(usize),
    /// The access key id has characters or a length that no client can send.
    #[error("the access key id `{0}` in a credential is not 1 to 128 letters, digits and underscores")]
    AccessKeyId(String),
    /// The access key id is a session's.
    #[error(
        "the access key id `{0}` in a credential begins with `ASIA`, which marks temporary credentials; clients \
             would look for a session token. Take an id that begins otherwise, such as `AKIA...`"
    )]
    Temporary(String),
    /// The secret is empty.
    #[error("the secret of the access key `{0}` in a credential is empty")]
    Secret(String),
    /// The account is not one.
    #[error("the account in a credential: {0}")]
    Account(#[from] InvalidAccountId),
}

impl FromStr for Credential {
    type Err = InvalidCredential;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fields: Vec<&str> = text.split(':').collect();
        let [access_key_id, secret, account] = fields.as_slice() else {
            return Err(InvalidCredential::Fields(fields.len()));
        };
        let id = (*access_key_id).to_owned();
        if id.is_empty() || id.len() > 128 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(InvalidCredential::AccessKeyId(id));
        }
        if id.starts_with("ASIA") {
            return Err(InvalidCredential::Temporary(id));
        }
        if secret.is_empty() {
            return Err(InvalidCredential::Secret(id));
        }
        Ok(Self {
            access_key_id: id,
            secret_access_key: SecretBytes::new(secret.as_bytes().to_vec()),
            account: account.parse()?,
        })
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("access_key_id", &self.access_key_id)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_fields_make_a_credential_and_its_debug_text_hides_the_secret() {
        let credential: Credential = "test:hunter2/+=:111122223333".parse().unwrap();
        assert_eq!(credential.access_key_id, "test");
        assert_eq!(credential.secret_access_key.expose(), b"hunter2/+=");
        assert_eq!(credential.account.as_str(), "111122223333");
        assert!(!format!("{credential:?}").contains("hunter2"));
    }

    #[test]
    fn each_error_names_its_field_and_none_the_secret() {
        for (text, names) in [
            ("test:hunter2", "three fields"),
            ("test:hunter2:111122223333:x", "three fields"),
            ("t-t:hunter2:111122223333", "access key id `t-t`"),
            (":hunter2:111122223333", "access key id ``"),
            ("ASIAX:hunter2:111122223333", "temporary"),
            ("test::111122223333", "secret of the access key `test` in a credential is empty"),
            ("test:hunter2:1234", "account in a credential: `1234`"),
        ] {
            let message = text.parse::<Credential>().unwrap_err().to_string();
            assert!(message.contains(names), "{text}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
