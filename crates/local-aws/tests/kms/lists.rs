//! Pages: every item once, whatever the size of the pages.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{Client, OWNER, World, text};

/// Walks all pages and returns the texts of one field, in the order they came.
async fn walk(
    client: &Client<'_>,
    operation: &str,
    mut input: Value,
    list: &str,
    field: &str,
    limit: usize,
) -> Vec<String> {
    let mut seen = Vec::new();
    input["Limit"] = limit.into();
    loop {
        let page = client.ok(operation, input.clone()).await;
        let items = page[list].as_array().unwrap();
        assert!(items.len() <= limit);
        seen.extend(items.iter().map(|item| text(if field.is_empty() { item } else { &item[field] })));
        match page.get("NextMarker") {
            Some(marker) => {
                assert_eq!((items.len(), &page["Truncated"]), (limit, &json!(true)));
                input["Marker"] = marker.clone();
            }
            None => {
                assert_eq!(page["Truncated"], false);
                return seen;
            }
        }
    }
}

#[tokio::test]
async fn every_list_tells_every_item_once_at_every_page_size() {
    let world = World::new();
    let owner = world.owner();
    let mut keys = BTreeSet::new();
    for _ in 0..7 {
        keys.insert(owner.key().await);
    }
    let key = keys.first().unwrap().clone();
    let retirer = format!("arn:aws:iam::{OWNER}:role/r");
    let mut grants = BTreeSet::new();
    for n in 0..7 {
        owner.ok("CreateAlias", json!({"AliasName": format!("alias/{n}"), "TargetKeyId": key})).await;
        owner.ok("TagResource", json!({"KeyId": key, "Tags": [{"TagKey": format!("t{n}"), "TagValue": ""}]})).await;
        owner.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
        let grant =
            json!({"KeyId": key, "GranteePrincipal": retirer, "RetiringPrincipal": retirer, "Operations": ["Decrypt"]});
        grants.insert(text(&owner.ok("CreateGrant", grant).await["GrantId"]));
    }
    let names: BTreeSet<String> = (0..7).map(|n| format!("alias/{n}")).collect();
    let tags: BTreeSet<String> = (0..7).map(|n| format!("t{n}")).collect();
    let of_key = json!({"KeyId": key});
    for limit in [1, 2, 3, 6, 7, 8, 50] {
        for (operation, input, list, field, expected) in [
            ("ListKeys", json!({}), "Keys", "KeyArn", &keys),
            ("ListAliases", json!({}), "Aliases", "AliasName", &names),
            ("ListAliases", of_key.clone(), "Aliases", "AliasName", &names),
            ("ListResourceTags", of_key.clone(), "Tags", "TagKey", &tags),
            ("ListGrants", of_key.clone(), "Grants", "GrantId", &grants),
            ("ListGrants", json!({"KeyId": key, "GranteePrincipal": retirer}), "Grants", "GrantId", &grants),
            ("ListRetirableGrants", json!({"RetiringPrincipal": retirer}), "Grants", "GrantId", &grants),
        ] {
            let seen = walk(&owner, operation, input, list, field, limit).await;
            assert_eq!(seen.len(), expected.len(), "{operation} by {limit}");
            assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), *expected, "{operation} by {limit}");
        }
        let rotations = walk(&owner, "ListKeyRotations", of_key.clone(), "Rotations", "KeyMaterialId", limit).await;
        assert_eq!(rotations.iter().collect::<BTreeSet<_>>().len(), 7);
        assert_eq!(walk(&owner, "ListKeyPolicies", of_key.clone(), "PolicyNames", "", limit).await, ["default"]);
    }
}

#[tokio::test]
async fn limits_and_markers_out_of_range_are_refused() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    for (operation, most) in [("ListAliases", 100), ("ListGrants", 100), ("ListResourceTags", 50)] {
        let (code, message) = owner.refused(operation, json!({"KeyId": key, "Limit": most + 1})).await;
        assert_eq!(code, "ValidationException");
        assert!(message.contains(&format!("less than or equal to {most}")), "{message}");
    }
    for operation in ["ListKeys", "ListAliases"] {
        assert_eq!(owner.code(operation, json!({"Marker": "~~~"})).await, "InvalidMarkerException");
    }
    assert_eq!(owner.code("ListKeys", json!({"Marker": "AAAA"})).await, "InvalidMarkerException");
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_one_ended_though_its_last_item_is_gone() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    for n in 0..4 {
        owner.ok("CreateAlias", json!({"AliasName": format!("alias/{n}"), "TargetKeyId": key})).await;
    }
    let page = owner.ok("ListAliases", json!({"Limit": 2})).await;
    owner.ok("DeleteAlias", json!({"AliasName": "alias/1"})).await;
    let rest = owner.ok("ListAliases", json!({"Marker": page["NextMarker"]})).await;
    let names: Vec<&Value> = rest["Aliases"].as_array().unwrap().iter().map(|alias| &alias["AliasName"]).collect();
    assert_eq!(names, ["alias/2", "alias/3"]);
}
