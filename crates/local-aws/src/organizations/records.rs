//! What is kept of each thing.

pub(super) mod told;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use authz::{
    policy::{Policy as Compiled, PolicyKind, limits::SizeQuota},
    text::SourceText,
    world::{FULL_RESOURCE_CONTROL, FULL_SERVICE_CONTROL},
};
use aws_model::AccountId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{call::seconds, quotas, tags::Tags};

/// The organization, with its root.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Organization {
    pub(super) id: String,
    pub(super) management: AccountId,
    pub(super) features: FeatureSet,
    /// Where its ARNs are.
    pub(super) partition: String,
    pub(super) root: String,
    /// What is attached to the root.
    pub(super) attached: Attached,
    /// The root's tags.
    pub(super) tags: Tags,
    pub(super) enabled: BTreeSet<PolicyType>,
    /// The services that may act in all accounts, and since when.
    pub(super) services: BTreeMap<String, Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum FeatureSet {
    All,
    ConsolidatedBilling,
}

/// The types of policies that the authorization model enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum PolicyType {
    #[serde(rename = "SERVICE_CONTROL_POLICY")]
    ServiceControl,
    #[serde(rename = "RESOURCE_CONTROL_POLICY")]
    ResourceControl,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Unit {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) parent: String,
    pub(super) attached: Attached,
    pub(super) tags: Tags,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) id: AccountId,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) parent: String,
    pub(super) joined: Timestamp,
    pub(super) joined_by: JoinedBy,
    pub(super) closed: bool,
    pub(super) attached: Attached,
    pub(super) tags: Tags,
    /// The services that it administers for the organization, and since when.
    pub(super) administers: BTreeMap<String, Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum JoinedBy {
    Invited,
    Created,
}

/// The ids of the policies on a root, unit or account, in the order in which they were attached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Attached(BTreeMap<PolicyType, Vec<String>>);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Policy {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) kind: PolicyType,
    pub(super) content: String,
    pub(super) tags: Tags,
    /// As the authorization model takes it; read again with the row.
    #[serde(skip)]
    pub(super) compiled: Option<Arc<Compiled>>,
}

/// An account that was asked to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Creation {
    pub(super) id: String,
    pub(super) name: String,
    /// None in states of before it was kept.
    #[serde(default)]
    pub(super) email: Option<String>,
    pub(super) requested: Timestamp,
    /// The account, or why there is none.
    pub(super) outcome: Result<AccountId, String>,
}

/// An invitation of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Handshake {
    pub(super) id: String,
    /// None where nobody has the email address.
    pub(super) account: Option<AccountId>,
    /// The email address by which the account was named, if it was not by its id.
    pub(super) email: Option<String>,
    pub(super) notes: Option<String>,
    pub(super) tags: Tags,
    pub(super) state: HandshakeState,
    pub(super) requested: Timestamp,
    pub(super) expires: Timestamp,
    /// When it was accepted, declined or cancelled.
    #[serde(default)]
    pub(super) ended: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum HandshakeState {
    Open,
    Canceled,
    Accepted,
    Declined,
    Expired,
}

impl PolicyType {
    pub(super) const ALL: [Self; 2] = [Self::ServiceControl, Self::ResourceControl];

    /// As the API calls it; `None` for the types that are not enforced.
    pub(super) fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ServiceControl => "SERVICE_CONTROL_POLICY",
            Self::ResourceControl => "RESOURCE_CONTROL_POLICY",
        }
    }

    pub(super) const fn of_model(self) -> PolicyKind {
        match self {
            Self::ServiceControl => PolicyKind::ServiceControl,
            Self::ResourceControl => PolicyKind::ResourceControl,
        }
    }

    pub(super) const fn size(self) -> SizeQuota {
        match self {
            Self::ServiceControl => SizeQuota::ServiceControl,
            Self::ResourceControl => SizeQuota::ResourceControl,
        }
    }

    /// The id of AWS's policy that allows everything.
    pub(super) const fn full_id(self) -> &'static str {
        match self {
            Self::ServiceControl => "p-FullAWSAccess",
            Self::ResourceControl => "p-RCPFullAWSAccess",
        }
    }

    /// AWS's policy that allows everything.
    pub(super) fn full(self) -> &'static Arc<Policy> {
        static SERVICE: LazyLock<Arc<Policy>> = LazyLock::new(|| full(PolicyType::ServiceControl));
        static RESOURCE: LazyLock<Arc<Policy>> = LazyLock::new(|| full(PolicyType::ResourceControl));
        match self {
            Self::ServiceControl => &SERVICE,
            Self::ResourceControl => &RESOURCE,
        }
    }
}

