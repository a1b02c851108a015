//! The organization: what each level of it lets its accounts do at most.
//!
//! Source: AWS Organizations User Guide, "SCP evaluation" and "RCP evaluation".

use std::{collections::HashMap, sync::Arc};

use aws_model::AccountId;

use super::{
    AttachedPolicy, ChangeError, PolicyOrigin, Thing, World,
    change::{expect_kind, missing},
};
use crate::policy::PolicyKind;

/// The service control policy that AWS attaches to every level when that kind is enabled: its name and its text.
///
/// Source: AWS Organizations User Guide, "SCP evaluation" (`FullAWSAccess`), "RCP evaluation" (`RCPFullAWSAccess`).
pub const FULL_SERVICE_CONTROL: (&str, &str) = (
    "FullAWSAccess",
    r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}"#,
);
/// The same for resource control policies.
pub const FULL_RESOURCE_CONTROL: (&str, &str) = (
    "RCPFullAWSAccess",
    r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": "*",
      "Action": "*",
      "Resource": "*"
    }
  ]
}"#,
);

/// An organization.
#[derive(Clone, Debug)]
pub struct Organization {
    /// `o-...`; tells `aws:PrincipalOrgID` and `aws:ResourceOrgID`.
    pub id: Box<str>,
    /// The account that no policy of the organization binds.
    pub management_account: AccountId,
    /// From the root (`r-...`) down to each account, by account.
    pub accounts: HashMap<AccountId, OrganizationPath>,
    /// Every level by its id.
    levels: HashMap<Box<str>, Level>,
}

/// The levels above an account: the root, the organizational units, the account itself, in this order.
#[derive(Clone, Debug, Default)]
pub struct OrganizationPath {
    /// From the root down.
    pub levels: Vec<Arc<OrganizationNode>>,
}

/// A root, an organizational unit or an account, with the policies attached to it. An empty list means that no policy
/// of that kind is attached, which allows nothing; where the kind is not enabled at all, it is `None`.
#[derive(Clone, Debug)]
pub struct OrganizationNode {
    /// `r-...`, `ou-...` or the account's id; tells `aws:PrincipalOrgPaths`.
    pub id: Box<str>,
    /// Service control policies.
    pub service_control: Option<Vec<AttachedPolicy>>,
    /// Resource control policies.
    pub resource_control: Option<Vec<AttachedPolicy>>,
}

#[derive(Clone, Debug)]
struct Level {
    parent: Option<Box<str>>,
    node: Arc<OrganizationNode>,
}

impl Organization {
    /// An organization without levels.
    #[must_use]
    pub fn new(id: &str, management_account: AccountId) -> Self {
        Self { id: id.into(), management_account, accounts: HashMap::new(), levels: HashMap::new() }
    }

    /// Whether a level of this id is there.
    #[must_use]
    pub fn has_level(&self, id: &str) -> bool {
        self.levels.contains_key(id)
    }

    /// Every level with the id of the one above it, in no order.
    pub fn levels(&self) -> impl Iterator<Item = (Option<&str>, &OrganizationNode)> {
        self.levels.values().map(|level| (level.parent.as_deref(), level.node.as_ref()))
    }

    /// Puts a level below another (`None`: it is the root), in place of what was there under its id. The id of an
    /// account's level is the account's.
    ///
    /// # Errors
    /// When the parent is not there or is the level itself or below it, or a policy is of another kind.
    pub fn put_level(&mut self, parent: Option<&str>, node: OrganizationNode) -> Result<(), ChangeError> {
        let kinds = [
            (PolicyKind::ServiceControl, &node.service_control),
            (PolicyKind::ResourceControl, &node.resource_control),
        ];
        for (kind, policies) in kinds {
            for attached in policies.iter().flatten() {
                expect_kind(&attached.policy, kind)?;
            }
        }
        if let Some(parent) = parent {
            let above = self.path(parent).ok_or_else(|| self.no_level(parent))?;
            if above.iter().any(|level| level.id == node.id) {
                return Err(ChangeError::BelowItself { level: node.id.into() });
            }
        }
        let id = node.id.clone();
        let replaced = self.levels.insert(id.clone(), Level { parent: parent.map(Into::into), node: Arc::new(node) });
        // Nothing is below an organizational unit that was not there.
        if replaced.is_some() || id.parse::<AccountId>().is_ok() {
            self.refresh(&id);
        }
        Ok(())
    }

