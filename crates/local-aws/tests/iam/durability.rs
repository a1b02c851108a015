//! What IAM made is there after a restart, as it was.

use local_aws::Options;

use crate::{
    support::{ACCOUNT, allow, as_signer, assume, done, iam, identity, start_at, trust},
    wire::{self, Signer},
};

#[tokio::test]
async fn everything_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let aws = start_at(&path, Options::default()).await;
    let role = done(&aws, "CreateRole", &[("RoleName", "Kept"), ("AssumeRolePolicyDocument", &trust())]).await;
    done(&aws, "PutRolePolicy", &[("RoleName", "Kept"), ("PolicyName", "p"), ("PolicyDocument", &allow("kms:*"))])
        .await;
    let policy =
        done(&aws, "CreatePolicy", &[("PolicyName", "Kept"), ("PolicyDocument", &allow("iam:ListRoles"))]).await;
    let arn = policy.element("Arn");
    let user = done(&aws, "CreateUser", &[("UserName", "kept"), ("PermissionsBoundary", &arn)]).await;
    done(&aws, "CreateGroup", &[("GroupName", "kept")]).await;
    done(&aws, "AttachGroupPolicy", &[("GroupName", "kept"), ("PolicyArn", &arn)]).await;
    done(&aws, "AddUserToGroup", &[("GroupName", "kept"), ("UserName", "kept")]).await;
    let keys = done(&aws, "CreateAccessKey", &[("UserName", "kept")]).await;
    let signer = Signer {
        access_key_id: keys.element("AccessKeyId"),
        secret: aws_model::SecretBytes::new(keys.element("SecretAccessKey").into_bytes()),
        ..wire::root(&aws, "sts")
    };
    done(&aws, "CreateInstanceProfile", &[("InstanceProfileName", "kept")]).await;
    done(&aws, "AddRoleToInstanceProfile", &[("InstanceProfileName", "kept"), ("RoleName", "Kept")]).await;
    done(&aws, "CreateAccountAlias", &[("AccountAlias", "kept")]).await;
    done(&aws, "CreateOpenIDConnectProvider", &[("Url", "https://oidc.example.com/kept")]).await;
    aws.shutdown().await;

    let aws = start_at(&path, Options::default()).await;
    let again = done(&aws, "GetRole", &[("RoleName", "Kept")]).await;
    for element in ["RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"] {
        assert_eq!(again.element(element), role.element(element), "{element}");
    }
    done(&aws, "GetRolePolicy", &[("RoleName", "Kept"), ("PolicyName", "p")]).await;
    assert_eq!(assume(&aws, "Kept").await.status, 200);
    let caller = identity(&aws, &Signer { time: jiff::Timestamp::now(), ..signer }).await;
    assert_eq!(caller.element("UserId"), user.element("UserId"));
    // The user may what its group may, within its boundary.
    let signer = Signer {
        access_key_id: keys.element("AccessKeyId"),
        secret: aws_model::SecretBytes::new(keys.element("SecretAccessKey").into_bytes()),
        ..wire::root(&aws, "iam")
    };
    assert_eq!(as_signer(&aws, &signer, "ListRoles", &[]).await.status, 200);
    assert_eq!(as_signer(&aws, &signer, "ListUsers", &[]).await.query_error().1, "AccessDenied");
    assert_eq!(done(&aws, "GetInstanceProfile", &[("InstanceProfileName", "kept")]).await.element("RoleName"), "Kept");
    assert!(done(&aws, "ListAccountAliases", &[]).await.body.contains("<member>kept</member>"));
    let provider = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.example.com/kept");
    done(&aws, "GetOpenIDConnectProvider", &[("OpenIDConnectProviderArn", &provider)]).await;
    // The account stays closed: a role that nobody made is not there.
    assert_eq!(assume(&aws, "Nobody").await.query_error().1, "AccessDenied");
    done(&aws, "DeleteUserPermissionsBoundary", &[("UserName", "kept")]).await;
    aws.shutdown().await;

    let aws = start_at(&path, Options::default()).await;
    assert!(!done(&aws, "GetUser", &[("UserName", "kept")]).await.body.contains("PermissionsBoundary"));
    aws.shutdown().await;
}

