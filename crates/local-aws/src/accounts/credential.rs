//! Long-term credentials, given or generated.

use std::{fmt, str::FromStr};

use aws_model::{AccountId, Arn, InvalidAccountId, SecretBytes};

/// An access key with its secret. Printed, it shows the id alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The access key's id. Not secret.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: SecretBytes,
    /// The account that it is of.
    pub account: AccountId,
    /// Who in the account holds it.
    pub holder: Holder,
}

/// Who holds a fixed credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The account's root user.
    Root,
    /// A user, `arn:aws:iam::ACCOUNT:user/NAME`.
    User(Arn),
    /// A session of a role, `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`: unlike on AWS without a session token,
    /// and it does not end.
    Session(Arn),
}

/// The text is not `ACCESS_KEY:SECRET:ACCOUNT` or `ACCESS_KEY:SECRET:ARN`. The secret is in none of the messages.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidCredential {
    /// There are not three fields.
    #[error(
        "a credential takes three fields divided by colons, `ACCESS_KEY:SECRET:ACCOUNT` or `ACCESS_KEY:SECRET:ARN`, but \
         this has {0}"
    )]
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
    /// The ARN is of nobody who can hold one.
    #[error(
        "the ARN `{0}` in a credential is of nobody who can hold one: give that of a user \
         (`arn:aws:iam::ACCOUNT:user/NAME`), of a session (`arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`) or of an \
         account's root"
    )]
    Holder(String),
}

impl FromStr for Credential {
    type Err = InvalidCredential;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fields: Vec<&str> = text.splitn(3, ':').collect();
        let [access_key_id, secret, holder] = fields.as_slice() else {
            return Err(InvalidCredential::Fields(fields.len()));
        };
        if !holder.starts_with("arn:") && holder.contains(':') {
            return Err(InvalidCredential::Fields(text.split(':').count()));
        }
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
        let (account, holder) = self::holder(holder)?;
        let secret_access_key = SecretBytes::new(secret.as_bytes().to_vec());
        Ok(Self { access_key_id: id, secret_access_key, account, holder })
    }
}

fn holder(text: &str) -> Result<(AccountId, Holder), InvalidCredential> {
    if !text.starts_with("arn:") {
        return Ok((text.parse()?, Holder::Root));
    }
    let refuse = || InvalidCredential::Holder(text.to_owned());
    let arn: Arn = text.parse().map_err(|_| refuse())?;
    let account = arn.account().parse().map_err(|_| refuse())?;
    let (kind, name) = arn.resource().split_once('/').unwrap_or((arn.resource(), ""));
    let is_session = name.split_once('/').is_some_and(|(role, session)| !role.is_empty() && !session.is_empty());
    match (arn.service(), kind) {
        ("iam", "root") if name.is_empty() => Ok((account, Holder::Root)),
        ("iam", "user") if !name.is_empty() => Ok((account, Holder::User(arn))),
        ("sts", "assumed-role") if is_session => Ok((account, Holder::Session(arn))),
        _ => Err(refuse()),
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("access_key_id", &self.access_key_id)
            .field("account", &self.account)
            .field("holder", &self.holder)
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
            ("test:hunter2:arn:aws:iam::111122223333:group/g", "`arn:aws:iam::111122223333:group/g`"),
            ("test:hunter2:arn:aws:sts::111122223333:assumed-role/r", "assumed-role/r"),
        ] {
            let message = text.parse::<Credential>().unwrap_err().to_string();
            assert!(message.contains(names), "{text}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
