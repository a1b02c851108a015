//! Documents that read, of every kind.

use authz::{
    policy::{Effect, MalformedPolicy, Policy, PolicyKind, PrincipalPattern, Version},
    text::SourceText,
};

use crate::{document, read};

#[test]
fn every_element_is_read_with_its_place() {
    let text = r#"{
  "Version": "2012-10-17",
  "Id": "key-default",
  "Statement": [
    {
      "Sid": "Allow the cluster",
      "Effect": "Allow",
      "Principal": {"AWS": ["111122223333", "arn:aws:iam::444455556666:role/eks/Karpenter"], "Service": "ec2.amazonaws.com"},
      "Action": ["kms:CreateGrant", "kms:Describe*"],
      "Resource": "*",
      "Condition": {
        "StringEquals": {"kms:ViaService": ["ec2.us-east-1.amazonaws.com"], "kms:CallerAccount": "444455556666"},
        "Bool": {"kms:GrantIsForAWSResource": true}
      }
    },
    {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}, "NotAction": "kms:List*", "NotResource": "arn:aws:kms:*:*:alias/*"}
  ]
}"#;
    let policy = read(text, PolicyKind::Key);
    assert_eq!((policy.version(), policy.id()), (Version::V2012, Some("key-default")));
    let [allow, deny] = policy.statements() else { panic!("{policy:?}") };
    let slice = |span| policy.source().slice(span);

    assert_eq!(
        allow.sid.as_ref().map(|sid| (sid.value.as_str(), slice(sid.span))),
        Some(("Allow the cluster", "\"Allow the cluster\""))
    );
    assert_eq!((allow.effect.value, slice(allow.effect.span)), (Effect::Allow, "\"Allow\""));
    let principals = allow.principals.as_ref().unwrap();
    assert!(!principals.negated);
    assert_eq!(
        principals.patterns.iter().map(|pattern| (pattern.value.clone(), slice(pattern.span))).collect::<Vec<_>>(),
        [
            (PrincipalPattern::Account("111122223333".parse().unwrap()), "\"111122223333\""),
            (
                PrincipalPattern::Role("arn:aws:iam::444455556666:role/eks/Karpenter".parse().unwrap()),
                "\"arn:aws:iam::444455556666:role/eks/Karpenter\""
            ),
            (PrincipalPattern::Service("ec2.amazonaws.com".into()), "\"ec2.amazonaws.com\""),
        ]
    );
    assert_eq!(slice(allow.actions.span), r#""Action": ["kms:CreateGrant", "kms:Describe*"]"#);
    assert_eq!(
        allow.actions.patterns.iter().map(|action| action.value.as_str()).collect::<Vec<_>>(),
        ["kms:creategrant", "kms:describe*"]
    );
    assert_eq!(allow.resources.as_ref().map(|resources| slice(resources.span)), Some("\"Resource\": \"*\""));
    assert_eq!(
        allow
            .conditions
            .iter()
            .map(|condition| (slice(condition.operator.span), slice(condition.key.span), slice(condition.span)))
            .collect::<Vec<_>>(),
        [
            ("\"StringEquals\"", "\"kms:ViaService\"", r#""kms:ViaService": ["ec2.us-east-1.amazonaws.com"]"#),
            ("\"StringEquals\"", "\"kms:CallerAccount\"", r#""kms:CallerAccount": "444455556666""#),
            ("\"Bool\"", "\"kms:GrantIsForAWSResource\"", r#""kms:GrantIsForAWSResource": true"#),
        ]
    );

    assert_eq!(policy.source().place(deny.span).to_string(), "16:5");
    assert!(slice(deny.span).starts_with("{\"Effect\": \"Deny\"") && slice(deny.span).ends_with('}'));
    assert!(
        deny.principals.as_ref().unwrap().negated && deny.actions.negated && deny.resources.as_ref().unwrap().negated
    );
}

/// Rule: `iam-policy-key-sid`.
#[test]
fn a_sid_with_spaces_is_for_key_policies_and_not_for_those_of_iam() {
    let read = |kind, sid: &str, rest: &str| {
        let text = format!(r#"{{"Statement":{{"Sid":"{sid}","Effect":"Allow","Action":"sts:AssumeRole"{rest}}}}}"#);
        let policy = Policy::parse(SourceText::new("test", text), kind)?;
        Ok::<_, MalformedPolicy>(policy.statements()[0].sid.clone().unwrap().value)
    };
    let (resource, principal) = (r#","Resource":"*""#, r#","Principal":{"AWS":"111122223333"}"#);
    let both = format!("{resource}{principal}");
    assert_eq!(read(PolicyKind::Key, "Enable IAM User Permissions", &both).unwrap(), "Enable IAM User Permissions");
    for (kind, rest) in
        [(PolicyKind::Identity, resource), (PolicyKind::Session, resource), (PolicyKind::Trust, principal)]
    {
        let refused = read(kind, "Enable IAM User Permissions", rest).unwrap_err();
        assert_eq!(refused.rule().map(|rule| rule.id), Some("iam-policy-sid"), "{kind:?}");
        assert_eq!(read(kind, "EnableIAMUserPermissions", rest).unwrap(), "EnableIAMUserPermissions", "{kind:?}");
    }
}

#[test]
fn documents_of_every_kind_read() {
    use PolicyKind as Kind;
    let allow = r#""Effect":"Allow","Action":"kms:*","Resource":"*""#;
    let trust = r#""Effect":"Allow","Action":"sts:AssumeRole""#;
    for (kind, statement) in [
        (Kind::Identity, allow.to_owned()),
        (Kind::Identity, format!(r#""Sid":"",{allow}"#)),
        (Kind::Identity, r#""Effect":"Deny","NotAction":["iam:*","sts:*"],"NotResource":["arn:aws:iam::*:role/a"]"#.to_owned()),
        (Kind::Identity, r#""Effect":"Allow","Action":"*:*","Resource":"arn:*:s3:::b/${aws:username}""#.to_owned()),
        (Kind::Identity, r#""Effect":"Allow","Action":"*","Resource":"arn:aws-us-gov:s3:::b""#.to_owned()),
        (Kind::Session, allow.to_owned()),
        (Kind::Trust, format!(r#"{trust},"Principal":{{"AWS":"*"}}"#)),
        (Kind::Trust, format!(r#"{trust},"Principal":{{"Service":["ec2.amazonaws.com","ecs-tasks.amazonaws.com"]}}"#)),
        (
            Kind::Trust,
            r#""Effect":"Allow","Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],
               "Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/A"}"#
                .to_owned(),
        ),
        (Kind::Key, format!(r#"{allow},"Sid":"with spaces","Principal":"*""#)),
        (Kind::Key, format!(r#"{allow},"Principal":{{"AWS":["AIDACKCEVSQ6C2EXAMPLE","111122223333"]}}"#)),
        (Kind::Key, r#""Effect":"Deny","Action":"kms:*","Resource":"*","NotPrincipal":{"AWS":"111122223333"}"#.to_owned()),
        (Kind::Resource, format!(r#"{allow},"Principal":{{"CanonicalUser":"{}"}}"#, "0a".repeat(32))),
        (
            Kind::Resource,
            format!(r#"{allow},"Principal":{{"AWS":"arn:aws:iam::cloudfront:user/CloudFront-Origin-Access-Identity-E1"}}"#),
        ),
        (Kind::ServiceControl, r#""Effect":"Allow","NotAction":"iam:*Role","NotResource":"arn:aws:iam::*:role/a""#.to_owned()),
        (Kind::ServiceControl, format!(r#"{allow},"Condition":{{"Null":{{"aws:TokenIssueTime":"true"}}}}"#)),
        (Kind::ResourceControl, r#""Effect":"Allow","Principal":"*","Action":"*","Resource":"*""#.to_owned()),
        (
            Kind::ResourceControl,
            r#""Effect":"Deny","Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*",
               "Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}"#
                .to_owned(),
        ),
    ] {
        assert_eq!(read(&document(&statement), kind).statements().len(), 1);
    }
}

#[test]
fn a_statement_stands_alone_or_in_a_list() {
    let statement = r#"{"Effect":"Allow","Action":"kms:*","Resource":"*"}"#;
    let read = |text: String| read(&text, PolicyKind::Identity);
    assert_eq!(read(format!(r#"{{"Statement":{statement}}}"#)).statements().len(), 1);
    assert_eq!(read(format!(r#"{{"Statement":[{statement},{statement}]}}"#)).statements().len(), 2);
}

#[test]
fn without_a_version_the_language_is_that_of_2008() {
    let with = |version: &str| {
        let text = format!(r#"{{{version}"Statement":{{"Effect":"Allow","Action":"*","Resource":"*"}}}}"#);
        read(&text, PolicyKind::Identity).version()
    };
    assert_eq!(with(""), Version::V2008);
    assert_eq!(with(r#""Version":"2008-10-17","#), Version::V2008);
    assert_eq!(with(r#""Version":"2012-10-17","#), Version::V2012);
}

#[test]
fn conditions_take_strings_numbers_and_booleans_and_may_ask_nothing() {
    let with = |condition: &str| {
        let text = document(&format!(r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{condition}"#));
        let policy = read(&text, PolicyKind::Identity);
        let values = policy.statements()[0]
            .conditions
            .iter()
            .map(|condition| condition.values.iter().map(|value| value.value.as_str().to_owned()).collect::<Vec<_>>());
        values.collect::<Vec<_>>()
    };
    assert_eq!(with(r#"{"NumericLessThan":{"s3:max-keys":[10,"2",-1.5e1]}}"#), [["10", "2", "-1.5e1"]]);
    assert_eq!(with(r#"{"Bool":{"aws:SecureTransport":false}}"#), [["false"]]);
    assert_eq!(with(r#"{"StringEquals":{"aws:PrincipalTag/a\u0020b":"\u00e9\"\\"}}"#), [["é\"\\"]]);
    assert_eq!(with(r#"{"StringEquals":{"aws:username":[]}}"#), [Vec::<String>::new()]);
    assert!(with("{}").is_empty());
    assert!(with(r#"{"StringEquals":{}}"#).is_empty());
    assert!(with(r#"{"NoOperator":{}}"#).is_empty(), "as IAM takes it");
}
