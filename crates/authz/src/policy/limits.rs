//! What AWS bounds: how long policies may be where they are attached, and of which characters they are.

use super::{Flaw, MalformedPolicy, Policy, PolicyKind, Version};
use crate::{
    rules::{self, Rule},
    text::{SourceText, Span},
};

/// No policy is read that is longer, white space included; in characters.
///
/// Source: AWS Organizations API Reference, `CreatePolicy` > `Content`: at most 1,000,000 characters. IAM takes far
/// less, see [`check_request`], but AWS's own managed policies are larger than that (`AWSSupportServiceRolePolicy`).
pub const CHARACTERS_OF_ANY: usize = 1_000_000;

/// IAM, STS and KMS take no longer policies from their callers; in characters.
///
/// Source: IAM API Reference, `CreatePolicy` > `PolicyDocument`, and AWS KMS API Reference, `PutKeyPolicy` > `Policy`.
pub(super) const CHARACTERS_OF_REQUEST: usize = 131_072;

/// What bounds a policy's size, by where it is attached.
///
/// Sources: IAM User Guide, "IAM and AWS STS quotas" > "IAM and STS character limits"; AWS KMS Developer Guide,
/// "Resource quotas"; AWS Organizations User Guide, "Quotas and service limits for AWS Organizations" (service control
/// policies had half as much until May 2026).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SizeQuota {
    /// A managed policy of a customer: 6,144 characters without white space.
    Managed,
    /// All inline policies of a user together: 2,048 characters without white space.
    UserInline,
    /// All inline policies of a group together: 5,120 characters without white space.
    GroupInline,
    /// All inline policies of a role together: 10,240 characters without white space.
    RoleInline,
    /// A trust policy: 2,048 characters without white space, unless AWS raised it (up to 8,192).
    Trust,
    /// A session's policy: 2,048 characters.
    Session,
    /// A key policy: 32,768 bytes.
    Key,
    /// A service control policy: 10,240 characters.
    ServiceControl,
    /// A resource control policy: 5,120 characters.
    ResourceControl,
}

/// A policy that is larger than where it is to be attached lets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} may have {limit} {unit} and would have {size}", what = quota.what(), limit = quota.limit(), unit = quota.unit())]
pub struct TooLarge {
    /// What bounds it.
    pub quota: SizeQuota,
    /// How large it would be, counted as the quota counts.
    pub size: usize,
}

impl SizeQuota {
    /// The most that is let, in what [`Self::size_of`] counts.
    #[must_use]
    pub const fn limit(self) -> usize {
        match self {
            Self::UserInline | Self::Trust | Self::Session => 2_048,
            Self::GroupInline | Self::ResourceControl => 5_120,
            Self::Managed => 6_144,
            Self::RoleInline | Self::ServiceControl => 10_240,
            Self::Key => 32_768,
        }
    }

    /// The size of a policy's text as AWS counts it for this quota.
    #[must_use]
    pub fn size_of(self, text: &str) -> usize {
        match self {
            Self::Managed | Self::UserInline | Self::GroupInline | Self::RoleInline | Self::Trust => {
                size_without_whitespace(text)
            }
            Self::Session | Self::ServiceControl | Self::ResourceControl => text.chars().count(),
            Self::Key => text.len(),
        }
    }

    /// Checks a size, for inline policies the sum of all that one user, group or role has.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] if it is more than the limit.
    pub const fn check(self, size: usize) -> Result<(), TooLarge> {
        if size > self.limit() { Err(TooLarge { quota: self, size }) } else { Ok(()) }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Managed => "a managed policy",
            Self::UserInline => "the inline policies of a user together",
            Self::GroupInline => "the inline policies of a group together",
            Self::RoleInline => "the inline policies of a role together",
            Self::Trust => "a trust policy",
            Self::Session => "a session's policy",
            Self::Key => "a key policy",
            Self::ServiceControl => "a service control policy",
            Self::ResourceControl => "a resource control policy",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::Managed | Self::UserInline | Self::GroupInline | Self::RoleInline | Self::Trust => {
                "characters that are no white space"
            }
            Self::Session | Self::ServiceControl | Self::ResourceControl => "characters",
            Self::Key => "bytes",
        }
    }
}

