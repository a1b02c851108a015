//! Each way to be refused before an operation, in both protocols.
//!
//! Codes, statuses and texts are those that KMS and STS send; where their documents do not give them, from the
//! reports that the comments in `aws-wire` and `router/failure.rs` name.

use aws_model::SecretBytes;
use jiff::{SignedDuration, Timestamp};

use crate::wire::{Request, Signer, kms, root, start, sts};

type Refusal = (u16, String, String);

fn refusal(status: u16, code: &str, message: &str) -> Refusal {
    (status, code.into(), message.into())
}

/// Sends a good request of each protocol, changed the same way; returns KMS's and STS's refusals.
async fn refused(signer: impl Fn(Signer) -> Signer, then: impl Fn(Request) -> Request) -> (Refusal, Refusal) {
    let aws = start().await;
    let json = then(kms("ListKeys", "{}").signed(&aws, &signer(root(&aws, "kms")))).send(&aws).await;
    let query = then(sts("Action=GetCallerIdentity").signed(&aws, &signer(root(&aws, "sts")))).send(&aws).await;
    aws.shutdown().await;
    (json.json_error(), query.query_error())
}

#[tokio::test]
async fn without_a_signature() {
    let unsigned = |mut request: Request| {
        request.headers.retain(|(name, _)| name != "authorization");
        request
    };
    let (json, query) = refused(|signer| signer, unsigned).await;
    let message = "Request is missing Authentication Token";
    assert_eq!(json, refusal(400, "MissingAuthenticationTokenException", message));
    assert_eq!(query, refusal(403, "MissingAuthenticationToken", message));
}

#[tokio::test]
async fn with_a_key_that_nobody_has() {
    let unknown = |signer| Signer { access_key_id: "AKIAIOSFODNN7EXAMPLE".into(), ..signer };
    let (json, query) = refused(unknown, |request| request).await;
    let message = "The security token included in the request is invalid";
    assert_eq!(json, refusal(400, "UnrecognizedClientException", &format!("{message}.")));
    assert_eq!(query, refusal(403, "InvalidClientTokenId", message));
}

#[tokio::test]
async fn with_a_token_that_is_not_the_keys() {
    let foreign = |signer| Signer { token: Some(SecretBytes::new(b"IQoJb3JpZ2luX2VjEXAMPLE".to_vec())), ..signer };
    let (json, query) = refused(foreign, |request| request).await;
    assert_eq!(json.1, "UnrecognizedClientException");
    assert_eq!(query.1, "InvalidClientTokenId");
}

#[tokio::test]
async fn with_the_wrong_secret() {
    let wrong = |signer| Signer { secret: SecretBytes::new(b"wrong".to_vec()), ..signer };
    let (json, query) = refused(wrong, |request| request).await;
    let message = "The request signature we calculated does not match the signature you provided. Check your AWS \
                   Secret Access Key and signing method. Consult the service documentation for details.";
    assert_eq!(json, refusal(400, "InvalidSignatureException", message));
    assert_eq!(query, refusal(403, "SignatureDoesNotMatch", message));
}

#[tokio::test]
async fn with_a_body_that_was_changed_on_the_way() {
    let changed = |mut request: Request| {
        request.body.extend_from_slice(b"&x=y");
        request
    };
    let (json, query) = refused(|signer| signer, changed).await;
    assert_eq!((json.0, json.1.as_str()), (400, "InvalidSignatureException"));
    assert_eq!((query.0, query.1.as_str()), (403, "SignatureDoesNotMatch"));
}

#[tokio::test]
async fn with_another_services_scope() {
    let other = |signer| Signer { service: "s3", ..signer };
    let (json, query) = refused(other, |request| request).await;
    let message = |service| format!("Credential should be scoped to correct service: '{service}'. ");
    assert_eq!(json, refusal(400, "InvalidSignatureException", &message("kms")));
    assert_eq!(query, refusal(403, "SignatureDoesNotMatch", &message("sts")));
}

#[tokio::test]
async fn with_a_region_that_is_none() {
    let nowhere = |signer| Signer { region: "nowhere", ..signer };
    let (json, query) = refused(nowhere, |request| request).await;
    let message = "Credential should be scoped to a valid region, not 'nowhere'. ";
    assert_eq!(json, refusal(400, "InvalidSignatureException", message));
    assert_eq!(query, refusal(403, "SignatureDoesNotMatch", message));
}

#[tokio::test]
async fn with_a_signature_of_another_time() {
    for (off_by, says) in [(-16, "Signature expired: "), (16, "Signature not yet current: ")] {
        let time = Timestamp::now() + SignedDuration::from_mins(off_by);
        let (json, query) = refused(|signer| Signer { time, ..signer }, |request| request).await;
        assert_eq!((json.0, json.1.as_str()), (400, "InvalidSignatureException"));
        assert_eq!((query.0, query.1.as_str()), (403, "SignatureDoesNotMatch"));
        assert!(json.2.starts_with(says) && query.2.starts_with(says), "{json:?} {query:?}");
    }
}

