//! Validation messages, held against what AWS answers.
//!
//! Sources, by the letter in each case: [L] localstack's snapshots of KMS (`test_kms.snapshot.json`, recorded
//! 2023), [F] floci's KMS integration tests (2026), [M] moto's `aws_verified` tests, [H] Hadoop's documentation
//! of STS errors, [W] answers of services with the same framework, quoted in `validate.rs`.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use aws_wire::model::{self, Protocol, ServiceId, ServiceModel};
use aws_wire::protocol::{self, Received};
use aws_wire::validate::{self, ValidationError};
use serde_json::{Value, json};

fn check(service: ServiceId, operation: &str, input: &Value) -> Result<(), ValidationError> {
    let model = model::service(service);
    let operation = model.operation(operation).unwrap_or_else(|| panic!("`{operation}` is an operation"));
    validate::input(model, operation, input)
}

fn message(service: ServiceId, operation: &str, input: &Value) -> String {
    check(service, operation, input).expect_err("the input is not valid").to_string()
}

fn kms(operation: &str, input: &Value) -> String {
    message(ServiceId::Kms, operation, input)
}

fn sts(operation: &str, input: &Value) -> String {
    message(ServiceId::Sts, operation, input)
}

const LENGTH_1: &str = "Member must have length greater than or equal to 1";

#[test]
fn a_valid_input_is_valid() {
    let input = json!({"KeyId": "k", "Plaintext": "AA==", "EncryptionContext": {"a": "b"}, "GrantTokens": ["t"]});
    check(ServiceId::Kms, "Encrypt", &input).unwrap();
    let input = json!({"RoleArn": "arn:aws:iam::111122223333:role/r", "RoleSessionName": "me@x", "Tags": [
        {"Key": "Größe", "Value": ""}]});
    check(ServiceId::Sts, "AssumeRole", &input).unwrap();
    check(ServiceId::Sts, "GetCallerIdentity", &json!({})).unwrap();
}

#[test]
fn what_is_required_must_not_be_null() {
    let not_null = |path: &str| {
        format!(
            "1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null"
        )
    };
    assert_eq!(kms("DescribeKey", &json!({})), not_null("keyId"), "[F]");
    let verify = json!({"KeyId": "k", "Message": "AA==", "SigningAlgorithm": "ECDSA_SHA_256"});
    assert_eq!(kms("Verify", &verify), not_null("signature"), "[F]");
    assert_eq!(kms("CreateAlias", &json!({"AliasName": "alias/x", "TargetKeyId": null})), not_null("targetKeyId"));
    assert_eq!(sts("AssumeRole", &json!({"RoleSessionName": "me", "RoleArn": null})), not_null("roleArn"));
}

#[test]
fn lengths_are_of_characters_and_of_decoded_bytes() {
    assert_eq!(
        kms("DescribeKey", &json!({"KeyId": ""})),
        format!("1 validation error detected: Value '' at 'keyId' failed to satisfy constraint: {LENGTH_1}"),
        "mu#382"
    );
    check(ServiceId::Kms, "UpdateKeyDescription", &json!({"KeyId": "k", "Description": "ü".repeat(8192)})).unwrap();
    let long = "ü".repeat(8193);
    assert_eq!(
        kms("UpdateKeyDescription", &json!({"KeyId": "k", "Description": long})),
        format!(
            "1 validation error detected: Value '{long}' at 'description' failed to satisfy constraint: \
                 Member must have length less than or equal to 8192"
        )
    );
    let blob = |bytes: usize| json!({"CiphertextBlob": "A".repeat(bytes * 4 / 3)});
    check(ServiceId::Kms, "Decrypt", &blob(6144)).unwrap();
    assert_eq!(
        kms("Decrypt", &blob(6147)),
        "1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint: \
         Member must have length less than or equal to 6144",
        "[F]"
    );
}