    /// Takes a level away that nothing is below.
    ///
    /// # Errors
    /// When it is not there, or something is below it.
    pub fn remove_level(&mut self, id: &str) -> Result<(), ChangeError> {
        if let Some(below) = self.levels.values().find(|level| level.parent.as_deref() == Some(id)) {
            return Err(ChangeError::NotEmpty { level: id.to_owned(), below: below.node.id.to_string() });
        }
        self.levels.remove(id).ok_or_else(|| self.no_level(id))?;
        if let Ok(account) = id.parse() {
            self.accounts.remove(&account);
        }
        Ok(())
    }

    fn change_level(&mut self, id: &str, change: impl FnOnce(&mut OrganizationNode)) -> Result<(), ChangeError> {
        match self.levels.get_mut(id) {
            Some(level) => change(Arc::make_mut(&mut level.node)),
            None => return Err(self.no_level(id)),
        }
        self.refresh(id);
        Ok(())
    }

    /// Walks anew the paths on which a level is or now should be: those of the accounts below it.
    fn refresh(&mut self, changed: &str) {
        let below: Vec<AccountId> = match changed.parse() {
            Ok(account) => vec![account],
            Err(_) => self.accounts.iter().filter(|(_, path)| path.passes(changed)).map(|(id, _)| *id).collect(),
        };
        for account in below {
            if let Some(levels) = self.path(account.as_str()) {
                self.accounts.insert(account, OrganizationPath { levels });
            }
        }
    }

    /// From the root down to a level.
    fn path(&self, id: &str) -> Option<Vec<Arc<OrganizationNode>>> {
        let mut levels = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next {
            let level = self.levels.get(id)?;
            levels.push(level.node.clone());
            next = level.parent.as_deref();
        }
        levels.reverse();
        Some(levels)
    }

    fn no_level(&self, id: &str) -> ChangeError {
        missing(Thing::OrganizationLevel, id, self.levels.keys().map(AsRef::as_ref))
    }
}

impl OrganizationPath {
    fn passes(&self, id: &str) -> bool {
        self.levels.iter().any(|level| *level.id == *id)
    }
}

impl OrganizationNode {
    /// A level for which no kind of policy is enabled.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self { id: id.into(), service_control: None, resource_control: None }
    }

    fn policies_mut(&mut self, kind: PolicyKind) -> Option<&mut Option<Vec<AttachedPolicy>>> {
        match kind {
            PolicyKind::ServiceControl => Some(&mut self.service_control),
            PolicyKind::ResourceControl => Some(&mut self.resource_control),
            _ => None,
        }
    }
}

impl World {
    /// Puts the organization, or takes it away.
    pub fn set_organization(&mut self, organization: Option<Organization>) {
        self.organization = organization;
    }

    /// The organization, to change its levels.
    ///
    /// # Errors
    /// When none is known.
    pub fn organization_mut(&mut self) -> Result<&mut Organization, ChangeError> {
        self.organization.as_mut().ok_or_else(|| missing(Thing::Organization, "", std::iter::empty()))
    }

    /// Attaches a service or resource control policy to a level; one of the same origin is replaced. A kind that was
    /// not enabled there is from now on.
    ///
    /// # Errors
    /// When the level is not there, or the policy is of another kind.
    pub fn attach_organization_policy(&mut self, level: &str, attached: AttachedPolicy) -> Result<(), ChangeError> {
        let kind = attached.policy.kind();
        if !matches!(kind, PolicyKind::ServiceControl | PolicyKind::ResourceControl) {
            expect_kind(&attached.policy, PolicyKind::ServiceControl)?;
        }
        self.organization_mut()?.change_level(level, |node| {
            if let Some(policies) = node.policies_mut(kind) {
                let policies = policies.get_or_insert_default();
                policies.retain(|known| known.origin != attached.origin);
                policies.push(attached);
            }
        })
    }

    /// Detaches a service or resource control policy from a level.
    ///
    /// # Errors
    /// When the level is not there, or has no such policy.
    pub fn detach_organization_policy(&mut self, level: &str, origin: &PolicyOrigin) -> Result<(), ChangeError> {
        let mut found = false;
        self.organization_mut()?.change_level(level, |node| {
            for policies in [&mut node.service_control, &mut node.resource_control].into_iter().flatten() {
                let before = policies.len();
                policies.retain(|known| known.origin != *origin);
                found |= policies.len() != before;
            }
        })?;
        if found { Ok(()) } else { Err(missing(Thing::OrganizationPolicy, origin.name(), std::iter::empty())) }
    }
}
