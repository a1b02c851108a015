//! EKS Auth.

use super::{Access, On::EksCluster, Operation};

pub(super) static OPERATIONS: &[Operation] = &[Operation::new(
    "AssumeRoleForPodIdentity",
    &[Access::new("eks-auth:AssumeRoleForPodIdentity", EksCluster("clusterName"))],
)];
