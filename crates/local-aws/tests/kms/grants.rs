use serde_json::{Value, json};

use crate::world::{Client, OWNER, STRANGER, World, base64, bytes, text};

fn grantee() -> String {
    format!("arn:aws:iam::{STRANGER}:role/nodes")
}

async fn grant(client: &Client<'_>, key: &str, more: Value) -> Value {
    let mut input = json!({"KeyId": key, "GranteePrincipal": grantee()});
    let members = input.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    members.retain(|_, member| !member.is_null());
    client.ok("CreateGrant", input).await
}

async fn grants(client: &Client<'_>, key: &str) -> Vec<Value> {
    client.ok("ListGrants", json!({"KeyId": key})).await["Grants"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_grant_gives_a_foreign_role_its_operations_and_no_others() {
    let world = World::new();
    let (owner, node) = (world.owner(), world.role(STRANGER, "nodes"));
    let key = owner.key().await;
    let blob = owner.encrypt(&key, b"x").await;
    assert_eq!(node.code("Decrypt", json!({"CiphertextBlob": blob})).await, "AccessDeniedException");
    grant(&owner, &key, json!({"Operations": ["Decrypt", "DescribeKey"]})).await;
    assert_eq!(node.decrypt(&blob).await, b"x");
    assert_eq!(node.describe(&key).await["Arn"], json!(key));
    let (code, message) = node.refused("Encrypt", json!({"KeyId": key, "Plaintext": base64(b"x")})).await;
    assert_eq!(code, "AccessDeniedException");
    assert!(
        message.starts_with(&format!(
            "User: arn:aws:sts::{STRANGER}:assumed-role/nodes/session is not authorized to perform: kms:Encrypt on \
             this resource because"
        )),
        "{message}"
    );
    assert_eq!(
        world.role(STRANGER, "others").code("Decrypt", json!({"CiphertextBlob": blob})).await,
        "AccessDeniedException"
    );
    assert_eq!(node.code("ScheduleKeyDeletion", json!({"KeyId": key})).await, "AccessDeniedException");
}

#[tokio::test]
async fn sessions_roles_and_accounts_can_be_grantees() {
    let world = World::new();
    let (owner, node) = (world.owner(), world.role(STRANGER, "nodes"));
    for principal in [
        format!("arn:aws:sts::{STRANGER}:assumed-role/nodes/session"),
        format!("arn:aws:iam::{STRANGER}:role/nodes"),
        format!("arn:aws:iam::{STRANGER}:root"),
    ] {
        let key = owner.key().await;
        let blob = owner.encrypt(&key, b"x").await;
        owner.ok("CreateGrant", json!({"KeyId": key, "GranteePrincipal": principal, "Operations": ["Decrypt"]})).await;
        assert_eq!(node.decrypt(&blob).await, b"x", "{principal}");
    }
}

#[tokio::test]
async fn constraints_bind_cryptography_to_a_context_and_leave_describe_alone() {
    let world = World::new();
    let (owner, node) = (world.owner(), world.role(STRANGER, "nodes"));
    let key = owner.key().await;
    let constraints = json!({"EncryptionContextSubset": {"aws:ebs:id": "vol-1"}});
    grant(&owner, &key, json!({"Operations": ["GenerateDataKeyWithoutPlaintext", "Decrypt", "DescribeKey"], "Constraints": constraints})).await;
    let with = |context: Value| json!({"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": context});
    let sealed = node.ok("GenerateDataKeyWithoutPlaintext", with(json!({"AWS:EBS:id": "vol-1", "more": "1"}))).await;
    let opening =
        json!({"CiphertextBlob": sealed["CiphertextBlob"], "EncryptionContext": {"AWS:EBS:id": "vol-1", "more": "1"}});
    assert_eq!(bytes(&node.ok("Decrypt", opening).await["Plaintext"]).len(), 32);
    for context in [json!({}), json!({"aws:ebs:id": "vol-2"}), json!({"aws:ebs:id": "VOL-1"})] {
        assert_eq!(
            node.code("GenerateDataKeyWithoutPlaintext", with(context.clone())).await,
            "AccessDeniedException",
            "{context}"
        );
    }
    node.describe(&key).await;
    assert_eq!(grants(&owner, &key).await[0]["Constraints"], constraints);
}

#[tokio::test]
async fn a_grant_is_listed_as_it_was_made() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let retiring = format!("arn:aws:iam::{OWNER}:role/admin");
    let made = grant(
        &owner,
        &key,
        json!({"Operations": ["Encrypt", "Decrypt", "Decrypt"], "Name": "n", "RetiringPrincipal": retiring}),
    )
    .await;
    assert_eq!(text(&made["GrantId"]).len(), 64);
    assert_eq!(
        grants(&owner, &key).await,
        [json!({
            "KeyId": key,
            "GrantId": made["GrantId"],
            "Name": "n",
            "CreationDate": 1_767_225_600.0,
            "GranteePrincipal": grantee(),
            "RetiringPrincipal": retiring,
            "IssuingAccount": format!("arn:aws:iam::{OWNER}:root"),
            "Operations": ["Decrypt", "Encrypt"],
        })]
    );
}

#[tokio::test]
async fn the_same_request_of_another_account_makes_a_grant_of_its_own() {
    let world = World::new();
    let (owner, node) = (world.owner(), world.role(STRANGER, "nodes"));
    let key = owner.key().await;
    grant(&owner, &key, json!({"Operations": ["CreateGrant", "Decrypt"]})).await;
    let same = json!({"Operations": ["Decrypt"], "Name": "n"});
    let (owners, nodes) = (grant(&owner, &key, same.clone()).await, grant(&node, &key, same.clone()).await);
    assert_ne!(owners["GrantId"], nodes["GrantId"]);
    assert_eq!(grant(&node, &key, same).await["GrantId"], nodes["GrantId"]);
    // Each account may retire what it issued.
    node.ok("RetireGrant", json!({"KeyId": key, "GrantId": nodes["GrantId"]})).await;
    let left = grants(&owner, &key).await;
    assert!(left.iter().any(|grant| grant["GrantId"] == owners["GrantId"]) && left.len() == 2);
}

/// Rule: `kms-grant-name`.
#[tokio::test]
async fn the_same_request_of_the_same_name_makes_one_grant_and_another_token() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let one = grant(&owner, &key, json!({"Operations": ["Decrypt"], "Name": "n"})).await;
    let two = grant(&owner, &key, json!({"Operations": ["Decrypt"], "Name": "n"})).await;
    assert_eq!(one["GrantId"], two["GrantId"]);
    assert_ne!(one["GrantToken"], two["GrantToken"]);
    let other = grant(&owner, &key, json!({"Operations": ["Encrypt"], "Name": "n"})).await;
    let nameless = grant(&owner, &key, json!({"Operations": ["Decrypt"]})).await;
    let nameless_again = grant(&owner, &key, json!({"Operations": ["Decrypt"]})).await;
    assert_eq!(grants(&owner, &key).await.len(), 4);
    assert!(other["GrantId"] != one["GrantId"] && nameless["GrantId"] != nameless_again["GrantId"]);
    // Either token means the one grant.
    owner.ok("RetireGrant", json!({"GrantToken": two["GrantToken"]})).await;
    assert_eq!(grants(&owner, &key).await.len(), 3);
}

