//! Whether a key's state lets an operation through: the table of the developer guide.

use authz::rules::Assumptions;

use crate::{a_request, a_world};

/// AWS's error for an operation on a key in a state; `None` if it goes through.
fn error(action: &str, state: &str, assumptions: &Assumptions) -> Option<&'static str> {
    let world = a_world(&format!("keys: {{arn:aws:kms:us-west-2:111122223333:key/k: {{state: {state}}}}}"));
    let request = a_request(
        &world,
        &format!(
            "principal: arn:aws:iam::111122223333:root\naction: {action}\n\
             resource: arn:aws:kms:us-west-2:111122223333:key/k"
        ),
    );
    let verdict = world.key_state_verdict(&request, assumptions);
    assert_eq!(verdict, world.explain(&request, assumptions).key_state);
    verdict.unwrap_or_else(|| panic!("{action} is an operation on a key")).error
}

const DISABLED: Option<&str> = Some("DisabledException");
const INVALID: Option<&str> = Some("KMSInvalidStateException");
const UNSUPPORTED: Option<&str> = Some("UnsupportedOperationException");

#[test]
fn the_table() {
    let states = ["Enabled", "Disabled", "PendingDeletion", "PendingImport", "Unavailable", "Creating", "Updating"];
    let rows = [
        ("kms:Decrypt", [None, DISABLED, INVALID, INVALID, INVALID, INVALID, None]),
        ("kms:GenerateDataKeyWithoutPlaintext", [None, DISABLED, INVALID, INVALID, INVALID, INVALID, None]),
        ("kms:GetPublicKey", [None, DISABLED, INVALID, INVALID, INVALID, INVALID, None]),
        ("kms:Encapsulate", [None, DISABLED, INVALID, INVALID, INVALID, INVALID, None]),
        ("kms:CreateGrant", [None, DISABLED, INVALID, INVALID, None, INVALID, None]),
        ("kms:DescribeKey", [None; 7]),
        ("kms:PutKeyPolicy", [None; 7]),
        ("kms:ListGrants", [None; 7]),
        ("kms:RetireGrant", [None; 7]),
        ("kms:RevokeGrant", [None; 7]),
        ("kms:TagResource", [None, None, INVALID, None, None, None, None]),
        ("kms:EnableKey", [None, None, INVALID, INVALID, None, INVALID, INVALID]),
        ("kms:EnableKeyRotation", [None, DISABLED, INVALID, UNSUPPORTED, UNSUPPORTED, INVALID, None]),
        ("kms:RotateKeyOnDemand", [None, DISABLED, INVALID, INVALID, UNSUPPORTED, INVALID, None]),
        ("kms:GetKeyRotationStatus", [None, None, None, UNSUPPORTED, UNSUPPORTED, None, None]),
        ("kms:ReplicateKey", [None, DISABLED, INVALID, INVALID, UNSUPPORTED, INVALID, INVALID]),
        ("kms:UpdatePrimaryRegion", [None, DISABLED, INVALID, INVALID, UNSUPPORTED, INVALID, None]),
        ("kms:GetParametersForImport", [None, None, INVALID, None, UNSUPPORTED, INVALID, INVALID]),
        ("kms:ImportKeyMaterial", [None, None, INVALID, None, UNSUPPORTED, INVALID, None]),
        ("kms:DeleteImportedKeyMaterial", [None, None, None, None, UNSUPPORTED, INVALID, INVALID]),
        ("kms:ScheduleKeyDeletion", [None, None, INVALID, None, None, None, INVALID]),
        ("kms:CancelKeyDeletion", [INVALID, INVALID, None, INVALID, INVALID, INVALID, INVALID]),
    ];
    for (action, expected) in rows {
        for (state, expected) in states.iter().zip(expected) {
            assert_eq!(error(action, state, &Assumptions::default()), expected, "{action} while {state}");
        }
    }
}

#[test]
fn which_error_a_key_that_waits_for_its_deletion_gives_is_assumed() {
    let other = Assumptions { kms_state_pending_deletion_code: false, ..Assumptions::default() };
    assert_eq!(error("kms:Decrypt", "PendingDeletion", &other), DISABLED);
}

#[test]
fn a_state_that_nobody_told_refuses_nothing() {
    assert_eq!(error("kms:Decrypt", "unknown", &Assumptions::default()), None);
}
