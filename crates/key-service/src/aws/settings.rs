//! What an AWS KMS key needs to be told.

use std::{collections::HashMap, fmt, str::FromStr};

use aws_model::{AccountId, Arn, EncryptionContext, KeyArn, Region, SecretBytes};

/// A key, where it is and as whom it is called. Credentials come from AWS's default chain: environment,
/// profile, web identity, container, instance metadata.
#[derive(Clone, Debug)]
pub struct AwsKmsSettings {
    /// The key.
    pub key: KmsKeyName,
    /// The region. Without it: the key ARN's, then the environment's, the profile's, the instance metadata's.
    pub region: Option<Region>,
    /// The profile of `~/.aws/config` that gives region and credentials.
    pub profile: Option<String>,
    /// Used in place of the chain: for an embedded AWS in the same process.
    pub credentials: Option<FixedCredentials>,
    /// An URL in place of AWS's own endpoint.
    pub endpoint: Option<String>,
    /// Bound to every ciphertext.
    pub encryption_context: EncryptionContext,
    /// Sent as `x-amz-source-arn`, and its account as `x-amz-source-account`, against the confused deputy.
    ///
    /// Source: IAM User Guide, "The confused deputy problem".
    pub source_arn: Option<Arn>,
    /// How many retries the SDK's token bucket may owe; the SDK's own default is 500.
    ///
    /// Source: AWS SDKs and Tools Reference Guide, "Retry behavior".
    pub retry_tokens: Option<usize>,
}

/// An access key that is known beforehand and never renewed.
#[derive(Clone, Debug)]
pub struct FixedCredentials {
    /// Not secret.
    pub access_key_id: String,
    /// UTF-8; what is not is sent as the replacement character and refused by the service.
    pub secret_access_key: SecretBytes,
}

/// The ways to name a KMS key.
///
/// Source: AWS KMS Developer Guide, "Key identifiers (KeyId)".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KmsKeyName {
    /// `arn:aws:kms:REGION:ACCOUNT:key/ID`
    Arn(KeyArn),
    /// A bare key id, of the caller's own account and the configured region.
    Id(String),
    /// `alias/NAME`, or the ARN of an alias: it may point to another key tomorrow.
    Alias(String),
}

/// The text names no KMS key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` names no KMS key: it takes a key ARN, a key id, `alias/NAME` or an alias ARN")]
pub struct InvalidKmsKeyName(pub String);

/// Settings that contradict each other or cannot be sent.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSettings {
    /// The key lives elsewhere.
    #[error("the key `{key}` is in {in_key}, but the region is set to {set}: leave the region out, or correct it")]
    RegionMismatch {
        /// The key as the user named it.
        key: String,
        /// The ARN's region.
        in_key: Region,
        /// The region that was asked for.
        set: Region,
    },
    /// A URL of another scheme, or none.
    #[error("`{0}` is no endpoint: it looks like `https://HOST` or `http://HOST:PORT`")]
    Endpoint(String),
    /// `x-amz-source-account` is derived from it.
    #[error("the source ARN `{0}` names no account, and has to")]
    SourceArn(Arn),
}

impl AwsKmsSettings {
    /// A key with everything else as AWS's environment says.
    pub fn new(key: KmsKeyName) -> Self {
        Self {
            key,
            region: None,
            profile: None,
            credentials: None,
            endpoint: None,
            encryption_context: EncryptionContext::default(),
            source_arn: None,
            retry_tokens: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), InvalidSettings> {
        if let (Some(in_key), Some(set)) = (self.key.region(), &self.region)
            && in_key != *set
        {
            let key = self.key.as_str().to_owned();
            return Err(InvalidSettings::RegionMismatch { key, in_key, set: set.clone() });
        }
        if let Some(endpoint) = &self.endpoint
            && !["http://", "https://"].iter().any(|scheme| endpoint.strip_prefix(scheme).is_some_and(has_host))
        {
            return Err(InvalidSettings::Endpoint(endpoint.clone()));
        }
        match &self.source_arn {
            Some(arn) if arn.account().parse::<AccountId>().is_err() => Err(InvalidSettings::SourceArn(arn.clone())),
            _ => Ok(()),
        }
    }

    /// The region that needs no asking.
    pub(super) fn known_region(&self) -> Option<Region> {
        self.region.clone().or_else(|| self.key.region())
    }

    pub(super) fn context_for_sdk(&self) -> Option<HashMap<String, String>> {
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        (!self.encryption_context.is_empty()).then(|| self.encryption_context.pairs().map(owned).collect())
    }
}

fn has_host(rest: &str) -> bool {
    rest.bytes().next().is_some_and(|first| !b"/:?#".contains(&first)) && rest.bytes().all(|b| b.is_ascii_graphic())
}

impl KmsKeyName {
    /// The text as KMS takes it for `KeyId`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Arn(arn) => arn.as_str(),
            Self::Id(text) | Self::Alias(text) => text,
        }
    }

    /// What Decrypt names. An alias is left out: it may have moved on to another key, and what was sealed under
    /// the former must still open. KMS then takes the key from the ciphertext.
    pub(super) fn for_decrypt(&self) -> Option<String> {
        match self {
            Self::Arn(_) | Self::Id(_) => Some(self.as_str().to_owned()),
            Self::Alias(_) => None,
        }
    }

    fn region(&self) -> Option<Region> {
        match self {
            Self::Arn(arn) => Some(arn.region().clone()),
            Self::Id(_) => None,
            Self::Alias(text) => text.parse::<Arn>().ok().and_then(|arn| arn.region().parse().ok()),
        }
    }
}

