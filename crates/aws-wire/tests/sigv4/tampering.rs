//! A signed request that was changed in any octet is refused.

use aws_model::SecretBytes;
use aws_wire::sigv4::{Body, Claim, SignatureError};

use crate::{
    signed::{
        ACCESS_KEY_ID, TOKEN, encrypt, get_caller_identity, noon, presigned, secret, signed, signed_without_body,
    },
    wire_request::{WireRequest, for_its_own_service},
};

/// Every form of a signature.
fn originals() -> Vec<(&'static str, WireRequest)> {
    vec![
        ("header", signed(&encrypt(), "kms", None)),
        ("header with token", signed(&encrypt(), "kms", Some(TOKEN))),
        ("header with query", signed(&get_caller_identity(), "sts", None)),
        ("presigned", presigned(&get_caller_identity(), "sts", None, 60)),
        ("presigned with token", presigned(&get_caller_identity(), "sts", Some(TOKEN), 60)),
    ]
}

#[test]
fn what_was_not_changed_verifies() {
    for (form, request) in originals() {
        assert_eq!(request.verify(&secret(), noon()), Ok(()), "{form}");
    }
}

#[test]
fn any_changed_octet_is_refused() {
    for (form, request) in originals() {
        for (part, changed) in changes(&request) {
            assert!(!is_accepted(&changed), "{form}: {part}");
        }
    }
}

/// As a service decides: the access key's id is not signed, it says whose secret to verify with.
fn is_accepted(request: &WireRequest) -> bool {
    let headers = request.header_slices();
    let parts = request.parts(&headers);
    Claim::from_request(&parts).is_ok_and(|claim| {
        claim.access_key_id() == ACCESS_KEY_ID
            && for_its_own_service(claim)
                .is_ok_and(|claim| claim.verify(&secret(), &parts, request.body(), noon()).is_ok())
    })
}

#[test]
fn another_secret_is_refused() {
    for (form, request) in originals() {
        let verdict = request.verify(&SecretBytes::new(b"another".to_vec()), noon());
        assert!(matches!(verdict, Err(SignatureError::Mismatch(_))), "{form}: {verdict:?}");
    }
}

#[test]
fn headers_cannot_be_added_dropped_doubled_or_swapped() {
    let original = signed(&encrypt(), "kms", None);
    let mut doubled_host = original.clone();
    doubled_host.headers.push(("Host".to_owned(), b"evil.example".to_vec()));
    for (what, changed) in [
        ("an x-amz header added", original.clone().with_header("x-amz-extra", "1")),
        ("a token added", original.clone().with_header("X-Amz-Security-Token", TOKEN)),
        ("an empty signed header dropped", original.clone().without_header("x-empty")),
        ("host dropped", original.clone().without_header("host")),
        ("host doubled", doubled_host),
    ] {
        assert!(changed.verify(&secret(), noon()).is_err(), "{what}");
    }

    let mut twice = encrypt();
    twice.headers.extend(["one", "two"].map(|value| ("x-twice".to_owned(), value.as_bytes().to_vec())));
    let mut twice = signed(&twice, "kms", None);
    assert_eq!(twice.verify(&secret(), noon()), Ok(()));
    let places: Vec<usize> =
        twice.headers.iter().enumerate().filter(|(_, (name, _))| name == "x-twice").map(|(n, _)| n).collect();
    twice.headers.swap(places[0], places[1]);
    assert!(twice.verify(&secret(), noon()).is_err());
}

#[test]
fn what_is_not_signed_may_change() {
    let request = signed(&encrypt(), "kms", None);
    let request = request.with_header("User-Agent", "a proxy").with_header("x-forwarded-for", "192.0.2.1");
    assert_eq!(request.verify(&secret(), noon()), Ok(()));
}

#[test]
fn other_spellings_of_the_same_request_verify() {
    let request = signed(&encrypt(), "kms", None);
    let authorization = request.header("authorization").unwrap();
    let (before, names_and_after) = authorization.split_once("SignedHeaders=").unwrap();
    let (names, after) = names_and_after.split_once(", ").unwrap();
    let backwards: Vec<&str> = names.rsplit(';').collect();
    let backwards = format!("{before}SignedHeaders={},{after}", backwards.join(";").to_uppercase());
    assert_ne!(backwards, authorization);
    for (what, same) in [
        ("signed headers in another order and case", request.clone().with_header("authorization", &backwards)),
        ("white space around a date", request.clone().with_header("X-AMZ-DATE", " 20150830T123600Z\t")),
        ("no path", WireRequest { path: String::new(), ..request.clone() }),
        ("dot segments", WireRequest { path: "/a/../".to_owned(), ..request.clone() }),
    ] {
        assert_eq!(same.verify(&secret(), noon()), Ok(()), "{what}");
    }
}

