//! Strategies for settings and asks. Half of the statements are broad, so that much is allowed and the narrow ones
//! make the difference.

use authz::policy::PolicyKind;
use proptest::{
    prelude::*,
    sample::{select, subsequence},
};
use serde_json::{Map, Value, json};

use super::setting::{Ask, Caller, Document, MANAGEMENT, Setting, Target, everything};

/// What is called, on what; the more interesting ones more often.
const CALLS: [(&str, Target); 20] = [
    ("s3:GetObject", Target::Object),
    ("s3:GetObject", Target::Object),
    ("s3:PutObject", Target::Object),
    ("s3:ListBucket", Target::Bucket),
    ("sqs:SendMessage", Target::Queue),
    ("sqs:SendMessage", Target::Queue),
    ("kms:Decrypt", Target::Key),
    ("kms:Decrypt", Target::Key),
    ("kms:CreateGrant", Target::Key),
    ("kms:ScheduleKeyDeletion", Target::Key),
    ("kms:RetireGrant", Target::Key),
    ("sts:AssumeRole", Target::Trust),
    ("sts:AssumeRole", Target::Trust),
    ("sts:TagSession", Target::Trust),
    ("iam:GetRole", Target::Role),
    ("iam:PassRole", Target::Role),
    ("dynamodb:GetItem", Target::Table),
    ("dynamodb:GetItem", Target::Table),
    ("s3:ListAllMyBuckets", Target::Nothing),
    ("sts:GetCallerIdentity", Target::Nothing),
];

const CALLERS: [Caller; 14] = [
    Caller::Role,
    Caller::Role,
    Caller::Role,
    Caller::RoleWithSessionPolicy,
    Caller::RoleWithSessionPolicy,
    Caller::RoleWithSessionPolicy,
    Caller::User,
    Caller::User,
    Caller::User,
    Caller::Root,
    Caller::FederatedUser,
    Caller::ServiceLinkedRole,
    Caller::Service,
    Caller::Anonymous,
];

const ACTIONS: [&str; 13] = [
    "*",
    "s3:*",
    "S3:get*",
    "s3:?etObject",
    "sqs:SendMessage",
    "kms:*",
    "kms:Decrypt",
    "kms:CreateGrant",
    "kms:*Key*",
    "dynamodb:GetItem",
    "sts:*",
    "iam:*",
    "iam:PassRole",
];

const TRUST_ACTIONS: [&str; 4] = ["sts:*", "sts:AssumeRole", "sts:TagSession", "sts:assume*"];

const RCP_ACTIONS: [&str; 6] = ["s3:*", "s3:GetObject", "sqs:*", "kms:*", "kms:Decrypt", "sts:AssumeRole"];

const RESOURCES: [&str; 16] = [
    "*",
    "arn:aws:s3:::bucket-111122223333/*",
    "arn:aws:s3:::bucket-*",
    "arn:aws:s3:::bucket-444455556666/home/${aws:username}/*",
    "arn:aws:s3:::*/home/${aws:username, 'ann'}/report",
    "arn:aws:s3:::bucket-??????????33/home/*",
    "arn:aws:sqs:us-west-2:111122223333:queue",
    "arn:aws:sqs:*:*:*",
    "arn:aws:kms:us-west-2:444455556666:key/*",
    "arn:aws:kms:*:111122223333:key/1234*",
    "arn:aws:iam::*:role/target",
    "arn:aws:iam::111122223333:role/${aws:PrincipalTag/team}*",
    "arn:aws:dynamodb:us-west-2:*:table/${aws:username}",
    "arn:aws:dynamodb:us-west-2:${aws:PrincipalAccount}:table/ann",
    "arn:aws:*:*:*:*",
    "arn:aws:s3:::bucket-111122223333${*}",
];

