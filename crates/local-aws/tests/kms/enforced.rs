//! What key policies and grants let callers do, decided anew with each change.

use serde_json::{Value, json};

use crate::world::{Client, OWNER, STRANGER, World, base64};

const SEALING: [&str; 3] = ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"];

fn statement(effect: &str, principal: &str, actions: &[&str]) -> Value {
    json!({ "Effect": effect, "Principal": { "AWS": principal }, "Action": actions, "Resource": "*" })
}

fn policy(statements: &[Value]) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn to_owner() -> Value {
    statement("Allow", &format!("arn:aws:iam::{OWNER}:root"), &["kms:*"])
}

async fn put(owner: &Client<'_>, key: &str, statements: &[Value]) {
    owner.ok("PutKeyPolicy", json!({ "KeyId": key, "Policy": policy(statements) })).await;
}

fn encrypt(key: &str) -> Value {
    json!({ "KeyId": key, "Plaintext": base64(b"x") })
}

#[tokio::test]
async fn a_key_policy_lets_another_account_in_and_out_again() {
    let world = World::new();
    let (owner, node, root) = (world.owner(), world.role(STRANGER, "nodes"), world.root(STRANGER));
    let key = owner.key().await;
    assert_eq!(node.code("Encrypt", encrypt(&key)).await, "AccessDeniedException");
    let to_stranger = statement("Allow", &format!("arn:aws:iam::{STRANGER}:root"), &SEALING);
    put(&owner, &key, &[to_owner(), to_stranger]).await;
    for caller in [&node, &root] {
        let blob = caller.encrypt(&key, b"x").await;
        assert_eq!(caller.decrypt(&blob).await, b"x");
        // No policy lets another account do this.
        assert_eq!(caller.code("DisableKey", json!({ "KeyId": key })).await, "AccessDeniedException");
    }
    put(&owner, &key, &[to_owner()]).await;
    assert_eq!(node.code("Encrypt", encrypt(&key)).await, "AccessDeniedException");
}

#[tokio::test]
async fn a_deny_binds_the_root_user_and_is_told_in_awss_words() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    put(&owner, &key, &[to_owner(), statement("Deny", "*", &["kms:Encrypt"])]).await;
    let (code, message) = owner.refused("Encrypt", encrypt(&key)).await;
    assert_eq!(code, "AccessDeniedException");
    assert_eq!(
        message,
        format!(
            "User: arn:aws:iam::{OWNER}:root is not authorized to perform: kms:Encrypt on resource: {key} with an \
             explicit deny in a resource-based policy"
        )
    );
    owner.describe(&key).await;
}

#[tokio::test]
async fn who_is_not_in_the_key_policy_of_its_own_account_is_denied_but_by_a_grant() {
    let world = World::new();
    let (admin, app) = (world.role(OWNER, "admin"), world.role(OWNER, "app"));
    let to_admin = statement("Allow", &format!("arn:aws:iam::{OWNER}:role/admin"), &["kms:*"]);
    let key = admin.key_like(json!({ "Policy": policy(&[to_admin]) })).await;
    assert_eq!(app.code("Encrypt", encrypt(&key)).await, "AccessDeniedException");
    assert_eq!(world.owner().code("DescribeKey", json!({ "KeyId": key })).await, "AccessDeniedException");
    let grantee = format!("arn:aws:iam::{OWNER}:role/app");
    let grant = json!({ "KeyId": key, "GranteePrincipal": grantee, "Operations": ["Encrypt"] });
    admin.ok("CreateGrant", grant).await;
    app.ok("Encrypt", encrypt(&key)).await;
    assert_eq!(app.code("DescribeKey", json!({ "KeyId": key })).await, "AccessDeniedException");
}

