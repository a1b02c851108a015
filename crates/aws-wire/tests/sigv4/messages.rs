//! What is refused, and that AWS's own words say why.
//!
//! The messages are those that DynamoDB, IAM, STS and S3 are reported to answer: mhart/dynalite's notes of DynamoDB's
//! checks in their order, issues of the SDKs, and the documentation that the product code names.

use aws_wire::sigv4::{Claim, SignatureError};
use jiff::{Timestamp, ToSpan};

use crate::{
    signed::{TOKEN, encrypt, get_caller_identity, noon, presigned, secret, signed},
    wire_request::{WireRequest, for_its_own_service},
};

const DATE: &str = "20150830T123600Z";

#[test]
fn an_unsigned_request_misses_its_token() {
    for authorization in ["Bearer abc", "Basic dXNlcjpwYXNz", ""] {
        let request = encrypt().with_header("authorization", authorization);
        assert_eq!(refusal(&request), "Request is missing Authentication Token", "{authorization}");
    }
    assert_eq!(refusal(&encrypt()), "Request is missing Authentication Token");
}

/// The hashes are `openssl dgst -sha256 -binary | base64` of the headers.
#[test]
fn an_incomplete_header_is_told_all_that_it_lacks() {
    let undated = encrypt().with_header("authorization", "AWS4-HMAC-SHA256");
    assert_eq!(
        refusal(&undated),
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. \
         Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a \
         'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) \
         Authorization=YI2YWea8FSxnksZL2ETHbs5elHm9HQufxTLK0W0ffV0="
    );
    assert_eq!(
        refusal(&dated("AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=")),
        "Authorization header requires 'Signature' parameter. (Hashed with SHA-256 and encoded with Base64) \
         Authorization=XR/fbFDyMLvp4EfW9czvkKaCQmXaDQV/uubGZYwE0yM="
    );
    assert_eq!(
        refusal(&dated("AWS4-HMAC-SHA256 Credential=not valid/20180109/us-east-1/sts/aws4_request")),
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with \
         Base64): 'wbrzzbQLab1Q6/hA8RAvgnVhqSs+e7UeYRR+As7Un0c='."
    );
}

#[test]
fn an_incomplete_query_is_told_all_that_it_lacks() {
    for (query, missing) in [
        ("X-Amz-Algorithm", &["Algorithm", "Credential", "Signature", "SignedHeaders", "Date"][..]),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=b&X-Amz-Date=a", &["Credential", "SignedHeaders"]),
    ] {
        let request = WireRequest { query: query.to_owned(), ..get_caller_identity() };
        let missing: String =
            missing.iter().map(|name| format!("AWS query-string parameters must include 'X-Amz-{name}'. ")).collect();
        assert_eq!(refusal(&request), format!("{missing}Re-examine the query-string parameters."));
    }
}

#[test]
fn checks_come_in_awss_order() {
    let authorization = |algorithm: &str, credential: &str, signed_headers: &str| {
        format!("{algorithm} Credential={credential}, SignedHeaders={signed_headers}, Signature=ab")
    };
    let rows = [
        (
            "20150830",
            authorization("AWS4-HMAC-SHA512", "a/b", "x-amz-date"),
            "Date must be in ISO-8601 'basic format'. Got '20150830'. See http://en.wikipedia.org/wiki/ISO_8601",
        ),
        (
            DATE,
            authorization("AWS4-HMAC-SHA512", "a/b", "x-amz-date"),
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            DATE,
            authorization("AWS4-HMAC-SHA512", "a/b", "host;x-amz-date"),
            "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            DATE,
            authorization("AWS4-HMAC-SHA512", "a/b", "Host;X-Amz-Date;X-Amz-Target"),
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'.",
        ),
        (
            DATE,
            authorization("AWS4-HMAC-SHA256", "a/b/c/d/e/f", "host;x-amz-date;x-amz-target"),
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
             'a/b/c/d/e/f'",
        ),
    ];
    for (date, authorization, message) in rows {
        let request = encrypt().with_header("x-amz-date", date).with_header("authorization", &authorization);
        assert_eq!(refusal(&request), message);
    }
}

#[test]
fn a_wrong_scope_is_told_all_that_is_wrong() {
    let request = dated(
        "AWS4-HMAC-SHA256 Credential=AKID/20150829/us-east-2/iam/aws5_request, \
         SignedHeaders=host;x-amz-date;x-amz-target, Signature=ab",
    );
    assert_eq!(
        claim(&request).scoped_to("kms", |region| region == "us-west-2").unwrap_err().to_string(),
        "Credential should be scoped to a valid region, not 'us-east-2'. Credential should be scoped to correct \
         service: 'kms'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. \
         Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != \
         '20150830', from '20150830T123600Z'."
    );
    assert_eq!(
        claim(&request).scoped_to("iam", |_| true).unwrap_err().to_string(),
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. \
         Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != \
         '20150830', from '20150830T123600Z'."
    );
}

#[test]
fn verifying_refuses_a_scope_of_another_day_even_with_the_right_key() {
    let request = signed(&encrypt(), "kms", None);
    let moved = request.with_header("x-amz-date", "20150831T000000Z");
    let now = "2015-08-31T00:00:00Z".parse().unwrap();
    assert!(matches!(moved.verify(&secret(), now), Err(SignatureError::WrongScope { .. })));
}

