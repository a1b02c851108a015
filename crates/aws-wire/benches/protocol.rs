//! What the wire costs a request: decoding, validating and answering a KMS Encrypt, and reading the models.
//!
//! Aims: decode, validate and encode together under 5 µs; each model read in under 3 ms.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says so by panicking")]

use std::io::Read as _;

use aws_wire::model::{self, ServiceId, ServiceModel};
use aws_wire::protocol::{self, Received};
use aws_wire::validate;
use divan::{Bencher, black_box};
use serde_json::json;

fn main() {
    divan::main();
}

/// What the AWS encryption provider sends for a 32-byte data key.
const ENCRYPT: &str = r#"{"KeyId":"arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab","Plaintext":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=","EncryptionContext":{"cluster":"demo"}}"#;

#[divan::bench]
fn encrypt_both_ways(bencher: Bencher<'_, '_>) {
    let kms = model::service(ServiceId::Kms);
    let encrypt = kms.operation("Encrypt").unwrap();
    let answer = json!({
        "CiphertextBlob": "A".repeat(248),
        "KeyId": "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    });
    bencher.bench(|| {
        let input = protocol::decode_request(kms, encrypt, &Received::of("/", black_box(ENCRYPT.as_bytes()))).unwrap();
        validate::input(kms, encrypt, &input).unwrap();
        protocol::encode_response(kms, encrypt, &answer, "01234567-89ab-cdef-0123-456789abcdef").unwrap()
    });
}

#[divan::bench]
fn assume_role_both_ways(bencher: Bencher<'_, '_>) {
    let sts = model::service(ServiceId::Sts);
    let assume_role = sts.operation("AssumeRole").unwrap();
    let form = b"Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fdemo&RoleSessionName=demo";
    let answer = json!({"Credentials": {
        "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "secret", "SessionToken": "token", "Expiration": 1_700_000_000,
    }});
    bencher.bench(|| {
        let input = protocol::decode_request(sts, assume_role, &Received::of("/", black_box(form))).unwrap();
        validate::input(sts, assume_role, &input).unwrap();
        protocol::encode_response(sts, assume_role, &answer, "01234567-89ab-cdef-0123-456789abcdef").unwrap()
    });
}

#[divan::bench(args = [ServiceId::Kms, ServiceId::Sts])]
fn read_model(service: ServiceId) -> ServiceModel {
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(service.compressed()).read_to_end(&mut json).unwrap();
    ServiceModel::from_json(&json).unwrap()
}