/// Rules: `kms-grant-context-limits`, `kms-grant-grantee-kinds`, `kms-grant-operations-of-key`.
#[tokio::test]
async fn malformed_grants_are_refused() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let nine: serde_json::Map<String, Value> = (0..9).map(|n| (format!("k{n}"), json!("v"))).collect();
    for (more, code) in [
        (json!({"Operations": ["Sign"]}), "ValidationException"),
        (json!({"Operations": ["GenerateMac", "Decrypt"]}), "ValidationException"),
        (json!({"Operations": ["Decapsulate"]}), "ValidationException"),
        (json!({"Operations": []}), "ValidationException"),
        (json!({"Operations": ["Decrypt"], "Constraints": {"EncryptionContextEquals": nine}}), "ValidationException"),
        (
            json!({"Operations": ["Decrypt"], "Constraints": {"EncryptionContextSubset": {"k": "v".repeat(384)}}}),
            "ValidationException",
        ),
        (json!({"Operations": ["Decrypt"], "GranteePrincipal": "somebody"}), "InvalidArnException"),
        (
            json!({"Operations": ["Decrypt"], "GranteePrincipal": "arn:aws:iam::444455556666:group/g"}),
            "InvalidArnException",
        ),
        (json!({"Operations": ["Decrypt"], "RetiringPrincipal": "arn:aws:s3:::bucket"}), "InvalidArnException"),
        (json!({"Operations": ["Decrypt"], "GrantTokens": ["junk"]}), "InvalidGrantTokenException"),
    ] {
        let mut input = json!({"KeyId": key, "GranteePrincipal": grantee()});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(owner.code("CreateGrant", input.clone()).await, code, "{input}");
    }
    assert!(grants(&owner, &key).await.is_empty());
}

