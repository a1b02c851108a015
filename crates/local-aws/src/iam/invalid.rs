//! What IAM answers to inputs that break its model.
//!
//! IAM has sentences of its own for names, paths and documents that are not of their patterns, whatever else is wrong;
//! everything else it tells as other services do, but without the values.
//!
//! Sources: AWS's answers that localstack recorded in 2026 (`tests/aws/services/iam/test_iam_{mfa,roles,oidc,policies,
//! account_password_policy}.snapshot.json`: no value is told, `The specified value for path ..`); spinifex's tests of what
//! AWS returned (`gateway/iam`: `pathPrefix`, its pattern before its length); Terraform's, rosa's and Karpenter's reports
//! (`roleName`, `policyName`, `groupName`); versitygw's `iamapi` (`userName`, `accessKeyId`, `policyDocument`). Assumed:
//! `assumeRolePolicyDocument` is told as `policyDocument`, `instanceProfileName` and `virtualMFADeviceName` as the other
//! names; the sentence of `accountAlias` is as floci has it.

use aws_wire::validate::{ConstraintKind, ValidationError, Violation};

use super::fault;
use crate::ServiceError;

/// The answer.
pub(crate) fn invalid(error: ValidationError) -> ServiceError {
    match error.violations().iter().find_map(own) {
        Some(message) => fault::validation(message),
        None => fault::validation(error.without_values().to_string()),
    }
}

fn own(violation: &Violation) -> Option<String> {
    let member = violation.path.as_str();
    let is_pattern = violation.kind == ConstraintKind::Pattern;
    let what = asked_of(member).filter(|_| is_pattern)?;
    Some(format!("The specified value for {member} is invalid. It must {what}"))
}

/// What IAM itself asks of a member.
fn asked_of(member: &str) -> Option<&'static str> {
    Some(match member {
        "userName"
        | "newUserName"
        | "groupName"
        | "newGroupName"
        | "roleName"
        | "policyName"
        | "instanceProfileName"
        | "virtualMFADeviceName" => "contain only alphanumeric characters and/or the following: +=,.@_-",
        "path" | "newPath" => "begin and end with / and contain only alphanumeric characters and/or / characters.",
        "pathPrefix" => "begin with the / character and contain only alphanumeric characters and/or / characters.",
        "policyDocument" | "assumeRolePolicyDocument" => "contain only printable ASCII characters.",
        "accessKeyId" => "contain only alphanumeric characters.",
        "accountAlias" => {
            "be a minimum length of 3 characters and maximum length of 63 characters, contain only digits, lowercase \
             letters, and hyphens (-), but cannot begin or end with a hyphen."
        }
        _ => return None,
    })
}
