//! Where the rewrite means to differ from stock tonic, and where it must not.

use crate::{
    cases::{Case, cases},
    reaction::{rewritten, stock},
    wire::*,
};

/// A call with this `:authority` field.
fn call(method: &[u8], authority: &[u8]) -> Vec<u8> {
    let block = [
        method.to_vec(),
        vec![0x86, 0x44],
        string(0, b"/v2.KeyManagementService/Encrypt"),
        authority.to_vec(),
        field("content-type", b"application/grpc"),
    ]
    .concat();
    let message = frame(DATA, END_STREAM, 1, b"\0\0\0\0\x06\x0a\x04ping");
    connection(&[frame(HEADERS, END_HEADERS, 1, &block), message])
}

const POST: &[u8] = &[0x83];

/// What the comparison with stock tonic rests on: that the calls of these cases are served at all.
#[tokio::test(start_paused = true)]
async fn the_name_is_found_in_every_form() {
    let names = ["static name", "plain name", "Huffman name", "dynamic name", "CONTINUATION at", "index 184"];
    for value in [Value::plain("/run/kms.sock"), Value::huffman("%2Frun%2Fkms.sock")] {
        let mut forms = 0;
        for Case { name, octets, .. } in cases() {
            if let Some(named) = names.iter().find(|part| name.contains(**part)) {
                let calls = if *named == "CONTINUATION at" { 2 } else { 3 };
                assert_eq!(rewritten(&octets(&value), usize::MAX).await.requests.len(), calls, "{name}");
                forms += 1;
            }
        }
        assert_eq!(forms, 12 + 14 + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_authority_may_hold_is_masked() {
    for value in [string(0, b"\xff\xfe"), string(0, b"a\0b"), string(0x80, &[0x00, 0x00]), string(0x80, &[0xff; 4])] {
        let octets = call(POST, &[vec![0x41], value].concat());
        assert!(stock(&octets, usize::MAX).await.requests.is_empty(), "{octets:?}");
        assert_eq!(rewritten(&octets, usize::MAX).await.requests.len(), 1, "{octets:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_authority_stays_refused_and_a_missing_one_accepted() {
    for (field, reach) in [(vec![0x41, 0x00], 0), (vec![0x41, 0x80], 0), (vec![0x81], 0), (vec![], 1)] {
        let octets = call(POST, &field);
        assert_eq!(stock(&octets, usize::MAX).await.requests.len(), reach, "{field:?}");
        assert_eq!(rewritten(&octets, usize::MAX).await.requests.len(), reach, "{field:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_service_sees_nothing_of_the_value() {
    let octets = call(POST, &[vec![0x41], string(0, b"/run/secret.sock")].concat());
    let requests = rewritten(&octets, usize::MAX).await.requests;
    assert_eq!(requests.len(), 1);
    assert!(!requests[0].contains("secret"), "{requests:?}");
}