/// Rule: `kms-grant-context-one`.
#[tokio::test]
async fn a_grant_has_one_constraint_on_the_context() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    for other in [json!({"a": "1"}), json!({"A": "2"}), json!({})] {
        let both = json!({"EncryptionContextEquals": {"a": "1"}, "EncryptionContextSubset": other});
        let input =
            json!({"KeyId": key, "GranteePrincipal": grantee(), "Operations": ["Decrypt"], "Constraints": both});
        let refusal = ("ValidationException".to_owned(), "More than one constraint supplied".to_owned());
        assert_eq!(owner.refused("CreateGrant", input).await, refusal);
    }
    assert!(grants(&owner, &key).await.is_empty());
}

const SERVICE: &str = "dynamodb.amazonaws.com";

fn for_service() -> Value {
    let table = format!("arn:aws:dynamodb:us-east-1:{OWNER}:table/orders");
    let constraints = json!({"SourceArn": table, "EncryptionContextSubset": {"team": "blue"}});
    json!({
        "GranteePrincipal": null, "GranteeServicePrincipal": SERVICE, "RetiringServicePrincipal": SERVICE,
        "Operations": ["Decrypt"], "Constraints": constraints,
    })
}

#[tokio::test]
async fn services_are_listed_under_names_of_their_own() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let made = grant(&owner, &key, for_service()).await;
    assert_eq!(
        grants(&owner, &key).await,
        [json!({
            "KeyId": key,
            "GrantId": made["GrantId"],
            "Name": "",
            "CreationDate": 1_767_225_600.0,
            "GranteeServicePrincipal": SERVICE,
            "RetiringServicePrincipal": SERVICE,
            "IssuingAccount": format!("arn:aws:iam::{OWNER}:root"),
            "Operations": ["Decrypt"],
            "Constraints": for_service()["Constraints"],
        })]
    );
    // Either kind of party goes with either kind of the other.
    let retired_by_service = json!({"Operations": ["Decrypt"], "RetiringServicePrincipal": SERVICE});
    grant(&owner, &key, retired_by_service).await;
    let mut retired_by_role = for_service();
    retired_by_role["RetiringServicePrincipal"] = Value::Null;
    retired_by_role["RetiringPrincipal"] = grantee().into();
    let retirable = grant(&owner, &key, retired_by_role).await;
    let role = world.role(STRANGER, "nodes");
    role.ok("RetireGrant", json!({"KeyId": key, "GrantId": retirable["GrantId"]})).await;
    assert_eq!(grants(&owner, &key).await.len(), 2);
}

/// Rules: `kms-grant-one-retiring`, `kms-grant-service-retiring`, `kms-grant-service-source-arn`.
#[tokio::test]
async fn a_grant_for_a_service_names_a_source_and_who_retires_it() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    for (change, code, says) in [
        (json!({"Constraints": null}), "ValidationException", "SourceArn"),
        (json!({"Constraints": {"EncryptionContextSubset": {"team": "blue"}}}), "ValidationException", "SourceArn"),
        (
            json!({"Constraints": {"SourceArn": format!("arn:aws:dynamodb:us-east-1:{OWNER}:table/*")}}),
            "ValidationException",
            "wildcards",
        ),
        (json!({"RetiringServicePrincipal": null}), "ValidationException", "RetiringServicePrincipal"),
        (json!({"RetiringPrincipal": grantee()}), "ValidationException", "not both"),
        (json!({"GranteePrincipal": grantee()}), "ValidationException", "not both"),
        (json!({"GranteeServicePrincipal": null}), "ValidationException", "not both"),
        (json!({"GranteeServicePrincipal": null, "GranteePrincipal": SERVICE}), "InvalidArnException", SERVICE),
        (json!({"RetiringServicePrincipal": null, "RetiringPrincipal": SERVICE}), "InvalidArnException", SERVICE),
    ] {
        let mut input = for_service();
        input["KeyId"] = key.as_str().into();
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (refused, message) = owner.refused("CreateGrant", input.clone()).await;
        assert!(refused == code && message.contains(says), "{input}: {refused}: {message}");
    }
    assert!(grants(&owner, &key).await.is_empty());
}

