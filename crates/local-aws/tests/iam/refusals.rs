//! What the ledger of rules says that IAM itself refuses, whatever policies allow.

use local_aws::{Options, Quotas};

use crate::{
    support::{ACCOUNT, allow, done, iam, trust},
    wire::{start, start_with},
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

#[tokio::test]
async fn a_quota_is_what_the_account_has_and_its_summary_tells_it() {
    let quotas = ["RolesPerAccount=2", "GroupsPerAccount=1", "PoliciesPerAccount=2", "InstanceProfilesPerAccount=1"];
    let quotas =
        quotas.into_iter().chain(["OpenIdConnectProvidersPerAccount=1", "PoliciesPerRole=1", "PoliciesPerUser=1"]);
    let quotas =
        quotas.chain(["ACLSizePerRole=4096"]).fold(Quotas::default(), |all, one| all.with(one.parse().unwrap()));
    let aws = start_with(Options { quotas, ..Options::default() }).await;
    let long = trust().replace(r#""Effect""#, &format!(r#""Sid":"{}","Effect""#, "S".repeat(3000)));
    let (role, user) = (("RoleName", "R"), ("UserName", "U"));
    done(&aws, "CreateRole", &[role, ("AssumeRolePolicyDocument", &long)]).await;
    done(&aws, "CreateUser", &[user]).await;
    let policy = |name: &str| format!("arn:aws:iam::{ACCOUNT}:policy/{name}");
    let document = ("PolicyDocument", &*allow("s3:GetObject"));
    let arns = [policy("p0"), policy("p1")];
    for (made, more, most) in [
        ("Role", ("AssumeRolePolicyDocument", &*trust()), 2),
        ("Group", ("Path", "/"), 1),
        ("Policy", document, 2),
        ("InstanceProfile", ("Path", "/"), 1),
    ] {
        let (operation, name) = (format!("Create{made}"), format!("{made}Name"));
        // The role that is there is one of them.
        for at in (usize::from(made == "Role"))..most {
            done(&aws, &operation, &[(&name, &format!("p{at}")), more]).await;
        }
        let (status, code, message) = iam(&aws, &operation, &[(&name, "more"), more]).await.query_error();
        assert_eq!((status, code.as_str()), (409, "LimitExceeded"));
        let plural = if made == "Policy" { "Policies".to_owned() } else { format!("{made}s") };
        assert_eq!(message, format!("Cannot exceed quota for {plural}PerAccount: {most}"));
    }
    done(&aws, "CreateOpenIDConnectProvider", &[("Url", "https://a.example.com")]).await;
    for (operation, given, quota) in [
        ("CreateOpenIDConnectProvider", &[("Url", "https://b.example.com")][..], "OpenIdConnectProvidersPerAccount"),
        ("AttachRolePolicy", &[role, ("PolicyArn", &*arns[1])], "PoliciesPerRole"),
        ("AttachUserPolicy", &[user, ("PolicyArn", &*arns[1])], "PoliciesPerUser"),
    ] {
        if operation.starts_with("Attach") {
            done(&aws, operation, &[given[0], ("PolicyArn", &arns[0])]).await;
        }
        let (_, code, message) = iam(&aws, operation, given).await.query_error();
        assert_eq!((code.as_str(), message), ("LimitExceeded", format!("Cannot exceed quota for {quota}: 1")));
    }
    let summary = done(&aws, "GetAccountSummary", &[]).await.body;
    for (name, most) in [
        ("RolesQuota", 2),
        ("GroupsQuota", 1),
        ("PoliciesQuota", 2),
        ("InstanceProfilesQuota", 1),
        ("AttachedPoliciesPerRoleQuota", 1),
        ("AttachedPoliciesPerUserQuota", 1),
        ("AssumeRolePolicySizeQuota", 4096),
    ] {
        let entry = format!("<key>{name}</key><value>{most}</value>");
        assert!(summary.contains(&entry), "{name}: {summary}");
    }
    aws.shutdown().await;
}
