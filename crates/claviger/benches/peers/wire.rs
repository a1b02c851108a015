//! AWS requests as they go over the wire, signed once.

use std::net::SocketAddr;

use aws_wire::sigv4::{Body, Credentials, RequestParts, Rules, SigningParams, sign};
use serde_json::Value;
use test_support::{ACCESS_KEY, REGION, SECRET_KEY};

/// Whose credential signs.
#[derive(Clone, Copy)]
pub(crate) struct Signer {
    pub(crate) access_key_id: &'static str,
    pub(crate) secret: &'static str,
}

/// The root user of the account.
pub(crate) const ROOT: Signer = Signer { access_key_id: ACCESS_KEY, secret: SECRET_KEY };

/// A KMS request, as it goes over the wire.
pub(crate) fn kms(address: SocketAddr, operation: &str, body: &Value) -> Vec<u8> {
    kms_as(address, ROOT, operation, body)
}

/// The same, of somebody.
pub(crate) fn kms_as(address: SocketAddr, signer: Signer, operation: &str, body: &Value) -> Vec<u8> {
    let target = format!("TrentService.{operation}");
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)];
    signed(address, signer, "kms", &headers, &body.to_string())
}

/// STS's GetCallerIdentity, as it goes over the wire.
pub(crate) fn get_caller_identity(address: SocketAddr) -> Vec<u8> {
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    signed(address, ROOT, "sts", &headers, "Action=GetCallerIdentity&Version=2011-06-15")
}

/// An IAM request, as it goes over the wire.
pub(crate) fn iam(address: SocketAddr, parameters: &str) -> Vec<u8> {
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    signed(address, ROOT, "iam", &headers, &format!("{parameters}&Version=2010-05-08"))
}

/// An EC2 request, as it goes over the wire.
pub(crate) fn ec2(address: SocketAddr, parameters: &str) -> Vec<u8> {
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    signed(address, ROOT, "ec2", &headers, &format!("{parameters}&Version=2016-11-15"))
}

/// An SSM request, as it goes over the wire.
pub(crate) fn ssm(address: SocketAddr, operation: &str, body: &Value) -> Vec<u8> {
    let target = format!("AmazonSSM.{operation}");
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)];
    signed(address, ROOT, "ssm", &headers, &body.to_string())
}

fn signed(address: SocketAddr, signer: Signer, service: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let host = address.to_string();
    let headers: Vec<(&str, &str)> = [("host", host.as_str())].into_iter().chain(headers.iter().copied()).collect();
    let as_bytes: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &as_bytes };
    let secret = aws_model::SecretBytes::new(signer.secret.into());
    let params = SigningParams {
        credentials: Credentials { access_key_id: signer.access_key_id, secret: &secret, session_token: None },
        region: REGION,
        service,
        time: jiff::Timestamp::now(),
        rules: Rules::for_service(service),
    };
    let signed = sign(&parts, Body::Bytes(body.as_bytes()), &params).unwrap();
    let mut request = "POST / HTTP/1.1\r\n".to_owned();
    let added = signed.headers.iter().map(|(name, value)| (*name, value.as_str()));
    for (name, value) in headers.into_iter().chain(added) {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("content-length: {}\r\n\r\n{body}", body.len());
    request.into_bytes()
}
