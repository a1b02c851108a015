//! The same requests signed by botocore, the signer of boto3 and the `aws` CLI, and by us.

use std::{
    collections::BTreeSet,
    env,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use aws_model::SecretBytes;
use aws_wire::sigv4::{Body, Claim, Credentials, Rules, SigningParams, presign, sign};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use crate::wire_request::{WireRequest, for_its_own_service};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const REGION: &str = "us-west-2";

/// How many requests that no client would send are signed beside those of the clients.
const ODD_REQUESTS: usize = 300;

/// A request as botocore puts it on the wire.
struct Theirs {
    source: String,
    service: String,
    request: WireRequest,
    signature: String,
    signed_headers: Vec<String>,
    expires: Option<u64>,
}

#[test]
fn what_botocore_signs_with_a_long_term_key_verifies_and_is_what_we_sign() {
    agree(None);
}

#[test]
fn what_botocore_signs_with_a_session_verifies_and_is_what_we_sign() {
    agree(Some("IQoJb3JpZ2luX2VjEXAMPLE//+=="));
}

fn agree(token: Option<&str>) {
    let (secret, token_bytes) = (secret(), token.map(|token| SecretBytes::new(token.as_bytes().to_vec())));
    let all = signed_by_botocore(token);
    let sources: BTreeSet<&str> = all.iter().map(|theirs| theirs.source.as_str()).collect();
    assert_eq!((all.len(), sources.len()), (9 + 1 + ODD_REQUESTS, 10), "{sources:?}");

    for theirs in &all {
        let request = &theirs.request;
        let headers = request.header_slices();
        let parts = request.parts(&headers);
        let claim = Claim::from_request(&parts).unwrap();
        assert_eq!(claim.session_token(), token_bytes.as_ref());
        assert_eq!(claim.service(), theirs.service);
        let claim = for_its_own_service(claim).unwrap();
        let verdict = claim.verify(&secret, &parts, request.body(), Timestamp::now());
        assert_eq!(verdict, Ok(()), "{}: {request:?}", theirs.source);
        if request.header("date").is_some() {
            assert_eq!(request.header("x-amz-date"), None, "botocore dates a request once");
            continue;
        }
        assert_eq!(
            theirs.signed_again(&secret, token_bytes.as_ref(), claim.claim().date()),
            theirs.signature,
            "{request:?}"
        );
    }
}

impl Theirs {
    fn from_json(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        let headers = value["headers"].as_array().unwrap().iter();
        let header = |pair: &Value| (pair[0].as_str().unwrap().to_owned(), pair[1].as_str().unwrap().into());
        Self {
            source: text("from"),
            service: text("service"),
            request: WireRequest {
                method: text("method"),
                path: text("path"),
                query: text("query"),
                headers: headers.map(header).collect(),
                body: BASE64_STANDARD.decode(text("body")).unwrap(),
            },
            signature: text("signature"),
            signed_headers: serde_json::from_value(value["signed_headers"].clone()).unwrap(),
            expires: value["expires"].as_u64(),
        }
    }

    fn signed_again(&self, secret: &SecretBytes, token: Option<&SecretBytes>, time: Timestamp) -> String {
        let params = SigningParams {
            credentials: Credentials { access_key_id: "AKIDEXAMPLE", secret, session_token: token },
            region: REGION,
            service: &self.service,
            time,
            rules: Rules::for_service(&self.service),
        };
        let mut request = self.request.clone();
        // The others came later: boto3 counts its attempts in a header that it adds to the signed request.
        request.headers.retain(|(name, _)| self.signed_headers.contains(&name.to_ascii_lowercase()));
        let Some(seconds) = self.expires else {
            let headers = request.header_slices();
            return sign(&request.parts(&headers), request.body(), &params).unwrap().signature;
        };
        let own = |pair: &&str| !pair.starts_with("X-Amz-");
        request.query = request.query.split('&').filter(own).collect::<Vec<_>>().join("&");
        let body = if self.service == "s3" { Body::Unsigned } else { request.body() };
        let headers = request.header_slices();
        presign(&request.parts(&headers), body, &params, Duration::from_secs(seconds)).unwrap().signature
    }
}

fn signed_by_botocore(token: Option<&str>) -> Vec<Theirs> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tools = env::var_os("CLAVIGER_TOOLS").map_or_else(|| root.join("target/tools"), PathBuf::from);
    let python = tools.join("venv/bin/python");
    let mut script = Command::new(&python)
        .arg(root.join("tests/clients/sigv4_botocore.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask tools`", python.display()));
    let job = json!({
        "access_key_id": "AKIDEXAMPLE", "secret": SECRET, "token": token, "region": REGION,
        "requests": odd_requests(),
    });
    // Python reads all of it before it writes any: neither end waits for the other.
    let written = script.stdin.take().unwrap().write_all(job.to_string().as_bytes());
    let output = script.wait_with_output().unwrap();
    assert!(output.status.success(), "the script failed; its own words stand above");
    written.unwrap();
    let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
    lines.map(|line| Theirs::from_json(&serde_json::from_str(line).unwrap())).collect()
}

/// Requests with odd paths, parameters, headers and bodies; the same ones each time.
///
/// Paths do not end in a dot segment: botocore and the SDK for Rust disagree on whether a slash remains. Header names
/// are given once each: botocore's signer takes a map.
fn odd_requests() -> Vec<Value> {
    let segment = || {
        let name = "([A-Za-z0-9._~:@!$'()*+,;=-]|%2[0-9A-F]|%C3%BC){1,8}z";
        prop_oneof![Just(String::new()), Just(".".to_owned()), Just("..".to_owned()), name.prop_map(|text| text)]
    };
    let path = (vec(segment(), 0..4), "[a-z]{0,3}").prop_map(|(mut segments, last)| {
        segments.push(last);
        format!("/{}", segments.join("/"))
    });
    let parameters = btree_map("[A-Za-z0-9 ü+/=&%~.-]{1,6}", "[A-Za-z0-9 ü+/=&%~.-]{0,6}", 0..4);
    let headers = btree_map("x-(amz|custom)-[a-z]{1,6}", "( {0,2}[!-~]{1,6}){0,3}", 0..4);
    let (method, service) = (select(&["GET", "POST", "PUT"][..]), select(&["kms", "sts", "eks-auth"][..]));
    let presign = option::of(1_u64..=604_800);
    let strategy = (method, service, path, parameters, headers, vec(any::<u8>(), 0..40), presign);
    // botocore dates it in the same header, as mail does. We never do.
    let with_date = json!({
        "method": "GET", "service": "sts", "path": "/", "parameters": [], "headers": [["Date", "to be replaced"]],
        "body": "", "presign": null,
    });
    let mut runner = TestRunner::deterministic();
    let mut next = || strategy.new_tree(&mut runner).unwrap().current();
    std::iter::once(with_date)
        .chain((0..ODD_REQUESTS).map(|_| {
            let (method, service, path, parameters, headers, body, presign) = next();
            // When it presigns, botocore makes parameters of the body.
            let body = if presign.is_some() { Vec::new() } else { body };
            json!({
                "method": method, "service": service, "path": path,
                "parameters": parameters.into_iter().collect::<Vec<_>>(),
                "headers": headers.into_iter().collect::<Vec<_>>(),
                "body": BASE64_STANDARD.encode(body), "presign": presign,
            })
        }))
        .collect()
}

fn secret() -> SecretBytes {
    SecretBytes::new(SECRET.as_bytes().to_vec())
}
