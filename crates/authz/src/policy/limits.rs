//! What AWS bounds: how long policies may be where they are attached, and of which characters they are.

mod oversized;

pub use self::oversized::Oversized;
pub(crate) use self::oversized::{Room, WhiteSpace};

use std::borrow::Cow;

use aws_model::Arn;

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
    /// A session's inline policy and the ARNs of its managed ones together: 2,048 characters.
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
#[error("{what} may have {limit} {unit} and would have {size}", what = quota.what(), unit = quota.unit())]
pub struct TooLarge {
    /// What bounds it.
    pub quota: SizeQuota,
    /// The most that is let: [`SizeQuota::limit`], or what AWS raised it to.
    pub limit: usize,
    /// How large it would be, counted as the quota counts.
    pub size: usize,
}

impl SizeQuota {
    /// What bounds the inline policies of a user, group or role, by its ARN.
    pub(crate) fn of_inline(carrier: &Arn) -> Self {
        match carrier.resource().split('/').next() {
            Some("user") => Self::UserInline,
            Some("group") => Self::GroupInline,
            _ => Self::RoleInline,
        }
    }

    /// What bounds a policy of an organization.
    pub(crate) const fn of_organization(kind: PolicyKind) -> Self {
        match kind {
            PolicyKind::ResourceControl => Self::ResourceControl,
            _ => Self::ServiceControl,
        }
    }

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

    /// The most that AWS raises it to for an account that asks.
    ///
    /// Source: IAM User Guide, "IAM and AWS STS quotas" > "IAM object quotas" (`Role trust policy length`, up to 8,192;
    /// none of the others can be raised).
    #[must_use]
    pub const fn raised_limit(self) -> usize {
        match self {
            Self::Trust => 8_192,
            _ => self.limit(),
        }
    }

    /// The size of a policy's text as AWS counts it for this quota.
    #[must_use]
    pub fn size_of(self, text: &str) -> usize {
        self.counted(text, WhiteSpace::Written).map(|(_, _, counts)| counts).sum()
    }

    /// A policy's text as it has room: if it has too much white space, without what stands between the values.
    pub(crate) fn fitting(self, text: &str) -> Cow<'_, str> {
        if self.size_of(text) <= self.limit() {
            return Cow::Borrowed(text);
        }
        let counted = self.counted(text, WhiteSpace::Ours).filter(|(_, _, counts)| *counts > 0);
        Cow::Owned(counted.map(|(_, character, _)| character).collect())
    }

    /// Each character with its place and for how much it counts.
    fn counted(self, text: &str, white_space: WhiteSpace) -> impl Iterator<Item = (usize, char, usize)> {
        let (mut in_string, mut escaped) = (false, false);
        text.char_indices().map(move |(at, character)| {
            let is_between = !in_string && white_space == WhiteSpace::Ours && character.is_whitespace();
            if character == '"' && !escaped {
                in_string = !in_string;
            }
            escaped = in_string && character == '\\' && !escaped;
            let counts = match self {
                Self::Managed | Self::UserInline | Self::GroupInline | Self::RoleInline | Self::Trust => {
                    usize::from(!character.is_whitespace())
                }
                _ if is_between => 0,
                Self::Session | Self::ServiceControl | Self::ResourceControl => 1,
                Self::Key => character.len_utf8(),
            };
            (at, character, counts)
        })
    }

    /// Checks a size, for inline policies the sum of all that one user, group or role has.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] if it is more than the limit.
    pub const fn check(self, size: usize) -> Result<(), TooLarge> {
        self.check_up_to(size, self.limit())
    }

    /// The same where AWS raised the limit.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] if it is more than that.
    pub const fn check_up_to(self, size: usize, limit: usize) -> Result<(), TooLarge> {
        if size > limit { Err(TooLarge { quota: self, limit, size }) } else { Ok(()) }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Managed => "a managed policy",
            Self::UserInline => "the inline policies of a user together",
            Self::GroupInline => "the inline policies of a group together",
            Self::RoleInline => "the inline policies of a role together",
            Self::Trust => "a trust policy",
            Self::Session => "the inline policy of a session and the ARNs of its managed ones together",
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

    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self.quota {
            SizeQuota::Managed => "split it into two managed policies",
            SizeQuota::UserInline | SizeQuota::GroupInline | SizeQuota::RoleInline => {
                "make a managed policy of one of them: those count for themselves"
            }
            SizeQuota::Trust if self.limit == SizeQuota::Trust.limit() => {
                "name accounts or conditions in place of so many principals; if AWS raised the account's quota `Role \
                 trust policy length`, write it as `accounts.ID.roleTrustPolicyLength`"
            }
            SizeQuota::Trust => "name accounts or conditions in place of so many principals",
            SizeQuota::Session => "give the rest as a managed policy, and name that by its ARN",
            SizeQuota::Key => {
                "allow the account, and leave the rest to the policies of its users and roles, or to grants"
            }
            SizeQuota::ServiceControl | SizeQuota::ResourceControl => "split it into two policies",
        }
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
        let limit = self.limit;
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
