//! The entities of one account, and who uses which.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use aws_catalog::access::IamKind;

use crate::{
    ServiceError,
    iam::{
        fault,
        password_policy::PasswordPolicy,
        records::{
            Account, Carried, CredentialReport, Group, InstanceProfile, ManagedPolicy, MfaDevice, OidcProvider, Role,
            User, told::path_and_name,
        },
        tags::Tags,
    },
};

/// The entities of one account, each by its name in lower case: names are unique without case.
///
/// Source: IAM User Guide, "IAM and AWS STS quotas" > "IAM name requirements".
#[derive(Debug, Default)]
pub(in crate::iam) struct Realm {
    pub(in crate::iam) account: BTreeMap<String, Arc<Account>>,
    pub(in crate::iam) users: BTreeMap<String, Arc<User>>,
    pub(in crate::iam) roles: BTreeMap<String, Arc<Role>>,
    /// How many of the roles are linked to services, which no quota counts.
    pub(super) service_linked: usize,
    pub(in crate::iam) groups: BTreeMap<String, Arc<Group>>,
    pub(in crate::iam) policies: BTreeMap<String, Arc<ManagedPolicy>>,
    pub(in crate::iam) profiles: BTreeMap<String, Arc<InstanceProfile>>,
    /// By the URL, without its scheme.
    pub(in crate::iam) providers: BTreeMap<String, Arc<OidcProvider>>,
    pub(in crate::iam) mfa_devices: BTreeMap<String, Arc<MfaDevice>>,
    pub(super) reports: BTreeMap<String, Arc<CredentialReport>>,
    /// What the world file tells, by table and key: it tells it again at the next start.
    pub(super) told: HashSet<(&'static str, String)>,
    /// Who carries a managed policy, by its ARN.
    attached: BTreeMap<String, BTreeSet<Carrier>>,
    /// Whose boundary a managed policy is, by its ARN.
    bounds: BTreeMap<String, BTreeSet<Carrier>>,
    /// The names in lower case of the users who have access keys, by the keys' ids.
    pub(super) access_keys: HashMap<String, String>,
    /// Those of the users who have MFA devices, by the devices' serial numbers.
    pub(super) mfa_users: HashMap<String, String>,
}

/// Who carries a policy: its kind, and its name in lower case.
pub(in crate::iam) type Carrier = (&'static str, String);

impl Realm {
    pub(in crate::iam) fn role(&self, name: &str) -> Result<&Arc<Role>, ServiceError> {
        let found = self.roles.get(&key(name)).filter(|role| role.name == name);
        found.ok_or_else(|| fault::missing(IamKind::Role, name))
    }

    pub(in crate::iam) fn user(&self, name: &str) -> Result<&Arc<User>, ServiceError> {
        let found = self.users.get(&key(name)).filter(|user| user.name == name);
        found.ok_or_else(|| fault::missing(IamKind::User, name))
    }

    pub(in crate::iam) fn group(&self, name: &str) -> Result<&Arc<Group>, ServiceError> {
        let found = self.groups.get(&key(name)).filter(|group| group.name == name);
        found.ok_or_else(|| fault::missing(IamKind::Group, name))
    }

    pub(in crate::iam) fn profile(&self, name: &str) -> Result<&Arc<InstanceProfile>, ServiceError> {
        let found = self.profiles.get(&key(name)).filter(|profile| profile.name == name);
        found.ok_or_else(|| fault::missing(IamKind::InstanceProfile, name))
    }

    pub(in crate::iam) fn policy(&self, arn: &str) -> Result<&Arc<ManagedPolicy>, ServiceError> {
        let name = path_and_name(&fault::policy_arn(arn)?).1;
        let found = self.policies.get(&key(&name)).filter(|policy| policy.arn.as_str() == arn);
        found.ok_or_else(|| fault::missing(IamKind::Policy, arn))
    }

    pub(in crate::iam) fn provider(&self, arn: &str) -> Result<&Arc<OidcProvider>, ServiceError> {
        let (_, url) = arn.split_once(":oidc-provider/").ok_or_else(|| fault::invalid_arn(arn))?;
        let found = self.providers.get(&key(url)).filter(|provider| provider.arn.as_str() == arn);
        found.ok_or_else(|| fault::missing(IamKind::OidcProvider, arn))
    }

    pub(in crate::iam) fn mfa_device(&self, serial: &str) -> Result<&Arc<MfaDevice>, ServiceError> {
        let name = serial.rsplit('/').next().unwrap_or_default();
        let found = self.mfa_devices.get(&key(name)).filter(|device| device.arn.as_str() == serial);
        found.ok_or_else(|| fault::missing(IamKind::Mfa, serial))
    }

    /// The user who has an MFA device.
    pub(in crate::iam) fn user_of_mfa(&self, serial: &str) -> Option<&Arc<User>> {
        self.users.get(self.mfa_users.get(serial)?)
    }

    pub(in crate::iam) fn password_policy(&self) -> Option<&PasswordPolicy> {
        self.account.get("")?.password_policy.as_ref()
    }

    pub(in crate::iam) fn credential_report(&self) -> Option<&CredentialReport> {
        self.reports.get("").map(AsRef::as_ref)
    }

    /// The user who has an access key.
    pub(in crate::iam) fn user_of_key(&self, access_key_id: &str) -> Option<&Arc<User>> {
        self.users.get(self.access_keys.get(access_key_id)?)
    }

    /// The policies of a role, user or group.
    pub(in crate::iam) fn carried(&self, kind: IamKind, name: &str) -> Result<&Carried, ServiceError> {
        match kind {
            IamKind::User => self.user(name).map(|user| &user.carried),
            IamKind::Group => self.group(name).map(|group| &group.carried),
            _ => self.role(name).map(|role| &role.carried),
        }
    }

    /// The tags of an entity, which a policy's or provider's ARN names.
    pub(in crate::iam) fn tags(&self, kind: IamKind, name: &str) -> Result<&Tags, ServiceError> {
        match kind {
            IamKind::User => self.user(name).map(|user| &user.tags),
            IamKind::Policy => self.policy(name).map(|policy| &policy.tags),
            IamKind::InstanceProfile => self.profile(name).map(|profile| &profile.tags),
            IamKind::OidcProvider => self.provider(name).map(|provider| &provider.tags),
            IamKind::Mfa => self.mfa_device(name).map(|device| &device.tags),
            IamKind::Role | IamKind::Group => self.role(name).map(|role| &role.tags),
        }
    }

    /// Who carries a managed policy, by kind and name.
    pub(in crate::iam) fn carriers(&self, arn: &str) -> impl Iterator<Item = &Carrier> {
        self.attached.get(arn).into_iter().flatten()
    }

    /// Whose boundary a managed policy is.
    pub(in crate::iam) fn bounded(&self, arn: &str) -> impl Iterator<Item = &Carrier> {
        self.bounds.get(arn).into_iter().flatten()
    }

    /// The ARNs of the managed policies that somebody carries or is bounded by.
    pub(in crate::iam) fn policies_in_use(&self) -> BTreeSet<&str> {
        self.attached.keys().chain(self.bounds.keys()).map(String::as_str).collect()
    }

    /// How many carry a managed policy, and of how many it is the boundary.
    pub(in crate::iam) fn uses(&self, arn: &str) -> (usize, usize) {
        let count = |index: &BTreeMap<String, BTreeSet<Carrier>>| index.get(arn).map_or(0, BTreeSet::len);
        (count(&self.attached), count(&self.bounds))
    }

    /// Notes who carries which managed policies from now on.
    pub(super) fn index(&mut self, carrier: &Carrier, before: Option<&Carried>, now: Option<&Carried>) {
        let attached = |carried: Option<&Carried>| carried.map(|carried| carried.attached.clone()).unwrap_or_default();
        let bounds = |carried: Option<&Carried>| carried.and_then(|carried| carried.boundary.clone());
        replace(&mut self.attached, carrier, attached(before), attached(now));
        replace(&mut self.bounds, carrier, bounds(before), bounds(now));
    }
}

fn replace(
    index: &mut BTreeMap<String, BTreeSet<Carrier>>,
    carrier: &Carrier,
    before: impl IntoIterator<Item = String>,
    now: impl IntoIterator<Item = String>,
) {
    for arn in before {
        if let Some(carriers) = index.get_mut(&arn) {
            carriers.remove(carrier);
            if carriers.is_empty() {
                index.remove(&arn);
            }
        }
    }
    for arn in now {
        index.entry(arn).or_default().insert(carrier.clone());
    }
}

/// How a name is looked up.
pub(in crate::iam) fn key(name: &str) -> String {
    name.to_lowercase()
}