#[tokio::test]
async fn only_services_ask_for_the_grants_of_a_service() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    grant(&owner, &key, for_service()).await;
    let root = format!("arn:aws:iam::{OWNER}:root");
    for (operation, input) in [
        ("ListGrants", json!({"KeyId": key, "GranteeServicePrincipal": SERVICE})),
        ("ListGrants", json!({"KeyId": key, "GranteeServicePrincipal": SERVICE, "GranteePrincipal": root})),
        ("ListRetirableGrants", json!({"RetiringServicePrincipal": SERVICE})),
        ("ListRetirableGrants", json!({"RetiringServicePrincipal": SERVICE, "RetiringPrincipal": root})),
        ("ListRetirableGrants", json!({})),
    ] {
        assert_eq!(owner.code(operation, input.clone()).await, "ValidationException", "{operation} {input}");
    }
}

#[tokio::test]
async fn a_grantee_passes_on_no_more_than_it_has() {
    let world = World::new();
    let (owner, node) = (world.owner(), world.role(STRANGER, "nodes"));
    let key = owner.key().await;
    let volume = json!({"EncryptionContextSubset": {"aws:ebs:id": "vol-1"}});
    grant(&owner, &key, json!({"Operations": ["CreateGrant", "Decrypt"], "Constraints": volume})).await;
    let worker = format!("arn:aws:sts::{STRANGER}:assumed-role/aws:ec2-infrastructure/i-1");
    let child = |operations: Value, constraints: Value| json!({"KeyId": key, "GranteePrincipal": worker, "Operations": operations, "Constraints": constraints});
    let made = node.ok("CreateGrant", child(json!(["Decrypt"]), volume.clone())).await;
    let narrower = json!({"EncryptionContextEquals": {"aws:ebs:id": "vol-1", "more": "1"}});
    node.ok("CreateGrant", child(json!(["Decrypt"]), narrower)).await;
    for (operations, constraints) in [
        (json!(["Decrypt", "Encrypt"]), volume.clone()),
        (json!(["Decrypt"]), json!({})),
        (json!(["Decrypt"]), json!({"EncryptionContextSubset": {"aws:ebs:id": "vol-2"}})),
    ] {
        assert_eq!(node.code("CreateGrant", child(operations, constraints)).await, "AccessDeniedException");
    }
    // Issued by the grantee's account, which may therefore retire it.
    let listed = grants(&owner, &key).await.into_iter().find(|grant| grant["GrantId"] == made["GrantId"]).unwrap();
    assert_eq!(listed["IssuingAccount"], json!(format!("arn:aws:iam::{STRANGER}:root")));
    node.ok("RetireGrant", json!({"KeyId": key, "GrantId": made["GrantId"]})).await;
    assert_eq!(grants(&owner, &key).await.len(), 2);
}

#[tokio::test]
async fn who_may_retire_a_grant_and_who_may_not() {
    let world = World::new();
    let owner = world.owner();
    let third = "777788889999";
    let key = owner.key().await;
    let by_id = |made: &Value| json!({"KeyId": key, "GrantId": made["GrantId"]});

    let made = grant(
        &owner,
        &key,
        json!({"Operations": ["Decrypt"], "RetiringPrincipal": format!("arn:aws:iam::{third}:role/retirer")}),
    )
    .await;
    for nobody in [world.role(STRANGER, "nodes"), world.role(third, "other"), world.root(third)] {
        assert_eq!(nobody.code("RetireGrant", by_id(&made)).await, "AccessDeniedException");
        assert_eq!(
            nobody.code("RetireGrant", json!({"GrantToken": made["GrantToken"]})).await,
            "AccessDeniedException"
        );
    }
    world.role(third, "retirer").ok("RetireGrant", json!({"GrantToken": made["GrantToken"]})).await;

    let made = grant(&owner, &key, json!({"Operations": ["Decrypt", "RetireGrant"]})).await;
    world.role(STRANGER, "nodes").ok("RetireGrant", by_id(&made)).await;

    let made = grant(&owner, &key, json!({"Operations": ["Decrypt"]})).await;
    owner.ok("RetireGrant", by_id(&made)).await;
    assert_eq!(owner.code("RetireGrant", by_id(&made)).await, "NotFoundException");
    assert!(grants(&owner, &key).await.is_empty());

    for (input, code) in [
        (json!({}), "ValidationException"),
        (json!({"KeyId": key}), "ValidationException"),
        (json!({"GrantToken": "junk"}), "InvalidGrantTokenException"),
        (json!({"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab", "GrantId": "x"}), "InvalidArnException"),
    ] {
        assert_eq!(owner.code("RetireGrant", input.clone()).await, code, "{input}");
    }
}

