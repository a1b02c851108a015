//! Explanations name the rules that had a say, and not those that had none.

use authz::rules;

use crate::{a_world, explain};

/// The ids of the rules that are told of a request under one policy of the caller.
fn told(version: &str, statement: &str, request: &str) -> Vec<&'static str> {
    let world = a_world(&format!(
        r#"
roles:
  arn:aws:iam::111122223333:role/team/app:
    tags: {{Team: a, star: '*'}}
    policies: {{p: {{Version: {version}, Statement: [{{{statement}}}]}}}}
keys: {{arn:aws:kms:us-west-2:111122223333:key/k: {{aliases: [alias/a, alias/b], tags: {{cost: x}}}}}}
"#
    ));
    let principal = "arn:aws:sts::111122223333:assumed-role/app/s";
    let key = "arn:aws:kms:us-west-2:111122223333:key/k";
    let request = format!("principal: {principal}\naction: kms:Decrypt\nresource: {key}\n{request}");
    explain(&world, &request).rules.iter().map(|rule| rule.id).collect()
}

fn allow(rest: &str) -> String {
    format!("Effect: Allow, Action: 'kms:Decrypt', {rest}")
}

#[test]
fn rules_about_actions_and_resources() {
    let key = "arn:aws:kms:us-west-2:111122223333:key/k";
    let rows = [
        ("Effect: Allow, Action: 'KMS:decrypt', Resource: '*'".to_owned(), &rules::IAM_MATCH_ACTION_CASE),
        ("Effect: Allow, Action: 'kms:De*', Resource: '*'".to_owned(), &rules::IAM_MATCH_ACTION_WILDCARD),
        ("Effect: Allow, Action: '*', Resource: '*'".to_owned(), &rules::IAM_MATCH_ACTION_STAR),
        ("Effect: Allow, NotAction: 's3:*', Resource: '*'".to_owned(), &rules::IAM_MATCH_NOT_ACTION),
        (allow("Resource: '*'"), &rules::IAM_MATCH_RESOURCE_STAR),
        (allow(&format!("Resource: '{}'", key.replace("key/k", "key/K"))), &rules::IAM_MATCH_RESOURCE_CASE),
        (allow("Resource: 'arn:aws:kms:*:111122223333:key/*'"), &rules::IAM_MATCH_RESOURCE_WILDCARD),
        (allow("NotResource: 'arn:aws:s3:::x'"), &rules::IAM_MATCH_NOT_RESOURCE),
    ];
    for (statement, rule) in rows {
        let told = told("2012-10-17", &statement, "");
        assert!(told.contains(&rule.id), "{} of {statement}: {told:?}", rule.id);
        if rule.id != rules::IAM_MATCH_ACTION_CASE.id {
            assert!(!told.contains(&rules::IAM_MATCH_ACTION_CASE.id), "{statement}");
        }
    }
}