fn full(kind: PolicyType) -> Arc<Policy> {
    let (name, content, description) = match kind {
        PolicyType::ServiceControl => {
            (FULL_SERVICE_CONTROL.0, FULL_SERVICE_CONTROL.1, "Allows access to every operation")
        }
        PolicyType::ResourceControl => {
            (FULL_RESOURCE_CONTROL.0, FULL_RESOURCE_CONTROL.1, "Allows access to every resource")
        }
    };
    let policy = Policy {
        id: kind.full_id().to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        kind,
        content: content.to_owned(),
        tags: Tags::default(),
        compiled: None,
    };
    Arc::new(policy.compiled())
}

impl Organization {
    /// The ARN of something of it: `ou/o-../ou-..` behind the management account's.
    pub(super) fn arn(&self, what: &str, id: &str) -> String {
        let Self { partition, management, id: organization, .. } = self;
        match what {
            "organization" => format!("arn:{partition}:organizations::{management}:organization/{organization}"),
            _ => format!("arn:{partition}:organizations::{management}:{what}/{organization}/{id}"),
        }
    }

    /// As answers have it.
    pub(super) fn told(&self, management: &Account) -> Value {
        // AWS tells the one type that there was when this field was made.
        let types = match self.features {
            FeatureSet::All => json!([{ "Type": PolicyType::ServiceControl.name(), "Status": "ENABLED" }]),
            FeatureSet::ConsolidatedBilling => json!([]),
        };
        json!({
            "Id": self.id,
            "Arn": self.arn("organization", ""),
            "FeatureSet": self.features,
            "MasterAccountArn": self.arn("account", management.id.as_str()),
            "MasterAccountId": management.id,
            "MasterAccountEmail": management.email,
            "AvailablePolicyTypes": types,
        })
    }

    pub(super) fn told_root(&self) -> Value {
        let enabled = self.enabled.iter().map(|kind| json!({ "Type": kind, "Status": "ENABLED" }));
        json!({
            "Id": self.root,
            "Arn": self.arn("root", &self.root),
            "Name": "Root",
            "PolicyTypes": enabled.collect::<Value>(),
        })
    }
}

impl Account {
    /// As answers have it. `path` is that of its parent.
    pub(super) fn told(&self, organization: &Organization, path: &str) -> Value {
        let mut told = self.told_of_administrator(organization);
        if let Some(fields) = told.as_object_mut() {
            fields.insert("Paths".into(), json!([format!("{path}{}/", self.id)]));
        }
        told
    }

    /// The same without the path.
    pub(super) fn told_of_administrator(&self, organization: &Organization) -> Value {
        let state = if self.closed { "SUSPENDED" } else { "ACTIVE" };
        json!({
            "Id": self.id,
            "Arn": organization.arn("account", self.id.as_str()),
            "Email": self.email,
            "Name": self.name,
            "Status": state,
            "State": state,
            "JoinedMethod": self.joined_by,
            "JoinedTimestamp": seconds(self.joined),
        })
    }
}

impl Attached {
    /// What is on something new, while these types are enabled.
    pub(super) fn full(enabled: &BTreeSet<PolicyType>) -> Self {
        Self(enabled.iter().map(|kind| (*kind, vec![kind.full_id().to_owned()])).collect())
    }

    /// The ids of a type's.
    pub(super) fn of(&self, kind: PolicyType) -> &[String] {
        self.0.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The ids of every type's.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.0.values().flatten()
    }

    pub(super) fn add(&mut self, kind: PolicyType, policy: &str) {
        self.0.entry(kind).or_default().push(policy.to_owned());
    }

    pub(super) fn take(&mut self, kind: PolicyType, policy: &str) {
        self.0.entry(kind).or_default().retain(|attached| attached != policy);
    }

