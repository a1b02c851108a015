//! Documents that read, of every kind.

use authz::{
    policy::{Effect, Policy, PolicyKind, PrincipalPattern, Version},
    text::SourceText,
};

fn read(text: &str, kind: PolicyKind) -> Policy {
    Policy::parse(SourceText::new("policy.json", text), kind).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

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
