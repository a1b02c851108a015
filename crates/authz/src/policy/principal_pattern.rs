//! Principals as policies name them.
//!
//! Source: IAM User Guide, "AWS JSON policy elements: Principal", and for the ARNs "IAM identifiers".

use aws_model::{AccountId, Arn};

/// A principal as a policy names it. Patterns inside of names do not exist: only a bare `*` is one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PrincipalPattern {
    /// `"*"` or `{"AWS": "*"}`.
    Anyone,
    /// An account, as its id or as the ARN of its root: whoever the account lets.
    Account(AccountId),
    /// A user.
    User(Arn),
    /// A role: every session of it.
    Role(Arn),
    /// One session of a role (`arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`).
    RoleSession(Arn),
    /// A federated user's session (`arn:aws:sts::ACCOUNT:federated-user/NAME`).
    FederatedUser(Arn),
    /// The unique id (`AIDA...`, `AROA...`) that AWS shows once the user or role it stood for is gone.
    UniqueId(Box<str>),
    /// A service principal (`ec2.amazonaws.com`).
    Service(Box<str>),
    /// An identity provider: the ARN of a SAML or OIDC provider, or a web identity's host.
    Federated(Box<str>),
    /// A canonical user id, as S3 has them.
    CanonicalUser(Box<str>),
}

/// The types of principals: the names in a `Principal` element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is AWS's own name; see `PrincipalPattern`")]
pub enum PrincipalType {
    AWS,
    Service,
    Federated,
    CanonicalUser,
}

/// Why a text names no principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrincipal {
    /// Names have no wildcards.
    #[error("a principal's name has no wildcards")]
    Wildcard,
    /// Neither an account, nor an ARN, nor a unique id.
    #[error("this is neither an account's id, nor a principal's ARN, nor a unique id")]
    Unrecognised,
    /// An account's id has twelve digits.
    #[error("an account's id has twelve digits")]
    Account,
    /// An ARN of something that cannot call.
    #[error("this is the ARN of nothing that can be a principal")]
    NotOfPrincipal,
    /// The ARN of a group.
    #[error("a group cannot be a principal")]
    Group,
    /// An ARN in a partition that does not exist.
    #[error("there is no such partition of AWS")]
    Partition,
    /// No name of a service.
    #[error("this is no service principal")]
    Service,
    /// No identity provider.
    #[error("this is no identity provider")]
    Federated,
    /// No canonical user id.
    #[error("this is no canonical user id")]
    CanonicalUser,
}

/// Source: IAM User Guide, "IAM identifiers" > "IAM ARNs", and AWS General Reference, "Partitions", for the others.
pub(super) const PARTITIONS: [&str; 8] =
    ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

/// Where the origin access identities of `CloudFront` live, in place of an account.
///
/// Source: Amazon CloudFront Developer Guide, "Use an origin access identity (legacy, not recommended)".
const CLOUDFRONT: &str = "cloudfront";

impl PrincipalType {
    /// As `Principal` elements write them.
    pub const NAMES: [&'static str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];

    /// The type of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::AWS, Self::Service, Self::Federated, Self::CanonicalUser];
        all.into_iter().find(|kind| kind.name() == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AWS => "AWS",
            Self::Service => "Service",
            Self::Federated => "Federated",
            Self::CanonicalUser => "CanonicalUser",
        }
    }
}

impl InvalidPrincipal {
    /// What to do about it.
    pub(super) const fn help(self) -> &'static str {
        match self {
            Self::Wildcard => {
                "write `*` alone and add a condition, as in `\"ArnLike\": {\"aws:PrincipalArn\": \"...\"}`"
            }
            Self::Unrecognised | Self::NotOfPrincipal => {
                "write an account's id, or the ARN of a root, user, role, role session or federated user, as in \
                 `arn:aws:iam::111122223333:role/NAME`"
            }
            Self::Account => "write all of its digits, leading zeros too, in quotes",
            Self::Group => "name its users, or the account",
            Self::Partition => "write `aws`, `aws-cn` or `aws-us-gov` behind `arn:`",
            Self::Service => "write the service's name as in `ec2.amazonaws.com`",
            Self::Federated => {
                "write the ARN of an `oidc-provider/` or `saml-provider/`, or a host as in \
                 `cognito-identity.amazonaws.com`"
            }
            Self::CanonicalUser => "write its 64 hexadecimal digits",
        }
    }
}

