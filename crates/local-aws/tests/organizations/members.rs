//! Which accounts may call what, and with which policies of their own.

use local_aws::Running;
use serde_json::{Value, json};

use crate::support::{MANAGEMENT, MEMBER, STRANGER, Somebody, done, organization, refused, session, start, text};

async fn code(who: &Somebody, aws: &Running, operation: &str, input: Value) -> String {
    let answer = who.organizations(aws, operation, input).await;
    if answer.status == 200 { String::new() } else { answer.json_error().1 }
}

#[tokio::test]
async fn members_see_the_organization_delegates_read_it_and_only_the_management_account_changes_it() {
    let aws = start().await;
    let (_, root) = organization(&aws).await;
    let (member, stranger) = (Somebody::root(&aws, MEMBER), Somebody::root(&aws, STRANGER));
    let unit = json!({ "ParentId": root, "Name": "x" });
    let service = "config.amazonaws.com";
    let delegation = json!({ "AccountId": MEMBER, "ServicePrincipal": service });
    let too_early = refused(&aws, "RegisterDelegatedAdministrator", delegation.clone()).await;
    assert!(
        too_early.0 == "ConstraintViolationException" && too_early.1.contains("EnableAWSServiceAccess"),
        "{too_early:?}"
    );
    done(&aws, "EnableAWSServiceAccess", json!({ "ServicePrincipal": service })).await;
    for (operation, input, of_member, of_delegate) in [
        ("DescribeOrganization", json!({}), "", ""),
        ("ListAccounts", json!({}), "AccessDeniedException", ""),
        ("DescribePolicy", json!({ "PolicyId": "p-FullAWSAccess" }), "AccessDeniedException", ""),
        ("DescribeAccount", json!({ "AccountId": MANAGEMENT }), "AccessDeniedException", ""),
        ("CreateOrganizationalUnit", unit, "AccessDeniedException", "AccessDeniedException"),
    ] {
        let not_in_use = "AWSOrganizationsNotInUseException";
        assert_eq!(code(&stranger, &aws, operation, input.clone()).await, not_in_use, "{operation}");
        assert_eq!(code(&member, &aws, operation, input.clone()).await, of_member, "{operation}");
        done(&aws, "RegisterDelegatedAdministrator", delegation.clone()).await;
        assert_eq!(code(&member, &aws, operation, input).await, of_delegate, "{operation} of a delegate");
        done(&aws, "DeregisterDelegatedAdministrator", delegation.clone()).await;
    }
    assert_eq!(code(&member, &aws, "LeaveOrganization", json!({})).await, "");
    assert_eq!(code(&member, &aws, "DescribeOrganization", json!({})).await, "AWSOrganizationsNotInUseException");
    aws.shutdown().await;
}

#[tokio::test]
async fn the_callers_own_policies_decide_on_the_arns_and_conditions_that_aws_publishes() {
    let aws = start().await;
    let (id, root) = organization(&aws).await;
    let limited = limited_role(&aws, &id, &root).await;
    let content =
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Deny", "Action": "s3:*", "Resource": "*" }] });
    let policy = |name: &str, kind: &str| json!({ "Content": content.to_string(), "Description": "", "Name": name, "Type": kind });
    // Only of this type; attached only to the root.
    let made = limited.organizations(&aws, "CreatePolicy", policy("a", "SERVICE_CONTROL_POLICY")).await;
    let made: Value = serde_json::from_str(&made.body).unwrap();
    let made = text(&made, "/Policy/PolicySummary/Id");
    assert_eq!(
        code(&limited, &aws, "CreatePolicy", policy("b", "RESOURCE_CONTROL_POLICY")).await,
        "AccessDeniedException"
    );
    let to_member = json!({ "PolicyId": made, "TargetId": MEMBER });
    let answer = limited.organizations(&aws, "AttachPolicy", to_member.clone()).await;
    let (_, _, message) = answer.json_error();
    let target = format!("arn:aws:organizations::{MANAGEMENT}:account/{id}/{MEMBER}");
    assert!(message.contains("organizations:AttachPolicy") && message.contains(&target), "{message}");
    assert_eq!(code(&limited, &aws, "AttachPolicy", json!({ "PolicyId": made, "TargetId": root })).await, "");
    // What has the tag may be detached from.
    assert_eq!(
        code(&limited, &aws, "DetachPolicy", json!({ "PolicyId": made, "TargetId": root })).await,
        "AccessDeniedException"
    );
    for id in [&root, &made] {
        done(&aws, "TagResource", json!({ "ResourceId": id, "Tags": [{ "Key": "team", "Value": "blue" }] })).await;
    }
    assert_eq!(code(&limited, &aws, "DetachPolicy", json!({ "PolicyId": made, "TargetId": root })).await, "");
    aws.shutdown().await;
}

