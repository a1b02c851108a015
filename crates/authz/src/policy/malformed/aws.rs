//! The same flaws in AWS's words.
//!
//! Sources: the errors of `CreatePolicy`, `PutRolePolicy`, `CreateRole`, `UpdateAssumeRolePolicy`, `PutKeyPolicy` and
//! `PutBucketPolicy` as people report them, and as other emulators of AWS hold them in tests that were made against
//! AWS. IAM answers in another voice for trust policies than for identity policies, KMS in a third, S3 in a fourth;
//! where a voice has no words for a flaw that are known, it has a sentence for any flaw.

use std::borrow::Cow;

use super::Flaw;
use crate::policy::{PolicyKind, limits};

const SYNTAX: &str = "Syntax errors in policy.";
const SYNTAX_OF_TRUST: &str = "Syntax error in policy.";
const INVALID_JSON: &str = "This policy contains invalid Json";
const INVALID_VERSION: &str = "The policy must contain a valid version string";
const NO_ACTIONS: &str = "Policy statement must contain actions.";
const NO_RESOURCES: &str = "Policy statement must contain resources.";
const SIDS_NOT_UNIQUE: &str = "Statement IDs (SID) in a single policy must be unique.";
const INVALID_PRINCIPALS: &str = "Policy contains a statement with one or more invalid principals.";
const LEGACY: &str = "The policy failed legacy parsing";

pub(super) const fn code(flaw: &Flaw, kind: PolicyKind) -> &'static str {
    let breaks_request = matches!(flaw, Flaw::TooLong { .. } | Flaw::Character(_));
    match kind {
        PolicyKind::Identity | PolicyKind::Trust | PolicyKind::Session if breaks_request => "ValidationError",
        PolicyKind::Identity | PolicyKind::Trust | PolicyKind::Session => "MalformedPolicyDocument",
        PolicyKind::Key if breaks_request => "ValidationException",
        PolicyKind::Key | PolicyKind::ServiceControl | PolicyKind::ResourceControl => {
            "MalformedPolicyDocumentException"
        }
        // As S3 answers; other services have other codes.
        PolicyKind::Resource => "MalformedPolicy",
    }
}

pub(super) fn message(flaw: &Flaw, kind: PolicyKind) -> Cow<'static, str> {
    match (flaw, kind) {
        (Flaw::TooLong { .. }, PolicyKind::Identity | PolicyKind::Trust) => too_long("policyDocument").into(),
        (Flaw::TooLong { .. }, PolicyKind::Session | PolicyKind::Key) => too_long("policy").into(),
        (Flaw::Character(_), PolicyKind::Identity | PolicyKind::Trust) => {
            "The specified value for policyDocument is invalid. It must contain only printable ASCII characters.".into()
        }
        (Flaw::Character(_), PolicyKind::Session | PolicyKind::Key) => {
            "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must satisfy regular \
             expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"
                .into()
        }
        (_, PolicyKind::Identity | PolicyKind::Session) => identity(flaw),
        (_, PolicyKind::Key) => key(flaw),
        (_, PolicyKind::Trust) => trust(flaw),
        (_, PolicyKind::Resource) => bucket(flaw),
        (_, PolicyKind::ServiceControl | PolicyKind::ResourceControl) => {
            "The provided policy document does not meet the requirements of the specified policy type.".into()
        }
    }
}

fn too_long(member: &str) -> String {
    let limit = limits::CHARACTERS_OF_REQUEST;
    format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length less \
         than or equal to {limit}"
    )
}

fn identity(flaw: &Flaw) -> Cow<'static, str> {
    match flaw {
        Flaw::Missing("Action") | Flaw::Empty("Action" | "NotAction") => NO_ACTIONS.into(),
        Flaw::Missing("Resource") | Flaw::Empty("Resource" | "NotResource") => NO_RESOURCES.into(),
        Flaw::Prohibited("Principal" | "NotPrincipal") => "Policy document should not specify a principal.".into(),
        Flaw::Effect(effect) if ["allow", "deny"].iter().any(|known| effect.eq_ignore_ascii_case(known)) => {
            LEGACY.into()
        }
        Flaw::ConditionValue(_) => LEGACY.into(),
        Flaw::Resource(resource) => format!("Resource {resource} must be in ARN format or \"*\".").into(),
        Flaw::Partition(resource) => {
            let partition = resource.split(':').nth(1).unwrap_or_default();
            format!("Partition \"{partition}\" is not valid for resource \"{resource}\".").into()
        }
        Flaw::OldVersion => "Policy document must be version 2012-10-17 or greater.".into(),
        Flaw::SidTwice(_) => SIDS_NOT_UNIQUE.into(),
        Flaw::SidCharacters(_) => "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the \
                                   regular expression [0-9A-Za-z]*"
            .into(),
        Flaw::Action(action) => invalid_action(action),
        _ => SYNTAX.into(),
    }
}

