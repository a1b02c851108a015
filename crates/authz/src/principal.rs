//! Who calls.

use std::{collections::BTreeMap, fmt, sync::Arc};

use aws_model::{AccountId, Arn};
use jiff::Timestamp;

use crate::policy::Policy;

/// The caller of a request, as AWS authenticated it.
///
/// Source: IAM User Guide, "Policy evaluation logic" > "How AWS enforcement code logic evaluates requests", and "AWS
/// JSON policy elements: Principal" for the kinds.
#[derive(Clone, Debug)]
pub enum Principal {
    /// The root user of an account.
    Root(AccountId),
    /// An IAM user, also with a session of `GetSessionToken`.
    User(Arn),
    /// A role, in a session.
    Session(Box<RoleSession>),
    /// A session of `GetFederationToken`.
    FederatedUser(Box<FederatedUser>),
    /// Somebody whom an identity provider vouches for and who has no AWS identity yet: the caller of
    /// `AssumeRoleWithWebIdentity` or `AssumeRoleWithSAML`. The claims are in the context.
    Federated {
        /// The ARN of the OIDC or SAML provider, or a web identity's host.
        provider: Box<str>,
    },
    /// An AWS service for itself (`pods.eks.amazonaws.com`), not for somebody else: for that see
    /// [`crate::request::Request::through`].
    Service(Box<str>),
    /// Nobody: an unsigned request.
    Anonymous,
}

/// A session of a role.
#[derive(Clone, Debug)]
pub struct RoleSession {
    /// The role (`arn:aws:iam::ACCOUNT:role/PATH/NAME`).
    pub role: Arn,
    /// What the session is called; `None` where nobody told.
    pub name: Option<String>,
    /// Session policies: together they allow what any of them allows.
    pub policies: Vec<Arc<Policy>>,
    /// The session's tags, the transitive ones that it was handed included.
    pub tags: BTreeMap<String, String>,
    /// Which of the tags go on to the next role. Keys as in `tags`.
    pub transitive_tag_keys: Vec<String>,
    /// `sts:SourceIdentity`, which never changes again.
    pub source_identity: Option<String>,
    /// Whether a session of a role began it.
    pub chained: bool,
    /// The identity provider whose token began it, if one did.
    pub federated_provider: Option<Box<str>>,
    /// When the credentials were issued; tells `aws:TokenIssueTime`.
    pub issued: Option<Timestamp>,
    /// When they end.
    pub expires: Option<Timestamp>,
}

/// A session of `GetFederationToken`.
#[derive(Clone, Debug)]
pub struct FederatedUser {
    /// Its account.
    pub account: AccountId,
    /// What it is called.
    pub name: String,
    /// The user that began it; `None` for the root user.
    pub parent: Option<Arn>,
    /// Session policies. Without any it may nothing but what resource policies give it.
    pub policies: Vec<Arc<Policy>>,
    /// Session tags.
    pub tags: BTreeMap<String, String>,
}

impl RoleSession {
    /// A plain session of a role.
    #[must_use]
    pub fn of(role: Arn, name: Option<String>) -> Self {
        Self {
            role,
            name,
            policies: Vec::new(),
            tags: BTreeMap::new(),
            transitive_tag_keys: Vec::new(),
            source_identity: None,
            chained: false,
            federated_provider: None,
            issued: None,
            expires: None,
        }
    }

    /// The ARN of a session of the role by this name. It leaves out the role's path.
    pub(crate) fn arn_named(&self, name: &str) -> String {
        let (partition, account) = (self.role.partition(), self.role.account());
        let role = self.role.resource().rsplit('/').next().unwrap_or_default();
        format!("arn:{partition}:sts::{account}:assumed-role/{role}/{name}")
    }
}

impl Principal {
    /// The account it belongs to; none for services, identity providers and nobody.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Root(account) => Some(*account),
            Self::User(arn) => arn.account().parse().ok(),
            Self::Session(session) => session.role.account().parse().ok(),
            Self::FederatedUser(federated) => Some(federated.account),
            Self::Federated { .. } | Self::Service(_) | Self::Anonymous => None,
        }
    }
}

/// As people know it: an ARN (a session's if it has a name, else its role's), a service's name, `anonymous`.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(account) => write!(f, "arn:aws:iam::{account}:root"),
            Self::User(arn) => f.write_str(arn.as_str()),
            Self::Session(session) => match &session.name {
                None => f.write_str(session.role.as_str()),
                Some(name) => f.write_str(&session.arn_named(name)),
            },
            Self::FederatedUser(federated) => {
                let partition = federated.parent.as_ref().map_or("aws", |parent| parent.partition());
                write!(f, "arn:{partition}:sts::{}:federated-user/{}", federated.account, federated.name)
            }
            Self::Federated { provider } => f.write_str(provider),
            Self::Service(service) => f.write_str(service),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}