#[test]
fn rules_about_conditions() {
    let rows = [
        ("StringEquals: {aws:SourceVpc: v}", "", &rules::IAM_COND_MISSING_KEY_POSITIVE),
        ("StringNotEquals: {aws:SourceVpc: v}", "", &rules::IAM_COND_MISSING_KEY_NEGATED),
        ("StringEqualsIfExists: {aws:SourceVpc: v}", "", &rules::IAM_COND_IF_EXISTS),
        ("'Null': {aws:SourceVpc: 'true'}", "", &rules::IAM_COND_NULL_TRUE),
        ("'ForAllValues:StringEquals': {aws:TagKeys: v}", "", &rules::IAM_COND_FOR_ALL_MISSING),
        ("'ForAnyValue:StringEquals': {aws:TagKeys: v}", "", &rules::IAM_COND_FOR_ANY_MISSING),
        ("'ForAnyValue:StringEquals': {kms:ResourceAliases: alias/a}", "", &rules::IAM_COND_FOR_ANY),
        ("'ForAllValues:StringEquals': {aws:PrincipalAccount: '1'}", "", &rules::IAM_COND_SET_ON_SINGLE),
        ("StringEquals: {kms:ResourceAliases: alias/a}", "", &rules::IAM_COND_MULTI_WITHOUT_SET),
        ("StringEquals: {aws:PrincipalAccount: ['1', '2']}", "", &rules::IAM_COND_OR),
        ("StringNotEquals: {aws:PrincipalAccount: ['1', '2']}", "", &rules::IAM_COND_NOR),
        ("StringEquals: {AWS:principalaccount: '1'}", "", &rules::IAM_COND_KEY_CASE),
        ("StringEquals: {aws:PrincipalTag/TEAM: a}", "", &rules::IAM_COND_KEY_CASE),
        ("StringLike: {aws:PrincipalArn: '*app'}", "", &rules::IAM_COND_STRING_LIKE),
        ("ArnEquals: {aws:PrincipalArn: 'arn:aws:iam::*:role/*'}", "", &rules::IAM_COND_ARN_EQUALS),
        ("NumericLessThan: {x:n: '5'}", "context: {'x:n': many}", &rules::IAM_COND_UNPARSABLE),
        ("IpAddress: {aws:SourceIp: 203.0.113.7}", "context: {aws:SourceIp: 203.0.113.7}", &rules::IAM_COND_IP_BARE),
        ("IpAddress: {aws:SourceIp: 203.0.113.7/24}", "context: {aws:SourceIp: '::1'}", &rules::IAM_COND_IP_HOST_BITS),
        ("IpAddress: {aws:SourceIp: 203.0.113.7/24}", "context: {aws:SourceIp: '::1'}", &rules::IAM_COND_IP_FAMILY),
        ("Bool: {aws:SecureTransport: 'TRUE'}", "context: {aws:SecureTransport: 'true'}", &rules::IAM_COND_BOOL_CASE),
        ("StringEquals: {kms:ViaService: x}", "", &rules::KMS_COND_VIA_SERVICE_DIRECT),
        ("StringEquals: {kms:ViaService: x}", "via: [ec2.amazonaws.com]", &rules::KMS_COND_VIA_EC2),
        ("Bool: {kms:GrantIsForAWSResource: 'true'}", "", &rules::KMS_COND_FOR_AWS_RESOURCE_OPERATIONS),
        ("StringEquals: {kms:KeySpec: x}", "", &rules::KMS_COND_KEY_PROPERTIES),
        ("StringEquals: {aws:ResourceTag/cost: x}", "", &rules::KMS_COND_RESOURCE_TAG),
        ("StringEquals: {aws:PrincipalTag/Team: b}", "session: {tags: {team: b}}", &rules::TRUST_TAGS_OVER_ROLE),
    ];
    for (condition, request, rule) in rows {
        let told = told("2012-10-17", &allow(&format!("Resource: '*', Condition: {{{condition}}}")), request);
        assert!(told.contains(&rule.id), "{} of {condition}: {told:?}", rule.id);
    }
}

#[test]
fn rules_about_variables() {
    let rows = [
        ("2012-10-17", "aws:PrincipalArn: '${aws:PrincipalArn}'", &rules::IAM_VARIABLE_CONDITION),
        ("2008-10-17", "aws:PrincipalArn: '${aws:PrincipalArn}'", &rules::IAM_VARIABLE_VERSION),
        ("2012-10-17", "aws:PrincipalArn: '${AWS:principalarn}'", &rules::IAM_VARIABLE_CASE),
        ("2012-10-17", "aws:PrincipalArn: '${aws:username}'", &rules::IAM_VARIABLE_UNRESOLVED),
        ("2012-10-17", "aws:PrincipalArn: \"${aws:username, 'x'}\"", &rules::IAM_VARIABLE_DEFAULT),
        ("2012-10-17", "aws:PrincipalArn: '${*}'", &rules::IAM_VARIABLE_ESCAPE),
        ("2012-10-17", "aws:PrincipalArn: '${kms:ResourceAliases}'", &rules::IAM_VARIABLE_SINGLE_VALUED),
        ("2012-10-17", "aws:PrincipalArn: '${aws:PrincipalTag/star}'", &rules::IAM_VARIABLE_VALUE_LITERAL),
    ];
    for (version, condition, rule) in rows {
        let statement = allow(&format!("Resource: '*', Condition: {{StringLike: {{{condition}}}}}"));
        let told = told(version, &statement, "");
        assert!(told.contains(&rule.id), "{} of {condition}: {told:?}", rule.id);
    }
}

#[test]
fn an_element_has_no_say_where_an_earlier_one_excludes_the_request() {
    let other = "Effect: Allow, Action: 's3:*', Resource: '*', Condition: {StringEquals: {aws:SourceVpc: v}}";
    let told = told("2012-10-17", other, "");
    for rule in [&rules::IAM_MATCH_RESOURCE_STAR, &rules::IAM_COND_MISSING_KEY_POSITIVE] {
        assert!(!told.contains(&rule.id), "{}", rule.id);
    }
}

#[test]
fn rules_about_who_denies() {
    let told = told("2012-10-17", &allow("Resource: 'arn:aws:kms:us-west-2:111122223333:key/other'"), "");
    for rule in [
        &rules::IAM_EVAL_IMPLICIT_DENY,
        &rules::DENIAL_IDENTITY_IMPLICIT,
        &rules::KMS_KEY_POLICY_ACCOUNT,
        &rules::IAM_PRINCIPAL_ACCOUNT,
    ] {
        assert!(told.contains(&rule.id), "{}: {told:?}", rule.id);
    }
    assert!(!told.contains(&rules::IAM_EVAL_EXPLICIT_DENY.id));
}