const PRINCIPALS: [&str; 17] = [
    r#""*""#,
    r#"{"AWS": "*"}"#,
    r#"{"AWS": "111122223333"}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:root"}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:root"}"#,
    r#"{"AWS": "arn:aws:iam::444455556666:root"}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:role/app"}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:role/app"}"#,
    r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/app/s1"}"#,
    r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/app/other"}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:user/ann"}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:user/ann"}"#,
    r#"{"AWS": ["arn:aws:sts::111122223333:federated-user/carol", "arn:aws:iam::444455556666:root"]}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"}"#,
    r#"{"Service": "autoscaling.amazonaws.com"}"#,
    r#"{"Service": ["ec2.amazonaws.com", "autoscaling.amazonaws.com"]}"#,
    r#"{"Federated": "cognito-identity.amazonaws.com"}"#,
];

/// Operators with the keys and values that they are used with.
struct Family {
    operators: &'static [&'static str],
    keys: &'static [&'static str],
    values: &'static [&'static str],
}

const FAMILIES: [Family; 9] = [
    Family {
        operators: &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
        keys: &[
            "aws:PrincipalTag/team",
            "aws:SourceVpc",
            "s3:prefix",
            "aws:username",
            "aws:PrincipalAccount",
            "AWS:principaltype",
        ],
        values: &[
            "red",
            "RED",
            "blue",
            "vpc-1",
            "vpc-*",
            "home/${aws:username}/*",
            "${aws:PrincipalTag/team}",
            "${aws:PrincipalTag/team, 'red'}",
            "${aws:SourceVpc, 'vpc-1'}",
            "r?d",
            "${*}",
            "r${?}d",
            "ann",
            "111122223333",
            "AssumedRole",
            "*",
        ],
    },
    Family {
        operators: &["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"],
        keys: &["aws:TagKeys"],
        values: &["a", "A", "b", "c", "*", "${aws:PrincipalTag/team, 'a'}"],
    },
    Family {
        operators: &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        keys: &["aws:MultiFactorAuthAge", "aws:EpochTime"],
        values: &["30", "30.0", "60", "3600", "-1", "1795600800"],
    },
    Family {
        operators: &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        keys: &["aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime"],
        values: &[
            "2026-11-25T10:00:00Z",
            "2026-01-01",
            "1795600800",
            "2030-01-01T00:00:00Z",
            "2026-11-25T12:00:00+02:00",
        ],
    },
    Family { operators: &["Bool"], keys: &["aws:SecureTransport"], values: &["true", "false", "True"] },
    Family { operators: &["BinaryEquals"], keys: &["aws:PrincipalTag/blob"], values: &["aGVsbG8=", "d29ybGQ="] },
    Family {
        operators: &["IpAddress", "NotIpAddress"],
        keys: &["aws:SourceIp"],
        values: &["203.0.113.0/24", "10.0.0.0/8", "203.0.113.7", "2001:db8::/32", "203.0.113.9/24", "0.0.0.0/0"],
    },
    Family {
        operators: &["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
        keys: &["aws:PrincipalArn", "aws:SourceArn"],
        values: &[
            "arn:aws:iam::111122223333:role/app",
            "arn:aws:iam::*:role/*",
            "arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username}",
            "arn:aws:iam::111122223333:*",
            "arn:aws:sns:*:*:topic/?",
            "*",
        ],
    },
    Family {
        operators: &["Null"],
        keys: &["aws:PrincipalTag/team", "aws:SourceVpc", "aws:TagKeys", "aws:SourceIp", "aws:username"],
        values: &["true", "false"],
    },
];

/// One entry of a Condition.
fn condition() -> impl Strategy<Value = (String, &'static str, Vec<&'static str>)> {
    (0..FAMILIES.len(), any::<[u8; 3]>(), 1..3usize).prop_flat_map(|(at, [operator, key, modifier], count)| {
        let Family { operators, keys, values } = &FAMILIES[at];
        let pick = |from: &[&'static str], by: u8| from[usize::from(by) % from.len()];
        let (operator, key) = (pick(operators, operator), pick(keys, key));
        // Without a set operator a multivalued key has no documented meaning.
        let is_multivalued = key == "aws:TagKeys" && operator != "Null";
        let set = match modifier % 16 {
            0..=4 if is_multivalued => "ForAllValues:",
            _ if is_multivalued => "ForAnyValue:",
            0 if operator != "Null" => "ForAllValues:",
            1 if operator != "Null" => "ForAnyValue:",
            _ => "",
        };
        let if_exists = if modifier >= 192 && operator != "Null" { "IfExists" } else { "" };
        let operator = format!("{set}{operator}{if_exists}");
        subsequence(*values, count).prop_map(move |values| (operator.clone(), key, values))
    })
}

fn conditions() -> impl Strategy<Value = Option<Value>> {
    let entries = prop::collection::vec(condition(), 1..3);
    prop::option::weighted(0.5, entries).prop_map(|entries| {
        let mut operators = Map::new();
        for (operator, key, values) in entries? {
            let keys = operators.entry(operator).or_insert_with(|| json!({}));
            keys[key] = json!(values);
        }
        Some(Value::Object(operators))
    })
}

/// What one statement is about, whom apart.
fn statement(kind: PolicyKind) -> BoxedStrategy<Value> {
    let actions: &'static [&'static str] = match kind {
        PolicyKind::Trust => &TRUST_ACTIONS,
        PolicyKind::ResourceControl => &RCP_ACTIONS,
        _ => &ACTIONS,
    };
    let narrow = (
        subsequence(actions, 1..=2),
        subsequence(&RESOURCES[..], 1..=3),
        conditions(),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
    );
    let narrow = narrow.prop_map(move |(actions, resources, conditions, not_action, not_resource)| {
        let mut statement = json!({});
        let may_except = !matches!(kind, PolicyKind::ResourceControl | PolicyKind::Trust);
        statement[if not_action && may_except { "NotAction" } else { "Action" }] = json!(actions);
        match kind {
            PolicyKind::Trust => {}
            PolicyKind::Key => statement["Resource"] = json!("*"),
            _ => statement[if not_resource { "NotResource" } else { "Resource" }] = json!(resources),
        }
        if let Some(conditions) = conditions {
            statement["Condition"] = conditions;
        }
        statement
    });
    let mut broad = json!({ "Action": if kind == PolicyKind::Trust { "sts:*" } else { "*" } });
    if kind.has_resources() {
        broad["Resource"] = json!("*");
    }
    let about =
        if kind == PolicyKind::ResourceControl { narrow.boxed() } else { prop_oneof![narrow, Just(broad)].boxed() };
    (about, prop::bool::weighted(0.15), select(&PRINCIPALS[..]), prop::bool::weighted(0.2))
        .prop_map(move |(mut statement, denies, principal, not)| {
            let is_broad = statement["Action"] == "*" && statement.get("Condition").is_none();
            // A Deny of everything tells nothing.
            let denies = kind == PolicyKind::ResourceControl || denies && !is_broad;
            statement["Effect"] = json!(if denies { "Deny" } else { "Allow" });
            let excepts = not && denies && kind.has_principal_exceptions() && principal != PRINCIPALS[0];
            if kind == PolicyKind::ResourceControl {
                statement["Principal"] = json!("*");
            } else if kind.has_principals() {
                // A trust policy has no bare `*`.
                let principal =
                    if kind == PolicyKind::Trust && principal == PRINCIPALS[0] { PRINCIPALS[1] } else { principal };
                let principal: Value = serde_json::from_str(principal).expect("a principal");
                statement[if excepts { "NotPrincipal" } else { "Principal" }] = principal;
            }
            statement
        })
        .boxed()
}

/// A policy of one to three statements.
pub(crate) fn document(kind: PolicyKind) -> impl Strategy<Value = Document> {
    let version = if kind.is_of_organizations() { Just(0).boxed() } else { (0..8).boxed() };
    (version, prop::collection::vec(statement(kind), 1..4)).prop_map(move |(version, statements)| Document {
        kind,
        version: if version == 7 { "2008-10-17" } else { "2012-10-17" },
        statements,
    })
}

/// No levels, or three: the root, a unit, the account.
fn levels(kind: PolicyKind) -> impl Strategy<Value = Vec<Vec<Document>>> {
    let level = (document(kind), 0..4u8).prop_map(move |(document, form)| match (form, kind) {
        (0, _) => vec![document],
        (1, PolicyKind::ServiceControl) => vec![everything(kind), document],
        (_, PolicyKind::ServiceControl) => vec![everything(kind)],
        _ => Vec::new(),
    });
    prop::option::weighted(0.4, prop::collection::vec(level, 3)).prop_map(Option::unwrap_or_default)
}

/// A setting without groups and grants, which other evaluators do not know.
pub(crate) fn setting() -> impl Strategy<Value = Setting> {
    let own = (
        prop::collection::vec(document(PolicyKind::Identity), 1..3),
        prop::option::weighted(0.4, document(PolicyKind::Identity)),
        prop::option::weighted(0.9, document(PolicyKind::Session)),
    );
    let organization = (levels(PolicyKind::ServiceControl), levels(PolicyKind::ResourceControl));
    let others = (
        prop::option::weighted(0.7, document(PolicyKind::Resource)),
        document(PolicyKind::Key),
        document(PolicyKind::Trust),
    );
    (own, organization, others).prop_map(|(own, (service_control, resource_control), (resource, key, trust))| {
        let (identity, boundary, session) = own;
        let (group, grants) = (Vec::new(), Vec::new());
        let management = MANAGEMENT;
        Setting {
            identity,
            group,
            boundary,
            session,
            management,
            service_control,
            resource_control,
            resource,
            key,
            grants,
            trust,
        }
    })
}

/// Absent, and sets of none to two.
const TAG_KEYS: [Option<&[&str]>; 5] = [None, Some(&[]), Some(&["a"]), Some(&["a", "b"]), Some(&["b", "c"])];

/// A question.
pub(crate) fn ask() -> impl Strategy<Value = Ask> {
    let told = |key: &'static str, values: &'static [&'static str]| {
        prop::option::weighted(0.6, select(values)).prop_map(move |value| value.map(|value| (key, vec![value])))
    };
    let texts = (
        told("aws:PrincipalTag/team", &["red", "blue", "r*d", "RED"]),
        told("aws:SourceVpc", &["vpc-1", "vpc-2"]),
        told("s3:prefix", &["home/ann/x", "red"]),
        told("aws:PrincipalTag/blob", &["aGVsbG8="]),
        told("aws:SourceArn", &["arn:aws:sns:us-west-2:111122223333:topic/a"]),
    );
    let others = (
        told("aws:SourceIp", &["203.0.113.7", "10.1.2.3", "2001:db8::1"]),
        told("aws:CurrentTime", &["2026-11-25T10:00:00Z", "2026-06-01T00:00:00Z"]),
        told("aws:EpochTime", &["1795600800"]),
        told("aws:MultiFactorAuthAge", &["30", "3600"]),
        told("aws:SecureTransport", &["true", "false"]),
    );
    let tag_keys = select(&TAG_KEYS[..]);
    let tag_keys = tag_keys.prop_map(|keys| keys.map(|keys| ("aws:TagKeys", keys.to_vec())));
    (select(&CALLERS[..]), select(&CALLS[..]), prop::bool::weighted(0.35), texts, others, tag_keys).prop_map(
        |(caller, (action, target), is_foreign, (a, b, c, d, e), (f, g, h, i, j), k)| Ask {
            caller,
            action,
            target,
            is_foreign: is_foreign && target != Target::Nothing,
            context: [a, b, c, d, e, f, g, h, i, j, k]
                .into_iter()
                .flatten()
                // Only listing a bucket has it.
                .filter(|(key, _)| *key != "s3:prefix" || target == Target::Bucket)
                .collect(),
        },
    )
}
