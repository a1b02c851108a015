//! Requests that verify, for the tests that break them.

use std::time::Duration;

use aws_model::SecretBytes;
use aws_wire::sigv4::{Body, Credentials, Rules, SigningParams, presign, sign};
use jiff::Timestamp;

use crate::wire_request::WireRequest;

pub(crate) const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
pub(crate) const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLE//==";

pub(crate) fn secret() -> SecretBytes {
    SecretBytes::new(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec())
}

/// The moment of every signature here.
pub(crate) fn noon() -> Timestamp {
    "2015-08-30T12:36:00Z".parse().unwrap()
}

/// An Encrypt with an empty header, to see that it cannot be dropped.
pub(crate) fn encrypt() -> WireRequest {
    let headers = [
        ("host", "kms.us-west-2.amazonaws.com"),
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "TrentService.Encrypt"),
        ("x-empty", ""),
        ("user-agent", "aws-cli/2"),
    ];
    WireRequest {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).to_vec(),
        body: br#"{"KeyId":"alias/a","Plaintext":"aGk="}"#.to_vec(),
    }
}

/// What `aws eks get-token` presigns, with a path and parameters to tamper with.
pub(crate) fn get_caller_identity() -> WireRequest {
    let headers = [("host", "sts.us-west-2.amazonaws.com"), ("x-k8s-aws-id", "demo")];
    WireRequest {
        method: "GET".to_owned(),
        path: "/a%20b/c".to_owned(),
        query: "Action=GetCallerIdentity&Version=2011-06-15&Name=a+b%21".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).to_vec(),
        body: Vec::new(),
    }
}

/// Signs in headers at [`noon`].
pub(crate) fn signed(request: &WireRequest, service: &str, token: Option<&str>) -> WireRequest {
    add_signature(request, request.body(), service, token)
}

/// Signs in headers at [`noon`], with `UNSIGNED-PAYLOAD` for the body.
pub(crate) fn signed_without_body(request: &WireRequest, service: &str) -> WireRequest {
    add_signature(request, Body::Unsigned, service, None)
}

fn add_signature(request: &WireRequest, body: Body<'_>, service: &str, token: Option<&str>) -> WireRequest {
    let (secret, token) = (secret(), token.map(|token| SecretBytes::new(token.as_bytes().to_vec())));
    let headers = request.header_slices();
    let signed = sign(&request.parts(&headers), body, &params(&secret, service, token.as_ref())).unwrap();
    signed.headers.iter().fold(request.clone(), |request, (name, value)| request.with_header(name, value))
}

/// Signs in the query at [`noon`].
pub(crate) fn presigned(request: &WireRequest, service: &str, token: Option<&str>, expires: u64) -> WireRequest {
    let (secret, token) = (secret(), token.map(|token| SecretBytes::new(token.as_bytes().to_vec())));
    let headers = request.header_slices();
    let params = params(&secret, service, token.as_ref());
    let presigned = presign(&request.parts(&headers), request.body(), &params, Duration::from_secs(expires)).unwrap();
    WireRequest { query: presigned.query, ..request.clone() }
}

fn params<'a>(secret: &'a SecretBytes, service: &'a str, token: Option<&'a SecretBytes>) -> SigningParams<'a> {
    SigningParams {
        credentials: Credentials { access_key_id: ACCESS_KEY_ID, secret, session_token: token },
        region: "us-west-2",
        service,
        time: noon(),
        rules: Rules::for_service(service),
    }
}
