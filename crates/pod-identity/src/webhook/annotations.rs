//! What the annotations of service accounts and pods ask for, under the peer's names.
//!
//! Source: README of amazon-eks-pod-identity-webhook, "EKS Walkthrough", steps 3 and 4.

use super::{pod::Pod, settings::Expiration, sources::MappedRoles};

/// What a service account's annotations say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Whether it has an association by what it says itself.
    pub is_associated: bool,
    pub(super) role: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) regional_sts: Option<bool>,
    pub(super) token_expiration: Option<Expiration>,
}

impl ServiceAccount {
    /// Of annotations whose names begin with `prefix`. A value that does not read is as if it were not there.
    pub fn of<'a>(annotations: impl IntoIterator<Item = (&'a str, &'a str)>, prefix: &str) -> Self {
        let mut account = Self::default();
        for (name, value) in annotations {
            let Some(name) = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) else { continue };
            match name {
                "role-arn" => account.role = Some(value.to_owned()).filter(|role| !role.is_empty()),
                "audience" => account.audience = Some(value.to_owned()),
                "sts-regional-endpoints" => account.regional_sts = boolean(value),
                "token-expiration" => account.token_expiration = Expiration::parse(value),
                _ => {}
            }
        }
        account
    }

    /// The same where it names a role itself; else what the map has for it, all of it, as the peer takes it.
    #[must_use]
    pub fn or_mapped(self, roles: &MappedRoles, namespace: &str, name: &str) -> Self {
        match roles.find(namespace, name) {
            Some(mapped) if self.role.is_none() => Self {
                role: Some(mapped.role.clone()),
                audience: Some(mapped.audience.clone()).filter(|audience| !audience.is_empty()),
                regional_sts: Some(mapped.regional_sts),
                token_expiration: mapped.token_expiration(),
                ..self
            },
            _ => self,
        }
    }

    /// Whether it names a role.
    #[must_use]
    pub fn has_role(&self) -> bool {
        self.role.is_some()
    }
}

/// The pod's own word on its token's expiration.
pub(super) fn token_expiration(pod: &Pod<'_>, prefix: &str) -> Option<Expiration> {
    Expiration::parse(pod.annotation(&format!("{prefix}/token-expiration"))?)
}

/// The containers that are left alone: names, divided by commas, in quotes or not.
pub(super) fn skipped<'a>(pod: &'a Pod<'_>, prefix: &str) -> Vec<&'a str> {
    let list = pod.annotation(&format!("{prefix}/skip-containers")).unwrap_or_default();
    let names = list.split(',').map(|name| name.trim().trim_matches('"'));
    names.filter(|name| !name.is_empty()).collect()
}

/// As Go's `strconv.ParseBool` reads it.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
