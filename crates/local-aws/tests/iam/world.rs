//! Users, roles, groups and policies of a world file: there like any others, and what becomes of changes to them.

use authz::{
    file::{NoFiles, world},
    text::SourceText,
};
use local_aws::{Options, Running};

use crate::{
    support::{ACCOUNT, allow, assume, done, iam, start_at, trust},
    wire::start_with,
};

fn options(description: &str) -> Options {
    let text = format!(
        r#"
accounts: {{"{ACCOUNT}": {{identities: partial}}}}
managedPolicies:
  arn:aws:iam::{ACCOUNT}:policy/team/Read: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "kms:Describe*", Resource: "*"}}]}}
groups:
  arn:aws:iam::{ACCOUNT}:group/Readers: {{managed: ["arn:aws:iam::{ACCOUNT}:policy/team/Read"]}}
users:
  arn:aws:iam::{ACCOUNT}:user/ann: {{groups: [Readers], tags: {{team: blue}}}}
roles:
  arn:aws:iam::{ACCOUNT}:role/team/Told:
    id: AROATOLDTOLDTOLDTOLD1
    maxSession: 7200
    trust: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Principal: {{AWS: "{ACCOUNT}"}}, Action: "sts:AssumeRole"}}]}}
    policies: {{inline: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "{description}", Resource: "*"}}]}}}}
    managed: ["arn:aws:iam::{ACCOUNT}:policy/team/Read"]
"#
    );
    let world = world::read(&SourceText::new("world.yaml", text), &NoFiles).unwrap();
    Options { world, ..Options::default() }
}

async fn inline(aws: &Running) -> String {
    done(aws, "GetRolePolicy", &[("RoleName", "Told"), ("PolicyName", "inline")]).await.element("PolicyDocument")
}

#[tokio::test]
async fn what_a_world_file_tells_is_seen_by_iam() {
    let aws = start_with(options("kms:Sign")).await;
    let role = done(&aws, "GetRole", &[("RoleName", "Told")]).await;
    assert_eq!(role.element("RoleId"), "AROATOLDTOLDTOLDTOLD1");
    assert_eq!(role.element("Path"), "/team/");
    assert_eq!(role.element("MaxSessionDuration"), "7200");
    assert!(role.element("AssumeRolePolicyDocument").contains("sts%3AAssumeRole"), "{role:?}");
    assert!(inline(&aws).await.contains("kms%3ASign"));
    let attached = done(&aws, "ListAttachedRolePolicies", &[("RoleName", "Told")]).await;
    assert_eq!(attached.element("PolicyArn"), format!("arn:aws:iam::{ACCOUNT}:policy/team/Read"));
    let policy = done(&aws, "GetPolicy", &[("PolicyArn", &attached.element("PolicyArn"))]).await;
    assert_eq!(policy.element("AttachmentCount"), "2");
    assert_eq!(done(&aws, "GetGroup", &[("GroupName", "Readers")]).await.element("UserName"), "ann");
    assert_eq!(done(&aws, "ListUserTags", &[("UserName", "ann")]).await.element("Value"), "blue");
    aws.shutdown().await;
}

/// Source: IAM User Guide, "IAM and AWS STS quotas" > "IAM object quotas" (`Role trust policy length`).
#[tokio::test]
async fn an_account_whose_quota_aws_raised_takes_longer_trust_policies() {
    let long =
        |size: usize| trust().replacen('{', &format!(r#"{{"Id":"{}","#, "x".repeat(size - trust().len() - 8)), 1);
    for (quota, taken) in [("2048", 2_000), ("4096", 4_000)] {
        let text = format!(r#"accounts: {{"{ACCOUNT}": {{roleTrustPolicyLength: {quota}}}}}"#);
        let world = world::read(&SourceText::new("world.yaml", text), &NoFiles).unwrap();
        let aws = start_with(Options { world, ..Options::default() }).await;
        done(&aws, "CreateRole", &[("RoleName", "Long"), ("AssumeRolePolicyDocument", &long(taken))]).await;
        let longer = [("RoleName", "Long"), ("PolicyDocument", &*long(4_200))];
        let (status, code, message) = iam(&aws, "UpdateAssumeRolePolicy", &longer).await.query_error();
        assert_eq!((status, code.as_str()), (409, "LimitExceeded"));
        assert_eq!(message, format!("Cannot exceed quota for ACLSizePerRole: {quota}"));
        aws.shutdown().await;
    }
}

#[tokio::test]
async fn a_change_to_what_the_file_tells_goes_before_it_and_the_rest_follows_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let aws = start_at(&path, options("kms:Sign")).await;
    done(&aws, "TagUser", &[("UserName", "ann"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")]).await;
    aws.shutdown().await;

    // The role was not changed, so that it is as the file tells it now; the user was.
    let aws = start_at(&path, options("kms:Verify")).await;
    assert!(inline(&aws).await.contains("kms%3AVerify"));
    assert_eq!(done(&aws, "ListUserTags", &[("UserName", "ann")]).await.element("Value"), "red");
    assert_eq!(done(&aws, "ListGroupsForUser", &[("UserName", "ann")]).await.element("GroupName"), "Readers");
    let put = [("RoleName", "Told"), ("PolicyName", "inline"), ("PolicyDocument", &allow("kms:Decrypt"))];
    done(&aws, "PutRolePolicy", &put).await;
    aws.shutdown().await;

    let aws = start_at(&path, options("kms:Verify")).await;
    assert!(inline(&aws).await.contains("kms%3ADecrypt"));
    assert_eq!(assume(&aws, "team/Told").await.status, 200);
    aws.shutdown().await;
}

#[tokio::test]
async fn what_was_deleted_does_not_come_back_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let aws = start_at(&path, options("kms:Sign")).await;
    done(&aws, "RemoveUserFromGroup", &[("GroupName", "Readers"), ("UserName", "ann")]).await;
    done(&aws, "DeleteUser", &[("UserName", "ann")]).await;
    aws.shutdown().await;

    let aws = start_at(&path, options("kms:Sign")).await;
    assert_eq!(iam(&aws, "GetUser", &[("UserName", "ann")]).await.query_error().1, "NoSuchEntity");
    assert!(!done(&aws, "GetGroup", &[("GroupName", "Readers")]).await.body.contains("<UserName>"));
    done(&aws, "CreateUser", &[("UserName", "ann")]).await;
    aws.shutdown().await;

    let aws = start_at(&path, options("kms:Sign")).await;
    done(&aws, "GetUser", &[("UserName", "ann")]).await;
    aws.shutdown().await;
}

#[tokio::test]
async fn a_role_that_was_made_again_at_another_path_goes_before_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let aws = start_at(&path, options("kms:Sign")).await;
    let attached = format!("arn:aws:iam::{ACCOUNT}:policy/team/Read");
    done(&aws, "DetachRolePolicy", &[("RoleName", "Told"), ("PolicyArn", &attached)]).await;
    done(&aws, "DeleteRolePolicy", &[("RoleName", "Told"), ("PolicyName", "inline")]).await;
    done(&aws, "DeleteRole", &[("RoleName", "Told")]).await;
    done(&aws, "CreateRole", &[("RoleName", "Told"), ("AssumeRolePolicyDocument", &trust())]).await;
    aws.shutdown().await;

    let aws = start_at(&path, options("kms:Sign")).await;
    assert_eq!(done(&aws, "GetRole", &[("RoleName", "Told")]).await.element("Path"), "/");
    assert_eq!((assume(&aws, "Told").await.status, assume(&aws, "team/Told").await.status), (200, 403));
    aws.shutdown().await;
}