    /// Starts a type, with AWS's policy that allows everything, or ends it.
    pub(super) fn reset(&mut self, kind: PolicyType, enabled: bool) {
        self.0.remove(&kind);
        if enabled {
            self.add(kind, kind.full_id());
        }
    }
}

impl Policy {
    /// The same, read. A document that was kept was read when it was put.
    pub(super) fn compiled(self) -> Self {
        match Compiled::parse(SourceText::new(self.name.as_str(), self.content.as_str()), self.kind.of_model()) {
            Ok(compiled) => Self { compiled: Some(Arc::new(compiled)), ..self },
            Err(malformed) => {
                tracing::error!(%malformed, "a policy that was kept does not read");
                self
            }
        }
    }

    /// Whether it is one of AWS's own.
    pub(super) fn is_of_aws(&self) -> bool {
        self.id == self.kind.full_id()
    }

    pub(super) fn arn(&self, organization: &Organization) -> String {
        let kind = self.kind.name().to_ascii_lowercase();
        if self.is_of_aws() {
            return format!("arn:{}:organizations::aws:policy/{kind}/{}", organization.partition, self.id);
        }
        organization.arn("policy", &format!("{kind}/{}", self.id))
    }

    pub(super) fn summary(&self, organization: &Organization) -> Value {
        json!({
            "Id": self.id,
            "Arn": self.arn(organization),
            "Name": self.name,
            "Description": self.description,
            "Type": self.kind,
            "AwsManaged": self.is_of_aws(),
        })
    }
}

impl Creation {
    pub(super) fn told(&self) -> Value {
        let mut told = json!({
            "Id": self.id,
            "AccountName": self.name,
            "State": if self.outcome.is_ok() { "SUCCEEDED" } else { "FAILED" },
            "RequestedTimestamp": seconds(self.requested),
            "CompletedTimestamp": seconds(self.requested),
        });
        if let Some(fields) = told.as_object_mut() {
            match &self.outcome {
                Ok(account) => fields.insert("AccountId".into(), account.as_str().into()),
                Err(reason) => fields.insert("FailureReason".into(), reason.as_str().into()),
            };
        }
        told
    }
}

impl Handshake {
    /// The state at a time: nobody ends an invitation that is over.
    pub(super) fn state_at(&self, now: Timestamp) -> HandshakeState {
        if self.state == HandshakeState::Open && now >= self.expires { HandshakeState::Expired } else { self.state }
    }

    /// Whether it is over for so long that it is told no more.
    pub(super) fn is_forgotten(&self, now: Timestamp) -> bool {
        let ended = self.ended.unwrap_or(self.expires);
        now.duration_since(ended) >= SignedDuration::from_hours(24 * quotas::ENDED_INVITATION_DAYS)
    }

    pub(super) fn arn(&self, organization: &Organization) -> String {
        organization.arn("handshake", &format!("invite/{}", self.id))
    }

    pub(super) fn told(&self, organization: &Organization, management: &Account, now: Timestamp) -> Value {
        let (kind, target) = match (&self.email, &self.account) {
            (Some(email), _) => ("EMAIL", email.as_str()),
            (None, account) => ("ACCOUNT", account.as_ref().map_or("", AccountId::as_str)),
        };
        let mut resources = vec![
            json!({
                "Type": "ORGANIZATION",
                "Value": organization.id,
                "Resources": [
                    { "Type": "MASTER_EMAIL", "Value": management.email },
                    { "Type": "MASTER_NAME", "Value": management.name },
                    { "Type": "ORGANIZATION_FEATURE_SET", "Value": organization.features },
                ],
            }),
            json!({ "Type": kind, "Value": target }),
        ];
        resources.extend(self.notes.iter().map(|notes| json!({ "Type": "NOTES", "Value": notes })));
        json!({
            "Id": self.id,
            "Arn": self.arn(organization),
            "Parties": [{ "Id": organization.id, "Type": "ORGANIZATION" }, { "Id": target, "Type": kind }],
            "State": self.state_at(now),
            "RequestedTimestamp": seconds(self.requested),
            "ExpirationTimestamp": seconds(self.expires),
            "Action": "INVITE",
            "Resources": resources,
        })
    }
}
