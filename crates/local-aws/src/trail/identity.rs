//! Who called, as events tell it.
//!
//! Source: AWS CloudTrail User Guide, "CloudTrail userIdentity element".

use std::{collections::HashMap, sync::Arc};

use authz::principal::Principal;
use aws_model::{AccountId, Arn};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::caller::{Caller, RoleDelivery};

/// What AWS writes where one of its services acts by itself.
pub(super) const INTERNAL: &str = "AWS Internal";

/// How many identities and user agents are remembered, so that events share them.
const MOST_KNOWN: usize = 1024;

/// A caller.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(super) account: AccountId,
    arn: Box<str>,
    principal_id: Box<str>,
    access_key_id: Box<str>,
    issued: Option<Timestamp>,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Root,
    User,
    Role {
        arn: Arn,
        source_identity: Option<Box<str>>,
        /// By which version of the metadata service an instance got it.
        delivery: Option<RoleDelivery>,
        /// The identity provider whose token began the session.
        federated_provider: Option<Box<str>>,
    },
    /// Whom an identity provider vouches for, and the provider.
    WebIdentity {
        user: Box<str>,
        provider: Box<str>,
    },
    Federated {
        parent: Option<Arn>,
    },
    /// A service of AWS that calls for itself.
    Service(Box<str>),
    /// A service of AWS that does what is due to something of the account.
    Internal,
    Other,
}

/// Whose doing something is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who<'a> {
    Caller(&'a Caller),
    /// AWS's own, with something of this account.
    Internal(AccountId),
}

/// Identities and user agents that were seen lately.
#[derive(Debug, Default)]
pub(super) struct Known {
    identities: HashMap<Box<str>, Arc<Identity>>,
    agents: HashMap<Box<str>, Arc<str>>,
}

impl Known {
    /// The caller, and how many bytes were taken up for that.
    pub(super) fn identity(&mut self, who: &Who<'_>) -> (Arc<Identity>, usize) {
        let caller = match who {
            Who::Caller(caller) => caller,
            Who::Internal(account) => return (Arc::new(Identity::internal(*account)), size_of::<Identity>()),
        };
        let known = self.identities.get(caller.access_key_id.as_str()).filter(|known| known.is(caller));
        if let Some(known) = known {
            return (Arc::clone(known), 0);
        }
        let identity = Arc::new(Identity::of(caller));
        let bytes = identity.bytes();
        // Who signs with no key calls once: to get one.
        if identity.access_key_id().is_some() {
            forget_some(&mut self.identities);
            self.identities.insert(identity.access_key_id.clone(), Arc::clone(&identity));
        }
        (identity, bytes)
    }

    /// The user agent, and how many bytes were taken up for that.
    pub(super) fn agent(&mut self, text: &str) -> (Arc<str>, usize) {
        if let Some(known) = self.agents.get(text) {
            return (Arc::clone(known), 0);
        }
        let agent: Arc<str> = text.into();
        forget_some(&mut self.agents);
        self.agents.insert(text.into(), Arc::clone(&agent));
        (agent, text.len())
    }
}

/// Makes room: those first that no event has any more.
fn forget_some<T: ?Sized>(known: &mut HashMap<Box<str>, Arc<T>>) {
    if known.len() >= MOST_KNOWN {
        known.retain(|_, one| Arc::strong_count(one) > 1);
    }
    if known.len() >= MOST_KNOWN {
        known.clear();
    }
}

impl Identity {
    fn of(caller: &Caller) -> Self {
        let kind = match &caller.principal {
            Principal::Root(_) => Kind::Root,
            Principal::User(_) => Kind::User,
            Principal::Session(session) => Kind::Role {
                arn: session.role.clone(),
                source_identity: session.source_identity.as_deref().map(Into::into),
                delivery: caller.instance.as_ref().map(|instance| instance.delivery),
                federated_provider: session.federated_provider.clone(),
            },
            Principal::FederatedUser(user) => Kind::Federated { parent: user.parent.clone() },
            Principal::Service(name) => Kind::Service(name.clone()),
            Principal::Federated { provider } => match &caller.web_identity {
                Some(identity) => {
                    Kind::WebIdentity { user: identity.subject.as_str().into(), provider: provider.clone() }
                }
                None => Kind::Other,
            },
            Principal::Anonymous => Kind::Other,
        };
        Self {
            account: caller.account,
            arn: caller.arn.as_str().into(),
            principal_id: caller.user_id.as_str().into(),
            access_key_id: caller.access_key_id.as_str().into(),
            issued: caller.issued,
            kind,
        }
    }

