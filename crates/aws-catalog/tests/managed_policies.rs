//! AWS's managed policies, as they are asked for.

use aws_catalog::managed_policies::{all, find, policy};
use serde_json::Value;

#[test]
fn every_policy_is_found_by_its_arn_and_has_a_document() {
    assert!(all().len() > 1500, "{}", all().len());
    assert!(all().is_sorted_by_key(|policy| policy.arn()));
    for (at, published) in all().iter().enumerate() {
        assert_eq!(find(&published.arn()), Some(at), "{}", published.arn());
        assert!(published.version() > 0 && published.created() > 0 && published.updated() >= published.created());
    }
    for published in all() {
        let document: Value = serde_json::from_str(&published.document()).unwrap();
        assert!(document.get("Statement").is_some(), "{}", published.arn());
    }
}

#[test]
fn a_policy_is_what_aws_publishes() {
    let worker = policy("arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy").unwrap();
    assert_eq!((worker.name(), worker.path(), worker.version()), ("AmazonEKSWorkerNodePolicy", "/", 3));
    // 2018-05-27T21:09:01Z and 2023-11-27T00:06:13Z, as the AWS Managed Policy Reference Guide tells them.
    assert_eq!((worker.created(), worker.updated()), (1_527_455_341, 1_701_043_573));
    assert!(worker.document().contains("eks-auth:AssumeRoleForPodIdentity"));
    let launches = policy("arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy").unwrap();
    assert!(launches.document().contains("ec2:RunInstances"));
}

#[test]
fn what_aws_has_not_is_not_found() {
    for arn in [
        "",
        "arn:aws:iam::aws:policy/",
        "arn:aws:iam::aws:policy/None",
        "arn:aws:iam::aws:policy/readonlyaccess",
        "arn:aws:iam::aws:policy/AutoScalingServiceRolePolicy",
        "arn:aws-cn:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::111122223333:policy/ReadOnlyAccess",
    ] {
        assert!(policy(arn).is_none(), "{arn}");
    }
}
