//! Signing and verifying a KMS call, beside aws-sigv4 signing the same one in the same run.
//!
//! `cargo bench -p aws-wire --bench sigv4`

#![expect(clippy::expect_used, reason = "a benchmark that cannot run must say so")]

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as SdkCredentials;
use aws_model::SecretBytes;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings},
    sign::v4,
};
use aws_wire::sigv4::{Body, Claim, Credentials, RequestParts, Rules, SigningParams, sign};
use divan::{Bencher, black_box};
use jiff::Timestamp;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BODY: &[u8] =
    br#"{"KeyId":"alias/demo","Plaintext":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMw=="}"#;

/// What boto3 sends with an Encrypt.
const HEADERS: [(&str, &str); 8] = [
    ("host", "127.0.0.1:4566"),
    ("x-amz-target", "TrentService.Encrypt"),
    ("content-type", "application/x-amz-json-1.1"),
    ("user-agent", "Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux md/arch#x86_64 lang/python#3.13"),
    ("accept-encoding", "identity"),
    ("amz-sdk-invocation-id", "1b7c6f0e-5c43-4c9f-9c2e-0a7d0b8c6f0e"),
    ("amz-sdk-request", "attempt=1"),
    ("content-length", "111"),
];

fn main() {
    divan::main();
}

#[divan::bench]
fn sign_by_aws_sigv4(bencher: Bencher<'_, '_>) {
    let identity = SdkCredentials::new("AKIDEXAMPLE", SECRET, None, None, "bench").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-west-2")
        .name("kms")
        .time(SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160))
        .settings(SigningSettings::default())
        .build()
        .expect("all is given")
        .into();
    bencher.bench_local(|| {
        let request =
            SignableRequest::new("POST", "http://127.0.0.1:4566/", HEADERS.into_iter(), SignableBody::Bytes(BODY));
        aws_sigv4::http_request::sign(black_box(request.expect("it is one")), &params).expect("it signs")
    });
}

#[divan::bench]
fn sign_by_us(bencher: Bencher<'_, '_>) {
    let (secret, headers) = (secret(), header_slices());
    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &headers };
    bencher.bench_local(|| sign(black_box(&parts), Body::Bytes(BODY), &params(&secret)).expect("it signs"));
}

#[divan::bench]
fn verify_by_us(bencher: Bencher<'_, '_>) {
    let (secret, unsigned) = (secret(), header_slices());
    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &unsigned };
    let signed = sign(&parts, Body::Bytes(BODY), &params(&secret)).expect("it signs");
    let added = signed.headers.iter().map(|(name, value)| (*name, value.as_bytes()));
    let headers: Vec<(&str, &[u8])> = unsigned.iter().copied().chain(added).collect();
    let parts = RequestParts { headers: &headers, ..parts };
    bencher.bench_local(|| {
        let claim = Claim::from_request(black_box(&parts)).expect("it is signed");
        let claim = claim.scoped_to("kms", |_| true).expect("it is for KMS");
        claim.verify(&secret, &parts, Body::Bytes(BODY), now()).expect("it verifies");
    });
}

fn secret() -> SecretBytes {
    SecretBytes::new(SECRET.as_bytes().to_vec())
}

fn header_slices() -> Vec<(&'static str, &'static [u8])> {
    HEADERS.iter().map(|(name, value)| (*name, value.as_bytes())).collect()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_440_938_160).expect("it is in range")
}

fn params(secret: &SecretBytes) -> SigningParams<'_> {
    SigningParams {
        credentials: Credentials { access_key_id: "AKIDEXAMPLE", secret, session_token: None },
        region: "us-west-2",
        service: "kms",
        time: now(),
        rules: Rules::STANDARD,
    }
}
