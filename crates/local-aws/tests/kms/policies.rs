use serde_json::{Value, json};

use crate::world::{OWNER, STRANGER, World, text};

fn allowing(principal: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*"}],
    })
    .to_string()
}

#[tokio::test]
async fn a_key_without_a_policy_gets_the_default_one() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let answer = owner.ok("GetKeyPolicy", json!({"KeyId": key})).await;
    assert_eq!(answer["PolicyName"], "default");
    let policy: Value = serde_json::from_str(&text(&answer["Policy"])).unwrap();
    assert_eq!(
        policy,
        json!({
            "Version": "2012-10-17",
            "Id": "key-default-1",
            "Statement": [{
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": format!("arn:aws:iam::{OWNER}:root")},
                "Action": "kms:*",
                "Resource": "*",
            }],
        })
    );
    assert_eq!(
        owner.ok("ListKeyPolicies", json!({"KeyId": key})).await,
        json!({"PolicyNames": ["default"], "Truncated": false})
    );
    assert_eq!(
        owner.refused("GetKeyPolicy", json!({"KeyId": key, "PolicyName": "other"})).await,
        ("NotFoundException".to_owned(), "No such policy exists".to_owned())
    );
}

#[tokio::test]
async fn a_policy_is_kept_as_it_was_put() {
    let world = World::new();
    let owner = world.owner();
    let first = allowing(OWNER);
    let key = owner.key_like(json!({"Policy": first})).await;
    assert_eq!(owner.ok("GetKeyPolicy", json!({"KeyId": key})).await["Policy"], json!(first));
    let second = format!("  {}", allowing(&format!("arn:aws:iam::{OWNER}:root")));
    owner.ok("PutKeyPolicy", json!({"KeyId": key, "Policy": second, "PolicyName": "default"})).await;
    assert_eq!(owner.ok("GetKeyPolicy", json!({"KeyId": key})).await["Policy"], json!(second));
}

/// Rule: `kms-lockout`.
#[tokio::test]
async fn a_policy_that_does_not_read_or_locks_out_is_refused() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let before = owner.ok("GetKeyPolicy", json!({"KeyId": key})).await;
    let put = |policy: String| json!({"KeyId": key, "Policy": policy});
    assert_eq!(owner.code("PutKeyPolicy", put("{".into())).await, "MalformedPolicyDocumentException");
    let foreign = put(allowing(STRANGER));
    assert_eq!(
        owner.refused("PutKeyPolicy", foreign.clone()).await,
        (
            "MalformedPolicyDocumentException".to_owned(),
            "The new key policy will not allow you to update the key policy in the future.".to_owned()
        )
    );
    assert_eq!(
        owner.code("CreateKey", json!({"Policy": allowing(STRANGER)})).await,
        "MalformedPolicyDocumentException"
    );
    let long = allowing(OWNER) + &" ".repeat(32 * 1024);
    assert_eq!(owner.code("PutKeyPolicy", put(long)).await, "LimitExceededException");
    assert_eq!(owner.ok("GetKeyPolicy", json!({"KeyId": key})).await, before);

    let mut bypassing = foreign;
    bypassing["BypassPolicyLockoutSafetyCheck"] = true.into();
    owner.ok("PutKeyPolicy", bypassing).await;
}