#[test]
fn a_session_token_must_be_signed_unless_the_service_wants_it_added_later() {
    let bare = |service| signed(&encrypt(), service, None).with_header("x-amz-security-token", TOKEN);
    let refused = SignatureError::HeaderNotSigned { name: "x-amz-security-token".to_owned() };
    assert_eq!(bare("kms").verify(&secret(), noon()), Err(refused));
    assert_eq!(bare("iotdevicegateway").verify(&secret(), noon()), Ok(()));

    let later = presigned(&get_caller_identity(), "iotdevicegateway", Some(TOKEN), 60);
    let parameter = format!(
        "&X-Amz-Security-Token={}",
        percent_encoding::utf8_percent_encode(TOKEN, percent_encoding::NON_ALPHANUMERIC,)
    );
    assert_eq!(later.verify(&secret(), noon()), Ok(()));
    let without = WireRequest { query: later.query.replace(&parameter, ""), ..later.clone() };
    assert_ne!(without.query, later.query);
    assert_eq!(without.verify(&secret(), noon()), Ok(()));
}

#[test]
fn only_s3_takes_an_unsigned_payload() {
    let other_body = |request: WireRequest| WireRequest { body: b"something else".to_vec(), ..request };
    assert_eq!(
        other_body(signed(&encrypt(), "s3", None)).verify(&secret(), noon()),
        Err(SignatureError::ContentSha256Mismatch)
    );
    assert_eq!(other_body(signed_without_body(&encrypt(), "s3")).verify(&secret(), noon()), Ok(()));
    let for_kms = signed(&encrypt().with_header("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), "kms", None);
    assert_eq!(for_kms.verify(&secret(), noon()), Err(SignatureError::ContentSha256Mismatch));

    let presigned_s3 = presigned(&get_caller_identity(), "s3", None, 60);
    assert_eq!(other_body(presigned_s3).verify(&secret(), noon()), Ok(()));
    let presigned_sts = presigned(&get_caller_identity(), "sts", None, 60);
    assert!(other_body(presigned_sts).verify(&secret(), noon()).is_err());
}

#[test]
fn no_request_chooses_the_rules_by_naming_another_service() {
    let unsigned_body = signed_without_body(&encrypt(), "s3");
    assert_eq!(unsigned_body.verify(&secret(), noon()), Ok(()), "S3 takes it");
    let at_kms = Claim::from_request(&unsigned_body.parts(&unsigned_body.header_slices())).unwrap();
    assert!(matches!(at_kms.scoped_to("kms", |_| true), Err(SignatureError::WrongScope { .. })));
}

#[test]
fn a_body_hashed_elsewhere_counts_as_the_body() {
    let request = signed(&encrypt(), "kms", None);
    let headers = request.header_slices();
    let parts = request.parts(&headers);
    let claim = for_its_own_service(Claim::from_request(&parts).unwrap()).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &request.body);
    let digest: [u8; 32] = digest.as_ref().try_into().unwrap();
    assert_eq!(claim.verify(&secret(), &parts, Body::Sha256(digest), noon()), Ok(()));
    assert!(claim.verify(&secret(), &parts, Body::Sha256([0; 32]), noon()).is_err());
    assert!(claim.verify(&secret(), &parts, Body::Unsigned, noon()).is_err());
}

/// The request with one octet of one part changed, dropped or added, for each octet of each signed part.
fn changes(request: &WireRequest) -> Vec<(String, WireRequest)> {
    let mut changed = Vec::new();
    for method in texts(&request.method) {
        changed.push((format!("method {method}"), WireRequest { method, ..request.clone() }));
    }
    // Without its first slash it is no path of a request line.
    for path in texts(&request.path).into_iter().filter(|path| path.starts_with('/')) {
        changed.push((format!("path {path}"), WireRequest { path, ..request.clone() }));
    }
    for query in texts(&request.query) {
        changed.push((format!("query {query}"), WireRequest { query, ..request.clone() }));
    }
    for body in octets(&request.body) {
        changed.push((format!("body {body:?}"), WireRequest { body, ..request.clone() }));
    }
    for (at, (name, value)) in request.headers.iter().enumerate() {
        if name == "user-agent" {
            continue;
        }
        let names = texts(name).into_iter().map(|name| (name, value.clone()));
        for header in names.chain(octets(value).into_iter().map(|value| (name.clone(), value))) {
            let mut request = request.clone();
            let what = format!("header {}: {}", header.0, header.1.escape_ascii());
            request.headers[at] = header;
            changed.push((what, request));
        }
    }
    changed
}

fn texts(text: &str) -> Vec<String> {
    octets(text.as_bytes()).into_iter().map(|octets| String::from_utf8(octets).unwrap()).collect()
}

/// Changing the lowest bit keeps text text, and never turns a letter into its other case or one space into another.
/// A dropped comma or space of `Authorization` leaves the other to separate: those are not dropped.
fn octets(original: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for at in 0..=original.len() {
        let mut longer = original.to_vec();
        longer.insert(at, b'x');
        all.push(longer);
        let Some(octet) = original.get(at) else { continue };
        let mut other = original.to_vec();
        other[at] ^= 1;
        all.push(other);
        if !matches!(octet, b',' | b' ') {
            let mut shorter = original.to_vec();
            shorter.remove(at);
            all.push(shorter);
        }
    }
    all
}
