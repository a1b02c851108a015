//! What a service account of a cluster was given.

use aws_model::Arn;

use crate::{NamePattern, SessionName, SessionTags};

/// An association of a service account, or of several by patterns, with a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    /// Its id, `a-` and 17 letters and digits.
    pub id: String,
    /// The service account's namespace.
    pub namespace: NamePattern,
    /// The service account.
    pub service_account: NamePattern,
    /// The role, which is in the cluster's account.
    pub role: Arn,
    /// The role that the first one's session assumes, in whatever account.
    pub target_role: Option<Arn>,
    /// What the target role's trust policy may ask for.
    pub external_id: Option<String>,
    /// Whether sessions have the six tags.
    pub session_tags: bool,
    /// The tags that sessions have beside those six.
    pub tags: SessionTags,
    /// What sessions are called, where not as EKS's.
    pub session_name: Option<SessionName>,
    /// An inline session policy. With a target role it is that role's session that it narrows.
    pub policy: Option<String>,
}

impl Association {
    /// One that says no more than it must: sessions of this role, with the six tags and EKS's names.
    #[must_use]
    pub fn new(id: String, namespace: NamePattern, service_account: NamePattern, role: Arn) -> Self {
        Self {
            id,
            namespace,
            service_account,
            role,
            target_role: None,
            external_id: None,
            session_tags: true,
            tags: SessionTags::default(),
            session_name: None,
            policy: None,
        }
    }

    /// Whether it is of this service account.
    #[must_use]
    pub fn is_for(&self, namespace: &str, service_account: &str) -> bool {
        self.namespace.matches(namespace) && self.service_account.matches(service_account)
    }
}