/// A role of the management account that may little.
async fn limited_role(aws: &Running, id: &str, root: &str) -> Somebody {
    let arn = |what: &str| format!("arn:aws:organizations::{MANAGEMENT}:{what}");
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "organizations:CreatePolicy", "Resource": "*",
          "Condition": { "StringEquals": { "organizations:PolicyType": "SERVICE_CONTROL_POLICY" } } },
        { "Effect": "Allow", "Action": "organizations:AttachPolicy",
          "Resource": [arn(&format!("policy/{id}/service_control_policy/*")), arn(&format!("root/{id}/{root}"))] },
        { "Effect": "Allow", "Action": "organizations:DetachPolicy", "Resource": "*",
          "Condition": { "StringEquals": { "aws:ResourceTag/team": "blue" } } },
    ] });
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": MANAGEMENT }, "Action": "sts:AssumeRole" } ] });
    iam(aws, "CreateRole", &[("RoleName", "Limited"), ("AssumeRolePolicyDocument", &trust.to_string())]).await;
    let put = [("RoleName", "Limited"), ("PolicyName", "p"), ("PolicyDocument", &*policy.to_string())];
    iam(aws, "PutRolePolicy", &put).await;
    session(aws, &format!("arn:aws:iam::{MANAGEMENT}:role/Limited")).await
}

async fn iam(aws: &Running, operation: &str, parameters: &[(&str, &str)]) {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let parameters: String = parameters.iter().map(|(name, value)| format!("&{name}={}", encoded(value))).collect();
    let mut request = crate::wire::sts("");
    request.body = format!("Action={operation}&Version=2010-05-08{parameters}").into();
    let answer = request.signed(aws, &Somebody::root(aws, MANAGEMENT).signer("iam")).send(aws).await;
    assert_eq!(answer.status, 200, "{operation}: {answer:?}");
}

#[tokio::test]
async fn an_invitation_is_answered_by_who_is_invited_while_it_is_open() {
    let aws = start().await;
    organization(&aws).await;
    let invite = json!({ "Target": { "Id": STRANGER, "Type": "ACCOUNT" } });
    let (stranger, member) = (Somebody::root(&aws, STRANGER), Somebody::root(&aws, MEMBER));
    let id = text(&done(&aws, "InviteAccountToOrganization", invite.clone()).await, "/Handshake/Id");
    let of = json!({ "HandshakeId": id });
    assert_eq!(refused(&aws, "InviteAccountToOrganization", invite.clone()).await.0, "DuplicateHandshakeException");
    assert_eq!(refused(&aws, "AcceptHandshake", of.clone()).await.0, "AccessDeniedException");
    assert_eq!(code(&member, &aws, "DescribeHandshake", of.clone()).await, "HandshakeNotFoundException");
    assert_eq!(code(&stranger, &aws, "DeclineHandshake", of.clone()).await, "");
    assert_eq!(code(&stranger, &aws, "DeclineHandshake", of.clone()).await, "HandshakeAlreadyInStateException");
    assert_eq!(code(&stranger, &aws, "AcceptHandshake", of).await, "InvalidHandshakeTransitionException");
    // It is open for 15 days.
    let id = text(&done(&aws, "InviteAccountToOrganization", invite.clone()).await, "/Handshake/Id");
    aws.clock().advance(jiff::SignedDuration::from_hours(15 * 24)).unwrap();
    let told = done(&aws, "ListHandshakesForOrganization", json!({})).await;
    let states: Vec<&Value> = told["Handshakes"].as_array().unwrap().iter().map(|told| &told["State"]).collect();
    assert!(states.contains(&&json!("EXPIRED")) && states.contains(&&json!("DECLINED")), "{states:?}");
    aws.clock().follow_the_machine();
    assert_eq!(code(&stranger, &aws, "AcceptHandshake", json!({ "HandshakeId": id })).await, "");
    assert_eq!(refused(&aws, "InviteAccountToOrganization", invite).await.0, "HandshakeConstraintViolationException");
    aws.shutdown().await;
}
