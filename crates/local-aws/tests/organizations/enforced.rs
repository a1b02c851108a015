//! What is attached decides the very next call.

use serde_json::json;

use crate::support::{
    MANAGEMENT, MEMBER, STRANGER, Somebody, attach, deny_encrypt, detach, done, key, move_account, open_key,
    organization, policy, session, start, unit,
};

const SCP: &str = "SERVICE_CONTROL_POLICY";
const RCP: &str = "RESOURCE_CONTROL_POLICY";

#[tokio::test]
async fn a_denial_on_the_root_a_unit_or_the_account_holds_at_once_and_ends_at_once() {
    let aws = start().await;
    let (id, root) = organization(&aws).await;
    let (outer, deny) = (unit(&aws, &root, "outer").await, deny_encrypt(&aws).await);
    let inner = unit(&aws, &outer, "inner").await;
    move_account(&aws, &root, &inner).await;
    let (member, key) = (Somebody::root(&aws, MEMBER), key(&aws, MEMBER).await);
    for target in [&*root, &outer, &inner, MEMBER] {
        assert_eq!(member.encrypts(&aws, &key).await, Ok(()), "before {target}");
        attach(&aws, &deny, target).await;
        let message = member.encrypts(&aws, &key).await.unwrap_err();
        let arn = format!("arn:aws:organizations::{MANAGEMENT}:policy/{id}/service_control_policy/{deny}");
        assert!(message.ends_with(&format!("with an explicit deny in a service control policy: {arn}")), "{message}");
        detach(&aws, &deny, target).await;
    }
    assert_eq!(member.encrypts(&aws, &key).await, Ok(()));
    // On a unit beside it, it is none of its business.
    let beside = unit(&aws, &root, "beside").await;
    attach(&aws, &deny, &beside).await;
    assert_eq!(member.encrypts(&aws, &key).await, Ok(()));
    move_account(&aws, &inner, &beside).await;
    assert!(member.encrypts(&aws, &key).await.is_err(), "the account moved below it");
    aws.shutdown().await;
}

#[tokio::test]
async fn every_level_must_allow_and_a_new_text_holds_at_once() {
    let aws = start().await;
    let (_, root) = organization(&aws).await;
    let unit = unit(&aws, &root, "unit").await;
    move_account(&aws, &root, &unit).await;
    let (member, key) = (Somebody::root(&aws, MEMBER), key(&aws, MEMBER).await);
    let statement = |action: &str| json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
    let only = policy(&aws, SCP, "Only", statement("iam:*")).await;
    attach(&aws, &only, &unit).await;
    assert_eq!(member.encrypts(&aws, &key).await, Ok(()), "one of two policies of the level allows");
    detach(&aws, "p-FullAWSAccess", &unit).await;
    let message = member.encrypts(&aws, &key).await.unwrap_err();
    assert!(message.contains("no service control policy allows"), "{message}");
    let content = json!({ "Version": "2012-10-17", "Statement": [statement("kms:*")] }).to_string();
    done(&aws, "UpdatePolicy", json!({ "PolicyId": only, "Content": content })).await;
    assert_eq!(member.encrypts(&aws, &key).await, Ok(()));
    // Disabled and enabled again, the type begins with what allows everything.
    let of_type = json!({ "RootId": root, "PolicyType": SCP });
    detach_all_and_back(&aws, &only, &unit, &of_type).await;
    assert_eq!(member.encrypts(&aws, &key).await, Ok(()));
    aws.shutdown().await;
}

async fn detach_all_and_back(aws: &local_aws::Running, only: &str, unit: &str, of_type: &serde_json::Value) {
    done(aws, "DisablePolicyType", of_type.clone()).await;
    assert_eq!(done(aws, "ListTargetsForPolicy", json!({ "PolicyId": only })).await["Targets"], json!([]));
    done(aws, "EnablePolicyType", of_type.clone()).await;
    let attached = done(aws, "ListPoliciesForTarget", json!({ "TargetId": unit, "Filter": SCP })).await;
    assert_eq!(attached["Policies"][0]["Id"], "p-FullAWSAccess", "{attached}");
}

