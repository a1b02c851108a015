//! The embedded AWS's Elastic Kubernetes Service: clusters, their add-ons and nodes, and which service accounts have which roles.
//!
//! ```text
//!   call ------> clusters, associations, addons, access_entries, fargate, ...     one file for each family of operations
//!     |             |
//!     |          authorize                          who may: the catalog's table, put to the authorization model
//!     |             |
//!     |          encryption -----> KMS, as the caller: who may use the key of a cluster
//!     |             |
//!     +--------> state: clusters and what is theirs, by account and region -----> store
//!                   |
//!                issuer: the key that a cluster's tokens are signed with -------> EKS Auth
//! ```
//!
//! There is nothing behind a cluster until somebody tells what is: see [`Behind`].
//!
//! Sources: Amazon EKS API Reference, the page of each operation; Amazon EKS User Guide; messages as the service sends
//! them, as far as people quote them.

mod access_entries;
mod addons;
mod associations;
mod authorize;
mod behind;
mod call;
mod catalogue;
mod cluster_updates;
mod clusters;
mod config;
mod encryption;
mod fargate;
mod fault;
mod identity_providers;
mod issuer;
mod node_groups;
mod paging;
mod records;
mod roles;
mod state;
mod tags;
mod updates;
mod versions;

use std::{collections::BTreeMap, sync::Arc};

use aws_catalog::addons::Catalogue;
use aws_model::{AccountId, Arn, Region};
use jiff::Timestamp;
use serde_json::Value;

use crate::{CallContext, ServiceError, kms::Kms, operations::Lacks, trail::Trail};

pub(crate) use behind::NoSuchCluster;
use call::Call;
pub(crate) use fault::invalid;
pub(crate) use issuer::add_missing_keys;
pub(crate) use node_groups::Nodes;
use records::Once;
pub(crate) use records::{Association, Cluster};
use state::Place;
pub(crate) use state::{State, TABLES};

/// EKS, as every account sees it. Clones share their state.
#[derive(Clone, Debug)]
pub(crate) struct Eks {
    state: Arc<State>,
    kms: Kms,
    trail: Arc<Trail>,
    addons: Arc<Catalogue>,
    nodes: Arc<Nodes>,
}

impl Eks {
    /// The clusters of a state, with the KMS that their keys are of, and what their nodes are made of.
    pub(crate) fn new(state: State, kms: Kms, trail: Arc<Trail>, addons: Arc<Catalogue>, nodes: Nodes) -> Self {
        Self { state: Arc::new(state), kms, trail, addons, nodes: Arc::new(nodes) }
    }

    /// Lets happen what is to be done for node groups by now.
    pub(crate) async fn catch_up(&self, now: Timestamp) {
        node_groups::catch_up(&self.state, &self.nodes, now).await;
    }

    /// Answers one operation. `input` was decoded and validated.
    pub(crate) async fn call(
        &self,
        ctx: &CallContext<'_>,
        operation: &str,
        input: Value,
    ) -> Result<Value, ServiceError> {
        let Self { state, kms, trail, addons, nodes } = self;
        let once = Once::of(operation, &input);
        let call = Call { ctx, state, kms, trail, addons, nodes, once };
        authorize::authorize(&call, operation, &input)?;
        match operation {
            "AssociateEncryptionConfig" => encryption::associate(&call, input).await,
            "CreateCluster" => clusters::create(&call, input).await,
            "CreateNodegroup" => node_groups::create(&call, input).await,
            "UpdateNodegroupConfig" => node_groups::config(&call, input).await,
            "UpdateNodegroupVersion" => node_groups::version(&call, input).await,
            _ => Self::at_once(&call, operation, input),
        }
    }
}

/// What uses the roles that are linked to EKS.
impl Eks {
    /// An account's clusters, wherever they are.
    pub(crate) fn clusters_of(&self, account: AccountId) -> Vec<Arn> {
        self.state.read().clusters_of(account).map(|cluster| cluster.arn.clone()).collect()
    }

    /// An account's managed node groups, wherever they are.
    pub(crate) fn node_groups_of(&self, account: AccountId) -> Vec<Arn> {
        self.state.read().node_groups_of(account).map(|group| group.arn.clone()).collect()
    }

    /// An account's Fargate profiles, wherever they are.
    pub(crate) fn fargate_profiles_of(&self, account: AccountId) -> Vec<Arn> {
        self.state.read().fargate_profiles_of(account).map(|profile| profile.arn.clone()).collect()
    }
}

/// What EKS Auth asks of clusters.
impl Eks {
    /// Hands over a cluster and its associations as they are now; `None` where there is no such cluster.
    pub(crate) fn with_cluster<T>(
        &self,
        account: AccountId,
        region: &Region,
        name: &str,
        take: impl FnOnce(&Cluster, &[Arc<Association>]) -> T,
    ) -> Option<T> {
        let place = Place::of(account, region);
        let (cluster, associations) = {
            let realm = self.state.read();
            let cluster = Arc::clone(realm.cluster(&place, name).ok()?);
            (cluster, realm.associations(&place, name).cloned().collect::<Vec<_>>())
        };
        Some(take(&cluster, &associations))
    }

    /// The tags of a cluster; none where there is no such cluster.
    pub(crate) fn tags(&self, account: AccountId, region: &Region, name: &str) -> BTreeMap<String, String> {
        let realm = self.state.read();
        realm.cluster(&Place::of(account, region), name).map(|cluster| cluster.tags.clone()).unwrap_or_default()
    }
}

