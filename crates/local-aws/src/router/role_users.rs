//! What uses the roles that are linked to services: IAM asks before one is deleted.
//!
//! Sources: Amazon EC2 Auto Scaling User Guide, "Service-linked roles for Amazon EC2 Auto Scaling" > "Delete the service-linked
//! role" (the groups that use it); Amazon EKS User Guide, "Using roles for Amazon EKS clusters" (the clusters), "Using
//! roles for Amazon EKS node groups" (the node groups) and "Using roles for Amazon EKS Fargate" (the Fargate profiles). Assumed likewise, as the Amazon EC2 User Guide does not say: Spot
//! Instance requests that are not over, and fleets that are kept.

use aws_model::Arn;

use super::Router;

impl Router {
    /// The resources of a role's account that use it.
    pub(super) fn users_of_role(&self, service: &str, role: &Arn) -> Vec<Arn> {
        let Ok(account) = role.account().parse() else { return Vec::new() };
        match service {
            "autoscaling.amazonaws.com" => self.autoscaling.using(role),
            "spot.amazonaws.com" => self.ec2.open_spot_requests(account),
            "ec2fleet.amazonaws.com" => self.ec2.kept_fleets(account),
            "eks.amazonaws.com" => self.eks.clusters_of(account),
            "eks-nodegroup.amazonaws.com" => self.eks.node_groups_of(account),
            "eks-fargate.amazonaws.com" => self.eks.fargate_profiles_of(account),
            _ => Vec::new(),
        }
    }
}