#[tokio::test]
async fn an_altered_token_is_none() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let token = text(&grant(&owner, &key, json!({"Operations": ["Decrypt"]})).await["GrantToken"]);
    owner.ok("Encrypt", json!({"KeyId": key, "Plaintext": base64(b"x"), "GrantTokens": [token]})).await;
    for at in 0..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        let input = json!({"KeyId": key, "Plaintext": base64(b"x"), "GrantTokens": [altered]});
        assert_eq!(owner.code("Encrypt", input).await, "InvalidGrantTokenException", "at {at}");
    }
}

#[tokio::test]
async fn a_revoked_grant_gives_nothing_any_more() {
    let world = World::new();
    let (owner, node) = (world.owner(), world.role(STRANGER, "nodes"));
    let key = owner.key().await;
    let blob = owner.encrypt(&key, b"x").await;
    let made = grant(&owner, &key, json!({"Operations": ["Decrypt"]})).await;
    node.decrypt(&blob).await;
    assert_eq!(
        node.code("RevokeGrant", json!({"KeyId": key, "GrantId": made["GrantId"]})).await,
        "AccessDeniedException"
    );
    owner.ok("RevokeGrant", json!({"KeyId": key, "GrantId": made["GrantId"]})).await;
    let input = json!({"CiphertextBlob": blob, "GrantTokens": [made["GrantToken"]]});
    assert_eq!(node.code("Decrypt", input).await, "AccessDeniedException");
    assert_eq!(owner.code("RevokeGrant", json!({"KeyId": key, "GrantId": made["GrantId"]})).await, "NotFoundException");
}

#[tokio::test]
async fn grants_are_listed_by_grantee_by_id_and_by_who_may_retire_them() {
    let world = World::new();
    let owner = world.owner();
    let (key, second) = (owner.key().await, owner.key().await);
    let retirer = format!("arn:aws:iam::{STRANGER}:role/retirer");
    let one = grant(&owner, &key, json!({"Operations": ["Decrypt"], "RetiringPrincipal": retirer})).await;
    let two = grant(&owner, &second, json!({"Operations": ["Decrypt"], "RetiringPrincipal": retirer})).await;
    owner
        .ok(
            "CreateGrant",
            json!({"KeyId": key, "GranteePrincipal": format!("arn:aws:iam::{OWNER}:root"), "Operations": ["Decrypt"]}),
        )
        .await;

    let ids = |listed: Value| {
        let mut ids: Vec<String> =
            listed["Grants"].as_array().unwrap().iter().map(|grant| text(&grant["GrantId"])).collect();
        ids.sort();
        ids
    };
    assert_eq!(
        ids(owner.ok("ListGrants", json!({"KeyId": key, "GranteePrincipal": grantee()})).await),
        [text(&one["GrantId"])]
    );
    assert_eq!(
        ids(owner.ok("ListGrants", json!({"KeyId": key, "GrantId": one["GrantId"]})).await),
        [text(&one["GrantId"])]
    );
    assert_eq!(owner.code("ListGrants", json!({"KeyId": key, "GrantId": two["GrantId"]})).await, "NotFoundException");

    let mut both = [text(&one["GrantId"]), text(&two["GrantId"])];
    both.sort();
    let asked = json!({"RetiringPrincipal": retirer});
    assert_eq!(ids(world.root(STRANGER).ok("ListRetirableGrants", asked.clone()).await), both);
    assert_eq!(ids(world.root(STRANGER).at("eu-west-1").ok("ListRetirableGrants", asked.clone()).await), [""; 0]);
    assert_eq!(owner.code("ListRetirableGrants", asked).await, "AccessDeniedException");
}

#[tokio::test]
async fn grants_on_a_deleted_key_are_gone_too() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let retirer = format!("arn:aws:iam::{OWNER}:role/retirer");
    let made = grant(&owner, &key, json!({"Operations": ["Decrypt"], "RetiringPrincipal": retirer})).await;
    owner.ok("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7})).await;
    world.pass(7);
    assert_eq!(owner.ok("ListRetirableGrants", json!({"RetiringPrincipal": retirer})).await["Grants"], json!([]));
    assert_eq!(
        owner.code("RetireGrant", json!({"GrantToken": made["GrantToken"]})).await,
        "InvalidGrantTokenException"
    );
}