#[tokio::test]
async fn with_half_an_authorization_header() {
    let halved = |mut request: Request| {
        for (name, value) in &mut request.headers {
            if name == "authorization" {
                *value = value.split(", Signature=").next().unwrap().to_owned();
            }
        }
        request
    };
    let (json, query) = refused(|signer| signer, halved).await;
    assert_eq!((json.0, json.1.as_str()), (400, "IncompleteSignatureException"));
    assert_eq!((query.0, query.1.as_str()), (400, "IncompleteSignature"));
    assert!(query.2.starts_with("Authorization header requires 'Signature' parameter."), "{query:?}");
}

#[tokio::test]
async fn with_an_operation_that_is_none() {
    let aws = start().await;
    let list = "; GET /_claviger/health and docs/reference/operations.md list what it answers";
    let answer = kms("GenerateDateKey", "{}").send(&aws).await.json_error();
    assert_eq!((answer.0, answer.1.as_str()), (400, "UnknownOperationException"));
    let near = "KMS has no operation GenerateDateKey; the nearest that the embedded AWS has: GenerateDataKey, ";
    assert!(answer.2.starts_with(near) && answer.2.ends_with(list), "{answer:?}");

    let answer = sts("Action=assumerole").send(&aws).await.query_error();
    assert_eq!((answer.0, answer.1.as_str()), (400, "InvalidAction"));
    let near = "Could not find operation assumerole for version 2011-06-15; the nearest that the embedded AWS has: \
                AssumeRole, ";
    assert!(answer.2.starts_with(near) && answer.2.ends_with(list), "{answer:?}");

    // One that AWS has.
    let answer = sts("Action=AssumeRoot").send(&aws).await.query_error();
    assert_eq!((answer.0, answer.1.as_str()), (400, "InvalidAction"));
    let lacks = "The embedded AWS does not have STS's operation AssumeRoot; the nearest that the embedded AWS has: \
                 AssumeRole, ";
    assert!(answer.2.starts_with(lacks) && answer.2.ends_with(list), "{answer:?}");
    aws.shutdown().await;
}

/// Whatever a peer sends as a name, it is told no more than the beginning of it.
#[tokio::test]
async fn with_an_operation_that_goes_on_and_on() {
    let aws = start().await;
    let name = "\u{e9}".repeat(20_000);
    let answer = sts(&format!("Action={name}")).send(&aws).await.query_error();
    assert_eq!((answer.0, answer.1.as_str()), (400, "InvalidAction"));
    assert!(answer.2.contains(&format!("operation {}... for", "\u{e9}".repeat(64))), "{answer:?}");
    aws.shutdown().await;
}

/// The other forms are read by their own SDKs in `tests/clients/absent_cases.py`.
#[tokio::test]
async fn with_a_request_for_no_service() {
    let aws = start().await;
    let bare = Request { method: "GET", query: String::new(), headers: Vec::new(), body: Vec::new() };
    let answer = bare.send(&aws).await.json_error();
    assert_eq!((answer.0, answer.1.as_str()), (400, "UnknownOperationException"));
    assert!(answer.2.contains("names no service, and"), "{answer:?}");
    let foreign = bare.clone().header("x-amz-target", "DynamoDB_20120810.ListTables").send(&aws).await.json_error();
    assert_eq!((foreign.0, foreign.1.as_str()), (400, "UnknownOperationException"));
    assert!(foreign.2.contains("names DynamoDB_20120810.ListTables in X-Amz-Target, and"), "{foreign:?}");
    let foreign = bare.header("x-amz-target", "nodot").send(&aws).await.json_error();
    assert_eq!(foreign.1, "UnknownOperationException");
    aws.shutdown().await;
}

#[tokio::test]
async fn with_a_body_that_is_not_of_the_protocol_or_the_model() {
    let aws = start().await;
    let ask =
        async |body: &str| kms("DescribeKey", body).signed(&aws, &root(&aws, "kms")).send(&aws).await.json_error();
    for body in ["{", "[]", "null{", "\u{7f}", r#"{"KeyId": 5}"#] {
        assert_eq!(ask(body).await.1, "SerializationException", "{body}");
    }
    let missing = ask("{}").await;
    assert_eq!(missing.1, "ValidationException");
    assert!(missing.2.starts_with("1 validation error detected: Value null at 'keyId' failed"), "{missing:?}");

    let invalid = sts("Action=GetAccessKeyInfo&AccessKeyId=short").signed(&aws, &root(&aws, "sts")).send(&aws).await;
    let invalid = invalid.query_error();
    assert_eq!((invalid.0, invalid.1.as_str()), (400, "ValidationError"));
    assert!(invalid.2.contains("Value 'short' at 'accessKeyId' failed to satisfy constraint"), "{invalid:?}");
    aws.shutdown().await;
}

#[tokio::test]
async fn a_stranger_is_not_told_what_is_wrong_with_the_body() {
    let aws = start().await;
    let answer = kms("DescribeKey", "{").send(&aws).await.json_error();
    assert_eq!(answer.1, "MissingAuthenticationTokenException");
    aws.shutdown().await;
}
