//! Context keys that follow from the caller, the resource and the call. Each is asked by the one condition of the one
//! statement that allows.

use authz::{rules::Assumptions, world::World};

use crate::{a_world, verdict, verdict_if};

/// Principals that may everything under one condition, their key, and their organization.
fn under(condition: &str) -> World {
    let policy = format!(
        "{{Version: 2012-10-17, Statement: [{{Effect: Allow, Action: '*', Resource: '*', Condition: {condition}}}]}}"
    );
    a_world(&format!(
        r#"
roles:
  arn:aws:iam::111122223333:role/team/app: {{id: AROAAPP, tags: {{Team: a, env: prod}}, policies: {{p: {policy}}}}}
users:
  arn:aws:iam::111122223333:user/ann: {{id: AIDAANN, policies: {{p: {policy}}}}}
keys:
  arn:aws:kms:us-west-2:111122223333:key/k:
    tags: {{Cost: x}}
    aliases: [alias/one, alias/two]
    attributes: {{kms:KeySpec: SYMMETRIC_DEFAULT}}
organization:
  id: o-a
  managementAccount: "999999999999"
  root: {{units: {{apps: {{accounts: {{"111122223333": {{}}}}}}}}}}
"#
    ))
}

fn asks(principal: &str, rest: &str) -> String {
    format!("principal: {principal}\nresource: arn:aws:kms:us-west-2:111122223333:key/k\n{rest}")
}

const APP: &str = "arn:aws:sts::111122223333:assumed-role/app/s";
const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const DECRYPT: &str = "action: kms:Decrypt";

/// Whether the condition holds for a request.
fn holds(condition: &str, request: &str) -> bool {
    verdict(&under(condition), request) == "allowed"
}

#[track_caller]
fn is(key: &str, value: &str, request: &str) {
    let equals = format!("{{StringEquals: {{'{key}': '{value}'}}}}");
    assert!(holds(&equals, request), "{key} is not {value}");
    assert!(!holds(&equals.replace(value, "something else"), request), "{key} is anything");
}

#[track_caller]
fn is_absent(key: &str, request: &str) {
    assert!(holds(&format!("{{'Null': {{'{key}': 'true'}}}}"), request), "{key} is there");
}

#[track_caller]
fn is_any(key: &str, value: &str, request: &str) {
    assert!(holds(&format!("{{'ForAnyValue:StringEquals': {{'{key}': '{value}'}}}}"), request), "{key} lacks {value}");
}

#[test]
fn keys_of_a_role_session() {
    let session = asks(
        APP,
        "action: kms:Decrypt\nsession: {tags: {team: b}, sourceIdentity: carol, issued: '2026-01-01T00:00:00Z'}",
    );
    is("aws:PrincipalArn", "arn:aws:iam::111122223333:role/team/app", &session);
    is("aws:PrincipalAccount", "111122223333", &session);
    is("aws:PrincipalType", "AssumedRole", &session);
    is("aws:userid", "AROAAPP:s", &session);
    is_absent("aws:username", &session);
    is("aws:PrincipalTag/TEAM", "b", &session);
    is("aws:PrincipalTag/env", "prod", &session);
    is_absent("aws:PrincipalTag/other", &session);
    is("aws:SourceIdentity", "carol", &session);
    is("aws:PrincipalIsAWSService", "false", &session);
    is_absent("aws:PrincipalServiceName", &session);
    assert!(holds("{DateEquals: {aws:TokenIssueTime: '2026-01-01T00:00:00Z'}}", &session));
}

#[test]
fn a_service_calls_for_a_user_with_temporary_credentials_without_a_device_code() {
    let through = asks(ANN, "action: kms:Decrypt\nvia: [ec2.amazonaws.com]");
    is("aws:MultiFactorAuthPresent", "false", &through);
    let issued = "{'Null': {aws:TokenIssueTime: 'false'}}";
    assert!(verdict(&under(issued), &through).starts_with("{allowedIff:"), "when is not known");
    is_absent("aws:MultiFactorAuthPresent", &asks(ANN, DECRYPT));
    let with_code = "context: {aws:TokenIssueTime: '2026-01-01T00:00:00Z', aws:MultiFactorAuthPresent: 'true'}";
    is("aws:MultiFactorAuthPresent", "true", &format!("{through}\n{with_code}"));
}

