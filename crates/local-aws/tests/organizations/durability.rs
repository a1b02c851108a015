//! The organization is there after a restart, as it was, and decides as it did.

use serde_json::{Value, json};

use crate::{
    support::{
        MANAGEMENT, MEMBER, Somebody, attach, deny_encrypt, done, join, key, move_account, options, organization,
        start_at, text, unit,
    },
    wire::Answer,
};

/// Everything that the API tells of an organization.
async fn told(aws: &local_aws::Running, root: &str, unit: &str) -> Vec<Value> {
    let filter = "SERVICE_CONTROL_POLICY";
    let mut told = Vec::new();
    for (operation, input) in [
        ("DescribeOrganization", json!({})),
        ("ListRoots", json!({})),
        ("ListAccounts", json!({})),
        ("ListOrganizationalUnitsForParent", json!({ "ParentId": root })),
        ("ListAccountsForParent", json!({ "ParentId": unit })),
        ("ListPolicies", json!({ "Filter": filter })),
        ("ListPoliciesForTarget", json!({ "TargetId": unit, "Filter": filter })),
        ("ListTagsForResource", json!({ "ResourceId": unit })),
        ("ListHandshakesForOrganization", json!({})),
        ("ListCreateAccountStatus", json!({})),
        ("ListDelegatedAdministrators", json!({})),
        ("ListAWSServiceAccessForOrganization", json!({})),
    ] {
        told.push(done(aws, operation, input).await);
    }
    told
}

#[tokio::test]
async fn everything_survives_a_restart_and_decides_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let aws = start_at(&path, options()).await;
    let (_, root) = organization(&aws).await;
    let unit = unit(&aws, &root, "unit").await;
    move_account(&aws, &root, &unit).await;
    let deny = deny_encrypt(&aws).await;
    attach(&aws, &deny, &unit).await;
    done(&aws, "TagResource", json!({ "ResourceId": unit, "Tags": [{ "Key": "team", "Value": "blue" }] })).await;
    done(&aws, "CreateAccount", json!({ "Email": "new@example.com", "AccountName": "new" })).await;
    let service = "config.amazonaws.com";
    done(&aws, "EnableAWSServiceAccess", json!({ "ServicePrincipal": service })).await;
    let delegated = json!({ "AccountId": MEMBER, "ServicePrincipal": service });
    done(&aws, "RegisterDelegatedAdministrator", delegated).await;
    let key = key(&aws, MEMBER).await;
    let before = told(&aws, &root, &unit).await;
    aws.shutdown().await;

    let aws = start_at(&path, options()).await;
    assert_eq!(told(&aws, &root, &unit).await, before);
    let member = Somebody::root(&aws, MEMBER);
    assert!(member.encrypts(&aws, &key).await.is_err(), "the denial still holds");
    // The account that was made has its role, and nobody else's.
    let made = text(&done(&aws, "ListCreateAccountStatus", json!({})).await, "/CreateAccountStatuses/0/AccountId");
    assert_eq!(assume(&aws, &made, "OrganizationAccountAccessRole").await.status, 200);
    assert_eq!(assume(&aws, &made, "Nobody").await.status, 403);
    move_account(&aws, &unit, &root).await;
    aws.shutdown().await;

    let aws = start_at(&path, options()).await;
    assert_eq!(Somebody::root(&aws, MEMBER).encrypts(&aws, &key).await, Ok(()), "it is not below the unit any more");
    aws.shutdown().await;
}

#[tokio::test]
async fn an_organization_that_was_deleted_is_gone_and_another_can_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let aws = start_at(&path, options()).await;
    let (first, _) = organization(&aws).await;
    done(&aws, "RemoveAccountFromOrganization", json!({ "AccountId": MEMBER })).await;
    done(&aws, "DeleteOrganization", json!({})).await;
    aws.shutdown().await;

    let aws = start_at(&path, options()).await;
    let gone = Somebody::root(&aws, MANAGEMENT).organizations(&aws, "DescribeOrganization", json!({})).await;
    assert_eq!(gone.json_error().1, "AWSOrganizationsNotInUseException");
    let (second, _) = organization(&aws).await;
    assert_ne!(first, second);
    join(&aws, crate::support::STRANGER).await;
    assert_eq!(done(&aws, "ListAccounts", json!({})).await["Accounts"].as_array().unwrap().len(), 3);
    aws.shutdown().await;
}

/// Begins a session of a role of another account, as the management account's root user.
async fn assume(aws: &local_aws::Running, account: &str, role: &str) -> Answer {
    let arn = format!("arn%3Aaws%3Aiam%3A%3A{account}%3Arole%2F{role}");
    let request = crate::wire::sts(&format!("Action=AssumeRole&RoleSessionName=me&RoleArn={arn}"));
    request.signed(aws, &Somebody::root(aws, MANAGEMENT).signer("sts")).send(aws).await
}