impl PrincipalPattern {
    /// Reads what a `Principal` element names under a type.
    ///
    /// # Errors
    ///
    /// [`InvalidPrincipal`] for what AWS refuses whatever exists: whether a user or a role is there, it looks up too.
    pub fn parse(kind: PrincipalType, text: &str) -> Result<Self, InvalidPrincipal> {
        match kind {
            PrincipalType::AWS if text == "*" => Ok(Self::Anyone),
            _ if text.contains(['*', '?']) => Err(InvalidPrincipal::Wildcard),
            PrincipalType::AWS => Self::parse_aws(text),
            PrincipalType::Service if is_service(text) => Ok(Self::Service(text.into())),
            PrincipalType::Service => Err(InvalidPrincipal::Service),
            PrincipalType::Federated if is_provider(text) => Ok(Self::Federated(text.into())),
            PrincipalType::Federated => Err(InvalidPrincipal::Federated),
            PrincipalType::CanonicalUser if is_canonical_user(text) => Ok(Self::CanonicalUser(text.into())),
            PrincipalType::CanonicalUser => Err(InvalidPrincipal::CanonicalUser),
        }
    }

    /// Source: "AWS JSON policy elements: Principal" > "AWS account principals", "IAM role principals", "Role session
    /// principals", "IAM user principals", "AWS STS federated user session principals"; for unique ids "IAM
    /// identifiers" > "Unique identifiers".
    fn parse_aws(text: &str) -> Result<Self, InvalidPrincipal> {
        if let Ok(account) = text.parse() {
            return Ok(Self::Account(account));
        }
        if is_unique_id(text) {
            return Ok(Self::UniqueId(text.into()));
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidPrincipal::Account);
        }
        let arn = text.parse::<Arn>().map_err(|_| InvalidPrincipal::Unrecognised)?;
        if !PARTITIONS.contains(&arn.partition()) {
            return Err(InvalidPrincipal::Partition);
        }
        if arn.service() == "iam" && arn.resource().starts_with("group/") {
            return Err(InvalidPrincipal::Group);
        }
        Self::of_arn(arn).ok_or(InvalidPrincipal::NotOfPrincipal)
    }

    fn of_arn(arn: Arn) -> Option<Self> {
        let account = arn.account().parse::<AccountId>();
        let (kind, name) = match arn.resource().split_once('/') {
            Some((kind, name)) => (kind, name),
            None if arn.resource() == "root" && arn.service() == "iam" && arn.region().is_empty() => {
                return account.ok().map(Self::Account);
            }
            None => return None,
        };
        let parts = name.split('/').collect::<Vec<_>>();
        let is_name = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic());
        if !arn.region().is_empty() || !parts.iter().all(is_name) {
            return None;
        }
        let is_ours = account.is_ok();
        match (arn.service(), kind, parts.len()) {
            ("iam", "user", _) if is_ours || arn.account() == CLOUDFRONT => Some(Self::User(arn)),
            ("iam", "role", _) if is_ours => Some(Self::Role(arn)),
            ("sts", "assumed-role", 2) if is_ours => Some(Self::RoleSession(arn)),
            ("sts", "federated-user", 1) if is_ours => Some(Self::FederatedUser(arn)),
            _ => None,
        }
    }
}

/// Source: IAM User Guide, "IAM identifiers" > "Unique identifiers"; IAM API Reference for their length (16 to 128).
fn is_unique_id(text: &str) -> bool {
    (text.starts_with("AIDA") || text.starts_with("AROA"))
        && (16..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Source: IAM User Guide, "AWS JSON policy elements: Principal" > "AWS service principals": `SERVICE.amazonaws.com`,
/// some with a region, some in another domain.
fn is_service(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    text.contains('.') && text.split('.').all(is_label)
}

/// Source: IAM User Guide, "AWS JSON policy elements: Principal" > "OIDC federated principals" and "SAML federated
/// principals".
fn is_provider(text: &str) -> bool {
    match text.parse::<Arn>() {
        Ok(arn) => {
            let is_named = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
            let name = arn.resource().strip_prefix("saml-provider/").or(arn.resource().strip_prefix("oidc-provider/"));
            arn.service() == "iam"
                && PARTITIONS.contains(&arn.partition())
                && arn.account().parse::<AccountId>().is_ok()
                && name.is_some_and(is_named)
        }
        Err(_) => is_service(text),
    }
}

/// Source: Amazon S3 User Guide, "Finding the canonical user ID for your AWS account": 64 hexadecimal digits.
fn is_canonical_user(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
