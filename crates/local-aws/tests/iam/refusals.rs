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
