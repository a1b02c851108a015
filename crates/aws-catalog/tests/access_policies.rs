//! The table of EKS's access policies.

use aws_catalog::access_policies::{arn, names};

#[test]
fn the_policies_are_in_order_and_have_arns() {
    assert!(names().is_sorted() && names().iter().any(|name| name == "AmazonEKSClusterAdminPolicy"));
    assert_eq!(arn("aws", "AmazonEKSViewPolicy"), "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy");
}
