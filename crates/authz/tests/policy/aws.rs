//! The same refusals in AWS's words.

use authz::{
    policy::{
        PolicyKind::{self, Identity, Key, Resource, ResourceControl, ServiceControl, Session, Trust},
        limits,
    },
    text::SourceText,
};

use crate::{document, refuse};

fn check(kind: PolicyKind, code: &str, cases: &[(&str, &str)]) {
    for (text, message) in cases {
        let error = refuse(text, kind);
        assert_eq!((error.aws_code(), error.aws_message().as_ref()), (code, *message), "{error}");
    }
}

/// What IAM answers, as other emulators' tests and people's reports have it.
#[test]
fn iam_on_identity_policies() {
    let one = |statement| document(statement);
    let resource = r#""Resource":"arn:aws:s3:::demo""#;
    let list = r#""Action":"kms:Decrypt""#;
    let syntax = "Syntax errors in policy.";
    check(
        Identity,
        "MalformedPolicyDocument",
        &[
            ("Allow everything.", syntax),
            (r#"{"Version":"2012-10-17"}"#, syntax),
            (r#"{"Version":"2012-10-18","Statement":{}}"#, syntax),
            (r#"{"Version":"2012-10-17","Statement":[]}"#, syntax),
            (r#"{"Version":"2012-10-17","Statement":["all"]}"#, syntax),
            (r#"{"Version":"2012-10-17","Id":{},"Statement":{}}"#, syntax),
            (r#"{"Version":"2012-10-17","Comment":"value"}"#, syntax),
            (&one(&format!(r#""Effect":"Allow",{list},{resource},"Comment":"value""#)), syntax),
            (&one(&format!(r#""Effect":"Permit",{list},{resource}"#)), syntax),
            (&one(&format!(r#""Effect":"deny",{list},{resource}"#)), "The policy failed legacy parsing"),
            (&one(&format!(r#"{list},{resource}"#)), syntax),
            (&one(&format!(r#""Effect":"Allow",{list},{resource},"NotResource":"*""#)), syntax),
            (&one(&format!(r#""Effect":"Allow","Action":{{}},{resource}"#)), syntax),
            (&one(&format!(r#""Effect":"Allow",{list},{resource},"Condition":"a""#)), syntax),
            (&one(&format!(r#""Effect":"Allow",{list},{resource},"Condition":{{"x":{{"a":"1"}}}}"#)), syntax),
            (
                &one(&format!(
                    r#""Effect":"Allow",{list},{resource},"Condition":{{"ForAnyValue::StringEqualsIfExists":{{"a":"b"}}}}"#
                )),
                syntax,
            ),
            (
                &one(&format!(
                    r#""Effect":"Allow",{list},{resource},"Condition":{{"DateLessThan":{{"a":"tomorrow"}}}}"#
                )),
                "The policy failed legacy parsing",
            ),
            (&one(r#""Effect":"Allow""#), "Policy statement must contain actions."),
            (&one(&format!(r#""Effect":"Allow","Action":[],{resource}"#)), "Policy statement must contain actions."),
            (&one(&format!(r#""Effect":"Allow",{list}"#)), "Policy statement must contain resources."),
            (&one(&format!(r#""Effect":"Allow",{list},"Resource":[]"#)), "Policy statement must contain resources."),
            (
                &one(&format!(r#""Effect":"Allow","Action":"Permit",{resource}"#)),
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (&one(&format!(r#""Effect":"Allow","Action":"k m s:Decrypt",{resource}"#)), "Vendor k m s is not valid"),
            (
                &one(&format!(r#""Effect":"Allow","Action":"kms:De:crypt",{resource}"#)),
                "Actions/Condition can contain only one colon.",
            ),
            (
                &one(&format!(r#""Effect":"Allow",{list},"Resource":"my key""#)),
                "Resource my key must be in ARN format or \"*\".",
            ),
            (
                &one(&format!(r#""Effect":"Allow",{list},"Resource":"arn:amazon:s3:::demo""#)),
                "Partition \"amazon\" is not valid for resource \"arn:amazon:s3:::demo\".",
            ),
            (
                &one(&format!(r#""Effect":"Allow",{list},{resource},"Principal":"*""#)),
                "Policy document should not specify a principal.",
            ),
            (
                &one(&format!(r#""Sid":"a-b","Effect":"Allow",{list},{resource}"#)),
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
                 [0-9A-Za-z]*",
            ),
            (
                &format!(
                    r#"{{"Statement":[{{"Sid":"a","Effect":"Allow",{list},{resource}}},{{"Sid":"a","Effect":"Allow"}}]}}"#
                ),
                "Statement IDs (SID) in a single policy must be unique.",
            ),
        ],
    );
    check(
        Identity,
        "ValidationError",
        &[(
            "\u{1f600}",
            "The specified value for policyDocument is invalid. It must contain only printable ASCII characters.",
        )],
    );
}

/// As `local-aws` answered before it used this parser.
#[test]
fn kms_on_key_policies() {
    let full = r#""Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*""#;
    let principals = "Policy contains a statement with one or more invalid principals.";
    check(
        Key,
        "MalformedPolicyDocumentException",
        &[
            ("nonsense", "This policy contains invalid Json"),
            ("[]", "This policy contains invalid Json"),
            (r#"{"Statement":[]}"#, "Syntax errors in policy."),
            (r#"{"Version":"2020-01-01","Statement":[]}"#, "The policy must contain a valid version string"),
            (
                &document(r#""Effect":"Allow","Action":"kms:*","Resource":"*""#),
                "Policy contains a statement with no principal.",
            ),
            (
                &document(
                    r#""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:root"},"Action":"kms:*","Resource":"*""#,
                ),
                principals,
            ),
            (
                &document(
                    r#""Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/*"},"Action":"kms:*","Resource":"*""#,
                ),
                principals,
            ),
            (&document(r#""Effect":"Allow","Principal":{"Nobody":"a"},"Action":"kms:*","Resource":"*""#), principals),
            (&document(r#""Effect":"Allow","Principal":"*","Resource":"*""#), "Policy statement must contain actions."),
            (
                &document(r#""Effect":"Allow","Principal":"*","Action":"kms:*""#),
                "Policy statement must contain resources.",
            ),
            (&document(&format!("{full},\"Extra\":1")), "Syntax errors in policy."),
            (&document(&format!("{full},\"Condition\":[]")), "Syntax errors in policy."),
            (
                &document(r#""Effect":"Allow","Principal":"*","Action":"Encrypt","Resource":"*""#),
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (
                &format!(r#"{{"Statement":[{{"Sid":"a",{full}}},{{"Sid":"a",{full}}}]}}"#),
                "Statement IDs (SID) in a single policy must be unique.",
            ),
        ],
    );
}

#[test]
fn iam_on_trust_policies() {
    let assume = r#""Effect":"Allow","Action":"sts:AssumeRole""#;
    check(
        Trust,
        "MalformedPolicyDocument",
        &[
            ("nonsense", "This policy contains invalid Json"),
            (r#"{"Statement":[]}"#, "Could not parse the policy: Statement is empty!"),
            (&document(assume), "Missing required field Principal"),
            (&document(r#""Principal":{"AWS":"*"},"Action":"sts:AssumeRole""#), "Missing required field Effect"),
            (
                &document(r#""Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject""#),
                "AssumeRole policy may only specify STS AssumeRole actions.",
            ),
            (
                &document(&format!(r#"{assume},"Principal":{{"AWS":"*"}},"Resource":"*""#)),
                "Has prohibited field Resource",
            ),
            (
                &document(&format!(r#"{assume},"Principal":"*""#)),
                "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".",
            ),
            (
                &document(&format!(r#"{assume},"Principal":{{"AWS":"arn:aws:iam::1111222233:role/a"}}"#)),
                "Invalid principal in policy: \"AWS\":\"arn:aws:iam::1111222233:role/a\"",
            ),
            (
                &document(&format!(r#"{assume},"NotPrincipal":{{"AWS":"111122223333"}}"#)),
                "AssumeRole policy must not contain NotPrincipal field.",
            ),
        ],
    );
}

#[test]
fn organizations_has_one_sentence_for_all_of_them() {
    for kind in [ServiceControl, ResourceControl] {
        check(
            kind,
            "MalformedPolicyDocumentException",
            &[(
                r#"{"Version":"2012-10-17","Statement":[]}"#,
                "The provided policy document does not meet the requirements of the specified policy type.",
            )],
        );
    }
}

#[test]
fn sts_and_other_services_have_codes_of_their_own() {
    check(Session, "MalformedPolicyDocument", &[("", "Syntax errors in policy.")]);
    let put = r#""Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::demo/*""#;
    check(
        Resource,
        "MalformedPolicy",
        &[
            ("[]", "Policies must be valid JSON and the first byte must be '{'"),
            ("{", "This policy contains invalid Json"),
            (r#"{"Statement":1}"#, "Invalid policy syntax."),
            (&document(r#""Principal":"*""#), "Missing required field Effect"),
            (&document(&format!(r#"{put},"Principal":{{"AWS":"me"}}"#)), "Invalid principal in policy"),
            (
                &document(&format!(r#"{put},"Principal":"*","Condition":{{"Like":{{"aws:username":"me"}}}}"#)),
                "Invalid Condition type : Like",
            ),
        ],
    );
    let long = " ".repeat(131_073);
    for (kind, code, member) in [
        (Identity, "ValidationError", "policyDocument"),
        (Session, "ValidationError", "policy"),
        (Key, "ValidationException", "policy"),
    ] {
        let message = format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length \
             less than or equal to 131072"
        );
        let error = limits::check_request(&SourceText::new("policy.json", long.as_str()), kind).unwrap_err();
        assert_eq!((error.aws_code(), error.aws_message().as_ref()), (code, message.as_str()));
        assert_eq!(error.place().to_string(), "1:131073");
    }
}