/// Neither bytes nor what the model calls sensitive is ever told back.
#[test]
fn secrets_are_not_shown() {
    assert_eq!(
        kms("Encrypt", &json!({"KeyId": "k", "Plaintext": ""})),
        format!("1 validation error detected: Value at 'plaintext' failed to satisfy constraint: {LENGTH_1}"),
        "[M]"
    );
    assert_eq!(
        kms("Encrypt", &json!({"KeyId": "k"})),
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must not be null",
        "[F]"
    );
    let store = json!({"KeyStorePassword": "hunter2", "CustomKeyStoreId": "s"});
    let token =
        json!({"RoleArn": "arn:aws:iam::111122223333:role/r", "RoleSessionName": "me", "WebIdentityToken": "abc"});
    for (message, secret) in [
        (kms("UpdateCustomKeyStore", &json!({"KeyStorePassword": "hunt", "CustomKeyStoreId": "s"})), "hunt"),
        (sts("AssumeRoleWithWebIdentity", &token), "abc"),
    ] {
        assert!(message.contains("Value at '"), "{message}");
        assert!(!message.contains(secret), "{message}");
    }
    check(ServiceId::Kms, "UpdateCustomKeyStore", &store).unwrap();
}

#[test]
fn numbers_have_ranges() {
    let random = |bytes: i64| kms("GenerateRandom", &json!({"NumberOfBytes": bytes}));
    assert_eq!(
        random(0),
        "1 validation error detected: Value '0' at 'numberOfBytes' failed to satisfy constraint: \
         Member must have value greater than or equal to 1",
        "[L]"
    );
    assert_eq!(
        random(1025),
        "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: \
         Member must have value less than or equal to 1024",
        "[L]"
    );
    let role = |seconds: i64| json!({"RoleArn": "arn:aws:iam::111122223333:role/r", "RoleSessionName": "me", "DurationSeconds": seconds});
    assert_eq!(
        sts("AssumeRole", &role(20)),
        "1 validation error detected: Value '20' at 'durationSeconds' failed to satisfy constraint: \
         Member must have value greater than or equal to 900",
        "[H]"
    );
    check(ServiceId::Sts, "AssumeRole", &role(900)).unwrap();
}

#[test]
fn enumerations_list_their_values() {
    assert_eq!(
        kms(
            "Sign",
            &json!({"KeyId": "k", "Message": "AA==", "SigningAlgorithm": "ECDSA_SHA_256", "MessageType": "FOO"})
        ),
        "1 validation error detected: Value 'FOO' at 'messageType' failed to satisfy constraint: \
         Member must satisfy enum value set: [RAW, DIGEST, EXTERNAL_MU]",
        "[F]"
    );
}

#[test]
fn patterns_are_shown_as_the_model_has_them() {
    assert_eq!(
        sts("AssumeRole", &json!({"RoleArn": "arn:aws:iam::111122223333:role/r", "RoleSessionName": "a b"})),
        "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [\\w+=,.@-]*",
        "nubis-ci#54"
    );
}

#[test]
fn several_errors_are_told_together_in_the_order_of_the_model() {
    assert_eq!(
        kms("CreateAlias", &json!({"AliasName": ""})),
        format!(
            "3 validation errors detected: Value '' at 'aliasName' failed to satisfy constraint: {LENGTH_1}; \
             Value '' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: \
             ^[a-zA-Z0-9:/_-]+$; Value null at 'targetKeyId' failed to satisfy constraint: Member must not be null"
        ),
        "[F] has the order of the first two"
    );
}

#[test]
fn elements_that_are_values_are_told_of_together() {
    assert_eq!(
        kms("UntagResource", &json!({"KeyId": "k", "TagKeys": ["a", ""]})),
        "1 validation error detected: Value '[a, ]' at 'tagKeys' failed to satisfy constraint: \
         Member must satisfy constraint: [Member must have length less than or equal to 128, \
         Member must have length greater than or equal to 1, Member must not be null]",
        "[W]"
    );
    let grant = kms("CreateGrant", &json!({"KeyId": "k", "GranteePrincipal": "p", "Operations": ["Decrypt", "Fly"]}));
    assert!(
        grant.starts_with(
            "1 validation error detected: Value '[Decrypt, Fly]' at 'operations' failed to satisfy constraint: \
             Member must satisfy constraint: [Member must satisfy enum value set: [Decrypt, Encrypt, "
        ),
        "{grant}"
    );
    let nulls = kms("UntagResource", &json!({"KeyId": "k", "TagKeys": [null]}));
    assert!(nulls.contains("Value '[null]' at 'tagKeys'") && nulls.contains("Member must not be null]"), "{nulls}");
}

