//! What a session token says: who its bearer is, until when, and what the session was narrowed to.

use std::{collections::BTreeMap, sync::Arc};

use authz::{
    policy::{Policy, PolicyKind},
    principal::{FederatedUser, Principal, RoleSession},
    text::SourceText,
};
use aws_model::{AccountId, Arn};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    authorization::Authorizer,
    caller::{OfInstance, WebIdentity},
};

/// A session that STS began. The token carries it whole, sealed, as AWS's do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) account: AccountId,
    pub(crate) identity: SessionIdentity,
    /// Seconds since the epoch, both.
    issued: i64,
    expires: i64,
    #[serde(default, skip_serializing_if = "SessionContext::is_empty")]
    pub(crate) context: SessionContext,
}

/// Who the session is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SessionIdentity {
    /// The account's root user.
    Root,
    /// A user, with what `sts:GetSessionToken` gave it.
    User { arn: Arn, id: String },
    /// A role.
    Role { arn: Arn, id: String, session_name: String },
    /// A federated user, of `sts:GetFederationToken`, and the user who federated it (its ARN and unique id); none for
    /// the root user.
    Federated { name: String, parent: Option<(Arn, String)> },
}

/// What was passed when the session began. It makes up most of the token's size, which AWS limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionContext {
    /// The texts of inline session policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) policies: Vec<String>,
    /// The ARNs of managed ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) policy_arns: Vec<String>,
    /// By the key in lower case: session tags' keys are not case-sensitive.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, SessionTag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source_identity: Option<String>,
    /// Whether a session of a role began it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) chained: bool,
    /// The identity provider that is said to have begun it, where its token is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) federated_provider: Option<String>,
    /// Whose token of an identity provider began it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) web_identity: Option<WebIdentity>,
    /// The instance that it is delivered to, if it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instance: Option<OfInstance>,
    /// Bytes without meaning, where the caller wants a longer token.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) padding: String,
}

/// A session tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionTag {
    pub(crate) key: String,
    pub(crate) value: String,
    /// Whether sessions that this one begins inherit it.
    pub(crate) transitive: bool,
}

impl SessionContext {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Session {
    /// A session from `issued` to `expires`, which are cut to the second.
    pub(crate) fn new(account: AccountId, identity: SessionIdentity, issued: Timestamp, expires: Timestamp) -> Self {
        let (issued, expires) = (issued.as_second(), expires.as_second());
        Self { account, identity, issued, expires, context: SessionContext::default() }
    }

    /// When it began.
    pub(crate) fn issued(&self) -> Timestamp {
        // INVARIANT, here and below: the number came from a timestamp, so it is in a timestamp's range.
        Timestamp::from_second(self.issued).unwrap_or(Timestamp::MIN)
    }

    /// When it ends.
    pub(crate) fn expires(&self) -> Timestamp {
        Timestamp::from_second(self.expires).unwrap_or(Timestamp::MIN)
    }

    /// Whether it has ended by `now`.
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.expires()
    }

    /// Who its bearer is to the authorization model; its managed policies are not resolved. `None` when one of its
    /// inline policies does not read, which no session that was begun here has.
    pub(crate) fn principal(&self) -> Option<Principal> {
        let context = &self.context;
        let read = |text: &String| {
            let source = SourceText::new("session policy", text.as_str());
            Policy::parse_under(source, PolicyKind::Session, &Authorizer::kept()).ok().map(Arc::new)
        };
        let policies = || context.policies.iter().map(read).collect::<Option<_>>();
        let tags = || context.tags.values().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let (role, session_name) = match &self.identity {
            SessionIdentity::Root => return Some(Principal::Root(self.account)),
            SessionIdentity::User { arn, .. } => return Some(Principal::User(arn.clone())),
            SessionIdentity::Role { arn, session_name, .. } => (arn, session_name),
            SessionIdentity::Federated { name, parent } => {
                return Some(Principal::FederatedUser(Box::new(FederatedUser {
                    account: self.account,
                    name: name.clone(),
                    parent: parent.as_ref().map(|(arn, _)| arn.clone()),
                    policies: policies()?,
                    tags: tags(),
                })));
            }
        };
        let vouched = context.web_identity.as_ref().map(|identity| &identity.provider);
        let transitive = context.tags.values().filter(|tag| tag.transitive);
        Some(Principal::Session(Box::new(RoleSession {
            role: role.clone(),
            name: Some(session_name.clone()),
            policies: policies()?,
            tags: tags(),
            transitive_tag_keys: transitive.map(|tag| tag.key.clone()).collect(),
            source_identity: context.source_identity.clone(),
            chained: context.chained,
            federated_provider: vouched
                .or(context.federated_provider.as_ref())
                .map(|provider| provider.as_str().into()),
            issued: Some(self.issued()),
            expires: Some(self.expires()),
        })))
    }
}