    /// Whether it is that of a caller with the same access key.
    fn is(&self, caller: &Caller) -> bool {
        *self.arn == *caller.arn && *self.principal_id == *caller.user_id && self.issued == caller.issued
    }

    fn bytes(&self) -> usize {
        let texts = [&self.arn, &self.principal_id, &self.access_key_id].into_iter();
        let of_kind = match &self.kind {
            Kind::WebIdentity { user, provider } => user.len() + provider.len(),
            Kind::Role { arn, source_identity, federated_provider, .. } => {
                let further = [source_identity, federated_provider].into_iter().flatten();
                arn.as_str().len() + further.map(|text| text.len()).sum::<usize>()
            }
            Kind::Federated { parent } => parent.as_ref().map_or(0, |arn| arn.as_str().len()),
            Kind::Service(name) => name.len(),
            Kind::Root | Kind::User | Kind::Internal | Kind::Other => 0,
        };
        size_of::<Self>() + texts.map(|text| text.len()).sum::<usize>() + of_kind
    }

    /// AWS itself, on behalf of nobody.
    fn internal(account: AccountId) -> Self {
        let none = Box::<str>::default;
        Self { account, arn: none(), principal_id: none(), access_key_id: none(), issued: None, kind: Kind::Internal }
    }

    /// The user's name, the session's, or `root`.
    ///
    /// Source: AWS CloudTrail User Guide, "Viewing recent management events with the AWS CLI" (`Username`).
    pub(crate) fn user_name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Root => Some("root"),
            Kind::User | Kind::Role { .. } | Kind::Federated { .. } => last(&self.arn),
            Kind::WebIdentity { user, .. } => Some(user),
            Kind::Service(_) | Kind::Internal | Kind::Other => None,
        }
    }

    /// The access key that signed, if one did.
    pub(crate) fn access_key_id(&self) -> Option<&str> {
        Some(&*self.access_key_id).filter(|id| !id.is_empty())
    }

    /// The identity as its own account reads it.
    pub(super) fn whole(&self) -> Value {
        let kind = match &self.kind {
            Kind::Root => "Root",
            Kind::User => "IAMUser",
            Kind::Role { .. } => "AssumedRole",
            Kind::Federated { .. } => "FederatedUser",
            Kind::Service(name) => return json!({ "type": "AWSService", "invokedBy": name }),
            Kind::WebIdentity { user, provider } => {
                return json!({
                    "type": "WebIdentityUser",
                    "principalId": self.principal_id,
                    "userName": user,
                    "identityProvider": provider,
                });
            }
            Kind::Internal => return json!({ "accountId": self.account, "invokedBy": INTERNAL }),
            Kind::Other => "Unknown",
        };
        let mut identity = json!({
            "type": kind,
            "principalId": self.principal_id,
            "arn": self.arn,
            "accountId": self.account,
            "accessKeyId": self.access_key_id,
        });
        let Some(fields) = identity.as_object_mut() else { return identity };
        if self.access_key_id.is_empty() {
            fields.remove("accessKeyId");
        }
        if let (Kind::User, Some(name)) = (&self.kind, self.user_name()) {
            fields.insert("userName".into(), name.into());
        }
        if let Some(context) = self.session_context() {
            fields.insert("sessionContext".into(), context.into());
        }
        identity
    }

    /// The identity as another account reads it, whose key or role was used.
    ///
    /// Source: IAM User Guide, "Logging IAM and AWS STS API calls with AWS CloudTrail" > "Example cross-account AWS STS
    /// API events in CloudTrail log files". A service of AWS is of no account, and the same to each.
    pub(super) fn abroad(&self) -> Value {
        if matches!(self.kind, Kind::Service(_)) {
            return self.whole();
        }
        json!({ "type": "AWSAccount", "principalId": self.principal_id, "accountId": self.account })
    }

    /// How temporary credentials were got, and when.
    fn session_context(&self) -> Option<Map<String, Value>> {
        let issuer = match &self.kind {
            Kind::Role { arn, .. } => {
                // A service's own role has colons in its id.
                let id = self.principal_id.rsplit_once(':').map_or(&*self.principal_id, |(id, _)| id);
                Some(issuer("Role", id, arn))
            }
            Kind::Federated { parent: Some(user) } => Some(issuer("IAMUser", "", user)),
            Kind::Federated { parent: None } => Some(json!({ "type": "Root", "accountId": self.account })),
            _ => None,
        };
        if issuer.is_none() && self.issued.is_none() {
            return None;
        }
        let mut context = Map::new();
        context.extend(issuer.map(|issuer| ("sessionIssuer".into(), issuer)));
        if let Kind::Role { federated_provider: Some(provider), .. } = &self.kind {
            let data = json!({ "federatedProvider": provider, "attributes": {} });
            context.insert("webIdFederationData".into(), data);
        }
        // STS takes no code of an MFA device.
        let mut attributes = json!({ "mfaAuthenticated": "false" });
        if let (Some(issued), Some(fields)) = (self.issued, attributes.as_object_mut()) {
            fields.insert("creationDate".into(), super::event::time(issued).into());
        }
        context.insert("attributes".into(), attributes);
        if let Kind::Role { source_identity: Some(identity), .. } = &self.kind {
            context.insert("sourceIdentity".into(), identity.to_string().into());
        }
        if let Kind::Role { delivery: Some(delivery), .. } = &self.kind {
            context.insert("ec2RoleDelivery".into(), delivery.as_str().into());
        }
        Some(context)
    }
}