#[test]
fn clocks_may_differ_by_fifteen_minutes() {
    // Presigned ones live as long, whatever `X-Amz-Expires` says, except for S3.
    for request in [signed(&encrypt(), "kms", None), presigned(&get_caller_identity(), "sts", None, 60)] {
        let verdict = |now: Timestamp| request.verify(&secret(), now).map_err(|error| error.to_string());
        assert_eq!(verdict(noon() + 15.minutes()), Ok(()));
        assert_eq!(verdict(noon() - 15.minutes()), Ok(()));
        assert_eq!(
            verdict(noon() + 15.minutes().seconds(1)),
            Err("Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 \
                 min.)"
                .to_owned())
        );
        assert_eq!(
            verdict(noon() - 15.minutes().seconds(1)),
            Err("Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z \
                 + 15 min.)"
                .to_owned())
        );
    }
}

#[test]
fn a_presigned_request_to_s3_lives_as_long_as_it_says() {
    let request = presigned(&get_caller_identity(), "s3", None, 3600);
    assert_eq!(request.verify(&secret(), noon() + 1.hour()), Ok(()));
    let late = request.verify(&secret(), noon() + 1.hour().seconds(1)).unwrap_err();
    assert_eq!(late.to_string(), "Request has expired");
    assert!(matches!(request.verify(&secret(), noon() - 16.minutes()), Err(SignatureError::NotYetCurrent { .. })));
}

#[test]
fn expires_out_of_bounds_is_refused() {
    let request = presigned(&get_caller_identity(), "sts", None, 60);
    for (expires, message) in [
        ("soon", "X-Amz-Expires should be a number"),
        ("-60", "X-Amz-Expires must be non-negative"),
        (
            "604801",
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than \
             604800 seconds",
        ),
    ] {
        let query = request.query.replace("X-Amz-Expires=60", &format!("X-Amz-Expires={expires}"));
        assert_eq!(refusal(&WireRequest { query, ..request.clone() }), message);
    }
}

#[test]
fn a_request_says_everything_once() {
    let header = signed(&encrypt(), "kms", None);
    let query = presigned(&get_caller_identity(), "sts", None, 60);
    let both = WireRequest { query: query.query.clone(), ..header.clone() };
    assert_eq!(
        refusal(&both),
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
    );

    let mut two_headers = header.clone();
    two_headers.headers.push(("Authorization".to_owned(), b"AWS4-HMAC-SHA256".to_vec()));
    assert_eq!(refusal(&two_headers), "'Authorization' may be given only once.");

    let mut two_dates = header.clone();
    two_dates.headers.push(("X-Amz-Date".to_owned(), DATE.as_bytes().to_vec()));
    assert_eq!(refusal(&two_dates), "'X-Amz-Date' may be given only once.");

    let mut two_tokens = signed(&encrypt(), "kms", Some(TOKEN));
    two_tokens.headers.push(("X-Amz-Security-Token".to_owned(), TOKEN.as_bytes().to_vec()));
    assert_eq!(refusal(&two_tokens), "'X-Amz-Security-Token' may be given only once.");

    let authorization = format!("{}, Signature=ab", header.header("authorization").unwrap());
    assert_eq!(refusal(&header.with_header("authorization", &authorization)), "'Signature' may be given only once.");

    let two_parameters = WireRequest { query: format!("{}&X-Amz-Date={DATE}", query.query), ..query };
    assert_eq!(refusal(&two_parameters), "'X-Amz-Date' may be given only once.");
}

#[test]
fn a_malformed_query_is_refused_before_anything_else() {
    let request = WireRequest { query: "a=%yy".to_owned(), ..encrypt() };
    assert_eq!(refusal(&request), "Illegal hex character in escape % pattern: %yy");
}

#[test]
fn a_date_header_will_do() {
    // botocore's form and ours: with `Date`, there is no `X-Amz-Date`.
    let request = encrypt().with_header("date", "Sun, 30 Aug 2015 12:36:00 GMT").with_header(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=AKID/20150830/us-west-2/kms/aws4_request,SignedHeaders=date;host;x-amz-target,\
         Signature=ab",
    );
    assert_eq!(claim(&request).date(), noon());
}

#[test]
fn messages_and_debug_output_hold_no_secret() {
    let request = signed(&encrypt(), "kms", Some(TOKEN));
    let headers = request.header_slices();
    let parts = request.parts(&headers);
    let claim = for_its_own_service(Claim::from_request(&parts).unwrap()).unwrap();
    let wrong = aws_model::SecretBytes::new(b"wrong".to_vec());
    let error = claim.verify(&wrong, &parts, request.body(), noon()).unwrap_err();
    let signature = request.header("authorization").unwrap().rsplit('=').next().unwrap();
    for shown in [format!("{claim:?}"), format!("{parts:?}"), format!("{error:?}"), format!("{error}")] {
        assert!(!shown.contains(TOKEN) && !shown.contains(signature), "{shown}");
    }
    let refused = refusal(&dated("AWS4-HMAC-SHA256 hunter2"));
    assert!(!refused.contains("hunter2"), "{refused}");
}

fn dated(authorization: &str) -> WireRequest {
    encrypt().with_header("x-amz-date", DATE).with_header("authorization", authorization)
}

fn claim(request: &WireRequest) -> Claim {
    Claim::from_request(&request.parts(&request.header_slices())).unwrap()
}

/// Why no claim can be read from the request.
fn refusal(request: &WireRequest) -> String {
    Claim::from_request(&request.parts(&request.header_slices())).unwrap_err().to_string()
}
