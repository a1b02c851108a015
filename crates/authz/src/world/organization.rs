//! The organization: what each level of it lets its accounts do at most.
//!
//! Source: AWS Organizations User Guide, "SCP evaluation" and "RCP evaluation".

use std::{collections::HashMap, sync::Arc};

use aws_model::AccountId;

use super::AttachedPolicy;

/// An organization.
#[derive(Clone, Debug)]
pub struct Organization {
    /// `o-...`; tells `aws:PrincipalOrgID` and `aws:ResourceOrgID`.
    pub id: Box<str>,
    /// The account that no policy of the organization binds.
    pub management_account: AccountId,
    /// From the root (`r-...`) down to each account, by account.
    pub accounts: HashMap<AccountId, OrganizationPath>,
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
