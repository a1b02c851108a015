use serde_json::json;

use crate::world::{OWNER, STRANGER, World, base64, id};

#[tokio::test]
async fn an_alias_stands_for_its_key_until_it_is_moved_or_deleted() {
    let world = World::new();
    let owner = world.owner();
    let (one, two) = (owner.key().await, owner.key().await);
    owner.ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": one})).await;
    assert_eq!(owner.describe("alias/a").await["Arn"], json!(one));
    assert_eq!(owner.describe(&format!("arn:aws:kms:us-east-1:{OWNER}:alias/a")).await["Arn"], json!(one));
    let encrypted = owner.ok("Encrypt", json!({"KeyId": "alias/a", "Plaintext": base64(b"x")})).await;
    assert_eq!(encrypted["KeyId"], json!(one));

    world.pass(1);
    owner.ok("UpdateAlias", json!({"AliasName": "alias/a", "TargetKeyId": id(&two)})).await;
    assert_eq!(owner.describe("alias/a").await["Arn"], json!(two));
    assert_eq!(
        owner.ok("ListAliases", json!({})).await,
        json!({"Truncated": false, "Aliases": [{
            "AliasName": "alias/a",
            "AliasArn": format!("arn:aws:kms:us-east-1:{OWNER}:alias/a"),
            "TargetKeyId": id(&two),
            "CreationDate": 1_767_225_600.0,
            "LastUpdatedDate": 1_767_312_000.0,
        }]})
    );
    owner.ok("DeleteAlias", json!({"AliasName": "alias/a"})).await;
    let gone = ("NotFoundException".to_owned(), format!("Alias arn:aws:kms:us-east-1:{OWNER}:alias/a is not found."));
    assert_eq!(owner.refused("DescribeKey", json!({"KeyId": "alias/a"})).await, gone);
    assert_eq!(owner.refused("DeleteAlias", json!({"AliasName": "alias/a"})).await, gone);
    assert_eq!(owner.refused("UpdateAlias", json!({"AliasName": "alias/a", "TargetKeyId": one})).await, gone);
}

#[tokio::test]
async fn bad_aliases_are_refused_in_aws_words() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    owner.ok("CreateAlias", json!({"AliasName": "alias/taken", "TargetKeyId": key})).await;
    for (name, target, code, message) in [
        ("a", key.as_str(), "ValidationException", "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html".to_owned()),
        ("alias/aws/ebs", &key, "NotAuthorizedException", String::new()),
        ("alias/a:b", &key, "ValidationException", "alias/a:b contains invalid characters for an alias".to_owned()),
        ("alias/b", "alias/taken", "ValidationException", "Aliases must refer to keys. Not aliases".to_owned()),
        ("alias/taken", &key, "AlreadyExistsException", format!("An alias with the name arn:aws:kms:us-east-1:{OWNER}:alias/taken already exists")),
    ] {
        let refused = owner.refused("CreateAlias", json!({"AliasName": name, "TargetKeyId": target})).await;
        assert_eq!(refused, (code.to_owned(), message), "{name}");
    }
}

#[tokio::test]
async fn aliases_are_a_regions_and_an_accounts_own() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    owner.ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": key})).await;
    let elsewhere = owner.at("eu-west-1");
    assert_eq!(elsewhere.code("DescribeKey", json!({"KeyId": "alias/a"})).await, "NotFoundException");
    assert_eq!(world.root(STRANGER).ok("ListAliases", json!({})).await["Aliases"], json!([]));
    let foreign = json!({"AliasName": "alias/b", "TargetKeyId": key});
    assert_eq!(world.root(STRANGER).code("CreateAlias", foreign).await, "AccessDeniedException");
}

#[tokio::test]
async fn a_key_has_fifty_aliases_at_most() {
    let world = World::new();
    let owner = world.owner();
    let (key, other) = (owner.key().await, owner.key().await);
    for n in 0..50 {
        owner.ok("CreateAlias", json!({"AliasName": format!("alias/{n}"), "TargetKeyId": key})).await;
    }
    let more = json!({"AliasName": "alias/more", "TargetKeyId": key});
    assert_eq!(owner.code("CreateAlias", more.clone()).await, "LimitExceededException");
    owner.ok("UpdateAlias", json!({"AliasName": "alias/0", "TargetKeyId": other})).await;
    owner.ok("CreateAlias", more).await;
}