#[test]
fn keys_of_a_user() {
    let user = asks(ANN, DECRYPT);
    is("aws:PrincipalArn", ANN, &user);
    is("aws:PrincipalType", "User", &user);
    is("aws:userid", "AIDAANN", &user);
    is("aws:username", "ann", &user);
    is_absent("aws:TokenIssueTime", &user);
    is_absent("aws:SourceIdentity", &user);
}

#[test]
fn keys_of_the_organization() {
    let asked = asks(APP, DECRYPT);
    is("aws:PrincipalOrgID", "o-a", &asked);
    is("aws:ResourceOrgID", "o-a", &asked);
    is_any("aws:PrincipalOrgPaths", "o-a/r-root/ou-apps/", &asked);
    is_any("aws:ResourceOrgPaths", "o-a/r-root/ou-apps/", &asked);
    is("aws:PrincipalOrgMasterAccountId", "999999999999", &asked);
}

#[test]
fn keys_of_the_resource_and_the_call() {
    let asked = asks(APP, DECRYPT);
    is("aws:ResourceAccount", "111122223333", &asked);
    is("aws:ResourceTag/cost", "x", &asked);
    is_absent("aws:ResourceTag/other", &asked);
    is("aws:RequestedRegion", "us-west-2", &asked);
    is("aws:ViaAWSService", "false", &asked);
    is_absent("aws:CalledVia", &asked);
    let through = asks(APP, "action: kms:Decrypt\nvia: [cloudformation.amazonaws.com, ec2.amazonaws.com]");
    is("aws:ViaAWSService", "true", &through);
    is_any("aws:CalledVia", "cloudformation.amazonaws.com", &through);
    is("aws:CalledViaFirst", "cloudformation.amazonaws.com", &through);
    is("aws:CalledViaLast", "ec2.amazonaws.com", &through);
}

#[test]
fn keys_of_a_call_to_kms() {
    let asked = asks(APP, "action: kms:Decrypt\nencryptionContext: {App: x, b: y}\nrequestAlias: alias/one");
    is("kms:CallerAccount", "111122223333", &asked);
    is("kms:EncryptionContext:app", "x", &asked);
    is_absent("kms:EncryptionContext:other", &asked);
    is_any("kms:EncryptionContextKeys", "App", &asked);
    is("kms:RequestAlias", "alias/one", &asked);
    is_any("kms:ResourceAliases", "alias/two", &asked);
    is("kms:KeySpec", "SYMMETRIC_DEFAULT", &asked);
    is("kms:KeyUsage", "ENCRYPT_DECRYPT", &asked);
    is("kms:MultiRegion", "false", &asked);
    is_absent("kms:ViaService", &asked);
    is_absent("kms:GrantIsForAWSResource", &asked);
    is_absent("kms:GranteePrincipal", &asked);
    is_absent("kms:EncryptionContextKeys", &asks(APP, DECRYPT));
    is("kms:ViaService", "ec2.us-west-2.amazonaws.com", &asks(APP, "action: kms:Decrypt\nvia: [ec2.amazonaws.com]"));
}

#[test]
fn keys_of_a_grant_to_be_made() {
    let make = |rest: &str| {
        let grant = "{grantee: 'arn:aws:iam::111122223333:role/r', retiring: 'arn:aws:iam::111122223333:user/u', \
                     operations: [Decrypt, Encrypt], constraints: {encryptionContextSubset: {a: b}}}";
        asks(APP, &format!("action: kms:CreateGrant\nnewGrant: {grant}\n{rest}"))
    };
    let direct = make("");
    is("kms:GranteePrincipal", "arn:aws:iam::111122223333:role/r", &direct);
    is("kms:RetiringPrincipal", "arn:aws:iam::111122223333:user/u", &direct);
    is_any("kms:GrantOperations", "Encrypt", &direct);
    is("kms:GrantConstraintType", "EncryptionContextSubset", &direct);
    is("kms:EncryptionContext:a", "b", &direct);
    is("kms:GrantIsForAWSResource", "false", &direct);
    is("kms:GrantIsForAWSResource", "true", &make("via: [ec2.amazonaws.com]"));
    let missing = Assumptions { kms_cond_for_aws_resource_false: false, ..Assumptions::default() };
    let null = under("{'Null': {kms:GrantIsForAWSResource: 'true'}}");
    assert_eq!(verdict_if(&null, &direct, &missing), "allowed");
}

