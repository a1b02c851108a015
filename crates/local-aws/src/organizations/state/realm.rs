//! The organization as operations look things up in it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use aws_model::AccountId;

use crate::{
    ServiceError,
    organizations::{
        fault,
        records::{Account, Attached, Creation, Handshake, Organization, Policy, PolicyType, Unit},
        tags::Tags,
    },
};

/// The organization, if there is one, and all that is in it, by id.
#[derive(Clone, Debug, Default)]
pub(in crate::organizations) struct Realm {
    /// One at most.
    pub(super) organization: BTreeMap<String, Arc<Organization>>,
    pub(in crate::organizations) units: BTreeMap<String, Arc<Unit>>,
    pub(in crate::organizations) accounts: BTreeMap<String, Arc<Account>>,
    /// Without AWS's own.
    pub(in crate::organizations) policies: BTreeMap<String, Arc<Policy>>,
    pub(in crate::organizations) creations: BTreeMap<String, Arc<Creation>>,
    pub(in crate::organizations) handshakes: BTreeMap<String, Arc<Handshake>>,
    /// What each policy is attached to.
    targets: HashMap<String, BTreeSet<String>>,
    /// What is right below each root and unit.
    children: HashMap<String, BTreeSet<String>>,
    /// Whether a world file tells an organization.
    pub(super) world_tells: bool,
    /// Whether it is still as the world file tells it, and has no rows.
    pub(super) is_told: bool,
}

/// A root, unit or account: its id, what is above it, what is attached to it.
pub(super) type Place<'a> = (&'a str, Option<&'a str>, &'a Attached);

/// What policies are attached to.
#[derive(Clone, Copy, Debug)]
pub(in crate::organizations) enum Level<'r> {
    Root(&'r Organization),
    Unit(&'r Unit),
    Account(&'r Account),
}

impl Realm {
    /// The organization.
    pub(in crate::organizations) fn organization(&self) -> Result<&Organization, ServiceError> {
        self.organization.values().next().map(Arc::as_ref).ok_or_else(fault::not_in_use)
    }

    /// The organization, if the account is in it.
    pub(in crate::organizations) fn organization_of(&self, account: AccountId) -> Result<&Organization, ServiceError> {
        let is_in = self.accounts.contains_key(account.as_str());
        self.organization().ok().filter(|_| is_in).ok_or_else(fault::not_in_use)
    }

    /// The management account.
    pub(in crate::organizations) fn management(&self) -> Result<&Account, ServiceError> {
        self.account(self.organization()?.management.as_str()).map_err(|_| fault::internal())
    }

    pub(in crate::organizations) fn account(&self, id: &str) -> Result<&Account, ServiceError> {
        self.accounts.get(id).map(Arc::as_ref).ok_or_else(fault::no_account)
    }

    pub(in crate::organizations) fn unit(&self, id: &str) -> Result<&Unit, ServiceError> {
        self.units.get(id).map(Arc::as_ref).ok_or_else(fault::no_unit)
    }

    /// The organization, if its root has this id.
    pub(in crate::organizations) fn root(&self, id: &str) -> Result<&Organization, ServiceError> {
        self.organization().ok().filter(|organization| organization.root == id).ok_or_else(fault::no_root)
    }

    /// A policy, also one of AWS's own.
    pub(in crate::organizations) fn policy(&self, id: &str) -> Result<&Policy, ServiceError> {
        let of_aws = || PolicyType::ALL.into_iter().map(PolicyType::full).find(|policy| policy.id == id);
        self.policies.get(id).or_else(of_aws).map(Arc::as_ref).ok_or_else(fault::no_policy)
    }

    pub(in crate::organizations) fn handshake(&self, id: &str) -> Result<&Handshake, ServiceError> {
        self.handshakes.get(id).map(Arc::as_ref).ok_or_else(fault::no_handshake)
    }

    /// What policies can be attached to.
    pub(in crate::organizations) fn level(&self, id: &str) -> Result<Level<'_>, ServiceError> {
        let root = || self.root(id).map(Level::Root);
        let unit = || self.unit(id).map(Level::Unit);
        root().or_else(|_| unit()).or_else(|_| self.account(id).map(Level::Account)).map_err(|_| fault::no_target())
    }

    /// What accounts and units can be below.
    pub(in crate::organizations) fn parent(&self, id: &str) -> Result<Level<'_>, ServiceError> {
        let parent = self.level(id).ok().filter(|level| !matches!(level, Level::Account(_)));
        parent.ok_or_else(fault::no_parent)
    }

    /// Every level's id, none before what it is below.
    pub(in crate::organizations) fn levels(&self) -> Vec<String> {
        let mut levels: Vec<String> =
            self.organization.values().map(|organization| organization.root.clone()).collect();
        let mut at = 0;
        while let Some(level) = levels.get(at) {
            let below: Vec<String> = self.children(level).map(str::to_owned).collect();
            levels.extend(below);
            at += 1;
        }
        levels
    }

    /// The ids of what is right below a root or unit, in order.
    pub(in crate::organizations) fn children(&self, id: &str) -> impl Iterator<Item = &str> {
        self.children.get(id).into_iter().flatten().map(String::as_str)
    }

    /// The ids of what a policy is attached to, in order.
    pub(in crate::organizations) fn targets(&self, policy: &str) -> impl Iterator<Item = &str> {
        self.targets.get(policy).into_iter().flatten().map(String::as_str)
    }

    /// `o-../r-../ou-../`: from the organization down to a level, with it.
    pub(in crate::organizations) fn path(&self, id: &str) -> String {
        let mut levels = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next {
            levels.push(id);
            next = self.level(id).ok().and_then(Level::parent);
        }
        levels.extend(self.organization.values().map(|organization| &*organization.id));
        levels.into_iter().rev().flat_map(|id| [id, "/"]).collect()
    }

    /// How many units are above a level, itself counted.
    pub(in crate::organizations) fn depth(&self, id: &str) -> usize {
        let mut depth = 0;
        let mut next = self.units.get(id);
        while let Some(unit) = next {
            depth += 1;
            next = self.units.get(&unit.parent);
        }
        depth
    }

    /// Keeps the indexes by place.
    pub(super) fn index(&mut self, before: Option<Place<'_>>, now: Option<Place<'_>>) {
        if let Some((id, parent, attached)) = before {
            for policy in attached.all() {
                drop_from(&mut self.targets, policy, id);
            }
            if let Some(parent) = parent {
                drop_from(&mut self.children, parent, id);
            }
        }
        if let Some((id, parent, attached)) = now {
            for policy in attached.all() {
                self.targets.entry(policy.clone()).or_default().insert(id.to_owned());
            }
            if let Some(parent) = parent {
                self.children.entry(parent.to_owned()).or_default().insert(id.to_owned());
            }
        }
    }
}

