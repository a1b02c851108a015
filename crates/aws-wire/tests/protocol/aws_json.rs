//! The exact form of awsJson, and AWS's words for what is not of that form.

use aws_wire::model::{self, Operation, Protocol, ServiceId, ServiceModel};
use aws_wire::protocol::{self, EncodedResponse, Received, WireError, aws_json};
use serde_json::{Value, json};

fn kms() -> &'static ServiceModel {
    model::service(ServiceId::Kms)
}

fn operation(name: &str) -> &'static Operation {
    kms().operation(name).unwrap()
}

fn decode(name: &str, body: &str) -> Result<Value, WireError> {
    protocol::decode_request(kms(), operation(name), &Received::of("/", body.as_bytes()))
        .map_err(|error| error.into_wire(Protocol::AwsJson1_1))
}

fn body(response: &EncodedResponse) -> &str {
    std::str::from_utf8(&response.body).unwrap()
}

#[test]
fn a_request_names_its_operation_in_the_target() {
    let request = protocol::encode_request(kms(), operation("ListKeys"), &json!({"Limit": 5})).unwrap();
    assert_eq!(
        request.headers,
        [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "TrentService.ListKeys")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(request.body, br#"{"Limit":5}"#);
}

/// Keys have tags, grants have none: what asks for one is no request at all, and never sent without it.
#[test]
fn a_grant_cannot_be_asked_for_with_tags() {
    let grant = json!({"KeyId": "k", "GranteePrincipal": "g", "Operations": ["Decrypt"]});
    assert!(protocol::encode_request(kms(), operation("CreateGrant"), &grant).is_ok());
    let tags = json!([{"TagKey": "team", "TagValue": "a"}]);
    let with_tags = |mut input: Value| {
        input["Tags"] = tags.clone();
        input
    };
    let refused = protocol::encode_request(kms(), operation("CreateGrant"), &with_tags(grant)).unwrap_err();
    assert_eq!(refused.to_string(), "the structure `CreateGrantRequest` has no member `Tags`");
    assert!(protocol::encode_request(kms(), operation("CreateKey"), &with_tags(json!({}))).is_ok());
}

#[test]
fn an_answer_has_the_models_order_and_the_request_id() {
    let output = json!({"EncryptionAlgorithm": "SYMMETRIC_DEFAULT", "KeyId": "k", "CiphertextBlob": "AAEC"});
    let response = protocol::encode_response(kms(), operation("Encrypt"), &output, "id-1").unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(
        response.headers,
        [("x-amzn-RequestId", "id-1".into()), ("content-type", "application/x-amz-json-1.1".into())]
    );
    assert_eq!(body(&response), r#"{"CiphertextBlob":"AAEC","KeyId":"k","EncryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#);
}

#[test]
fn an_operation_without_an_answer_has_an_empty_body() {
    let response = protocol::encode_response(kms(), operation("EnableKey"), &json!({}), "id-1").unwrap();
    assert_eq!(body(&response), "");
}

#[test]
fn times_are_epoch_seconds_to_the_millisecond() {
    let written = |time: Value| {
        let output = json!({"KeyId": "k", "DeletionDate": time});
        let response = protocol::encode_response(kms(), operation("ScheduleKeyDeletion"), &output, "id-1").unwrap();
        body(&response).to_owned()
    };
    assert_eq!(written(json!(1_700_000_000)), r#"{"KeyId":"k","DeletionDate":1700000000}"#);
    assert_eq!(written(json!(1_700_000_000.123_4)), r#"{"KeyId":"k","DeletionDate":1700000000.123}"#);
    assert_eq!(written(json!(1_700_000_000.0)), r#"{"KeyId":"k","DeletionDate":1700000000}"#);
}

#[test]
fn an_answer_that_the_model_does_not_know_is_a_mistake_of_ours() {
    let refused = |output: Value| {
        protocol::encode_response(kms(), operation("Encrypt"), &output, "id-1").unwrap_err().to_string()
    };
    assert_eq!(refused(json!({"Secret": "s3cr3t"})), "the structure `EncryptResponse` has no member `Secret`");
    let wrong = refused(json!({"KeyId": 5}));
    assert_eq!(wrong, "a number cannot be written as the shape `KeyIdType`");
    assert!(refused(json!([])).contains("an array"));
}

/// Bare codes, as KMS has them; the message's name is capital where the framework, not KMS, answers.
#[test]
fn an_error_has_its_code_bare() {
    let written = |error: &WireError| {
        let response = protocol::encode_error(kms(), error, "id-1");
        assert_eq!(response.headers.first().unwrap(), &("x-amzn-RequestId", "id-1".to_owned()));
        (response.status, body(&response).to_owned())
    };
    assert_eq!(
        written(&WireError::new("NotFoundException", "Alias x is not found.")),
        (400, r#"{"__type":"NotFoundException","message":"Alias x is not found."}"#.to_owned())
    );
    assert_eq!(
        written(&WireError::new("AccessDeniedException", "no")),
        (400, r#"{"Message":"no","__type":"AccessDeniedException"}"#.to_owned())
    );
    assert_eq!(
        written(&WireError::new("KMSInternalException", "").with_status(500)),
        (500, r#"{"__type":"KMSInternalException"}"#.to_owned())
    );
}

#[test]
fn a_client_finds_code_and_message_wherever_they_are() {
    for body in [
        r#"{"__type":"NotFoundException","message":"m"}"#,
        r#"{"__type":"com.amazonaws.kms#NotFoundException","Message":"m"}"#,
        r#"{"__type":"NotFoundException:http://internal.amazon.com/coral/","message":"m"}"#,
        r#"{"code":"NotFoundException","message":"m"}"#,
    ] {
        let error = aws_json::decode_error(400, None, body.as_bytes());
        assert_eq!((error.code.as_ref(), error.message.as_str()), ("NotFoundException", "m"), "{body}");
    }
    for body in ["<html>503</html>", "", "{}", "[]", r#"{"__type":7}"#] {
        assert_eq!(aws_json::decode_error(503, None, body.as_bytes()).code, "503", "{body}");
    }
}

/// Measured on Athena, whose front is KMS's too.
#[test]
fn a_wrong_type_is_told_in_awss_words() {
    for (name, given, words) in [
        ("GenerateRandom", r#"{"NumberOfBytes":"1"}"#, "STRING_VALUE can not be converted to an Integer"),
        ("GenerateRandom", r#"{"NumberOfBytes":true}"#, "TRUE_VALUE can not be converted to an Integer"),
        ("DescribeKey", r#"{"KeyId":1}"#, "NUMBER_VALUE can not be converted to a String"),
        ("DescribeKey", r#"{"KeyId":1.5}"#, "NUMBER_VALUE can not be converted to a String"),
        ("DescribeKey", r#"{"KeyId":false}"#, "FALSE_VALUE can not be converted to a String"),
        ("DescribeKey", r#"{"KeyId":[]}"#, "Start of list found where not expected"),
        ("DescribeKey", r#"{"KeyId":{}}"#, "Start of structure or map found where not expected."),
        ("DescribeKey", r#"{"GrantTokens":"t"}"#, "Expected list or null"),
        ("DescribeKey", r#"{"GrantTokens":[1]}"#, "NUMBER_VALUE can not be converted to a String"),
        ("Encrypt", r#"{"EncryptionContext":"c"}"#, "Expected map or null"),
        ("Encrypt", r#"{"EncryptionContext":[]}"#, "Start of list found where not expected"),
        ("Encrypt", r#"{"DryRun":"true"}"#, "STRING_VALUE can not be converted to a Boolean"),
        ("CreateGrant", r#"{"Constraints":"c"}"#, "Expected null"),
        ("DescribeKey", "[]", "Start of list found where not expected"),
    ] {
        let error = decode(name, given).unwrap_err();
        assert_eq!((error.code.as_ref(), error.message.as_str()), ("SerializationException", words), "{given}");
        assert_eq!(error.http_status, 400);
    }
}

#[test]
fn a_broken_body_is_told_without_a_message() {
    for given in ["{", "", "null", "\"x\"", "7", "{\"KeyId\":\"k\",}", "{} {}", "{\"KeyId\":\"\\ud800\"}", "\u{feff}{}"]
    {
        let error = decode("DescribeKey", given).unwrap_err();
        assert_eq!((error.code.as_ref(), error.message.as_str()), ("SerializationException", ""), "{given:?}");
    }
    let invalid =
        protocol::decode_request(kms(), operation("DescribeKey"), &Received::of("/", b"{\"KeyId\":\"\xff\"}"));
    assert_eq!(invalid.unwrap_err().into_wire(Protocol::AwsJson1_1).code, "SerializationException");
}

#[test]
fn what_aws_lets_pass_passes() {
    assert_eq!(
        decode("DescribeKey", r#"{"KeyId":"k","New":{"a":[1,{}]},"Marker":null}"#).unwrap(),
        json!({"KeyId": "k"})
    );
    assert_eq!(decode("DescribeKey", r#"{"KeyId":null}"#).unwrap(), json!({}));
    assert_eq!(decode("GenerateRandom", r#"{"NumberOfBytes":1.9}"#).unwrap(), json!({"NumberOfBytes": 1}));
    let huge = decode("GenerateRandom", r#"{"NumberOfBytes":99999999999999999999999}"#).unwrap();
    assert_eq!(huge, json!({"NumberOfBytes": i64::MAX}), "for the validation to refuse");
    assert_eq!(decode("DescribeKey", r#"{"keyid":"k"}"#).unwrap(), json!({}), "names are case-sensitive");
}

#[test]
fn a_member_given_twice_is_refused() {
    for (name, given) in [
        ("DescribeKey", r#"{"KeyId":"a","KeyId":"b"}"#),
        ("DescribeKey", r#"{"KeyId":"a","Key\u0049d":"b"}"#),
        ("Encrypt", r#"{"EncryptionContext":{"a":"1","a":"2"}}"#),
    ] {
        assert_eq!(decode(name, given).unwrap_err().code, "SerializationException", "{given}");
    }
}

/// AWS's message would quote the value; a plaintext must not come back in one.
#[test]
fn a_blob_must_be_base64_and_is_not_quoted() {
    for blob in ["hunter2!", "AAE", "AB==", "A===", "AA==\\n", "AA=A", "\u{e9}\u{e9}\u{e9}\u{e9}"] {
        let error = decode("Encrypt", &format!(r#"{{"KeyId":"k","Plaintext":"{blob}"}}"#)).unwrap_err();
        assert_eq!((error.code.as_ref(), error.message.as_str()), ("SerializationException", ""), "{blob}");
    }
    assert_eq!(decode("Encrypt", r#"{"Plaintext":""}"#).unwrap(), json!({"Plaintext": ""}));
}
