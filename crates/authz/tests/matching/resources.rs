//! Action, NotAction, Resource and NotResource.

use std::sync::Arc;

use authz::{context::Context, formula::Formula, policy::Policy};

use crate::{context, policy, word};

fn resource(policy: &Arc<Policy>, arn: &str, context: &Context) -> Formula {
    policy.statements()[0].resources.as_ref().unwrap().covers(arn, context, policy)
}

#[test]
fn actions_match_without_case() {
    for (element, action, covers) in [
        (r#""Action": "kms:Decrypt""#, "kms:decrypt", true),
        (r#""Action": "KMS:DECRYPT""#, "kms:decrypt", true),
        (r#""Action": "kms:Decrypt""#, "kms:encrypt", false),
        (r#""Action": "kms:*crypt""#, "kms:decrypt", true),
        (r#""Action": "kms:Re?ncrypt*""#, "kms:reencryptfrom", true),
        (r#""Action": "kms:*""#, "ec2:runinstances", false),
        (r#""Action": "*""#, "ec2:runinstances", true),
        (r#""Action": ["ec2:*", "kms:*"]"#, "kms:decrypt", true),
        (r#""NotAction": "kms:*""#, "kms:decrypt", false),
        (r#""NotAction": ["kms:*", "iam:*"]"#, "ec2:runinstances", true),
    ] {
        let policy = policy("2012-10-17", element);
        assert_eq!(policy.statements()[0].actions.covers(action), covers, "{element} and {action}");
    }
}

#[test]
fn resources_match_with_case() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234";
    for (element, arn, covers) in [
        (r#""Resource": "*""#, key, true),
        (r#""Resource": "*""#, "*", true),
        (r#""Resource": "arn:aws:kms:eu-west-1:111122223333:key/1234""#, key, true),
        (r#""Resource": "arn:aws:kms:eu-west-1:111122223333:Key/1234""#, key, false),
        (r#""Resource": "arn:aws:kms:*:111122223333:key/*""#, key, true),
        (r#""Resource": "arn:aws:kms:*:111122223333:key/*""#, "*", false),
        (r#""Resource": "arn:aws:kms:??-west-?:*:*""#, key, true),
        (r#""Resource": "arn:aws:s3:::b/*/test/*""#, "arn:aws:s3:::b/1/2/test/3/o.jpg", true),
        (r#""Resource": "arn:aws:s3:::b/*/test/*""#, "arn:aws:s3:::b/1-test/o.jpg", false),
        // A `*` at the end of a part may take colons.
        (
            r#""Resource": "arn:aws:x:*:111122223333:f/*""#,
            "arn:aws:x:us-east-2:999999999999:s/a:111122223333:f/d",
            true,
        ),
        (r#""Resource": ["arn:aws:s3:::b", "arn:aws:kms:*:*:key/*"]"#, key, true),
        (r#""NotResource": "arn:aws:kms:*:*:key/*""#, key, false),
        (r#""NotResource": ["arn:aws:s3:::b", "arn:aws:iam::*:role/*"]"#, key, true),
        // What is left out of an ARN is anything.
        (r#""Resource": "arn:aws:kms""#, key, true),
        (r#""Resource": "arn:aws:sqs""#, key, false),
        (r#""Resource": "arn:aws:kms:eu-west-1""#, key, true),
        (r#""Resource": "arn:aws:kms:*:key/1234""#, key, false),
    ] {
        let policy = policy("2012-10-17", element);
        let covered = resource(&policy, arn, &context(&[]));
        assert_eq!(word(&covered), if covers { "yes" } else { "no" }, "{element} and {arn}");
    }
}

#[test]
fn variables_in_resources_are_values_of_the_request() {
    let told = context(&[
        ("aws:username", Some(&["alice"])),
        ("aws:principaltag/team", Some(&["a*"])),
        ("aws:principalaccount", Some(&["111122223333"])),
        ("aws:tagkeys", Some(&["a", "b"])),
        ("sts:transitivetagkeys", Some(&["a"])),
    ]);
    for (element, arn, covers) in [
        (r#""Resource": "arn:aws:s3:::home/${aws:username}/*""#, "arn:aws:s3:::home/alice/x", true),
        (r#""Resource": "arn:aws:s3:::home/${aws:username}/*""#, "arn:aws:s3:::home/bob/x", false),
        (r#""Resource": "arn:aws:s3:::home/${aws:PrincipalTag/Team}""#, "arn:aws:s3:::home/ab", false),
        (r#""Resource": "arn:aws:s3:::home/${aws:PrincipalTag/Team}""#, "arn:aws:s3:::home/a*", true),
        (r#""Resource": "arn:aws:s3:::b-${aws:PrincipalTag/t, 'company-wide'}""#, "arn:aws:s3:::b-company-wide", true),
        (r#""Resource": "arn:aws:s3:::b${*}""#, "arn:aws:s3:::b*", true),
        (r#""Resource": "arn:aws:s3:::b${*}""#, "arn:aws:s3:::bc", false),
        // Nothing resolves: neither the element nor its negation is about any resource by that pattern.
        (r#""Resource": "arn:aws:s3:::${aws:PrincipalTag/none}*""#, "arn:aws:s3:::b", false),
        (r#""NotResource": "arn:aws:s3:::${aws:PrincipalTag/none}*""#, "arn:aws:s3:::b", true),
        (r#""Resource": "arn:aws:s3:::${aws:TagKeys}""#, "arn:aws:s3:::a", false),
        (r#""Resource": "arn:aws:s3:::${sts:TransitiveTagKeys}""#, "arn:aws:s3:::a", false),
        (r#""Resource": "arn:aws:s3:::${sts:TransitiveTagKeys, 'b'}""#, "arn:aws:s3:::b", true),
        // Before the fifth colon there are no variables.
        (r#""Resource": "arn:aws:iam::${aws:PrincipalAccount}:role/r""#, "arn:aws:iam::111122223333:role/r", false),
    ] {
        let policy = policy("2012-10-17", element);
        let covered = resource(&policy, arn, &told);
        assert_eq!(word(&covered), if covers { "yes" } else { "no" }, "{element} and {arn}");
    }
    let old = policy("2008-10-17", r#""Resource": "arn:aws:s3:::home/${aws:username}""#);
    assert_eq!(word(&resource(&old, "arn:aws:s3:::home/alice", &told)), "no");
    assert_eq!(word(&resource(&old, "arn:aws:s3:::home/${aws:username}", &told)), "yes");
}

#[test]
fn an_unknown_variable_is_asked_only_where_it_matters() {
    let open = context(&[("aws:username", None)]);
    for (element, arn, covered) in [
        (r#""Resource": "arn:aws:s3:::home/${aws:username}/*""#, "arn:aws:s3:::home/bob/x", "open"),
        (r#""Resource": "arn:aws:s3:::home/${aws:username}/*""#, "arn:aws:s3:::work/bob/x", "no"),
        (r#""Resource": ["arn:aws:s3:::home/${aws:username}/*", "*"]"#, "arn:aws:s3:::home/bob/x", "yes"),
        (r#""NotResource": "arn:aws:s3:::home/${aws:username}""#, "arn:aws:s3:::home/bob", "open"),
        (r#""NotResource": "arn:aws:s3:::home/${aws:username}""#, "arn:aws:s3:::work/bob", "yes"),
    ] {
        let policy = policy("2012-10-17", element);
        let formula = resource(&policy, arn, &open);
        assert_eq!(word(&formula), covered, "{element} and {arn}");
        for (name, again) in [("bob", !element.contains("Not")), ("eve", element.contains("Not"))] {
            if covered == "open" {
                let known = context(&[("aws:username", Some(&[name]))]);
                assert_eq!(formula.resolve(&known), again.into(), "{element} and {name}");
                assert_eq!(resource(&policy, arn, &known), again.into(), "{element} and {name}");
            }
        }
    }
}