fn drop_from(index: &mut HashMap<String, BTreeSet<String>>, key: &str, id: &str) {
    if let Some(ids) = index.get_mut(key) {
        ids.remove(id);
        if ids.is_empty() {
            index.remove(key);
        }
    }
}

impl<'r> Level<'r> {
    pub(in crate::organizations) fn id(self) -> &'r str {
        match self {
            Self::Root(of) => &of.root,
            Self::Unit(unit) => &unit.id,
            Self::Account(account) => account.id.as_str(),
        }
    }

    pub(in crate::organizations) fn name(self) -> &'r str {
        match self {
            Self::Root(_) => "Root",
            Self::Unit(unit) => &unit.name,
            Self::Account(account) => &account.name,
        }
    }

    pub(in crate::organizations) fn arn(self, organization: &Organization) -> String {
        let kind = match self {
            Self::Root(_) => "root",
            Self::Unit(_) => "ou",
            Self::Account(_) => "account",
        };
        organization.arn(kind, self.id())
    }

    /// As the API calls its kind.
    pub(in crate::organizations) fn kind(self) -> &'static str {
        match self {
            Self::Root(_) => "ROOT",
            Self::Unit(_) => "ORGANIZATIONAL_UNIT",
            Self::Account(_) => "ACCOUNT",
        }
    }

    pub(in crate::organizations) fn parent(self) -> Option<&'r str> {
        match self {
            Self::Root(_) => None,
            Self::Unit(unit) => Some(&unit.parent),
            Self::Account(account) => Some(&account.parent),
        }
    }

    pub(in crate::organizations) fn attached(self) -> &'r Attached {
        match self {
            Self::Root(of) => &of.attached,
            Self::Unit(unit) => &unit.attached,
            Self::Account(account) => &account.attached,
        }
    }

    pub(in crate::organizations) fn tags(self) -> &'r Tags {
        match self {
            Self::Root(of) => &of.tags,
            Self::Unit(unit) => &unit.tags,
            Self::Account(account) => &account.tags,
        }
    }
}
