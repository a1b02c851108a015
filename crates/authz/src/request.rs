//! What is asked.

use std::collections::BTreeMap;

use aws_model::{AccountId, EncryptionContext, Region};

use crate::{
    context::{Context, Told},
    principal::Principal,
    world::{GrantConstraints, GrantOperations, GrantPrincipal},
};

/// One question: may this principal do this to that, now?
#[derive(Clone, Debug)]
pub struct Request {
    /// Who calls.
    pub principal: Principal,
    /// The services that pass the call on for the principal, by forward access session; the last one makes the call
    /// (`ec2.amazonaws.com`). Empty for a call of the principal's own.
    ///
    /// Source: IAM User Guide, "Forward access sessions".
    pub through: Vec<Box<str>>,
    /// What is done.
    pub action: Action,
    /// To what.
    pub resource: Resource,
    /// Where; tells `aws:RequestedRegion` and, with `through`, `kms:ViaService`.
    pub region: Option<Region>,
    /// What KMS looks at besides policies. For an action of another service: nothing.
    pub kms: KmsDetail,
    /// Everything else that is told about the call.
    pub context: Context,
}

/// An action, `kms:Decrypt`. Compared without case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Action {
    written: Box<str>,
    lower: Box<str>,
    colon: usize,
}

/// No action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no action: write `SERVICE:NAME`, as in `kms:Decrypt`, without wildcards")]
pub struct InvalidAction(pub String);

/// What is acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its ARN, or `*` for an action on no resource in particular.
    pub arn: Box<str>,
    /// Whose it is, where the ARN does not say and the world does not know, or where a service has no policies for it and
    /// leaves the decision to the caller's account. For `*` it is the caller's account.
    pub owner: Option<AccountId>,
    /// Its tags, where the world does not know it: they tell `aws:ResourceTag`.
    pub tags: BTreeMap<String, String>,
}

/// What KMS looks at besides policies.
///
/// Source: AWS KMS Developer Guide, "Grants in AWS KMS", and AWS KMS API Reference, "GrantConstraints".
#[derive(Clone, Debug, Default)]
pub struct KmsDetail {
    /// The encryption context of a cryptographic operation. Tells `kms:EncryptionContext:*` and
    /// `kms:EncryptionContextKeys`, and is what grant constraints are held against.
    pub encryption_context: EncryptionContext,
    /// Whether parts of the encryption context are not known (a volume that has no id yet).
    pub encryption_context_is_partial: bool,
    /// The grant that `CreateGrant` would make.
    pub new_grant: Option<NewGrant>,
    /// The grant that is to be retired or revoked.
    pub grant_id: Option<Box<str>>,
    /// Tokens: a grant that may not be everywhere yet counts if its token is told.
    pub grant_tokens: Vec<Box<str>>,
    /// The alias by which the caller named the key (`alias/demo`); tells `kms:RequestAlias`.
    pub request_alias: Option<Box<str>>,
}

/// A grant that is to be made.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// Who gets it. Tells `kms:GranteePrincipal`.
    pub grantee: GrantPrincipal,
    /// Who may retire it. Tells `kms:RetiringPrincipal`.
    pub retiring: Option<GrantPrincipal>,
    /// What it permits. Tells `kms:GrantOperations`.
    pub operations: GrantOperations,
    /// Under which constraints. Tells `kms:GrantConstraintType`.
    pub constraints: GrantConstraints,
}

impl Request {
    /// Whether a user, or the root user, calls with what `sts:GetSessionToken` gave it: of their credentials only those
    /// were issued at some time (`aws:TokenIssueTime`).
    pub(crate) fn is_by_session_token(&self) -> bool {
        matches!(self.principal, Principal::User(_) | Principal::Root(_))
            && matches!(self.context.told("aws:tokenissuetime"), Some(Told::Values(_)))
    }
}

impl Action {
    /// The service's prefix, in lower case.
    #[must_use]
    pub fn service(&self) -> &str {
        self.lower.get(..self.colon).unwrap_or_default()
    }

    /// The action's name behind the colon, as written.
    #[must_use]
    pub fn name(&self) -> &str {
        self.written.get(self.colon + 1..).unwrap_or_default()
    }

    /// The whole action, as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The whole action in lower case, as it is compared.
    #[must_use]
    pub fn lower(&self) -> &str {
        &self.lower
    }
}

impl std::str::FromStr for Action {
    type Err = InvalidAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_word =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        match text.split_once(':') {
            Some((service, name)) if is_word(service) && is_word(name) => {
                Ok(Self { written: text.into(), lower: text.to_ascii_lowercase().into(), colon: service.len() })
            }
            _ => Err(InvalidAction(text.to_owned())),
        }
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written)
    }
}