fn key(flaw: &Flaw) -> Cow<'static, str> {
    match flaw {
        Flaw::Json(_) | Flaw::TooDeep | Flaw::NoObject => INVALID_JSON.into(),
        Flaw::Version(_) => INVALID_VERSION.into(),
        Flaw::Missing("Action") | Flaw::Empty("Action" | "NotAction") | Flaw::Both("Action", _) => NO_ACTIONS.into(),
        Flaw::Missing("Resource") | Flaw::Empty("Resource" | "NotResource") | Flaw::Both("Resource", _) => {
            NO_RESOURCES.into()
        }
        Flaw::Missing("Principal") | Flaw::Both("Principal", _) => {
            "Policy contains a statement with no principal.".into()
        }
        Flaw::Principal { .. }
        | Flaw::PrincipalShape(_)
        | Flaw::Empty("Principal" | "NotPrincipal" | "AWS" | "Service" | "Federated")
        | Flaw::Prohibited("CanonicalUser")
        | Flaw::UnknownElement { of: "a principal", .. }
        | Flaw::WrongType { what: "AWS" | "Service" | "Federated", .. } => INVALID_PRINCIPALS.into(),
        Flaw::SidTwice(_) => SIDS_NOT_UNIQUE.into(),
        Flaw::Action(action) => invalid_action(action),
        Flaw::OverlyPermissive(key) => {
            let what = if key.starts_with("kms:") { "encryption context" } else { "tag" };
            format!(
                "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued condition key \
                 matches requests without the specified {what} or with an unspecified {what}. To fix, remove \
                 ForAllValues."
            )
            .into()
        }
        _ => SYNTAX.into(),
    }
}

fn trust(flaw: &Flaw) -> Cow<'static, str> {
    match flaw {
        Flaw::Json(_) | Flaw::TooDeep | Flaw::NoObject => INVALID_JSON.into(),
        Flaw::Version(_) => INVALID_VERSION.into(),
        Flaw::Missing("Statement") | Flaw::Empty("Statement") => {
            "Could not parse the policy: Statement is empty!".into()
        }
        Flaw::Missing(element) => format!("Missing required field {element}").into(),
        Flaw::Empty(element) => format!("Missing required field {element} cannot be empty!").into(),
        Flaw::Effect(effect) => format!("Invalid effect: {effect}").into(),
        Flaw::SidTwice(_) => "The Statement Ids in the policy are not unique".into(),
        Flaw::Prohibited("Resource") => "Has prohibited field Resource".into(),
        Flaw::Prohibited("NotResource") => "AssumeRole policy must not contain resources.".into(),
        Flaw::Prohibited("NotPrincipal") => "AssumeRole policy must not contain NotPrincipal field.".into(),
        Flaw::NotPrincipalAllows => "Allow with NotPrincipal is not allowed.".into(),
        Flaw::ActionOfTrust(_) => "AssumeRole policy may only specify STS AssumeRole actions.".into(),
        Flaw::BarePrincipal => "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".".into(),
        Flaw::PrincipalShape(_) => "Principal must be a JSON object.".into(),
        Flaw::Principal { principal, name, .. } => {
            format!("Invalid principal in policy: \"{}\":\"{name}\"", principal.name().to_ascii_uppercase()).into()
        }
        Flaw::UnknownElement { name, of: "a principal", .. } => {
            format!("Invalid principal in policy: \"{name}\"").into()
        }
        Flaw::Action(action) => invalid_action(action),
        _ => SYNTAX_OF_TRUST.into(),
    }
}

/// As S3 answers; much of it is what IAM says of trust policies.
fn bucket(flaw: &Flaw) -> Cow<'static, str> {
    match flaw {
        Flaw::NoObject => "Policies must be valid JSON and the first byte must be '{'".into(),
        Flaw::Action(_) => "Policy has invalid action".into(),
        Flaw::Resource(_) | Flaw::Partition(_) | Flaw::Empty("Resource" | "NotResource") => {
            "Policy has invalid resource".into()
        }
        Flaw::Operator(operator) => format!("Invalid Condition type : {operator}").into(),
        Flaw::Principal { .. }
        | Flaw::PrincipalShape(_)
        | Flaw::Empty("Principal" | "NotPrincipal" | "AWS" | "Service" | "Federated" | "CanonicalUser")
        | Flaw::UnknownElement { of: "a principal", .. } => "Invalid principal in policy".into(),
        _ => match trust(flaw) {
            other if other == SYNTAX_OF_TRUST => "Invalid policy syntax.".into(),
            known => known,
        },
    }
}

fn invalid_action(action: &str) -> Cow<'static, str> {
    match action.split_once(':') {
        None => "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".into(),
        Some((_, name)) if name.contains(':') => "Actions/Condition can contain only one colon.".into(),
        Some((vendor, _)) => format!("Vendor {vendor} is not valid").into(),
    }
}