#[test]
fn elements_that_are_structures_are_told_of_by_number() {
    let tags = json!({"KeyId": "k", "Tags": [{"TagKey": "a", "TagValue": "b"}, {"TagKey": "", "TagValue": "b"}]});
    assert_eq!(
        kms("TagResource", &tags),
        format!(
            "1 validation error detected: Value '' at 'tags.2.member.tagKey' failed to satisfy constraint: {LENGTH_1}"
        )
    );
    assert_eq!(
        kms("TagResource", &json!({"KeyId": "k", "Tags": [{"TagKey": "a"}]})),
        "1 validation error detected: Value null at 'tags.1.member.tagValue' failed to satisfy constraint: \
         Member must not be null"
    );
    let many: Vec<Value> = (0..51).map(|n| json!({"Key": n.to_string(), "Value": ""})).collect();
    let role = json!({"RoleArn": "arn:aws:iam::111122223333:role/r", "RoleSessionName": "me", "Tags": many});
    assert_eq!(
        sts("AssumeRole", &role),
        "1 validation error detected: Value at 'tags' failed to satisfy constraint: \
         Member must have length less than or equal to 50"
    );
}

/// No KMS or STS map has constraints: a model of our own shows how they are told.
#[test]
fn maps_are_told_of_as_a_whole() {
    let model = ServiceModel::from_json(
        br#"{"metadata":{"serviceId":"S","apiVersion":"1","endpointPrefix":"s","protocol":"json"},
            "operations":{"Put":{"name":"Put","input":{"shape":"In"}}},
            "shapes":{"In":{"type":"structure","members":{"Map":{"shape":"M"},"Nested":{"shape":"N"}}},
                "M":{"type":"map","key":{"shape":"K"},"value":{"shape":"V"},"max":2},
                "N":{"type":"map","key":{"shape":"K"},"value":{"shape":"T"}},
                "T":{"type":"structure","required":["V"],"members":{"V":{"shape":"V"}}},
                "K":{"type":"string","min":1,"max":3},"V":{"type":"string","max":2}}}"#,
    )
    .unwrap();
    let put = model.operation("Put").unwrap();
    let message = |input: Value| validate::input(&model, put, &input).unwrap_err().to_string();
    assert_eq!(
        message(json!({"Map": {"long": "v"}})),
        "1 validation error detected: Value '{long=v}' at 'map' failed to satisfy constraint: \
         Map keys must satisfy constraint: [Member must have length less than or equal to 3, \
         Member must have length greater than or equal to 1, Member must not be null]"
    );
    assert_eq!(
        message(json!({"Map": {"a": "b", "c": "ddd"}})),
        "1 validation error detected: Value '{a=b, c=ddd}' at 'map' failed to satisfy constraint: \
         Map value must satisfy constraint: [Member must have length less than or equal to 2, Member must not be null]"
    );
    assert_eq!(
        message(json!({"Nested": {"a": {}}})),
        "1 validation error detected: Value null at 'nested.a.member.v' failed to satisfy constraint: \
         Member must not be null"
    );
    assert!(message(json!({"Map": {"a": "b", "c": "d", "e": "f"}})).contains("length less than or equal to 2"));
}

#[test]
fn ten_errors_are_told_at_most() {
    let tags: Vec<Value> = (0..40).map(|_| json!({})).collect();
    let error = check(ServiceId::Kms, "TagResource", &json!({"KeyId": "k", "Tags": tags})).unwrap_err();
    assert_eq!(error.violations().len(), 10);
    assert!(error.to_string().starts_with("10 validation errors detected: "));
}

#[test]
fn each_protocol_has_its_own_code() {
    let error = || check(ServiceId::Kms, "DescribeKey", &json!({})).unwrap_err();
    assert_eq!(error().into_wire(Protocol::AwsJson1_1).code, "ValidationException");
    assert_eq!(error().into_wire(Protocol::Query).code, "ValidationError");
    assert_eq!(error().into_wire(Protocol::Query).http_status, 400);
}

/// Types come before constraints, as on AWS: the decoder refuses first.
#[test]
fn a_wrong_type_is_no_matter_of_validation() {
    let model = model::service(ServiceId::Kms);
    let random = model.operation("GenerateRandom").unwrap();
    let refused = protocol::decode_request(model, random, &Received::of("/", br#"{"NumberOfBytes":"0"}"#)).unwrap_err();
    assert_eq!(refused.to_string(), "STRING_VALUE can not be converted to an Integer");
}