#[tokio::test]
async fn conditions_see_the_encryption_context_the_alias_and_the_tags() {
    let world = World::new();
    let (owner, node) = (world.owner(), world.role(STRANGER, "nodes"));
    let key = owner.key().await;
    let stranger = format!("arn:aws:iam::{STRANGER}:root");
    let only_if = |condition: Value| {
        let mut statement = statement("Allow", &stranger, &["kms:Encrypt"]);
        statement["Condition"] = condition;
        statement
    };
    let alias = format!("arn:aws:kms:us-east-1:{OWNER}:alias/demo");
    owner.ok("CreateAlias", json!({ "AliasName": "alias/demo", "TargetKeyId": key })).await;

    put(&owner, &key, &[to_owner(), only_if(json!({"StringEquals": {"kms:EncryptionContext:team": "blue"}}))]).await;
    let mut with = encrypt(&key);
    assert_eq!(node.code("Encrypt", with.clone()).await, "AccessDeniedException");
    with["EncryptionContext"] = json!({ "team": "blue" });
    node.ok("Encrypt", with).await;

    put(&owner, &key, &[to_owner(), only_if(json!({"StringEquals": {"kms:RequestAlias": "alias/demo"}}))]).await;
    assert_eq!(node.code("Encrypt", encrypt(&key)).await, "AccessDeniedException");
    node.ok("Encrypt", encrypt(&alias)).await;

    put(&owner, &key, &[to_owner(), only_if(json!({"StringEquals": {"aws:ResourceTag/team": "blue"}}))]).await;
    assert_eq!(node.code("Encrypt", encrypt(&key)).await, "AccessDeniedException");
    owner.ok("TagResource", json!({"KeyId": key, "Tags": [{"TagKey": "team", "TagValue": "blue"}]})).await;
    node.ok("Encrypt", encrypt(&key)).await;
    owner.ok("UntagResource", json!({"KeyId": key, "TagKeys": ["team"]})).await;
    assert_eq!(node.code("Encrypt", encrypt(&key)).await, "AccessDeniedException");
}

/// Rule: `iam-eval-dry-run-kms`.
#[tokio::test]
async fn a_dry_run_tells_the_denial_where_there_would_be_one() {
    let world = World::new();
    let (owner, node) = (world.owner(), world.role(STRANGER, "nodes"));
    let key = owner.key().await;
    let mut dry = encrypt(&key);
    dry["DryRun"] = true.into();
    assert_eq!(owner.code("Encrypt", dry.clone()).await, "DryRunOperationException");
    assert_eq!(node.code("Encrypt", dry.clone()).await, "AccessDeniedException");
    let grantee = format!("arn:aws:iam::{STRANGER}:role/nodes");
    owner.ok("CreateGrant", json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": ["Encrypt"]})).await;
    assert_eq!(node.code("Encrypt", dry.clone()).await, "DryRunOperationException");
    // Authorization first: who is denied does not learn the state.
    owner.ok("DisableKey", json!({ "KeyId": key })).await;
    assert_eq!(node.code("Encrypt", dry.clone()).await, "DisabledException");
    assert_eq!(world.role(STRANGER, "others").code("Encrypt", dry).await, "AccessDeniedException");
}

/// Rule: `iam-match-every-resource`.
#[tokio::test]
async fn re_encrypting_asks_for_both_keys() {
    let world = World::new();
    let (owner, node) = (world.owner(), world.role(STRANGER, "nodes"));
    let (from, to) = (owner.key().await, owner.key().await);
    let blob = owner.encrypt(&from, b"x").await;
    let grantee = format!("arn:aws:iam::{STRANGER}:role/nodes");
    let grant =
        |key: &str, operation: &str| json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": [operation]});
    let input = json!({ "CiphertextBlob": blob, "DestinationKeyId": to });
    owner.ok("CreateGrant", grant(&from, "ReEncryptFrom")).await;
    let (code, message) = node.refused("ReEncrypt", input.clone()).await;
    assert!(code == "AccessDeniedException" && message.contains("kms:ReEncryptTo"), "{code}: {message}");
    owner.ok("CreateGrant", grant(&to, "ReEncryptTo")).await;
    node.ok("ReEncrypt", input).await;
}

/// Rule: `kms-lockout-identity`.
#[tokio::test]
async fn who_puts_a_key_policy_must_be_let_put_the_next_one() {
    let world = World::new();
    let admin = world.role(OWNER, "admin");
    let naming = |role: &str| policy(&[statement("Allow", &format!("arn:aws:iam::{OWNER}:role/{role}"), &["kms:*"])]);
    let key = admin.key_like(json!({ "Policy": naming("admin") })).await;
    let put = |policy: String| json!({ "KeyId": key, "Policy": policy });
    for locking_out in [naming("other"), policy(&[to_owner(), statement("Deny", "*", &["kms:PutKeyPolicy"])])] {
        let (code, message) = admin.refused("PutKeyPolicy", put(locking_out)).await;
        assert_eq!(code, "MalformedPolicyDocumentException");
        assert_eq!(message, "The new key policy will not allow you to update the key policy in the future.");
    }
    let mut bypassing = put(naming("other"));
    bypassing["BypassPolicyLockoutSafetyCheck"] = true.into();
    admin.ok("PutKeyPolicy", bypassing).await;
    assert_eq!(admin.code("PutKeyPolicy", put(naming("admin"))).await, "AccessDeniedException");
    world.role(OWNER, "other").ok("PutKeyPolicy", put(policy(&[to_owner()]))).await;
}