impl FromStr for KmsKeyName {
    type Err = InvalidKmsKeyName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || InvalidKmsKeyName(text.to_owned());
        if let Ok(arn) = text.parse::<KeyArn>() {
            return Ok(Self::Arn(arn));
        }
        if let Ok(arn) = text.parse::<Arn>() {
            let is_alias = arn.service() == "kms" && arn.resource().strip_prefix("alias/").is_some_and(is_alias_name);
            let names_region = arn.region().parse::<Region>().is_ok();
            return if is_alias && names_region { Ok(Self::Alias(text.to_owned())) } else { Err(refuse()) };
        }
        if let Some(name) = text.strip_prefix("alias/") {
            return if is_alias_name(name) { Ok(Self::Alias(text.to_owned())) } else { Err(refuse()) };
        }
        let is_id =
            !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if is_id { Ok(Self::Id(text.to_owned())) } else { Err(refuse()) }
    }
}

/// Source: AWS KMS API Reference, CreateAlias, `AliasName`.
fn is_alias_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 250 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_-".contains(&b))
}

impl fmt::Display for KmsKeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn every_form_of_aws_is_told_apart_and_only_an_alias_leaves_decrypt_free() {
        for (text, decrypt_names) in [
            (KEY, true),
            ("1234abcd-12ab-34cd-56ef-1234567890ab", true),
            ("mrk-1234abcd12ab34cd56ef1234567890ab", true),
            ("alias/etcd", false),
            ("alias/aws/ebs", false),
            ("arn:aws:kms:us-west-2:111122223333:alias/etcd", false),
        ] {
            let name: KmsKeyName = text.parse().unwrap();
            assert_eq!(name.as_str(), text);
            assert_eq!(name.for_decrypt().is_some(), decrypt_names, "{text}");
        }
        for bad in
            ["", "alias/", "alias/a b", "arn:aws:iam::111122223333:role/a", "arn:aws:kms:::alias/a", "a b", "key/1"]
        {
            assert_eq!(bad.parse::<KmsKeyName>(), Err(InvalidKmsKeyName(bad.to_owned())));
        }
    }

    #[test]
    fn a_key_arn_brings_its_region_and_refuses_another() {
        let mut settings = AwsKmsSettings::new(KEY.parse().unwrap());
        assert_eq!(settings.known_region().unwrap().as_str(), "us-west-2");
        settings.region = Some("eu-west-1".parse().unwrap());
        assert!(matches!(settings.check(), Err(InvalidSettings::RegionMismatch { .. })));
        settings.region = Some("us-west-2".parse().unwrap());
        assert_eq!(settings.check(), Ok(()));
    }

    #[test]
    fn an_endpoint_needs_scheme_and_host_and_a_source_arn_its_account() {
        let mut settings = AwsKmsSettings::new("alias/a".parse().unwrap());
        for bad in ["", "127.0.0.1:4566", "https://", "https:///", "https://:443", "ftp://a", "http://a b"] {
            settings.endpoint = Some(bad.to_owned());
            assert_eq!(settings.check(), Err(InvalidSettings::Endpoint(bad.to_owned())));
        }
        settings.endpoint = Some("http://127.0.0.1:4566".to_owned());
        assert_eq!(settings.check(), Ok(()));
        let bucket: Arn = "arn:aws:s3:::bucket".parse().unwrap();
        settings.source_arn = Some(bucket.clone());
        assert_eq!(settings.check(), Err(InvalidSettings::SourceArn(bucket)));
    }
}
