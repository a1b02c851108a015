//! Whom key policies and grants name, among the users and roles that IAM made.

use aws_model::SecretBytes;
use local_aws::{Options, Running};

use crate::{
    support::{ACCOUNT, assume, done, start_at, trust},
    wire::{self, Answer, Signer, start_with},
};

/// A key policy for the account, and for somebody of it.
fn policy(principal: &str) -> String {
    let allow =
        |who: &str| format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{who}"}},"Action":"kms:*","Resource":"*"}}"#);
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    format!(r#"{{"Version":"2012-10-17","Statement":[{},{}]}}"#, allow(&root), allow(principal))
}

async fn kms(aws: &Running, operation: &str, input: serde_json::Value) -> Answer {
    let body = input.to_string();
    wire::kms(operation, &body).signed(aws, &wire::root(aws, "kms")).send(aws).await
}

/// Makes a key under a policy that names this principal; its id.
async fn key(aws: &Running, principal: &str) -> String {
    let made = kms(aws, "CreateKey", serde_json::json!({"Policy": policy(principal)})).await;
    assert_eq!(made.status, 200, "{made:?}");
    let made: serde_json::Value = serde_json::from_str(&made.body).unwrap();
    made.pointer("/KeyMetadata/KeyId").unwrap().as_str().unwrap().to_owned()
}

async fn role(aws: &Running, name: &str) -> (String, String) {
    let role = done(aws, "CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", &trust())]).await;
    (role.element("Arn"), role.element("RoleId"))
}

/// Whether a new session of a role may describe a key.
async fn may_describe(aws: &Running, name: &str, key: &str) -> bool {
    let session = assume(aws, name).await;
    let signer = Signer {
        access_key_id: session.element("AccessKeyId"),
        secret: SecretBytes::new(session.element("SecretAccessKey").into_bytes()),
        token: Some(SecretBytes::new(session.element("SessionToken").into_bytes())),
        ..wire::root(aws, "kms")
    };
    let request = wire::kms("DescribeKey", &serde_json::json!({"KeyId": key}).to_string());
    request.signed(aws, &signer).send(aws).await.status == 200
}

/// Rule: `iam-policy-key-principals-exist`.
#[tokio::test]
async fn whom_a_key_policy_names_is_there() {
    let aws = start_with(Options::default()).await;
    // An account of which nobody told the users and roles has each that is named.
    key(&aws, &format!("arn:aws:iam::{ACCOUNT}:role/Nobody")).await;
    let (arn, id) = role(&aws, "Named").await;
    let kept = key(&aws, &arn).await;
    let foreign = key(&aws, "arn:aws:iam::444455556666:role/Untold").await;
    done(&aws, "DeleteRole", &[("RoleName", "Named")]).await;
    // AWS keeps telling who is gone, and takes the id no more.
    let told = kms(&aws, "GetKeyPolicy", serde_json::json!({"KeyId": kept})).await;
    assert!(told.body.contains(&id) && !told.body.contains(&arn), "{told:?}");
    // A session may be named that is not there yet, a role at another path than its own may not.
    role(&aws, "There").await;
    key(&aws, &format!("arn:aws:sts::{ACCOUNT}:assumed-role/There/not-yet")).await;
    let elsewhere = format!("arn:aws:iam::{ACCOUNT}:role/team/There");
    for nobody in [&format!("arn:aws:iam::{ACCOUNT}:user/nobody"), &elsewhere, &arn, &id] {
        let input = serde_json::json!({"KeyId": foreign, "PolicyName": "default", "Policy": policy(nobody)});
        for (operation, input) in
            [("PutKeyPolicy", input), ("CreateKey", serde_json::json!({"Policy": policy(nobody)}))]
        {
            let refused = kms(&aws, operation, input).await;
            assert_eq!(refused.status, 400, "{operation} for {nobody}");
            assert!(refused.body.contains("MalformedPolicyDocumentException"), "{refused:?}");
            let message = "Policy contains a statement with one or more invalid principals.";
            assert!(refused.body.contains(message), "{refused:?}");
        }
    }
    aws.shutdown().await;
}

/// Rule: `iam-principal-id-shown`.
#[tokio::test]
async fn who_is_gone_is_shown_by_the_id_where_the_policy_names_whom_and_nowhere_else() {
    let aws = start_with(Options::default()).await;
    let (arn, id) = role(&aws, "Named").await;
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    // As a principal it is written with an escape and beside another; as an id, a value and a resource it is text.
    let escaped = arn.replace('/', r"\/");
    let policy = |named: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[
  {{"Sid":"{arn}","Effect":"Allow","Principal":{{"AWS":["{root}","{named}"]}},"Action":"kms:*","Resource":"*"}},
  {{"Effect":"Deny","Principal":"*","Action":"kms:Encrypt","Resource":"{arn}",
    "Condition":{{"ArnEquals":{{"aws:PrincipalArn":"{arn}"}}}}}}]}}"#
        )
    };
    let made = kms(&aws, "CreateKey", serde_json::json!({"Policy": policy(&escaped)})).await;
    let made: serde_json::Value = serde_json::from_str(&made.body).unwrap();
    let key = made.pointer("/KeyMetadata/KeyId").unwrap();
    let told = async || {
        let told = kms(&aws, "GetKeyPolicy", serde_json::json!({"KeyId": key})).await;
        let told: serde_json::Value = serde_json::from_str(&told.body).unwrap();
        told["Policy"].as_str().unwrap().to_owned()
    };
    assert_eq!(told().await, policy(&escaped));
    done(&aws, "DeleteRole", &[("RoleName", "Named")]).await;
    assert_eq!(told().await, policy(&id));
    aws.shutdown().await;
}

#[tokio::test]
async fn a_key_policy_and_a_grant_mean_the_same_role_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let aws = start_at(&path, Options::default()).await;
    let (named, named_id) = role(&aws, "Named").await;
    let (granted, _) = role(&aws, "Granted").await;
    let (staying, _) = role(&aws, "Staying").await;
    let (by_policy, by_grant) = (key(&aws, &named).await, key(&aws, &staying).await);
    let grant = serde_json::json!({"KeyId": by_grant, "GranteePrincipal": granted, "Operations": ["DescribeKey"]});
    assert_eq!(kms(&aws, "CreateGrant", grant).await.status, 200);
    let each = [("Named", &by_policy), ("Granted", &by_grant), ("Staying", &by_grant)];
    for (name, key) in each {
        assert!(may_describe(&aws, name, key).await, "{name}");
    }
    for name in ["Named", "Granted"] {
        done(&aws, "DeleteRole", &[("RoleName", name)]).await;
        role(&aws, name).await;
    }
    aws.shutdown().await;

    let aws = start_at(&path, Options::default()).await;
    for (name, key) in each {
        assert_eq!(may_describe(&aws, name, key).await, name == "Staying", "{name}");
    }
    let told = kms(&aws, "GetKeyPolicy", serde_json::json!({"KeyId": by_policy})).await;
    assert!(told.body.contains(&named_id), "{told:?}");
    aws.shutdown().await;
}