impl TooLarge {
    /// The rule of the ledger that bounds it; none for a session's policy alone, which is bounded with its tags.
    #[must_use]
    pub const fn rule(&self) -> Option<&'static Rule> {
        Some(match self.quota {
            SizeQuota::Managed => &rules::IAM_POLICY_SIZE_MANAGED,
            SizeQuota::UserInline | SizeQuota::GroupInline | SizeQuota::RoleInline => &rules::IAM_POLICY_SIZE_INLINE,
            SizeQuota::Trust => &rules::IAM_POLICY_SIZE_TRUST,
            SizeQuota::Key => &rules::IAM_POLICY_SIZE_KEY,
            SizeQuota::ServiceControl | SizeQuota::ResourceControl => &rules::IAM_POLICY_SIZE_ORGANIZATION,
            SizeQuota::Session => return None,
        })
    }

    /// The code of the error that AWS answers with.
    #[must_use]
    pub const fn aws_code(&self) -> &'static str {
        match self.quota {
            SizeQuota::Managed
            | SizeQuota::UserInline
            | SizeQuota::GroupInline
            | SizeQuota::RoleInline
            | SizeQuota::Trust => "LimitExceeded",
            SizeQuota::Session => "PackedPolicyTooLarge",
            SizeQuota::Key => "LimitExceededException",
            SizeQuota::ServiceControl | SizeQuota::ResourceControl => "ConstraintViolationException",
        }
    }

    /// AWS's own words where they are known, ours for keys. `owner` is the name of the user, group or role whose
    /// inline policies they are.
    #[must_use]
    pub fn aws_message(&self, owner: &str) -> String {
        let limit = self.quota.limit();
        let inline = |kind| format!("Maximum policy size of {limit} bytes exceeded for {kind} {owner}");
        match self.quota {
            SizeQuota::Managed => format!("Cannot exceed quota for PolicySize: {limit}"),
            SizeQuota::Trust => format!("Cannot exceed quota for ACLSizePerRole: {limit}"),
            SizeQuota::UserInline => inline("user"),
            SizeQuota::GroupInline => inline("group"),
            SizeQuota::RoleInline => inline("role"),
            SizeQuota::Session => {
                let percent = (self.size * 100).div_ceil(limit);
                format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.")
            }
            SizeQuota::Key => self.to_string(),
            SizeQuota::ServiceControl | SizeQuota::ResourceControl => {
                "You have exceeded the maximum policy size.".to_owned()
            }
        }
    }
}

/// The characters of a policy's text that are no white space, in strings either: what IAM counts.
///
/// Source: IAM User Guide, "IAM and AWS STS quotas" > "IAM and STS character limits".
#[must_use]
pub fn size_without_whitespace(text: &str) -> usize {
    text.chars().filter(|character| !character.is_whitespace()).count()
}

/// Checks that a request may hold a policy's text at all, before it is read.
///
/// # Errors
///
/// [`MalformedPolicy`] if it has more than 131,072 characters, white space included.
pub fn check_request(source: &SourceText, kind: PolicyKind) -> Result<(), MalformedPolicy> {
    match source.text().char_indices().nth(CHARACTERS_OF_REQUEST) {
        None => Ok(()),
        Some((at, character)) => {
            let span = Span::from(at..at + character.len_utf8());
            Err(MalformedPolicy::new(source.clone(), kind, span, Flaw::TooLong { limit: CHARACTERS_OF_REQUEST }))
        }
    }
}

/// Checks what IAM asks of a managed policy when it is made, besides that it reads: the language of 2012. Those made
/// earlier keep the language that they were written in, and inline and trust policies may have either.
///
/// Source: the error that `CreatePolicy` has for others.
///
/// # Errors
///
/// [`MalformedPolicy`] if it is in the language of 2008.
pub fn check_new_managed(policy: &Policy) -> Result<(), MalformedPolicy> {
    match policy.version.value {
        Version::V2012 => Ok(()),
        Version::V2008 => {
            let (source, span) = (policy.source.clone(), policy.version.span);
            Err(MalformedPolicy::new(source, policy.kind, span, Flaw::OldVersion))
        }
    }
}

/// Whether a text of this kind may hold a character at all.
///
/// Source: IAM User Guide, "IAM and AWS STS quotas" > "IAM name requirements" (tab, line feed, carriage return and
/// U+0020 to U+00FF); AWS KMS API Reference, `PutKeyPolicy`, says the same. Others do not say.
pub(super) const fn may_hold(kind: PolicyKind, character: char) -> bool {
    match kind {
        PolicyKind::Identity | PolicyKind::Session | PolicyKind::Trust | PolicyKind::Key => {
            matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}')
        }
        PolicyKind::Resource | PolicyKind::ServiceControl | PolicyKind::ResourceControl => true,
    }
}

/// Whether a statement's id may hold a character.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Sid": letters and digits in IAM's own policies; other services
/// take more, spaces included.
pub(super) const fn may_be_in_sid(kind: PolicyKind, character: char) -> bool {
    match kind {
        PolicyKind::Identity | PolicyKind::Session | PolicyKind::Trust => character.is_ascii_alphanumeric(),
        _ => true,
    }
}
