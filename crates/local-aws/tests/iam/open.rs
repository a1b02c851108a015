//! Accounts of which nobody told the users and roles, and what becomes of them when IAM makes the first.

use authz::{
    file::{NoFiles, world},
    text::SourceText,
};
use aws_model::SecretBytes;
use local_aws::{Credential, Options};

use crate::{
    support::{ACCOUNT, allow, assume, done, iam, identity, start_at, trust},
    wire::{self, of, start, start_with},
};

#[tokio::test]
async fn the_first_role_closes_an_open_account_to_those_that_nobody_met() {
    let aws = start().await;
    assert_eq!(assume(&aws, "Met").await.status, 200);
    assert_eq!(assume(&aws, "Again").await.status, 200);
    // Who was met is an administrator, and no role of IAM's.
    assert_eq!(iam(&aws, "GetRole", &[("RoleName", "Met")]).await.query_error().1, "NoSuchEntity");
    done(&aws, "CreateRole", &[("RoleName", "Made"), ("AssumeRolePolicyDocument", &trust())]).await;
    assert_eq!(assume(&aws, "Made").await.status, 200);
    assert_eq!(assume(&aws, "Met").await.status, 200);
    let (status, code, message) = assume(&aws, "Unmet").await.query_error();
    assert_eq!((status, code.as_str()), (403, "AccessDenied"));
    assert!(message.ends_with("sts:AssumeRole on resource: arn:aws:iam::111122223333:role/Unmet"), "{message}");
    // Made by IAM, a role of that name is what it was made.
    done(&aws, "CreateRole", &[("RoleName", "Met"), ("AssumeRolePolicyDocument", &trust())]).await;
    assert!(done(&aws, "GetRole", &[("RoleName", "Met")]).await.element("RoleId").starts_with("AROA"));
    // Of another path, too: names are unique whatever the path.
    let elsewhere = [("RoleName", "Again"), ("Path", "/team/"), ("AssumeRolePolicyDocument", &trust())];
    done(&aws, "CreateRole", &elsewhere).await;
    assert_eq!((assume(&aws, "team/Again").await.status, assume(&aws, "Again").await.status), (200, 403));
    // Other accounts stay open.
    assert!(aws.accounts().len() == 1);
    aws.shutdown().await;
}

#[tokio::test]
async fn a_role_that_nobody_told_is_at_whatever_path_it_is_asked_for() {
    let aws = start().await;
    let session = assume(&aws, "one/Twin").await;
    let signer = wire::Signer {
        access_key_id: session.element("AccessKeyId"),
        secret: SecretBytes::new(session.element("SecretAccessKey").into_bytes()),
        token: Some(SecretBytes::new(session.element("SessionToken").into_bytes())),
        ..wire::root(&aws, "sts")
    };
    for role in ["two/Twin", "Twin", "one/Twin", "two/Twin"] {
        assert_eq!(assume(&aws, role).await.status, 200, "{role}");
    }
    // A session of the first goes on, with what it may.
    assert!(identity(&aws, &signer).await.element("Arn").ends_with(":assumed-role/Twin/me"));
    aws.shutdown().await;
}

#[tokio::test]
async fn an_account_that_the_world_file_calls_partial_stays_open() {
    let text = format!(r#"{{"accounts": {{"{ACCOUNT}": {{"identities": "partial"}}}}}}"#);
    let world = world::read(&SourceText::new("world", text), &NoFiles).unwrap();
    let aws = start_with(Options { world, ..Options::default() }).await;
    done(&aws, "CreateRole", &[("RoleName", "Made"), ("AssumeRolePolicyDocument", &trust())]).await;
    assert_eq!(assume(&aws, "Unmet").await.status, 200);
    aws.shutdown().await;
}

#[tokio::test]
async fn holders_of_given_credentials_are_there_before_an_account_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let dev: Credential = format!("AKIADEV:dev:arn:aws:iam::{ACCOUNT}:user/dev").parse().unwrap();
    let options = || Options { credentials: vec![dev.clone()], ..Options::default() };
    for restarted in [false, true] {
        let aws = start_at(&path, options()).await;
        if !restarted {
            done(&aws, "CreateUser", &[("UserName", "ann")]).await;
        }
        let dev_is = identity(&aws, &of(&dev, "sts")).await;
        assert_eq!(dev_is.element("Arn"), format!("arn:aws:iam::{ACCOUNT}:user/dev"));
        let listed = crate::support::as_signer(&aws, &of(&dev, "iam"), "ListUsers", &[]).await;
        assert!(listed.body.contains("<UserName>ann</UserName>"), "{listed:?}");
        aws.shutdown().await;
    }
}

#[tokio::test]
async fn a_policy_of_an_open_account_narrows_who_carries_it() {
    let aws = start().await;
    done(&aws, "CreateUser", &[("UserName", "ann")]).await;
    let policy = [("UserName", "ann"), ("PolicyName", "p"), ("PolicyDocument", &allow("iam:GetUser"))];
    done(&aws, "PutUserPolicy", &policy).await;
    let keys = done(&aws, "CreateAccessKey", &[("UserName", "ann")]).await;
    let text = format!("{}:{}:{ACCOUNT}", keys.element("AccessKeyId"), keys.element("SecretAccessKey"));
    let ann = of(&text.parse::<Credential>().unwrap(), "iam");
    assert_eq!(crate::support::as_signer(&aws, &ann, "GetUser", &[]).await.element("UserName"), "ann");
    assert_eq!(crate::support::as_signer(&aws, &ann, "ListUsers", &[]).await.query_error().1, "AccessDenied");
    aws.shutdown().await;
}

/// The root user of an account that IAM has closed goes on assuming roles, which it does as a user of a name that no user
/// can have. It is nobody to others.
#[tokio::test]
async fn the_world_of_a_closed_account_does_not_tell_as_whom_its_root_user_assumes_roles() {
    let aws = start().await;
    done(&aws, "CreateRole", &[("RoleName", "Made"), ("AssumeRolePolicyDocument", &trust())]).await;
    let request = wire::Request { method: "GET", query: String::new(), headers: Vec::new(), body: Vec::new() };
    let told = request.send_to(&aws, "/_claviger/world").await.body;
    assert_eq!(assume(&aws, "Made").await.status, 200);
    aws.shutdown().await;

    let world = world::read(&SourceText::new("told", told.as_str()), &NoFiles).unwrap();
    let account = world.account(ACCOUNT.parse().unwrap()).unwrap();
    assert!(!account.identities_are_partial && account.users().next().is_none(), "{told}");

    // An embedded AWS that starts with it has no such user, and a root user who assumes no roles, as on AWS.
    let aws = start_with(Options { world, accounts: vec![ACCOUNT.parse().unwrap()], ..Options::default() }).await;
    let listed = done(&aws, "ListUsers", &[]).await;
    assert!(!listed.body.contains("<member>"), "{listed:?}");
    assert_eq!(assume(&aws, "Made").await.query_error().1, "AccessDenied");
    aws.shutdown().await;
}