fn issuer(kind: &str, id: &str, arn: &Arn) -> Value {
    let mut issuer = json!({
        "type": kind,
        "arn": arn,
        "accountId": arn.account(),
        "userName": last(arn.as_str()),
    });
    if let (false, Some(fields)) = (id.is_empty(), issuer.as_object_mut()) {
        fields.insert("principalId".into(), id.into());
    }
    issuer
}

/// What follows the last slash of an ARN.
fn last(arn: &str) -> Option<&str> {
    arn.rsplit('/').next()
}

#[cfg(test)]
mod tests {
    use authz::principal::Principal;
    use serde_json::json;

    use super::{Identity, Known, Who};
    use crate::caller::{Caller, WebIdentity};

    /// Source: AWS CloudTrail User Guide, "CloudTrail userIdentity element", Examples.
    #[test]
    fn a_service_that_calls_for_itself_is_told_by_its_name_to_whichever_account() {
        let root = Caller::root("111122223333".parse().unwrap(), "AKIAEXAMPLE");
        let service = Caller { principal: Principal::Service("autoscaling.amazonaws.com".into()), ..root.clone() };
        let identity = Identity::of(&service);
        let expected = json!({ "type": "AWSService", "invokedBy": "autoscaling.amazonaws.com" });
        assert_eq!((identity.whole(), identity.abroad()), (expected.clone(), expected));
        assert_eq!(identity.user_name(), None);
        assert_eq!(Identity::of(&root).abroad()["type"], "AWSAccount");
    }

    /// The id of either is `PROVIDER:a:b:c`.
    #[test]
    fn whom_tokens_vouch_for_are_told_apart_though_their_ids_are_the_same() {
        let provider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com";
        let vouched = |audience: &str, subject: &str| Caller {
            arn: provider.to_owned(),
            user_id: format!("{provider}:{audience}:{subject}"),
            principal: Principal::Federated { provider: provider.into() },
            web_identity: Some(WebIdentity {
                provider: provider.to_owned(),
                subject: subject.to_owned(),
                audience: audience.to_owned(),
                methods: Vec::new(),
            }),
            ..Caller::root("111122223333".parse().unwrap(), "")
        };
        let mut known = Known::default();
        let (first, second) = (vouched("a:b", "c"), vouched("a", "b:c"));
        assert_eq!(known.identity(&Who::Caller(&first)).0.user_name(), Some("c"));
        assert_eq!(known.identity(&Who::Caller(&second)).0.user_name(), Some("b:c"));
        // What they take up is counted.
        let long = vouched("a", &"x".repeat(255));
        assert!(known.identity(&Who::Caller(&long)).1 > 2 * 255);
    }
}