#[tokio::test]
async fn neither_the_management_account_nor_a_service_linked_role_is_bound() {
    let aws = start().await;
    let (_, root) = organization(&aws).await;
    attach(&aws, &deny_encrypt(&aws).await, &root).await;
    let (own, others) = (key(&aws, MANAGEMENT).await, key(&aws, MEMBER).await);
    assert_eq!(Somebody::root(&aws, MANAGEMENT).encrypts(&aws, &own).await, Ok(()));
    open_key(&aws, MEMBER, &others, json!({})).await;
    let linked =
        format!("arn:aws:iam::{MEMBER}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling");
    let linked = session(&aws, &linked).await;
    assert_eq!(linked.encrypts(&aws, &others).await, Ok(()));
    let other = session(&aws, &format!("arn:aws:iam::{MEMBER}:role/Other")).await;
    assert!(other.encrypts(&aws, &others).await.is_err());
    aws.shutdown().await;
}

#[tokio::test]
async fn a_resource_control_policy_keeps_strangers_from_keys_and_lets_the_organization_in() {
    let aws = start().await;
    let (id, root) = organization(&aws).await;
    let key = key(&aws, MEMBER).await;
    open_key(&aws, MEMBER, &key, json!({})).await;
    let (stranger, own) = (Somebody::root(&aws, STRANGER), Somebody::root(&aws, MANAGEMENT));
    done(&aws, "EnablePolicyType", json!({ "RootId": root, "PolicyType": RCP })).await;
    assert_eq!(stranger.encrypts(&aws, &key).await, Ok(()), "RCPFullAWSAccess denies nobody");
    let statement = json!({
        "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
        "Condition": { "StringNotEqualsIfExists": { "aws:PrincipalOrgID": id }, "BoolIfExists": { "aws:PrincipalIsAWSService": "false" } },
    });
    let perimeter = policy(&aws, RCP, "Perimeter", statement).await;
    for target in [&*root, MEMBER] {
        attach(&aws, &perimeter, target).await;
        let message = stranger.encrypts(&aws, &key).await.unwrap_err();
        assert!(message.contains("explicit deny in a resource control policy"), "{message}");
        assert_eq!(own.encrypts(&aws, &key).await, Ok(()));
        assert_eq!(Somebody::root(&aws, MEMBER).encrypts(&aws, &key).await, Ok(()));
        detach(&aws, &perimeter, target).await;
        assert_eq!(stranger.encrypts(&aws, &key).await, Ok(()));
    }
    aws.shutdown().await;
}

#[tokio::test]
async fn what_conditions_ask_of_the_organization_follows_the_account() {
    let aws = start().await;
    let (id, root) = organization(&aws).await;
    let unit = unit(&aws, &root, "unit").await;
    let key = key(&aws, STRANGER).await;
    let member = Somebody::root(&aws, MEMBER);
    let path = format!("{id}/{root}/{unit}/");
    open_key(
        &aws,
        STRANGER,
        &key,
        json!({ "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": format!("{path}*") } }),
    )
    .await;
    assert!(member.encrypts(&aws, &key).await.is_err(), "it is below the root");
    move_account(&aws, &root, &unit).await;
    assert_eq!(member.encrypts(&aws, &key).await, Ok(()));
    move_account(&aws, &unit, &root).await;
    assert!(member.encrypts(&aws, &key).await.is_err());
    open_key(&aws, STRANGER, &key, json!({ "StringEquals": { "aws:PrincipalOrgID": id } })).await;
    assert_eq!(member.encrypts(&aws, &key).await, Ok(()));
    done(&aws, "RemoveAccountFromOrganization", json!({ "AccountId": MEMBER })).await;
    assert!(member.encrypts(&aws, &key).await.is_err(), "it left");
    aws.shutdown().await;
}

#[tokio::test]
async fn a_policy_of_the_organization_can_ask_whose_the_resource_is() {
    let aws = start().await;
    let (id, root) = organization(&aws).await;
    let (inside, outside) = (key(&aws, MANAGEMENT).await, key(&aws, STRANGER).await);
    open_key(&aws, MANAGEMENT, &inside, json!({})).await;
    open_key(&aws, STRANGER, &outside, json!({})).await;
    let statement = json!({
        "Effect": "Deny", "Action": "kms:*", "Resource": "*",
        "Condition": { "StringNotEquals": { "aws:ResourceOrgID": id } },
    });
    attach(&aws, &policy(&aws, SCP, "Inside", statement).await, &root).await;
    let member = Somebody::root(&aws, MEMBER);
    assert_eq!(member.encrypts(&aws, &inside).await, Ok(()));
    assert!(member.encrypts(&aws, &outside).await.is_err());
    aws.shutdown().await;
}