#[tokio::test]
async fn a_trust_policy_means_the_same_role_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let aws = start_at(&path, Options::default()).await;
    let trusted = done(&aws, "CreateRole", &[("RoleName", "Trusted"), ("AssumeRolePolicyDocument", &trust())]).await;
    let by_name = trust().replace(&format!("arn:aws:iam::{ACCOUNT}:root"), &trusted.element("Arn"));
    done(&aws, "CreateRole", &[("RoleName", "Trusting"), ("AssumeRolePolicyDocument", &by_name)]).await;
    done(&aws, "DeleteRole", &[("RoleName", "Trusted")]).await;
    done(&aws, "CreateRole", &[("RoleName", "Trusted"), ("AssumeRolePolicyDocument", &trust())]).await;
    let told = done(&aws, "GetRole", &[("RoleName", "Trusting")]).await.element("AssumeRolePolicyDocument");
    assert!(told.contains(&trusted.element("RoleId")), "{told}");
    aws.shutdown().await;

    let aws = start_at(&path, Options::default()).await;
    assert_eq!(done(&aws, "GetRole", &[("RoleName", "Trusting")]).await.element("AssumeRolePolicyDocument"), told);
    assert_eq!(iam(&aws, "GetRole", &[("RoleName", "Nobody")]).await.query_error().1, "NoSuchEntity");
    aws.shutdown().await;
}

#[tokio::test]
async fn what_users_sign_in_with_is_the_same_after_a_restart() {
    const PASSWORD: &str = "Kept-Passw0rd";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let kept = ("UserName", "kept");
    let aws = start_at(&path, Options::default()).await;
    done(&aws, "CreateUser", &[kept]).await;
    done(&aws, "UpdateAccountPasswordPolicy", &[("PasswordReusePrevention", "1")]).await;
    done(&aws, "CreateLoginProfile", &[kept, ("Password", PASSWORD)]).await;
    let service = ("ServiceName", "codecommit.amazonaws.com");
    let made = done(&aws, "CreateServiceSpecificCredential", &[kept, service]).await;
    let device = done(&aws, "CreateVirtualMFADevice", &[("VirtualMFADeviceName", "kept")]).await;
    done(&aws, "GenerateCredentialReport", &[]).await;
    let report = done(&aws, "GetCredentialReport", &[]).await.element("Content");
    aws.shutdown().await;

    let aws = start_at(&path, Options::default()).await;
    assert_eq!(done(&aws, "GetAccountPasswordPolicy", &[]).await.element("PasswordReusePrevention"), "1");
    // It is known that this is the password that there was, and another is another.
    let again = iam(&aws, "UpdateLoginProfile", &[kept, ("Password", PASSWORD)]).await;
    assert_eq!(again.query_error().1, "PasswordPolicyViolation");
    done(&aws, "UpdateLoginProfile", &[kept, ("Password", "Other-Passw0rd")]).await;
    let listed = done(&aws, "ListServiceSpecificCredentials", &[kept]).await;
    let id = made.element("ServiceSpecificCredentialId");
    assert_eq!(listed.element("ServiceSpecificCredentialId"), id);
    let reset = done(&aws, "ResetServiceSpecificCredential", &[kept, ("ServiceSpecificCredentialId", &id)]).await;
    assert_ne!(reset.element("ServicePassword"), made.element("ServicePassword"));
    let devices = done(&aws, "ListVirtualMFADevices", &[]).await;
    assert_eq!(devices.element("SerialNumber"), device.element("SerialNumber"));
    assert_eq!(done(&aws, "GetCredentialReport", &[]).await.element("Content"), report);
    aws.shutdown().await;
}