#[test]
fn a_key_that_is_told_wins_over_what_follows() {
    let told = asks(APP, "action: kms:Decrypt\ncontext: {kms:ViaService: s3.us-west-2.amazonaws.com}");
    is("kms:ViaService", "s3.us-west-2.amazonaws.com", &told);
}

#[test]
fn a_service_that_calls_under_the_name_of_its_region_is_told_once_by_region() {
    let through = asks(APP, "action: kms:Decrypt\nvia: logs.us-west-2.amazonaws.com");
    is("kms:ViaService", "logs.us-west-2.amazonaws.com", &through);
}

#[test]
fn keys_of_a_request_that_nobody_signed() {
    let holds = |condition: &str| {
        let queue = a_world(&format!(
            r#"
accounts: {{"111122223333": {{}}}}
resources:
  arn:aws:sqs:us-west-2:111122223333:q:
    policy:
      Version: 2012-10-17
      Statement: {{Effect: Allow, Principal: '*', Action: sqs:SendMessage, Resource: '*', Condition: {condition}}}
"#
        ));
        let send = "principal: anonymous\naction: sqs:SendMessage\nresource: arn:aws:sqs:us-west-2:111122223333:q";
        verdict(&queue, send) == "allowed"
    };
    assert!(holds("{StringEquals: {aws:PrincipalAccount: anonymous}}"));
    assert!(holds("{StringEquals: {aws:PrincipalType: Anonymous}}"));
    assert!(holds("{'Null': {aws:PrincipalArn: 'true', aws:PrincipalIsAWSService: 'true'}}"));
}

#[test]
fn the_provider_of_a_web_identity_is_told_to_the_trust_policy() {
    let provider = "arn:aws:iam::111122223333:oidc-provider/id.example";
    let world = a_world(&format!(
        r#"
roles:
  arn:aws:iam::111122223333:role/web:
    trust:
      Version: 2012-10-17
      Statement:
        Effect: Allow
        Principal: {{Federated: '{provider}'}}
        Action: sts:AssumeRoleWithWebIdentity
        Condition: {{ArnEquals: {{aws:FederatedProvider: '{provider}'}}}}
"#
    ));
    let asks = format!(
        "principal: {provider}\naction: sts:AssumeRoleWithWebIdentity\nresource: arn:aws:iam::111122223333:role/web"
    );
    assert_eq!(verdict(&world, &asks), "allowed");
}

/// Both keys are in every request, and no page of AWS's says what they are of a service that calls as itself.
#[test]
fn what_kind_of_principal_a_service_is_stays_open() {
    for key in ["aws:PrincipalType", "aws:userid"] {
        let world = a_world(&format!(
            r#"
keys:
  arn:aws:kms:us-west-2:444455556666:key/k:
    policy:
      Version: 2012-10-17
      Statement:
        - {{Effect: Allow, Principal: {{Service: logs.us-west-2.amazonaws.com}}, Action: kms:Decrypt, Resource: '*'}}
        - {{Effect: Deny, Principal: '*', Action: kms:*, Resource: '*', Condition: {{StringNotEquals: {{{key}: x}}}}}}
"#
        ));
        let asks = "principal: logs.us-west-2.amazonaws.com\naction: kms:Decrypt\n\
                    resource: arn:aws:kms:us-west-2:444455556666:key/k";
        assert!(verdict(&world, asks).contains("allowedIff"), "{key}: {}", verdict(&world, asks));
    }
}
