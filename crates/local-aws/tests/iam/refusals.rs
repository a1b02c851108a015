//! What the ledger of rules says that IAM itself refuses, whatever policies allow.

use crate::{
    support::{ACCOUNT, allow, done, iam, trust},
    wire::start,
};

/// Rule: `iam-policy-count-attached`.
#[tokio::test]
async fn a_role_carries_ten_managed_policies() {
    let aws = start().await;
    done(&aws, "CreateRole", &[("RoleName", "Full"), ("AssumeRolePolicyDocument", &trust())]).await;
    for at in 0..=10 {
        let name = format!("p{at}");
        done(&aws, "CreatePolicy", &[("PolicyName", &name), ("PolicyDocument", &allow("s3:GetObject"))]).await;
        let arn = format!("arn:aws:iam::{ACCOUNT}:policy/{name}");
        let attach = [("RoleName", "Full"), ("PolicyArn", arn.as_str())];
        if at < 10 {
            done(&aws, "AttachRolePolicy", &attach).await;
        } else {
            let (status, code, message) = iam(&aws, "AttachRolePolicy", &attach).await.query_error();
            assert_eq!((status, code.as_str()), (409, "LimitExceeded"));
            assert_eq!(message, "Cannot exceed quota for PoliciesPerRole: 10");
            // A boundary is none of them.
            done(&aws, "PutRolePermissionsBoundary", &[("RoleName", "Full"), ("PermissionsBoundary", &arn)]).await;
        }
    }
    aws.shutdown().await;
}

/// Rule: `iam-policy-trust-principals-exist`.
#[tokio::test]
async fn whom_a_trust_policy_names_is_there() {
    let aws = start().await;
    done(&aws, "CreateRole", &[("RoleName", "First"), ("AssumeRolePolicyDocument", &trust())]).await;
    let naming = |role: &str| trust().replace(":root", &format!(":role/{role}"));
    let nobody = [("RoleName", "Second"), ("AssumeRolePolicyDocument", &*naming("Nobody"))];
    let (status, code, message) = iam(&aws, "CreateRole", &nobody).await.query_error();
    assert_eq!((status, code.as_str()), (400, "MalformedPolicyDocument"));
    assert_eq!(message, format!(r#"Invalid principal in policy: "AWS":"arn:aws:iam::{ACCOUNT}:role/Nobody""#));
    done(&aws, "CreateRole", &[("RoleName", "Second"), ("AssumeRolePolicyDocument", &naming("First"))]).await;
    aws.shutdown().await;
}

/// Rule: `slr-no-boundary`.
#[tokio::test]
async fn a_service_linked_role_takes_no_boundary() {
    let aws = start().await;
    done(&aws, "CreateServiceLinkedRole", &[("AWSServiceName", "autoscaling.amazonaws.com")]).await;
    done(&aws, "CreatePolicy", &[("PolicyName", "limit"), ("PolicyDocument", &allow("ec2:*"))]).await;
    let limit = format!("arn:aws:iam::{ACCOUNT}:policy/limit");
    let boundary = [("RoleName", "AWSServiceRoleForAutoScaling"), ("PermissionsBoundary", limit.as_str())];
    let (status, code, _) = iam(&aws, "PutRolePermissionsBoundary", &boundary).await.query_error();
    assert_eq!((status, code.as_str()), (400, "UnmodifiableEntity"));
    aws.shutdown().await;
}

/// Actions and resources multiply: a request of one megabyte could ask for a billion decisions, and for room for them.
#[tokio::test]
async fn the_simulator_is_asked_so_much_at_once() {
    let aws = start().await;
    let simulate = |actions: usize, resources: usize| {
        let mut parameters = vec![("PolicyInputList.member.1".to_owned(), allow("s3:GetObject"))];
        parameters.extend((1..=actions).map(|at| (format!("ActionNames.member.{at}"), format!("s3:Action{at}"))));
        parameters
            .extend((1..=resources).map(|at| (format!("ResourceArns.member.{at}"), format!("arn:aws:s3:::b{at}"))));
        parameters
    };
    for (actions, resources, taken) in [(100, 100, true), (101, 100, false), (10_001, 0, false)] {
        let parameters = simulate(actions, resources);
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = iam(&aws, "SimulateCustomPolicy", &parameters).await;
        assert_eq!(answer.status, if taken { 200 } else { 400 }, "{actions} on {resources}");
        if !taken {
            assert_eq!(answer.query_error().1, "InvalidInput");
        }
    }
    aws.shutdown().await;
}