/// The operations that are answered, by what, and what of them is not there. Those without a handler wait for KMS.
macro_rules! operations {
    ($($name:literal $(=> $handler:path)?, $(lacks $lacks:literal,)?)*) => {
        impl Eks {
            /// The names of the operations that [`call`](Self::call) answers.
            pub(crate) const OPERATIONS: &'static [&'static str] = &[$($name),*];

            /// What of them is not there, as `docs/reference/operations.md` tells it.
            pub(crate) const LACKS: Lacks = &[$($(($name, $lacks),)?)*];

            fn at_once(call: &Call<'_>, operation: &str, input: Value) -> Result<Value, ServiceError> {
                match operation {
                    $($($name => $handler(call, input),)?)*
                    other => Err(fault::unsupported(other)),
                }
            }
        }
    };
}

operations! {
    "AssociateAccessPolicy" => access_entries::associate,
        lacks "policies that are for service-linked roles alone are refused to nobody",
    "AssociateEncryptionConfig",
        lacks "what a cluster does with the key; a key that is not there any more is no issue of the cluster's health",
    "AssociateIdentityProviderConfig" => identity_providers::associate,
        lacks "users who come in by it; a look at the issuer",
    "CreateAccessEntry" => access_entries::create,
        lacks "the id of the principal, by which AWS knows one that was made anew from the one that was",
    "CreateAddon" => addons::create,
        lacks "add-ons that the catalogue does not have (`crates/aws-catalog/data/addons.json`, or what `claviger addons refresh` \
               wrote); configuration values are kept and \
               not looked at, `resolveConflicts` and `namespaceConfig`",
    "CreateCluster",
        lacks "subnets and security groups are not looked up, and VPC and cluster security group are made up; a certificate \
               authority and a server, until they are told; Outposts, Auto \
               Mode, hybrid nodes, zonal shift, control plane tiers and flags of its components",
    "CreateFargateProfile" => fargate::create,
        lacks "pods; the service-linked role of Fargate; a look at the subnets; that profiles wait for one another",
    "CreateNodegroup",
        lacks "nodes that join: a group is active when its instances run; security groups, user data and key pairs; images but of \
               Amazon Linux 2023 and Bottlerocket, and the patch version in `releaseVersion`; capacity blocks, warm pools; the half hour that AWS waits before it gives up",
    "CreatePodIdentityAssociation" => associations::create,
    "DeleteAccessEntry" => access_entries::delete,
    "DeleteAddon" => addons::delete,
        lacks "the time that it takes: what is deleted is gone when that is answered",
    "DeleteCluster" => clusters::delete,
        lacks "the time that it takes: what is deleted is gone when that is answered",
    "DeleteFargateProfile" => fargate::delete,
    "DeleteNodegroup" => node_groups::delete,
        lacks "what becomes of pods",
    "DeletePodIdentityAssociation" => associations::delete,
    "DescribeAccessEntry" => access_entries::describe,
    "DescribeAddon" => addons::describe,
    "DescribeAddonConfiguration" => catalogue::configuration,
        lacks "the schema of configuration values; of the built-in catalogue, what a document tells of one version of an add-on is told of the \
               later ones, too (what `claviger addons refresh` wrote has each version's own)",
    "DescribeAddonVersions" => catalogue::versions,
        lacks "most versions, most of AWS's add-ons (the drivers for EFS and S3, ADOT, the snapshot controller) and all of others, unless \
               `claviger addons refresh` asked a live EKS for them",
    "DescribeCluster" => clusters::describe,
    "DescribeClusterVersions" => versions::describe,
        lacks "patch versions of Kubernetes, tiers, and what components are set to; versions of before 2023",
    "DescribeFargateProfile" => fargate::describe,
    "DescribeIdentityProviderConfig" => identity_providers::describe,
    "DescribeNodegroup" => node_groups::describe,
    "DescribePodIdentityAssociation" => associations::describe,
    "DescribeUpdate" => updates::describe,
    "DisassociateAccessPolicy" => access_entries::disassociate,
    "DisassociateIdentityProviderConfig" => identity_providers::disassociate,
        lacks "the time that it takes: what is deleted is gone when that is answered",
    "ListAccessEntries" => access_entries::list,
    "ListAccessPolicies" => access_entries::policies,
        lacks "what the policies allow, which no operation tells",
    "ListAddons" => addons::list,
    "ListAssociatedAccessPolicies" => access_entries::associated,
    "ListClusters" => clusters::list,
        lacks "connected clusters, so that `include` changes nothing",
    "ListFargateProfiles" => fargate::list,
    "ListIdentityProviderConfigs" => identity_providers::list,
    "ListNodegroups" => node_groups::list,
    "ListPodIdentityAssociations" => associations::list,
    "ListTagsForResource" => tags::list,
    "ListUpdates" => updates::list,
    "TagResource" => tags::tag,
    "UntagResource" => tags::untag,
    "UpdateAccessEntry" => access_entries::update,
        lacks "`clientRequestToken`: the same change again is made again",
    "UpdateAddon" => addons::update,
    "UpdateClusterConfig" => cluster_updates::config,
        lacks "what `CreateCluster` lacks",
    "UpdateClusterVersion" => cluster_updates::version,
        lacks "rollbacks, and what a new version needs of nodes and add-ons",
    "UpdateNodegroupConfig",
        lacks "time that it takes; what `CreateNodegroup` lacks",
    "UpdateNodegroupVersion",
        lacks "`force`, and pods that are in the way: nodes end whatever runs on them, before others take their place, as by the strategy \
               `MINIMAL`; releases but the newest",
    "UpdatePodIdentityAssociation" => associations::update,
        lacks "`clientRequestToken`: the same change again is made again",
}
