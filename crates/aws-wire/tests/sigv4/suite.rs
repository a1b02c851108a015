//! The published Signature Version 4 test suite, signed and verified.

use std::{fs, path::Path, time::Duration};

use aws_model::SecretBytes;
use aws_wire::sigv4::{Claim, Credentials, PathRule, Rules, SignatureError, SigningParams, TokenRule, presign, sign};
use jiff::Timestamp;
use serde_json::Value;

use crate::wire_request::{WireRequest, for_its_own_service};

/// One directory of the suite.
struct Case {
    name: String,
    directory: std::path::PathBuf,
    access_key_id: String,
    secret: SecretBytes,
    token: Option<SecretBytes>,
    region: String,
    service: String,
    time: Timestamp,
    expires: Duration,
    rules: Rules,
}

#[test]
fn every_published_request_gets_the_published_signature() {
    for case in cases() {
        let request = case.request("header-signed-request.txt").without_header("authorization");
        let headers = request.header_slices();
        let signed = sign(&request.parts(&headers), request.body(), &case.params()).unwrap();
        assert_eq!(signed.signature, case.read("header-signature.txt"), "{}", case.name);
        let expected = case.request("header-signed-request.txt");
        for (name, value) in &signed.headers {
            assert_eq!(expected.header(name), Some(value.as_str()), "{}: {name}", case.name);
        }

        // The signed request's path and headers, the plain request's query: the suite's crate encodes the space in
        // one plain path, where the wire of the signed ones does not.
        let mut request = case.request("query-signed-request.txt");
        request.query = case.request("request.txt").query;
        let headers = request.header_slices();
        let presigned = presign(&request.parts(&headers), request.body(), &case.params(), case.expires).unwrap();
        assert_eq!(presigned.signature, case.read("query-signature.txt"), "{}", case.name);
        assert_eq!(
            decoded_pairs(&presigned.query),
            decoded_pairs(&case.request("query-signed-request.txt").query),
            "{}",
            case.name
        );
    }
}

#[test]
fn every_published_signature_verifies() {
    for case in cases() {
        for (file, presigned) in [("header-signed-request.txt", false), ("query-signed-request.txt", true)] {
            let request = case.request(file);
            let headers = request.header_slices();
            let parts = request.parts(&headers);
            let claim = Claim::from_request(&parts).unwrap();
            assert_eq!(claim.access_key_id(), case.access_key_id, "{}", case.name);
            assert_eq!(claim.session_token(), case.token.as_ref(), "{}", case.name);
            assert_eq!((claim.region(), claim.service()), (case.region.as_str(), case.service.as_str()));
            assert_eq!((claim.date(), claim.is_presigned()), (case.time, presigned));
            let verdict = for_its_own_service(claim).unwrap().under(case.rules).verify(
                &case.secret,
                &parts,
                request.body(),
                case.time,
            );
            assert_eq!(verdict, Ok(()), "{} {file}", case.name);
        }
    }
}

#[test]
fn a_mismatch_explains_itself_with_the_published_strings() {
    let wrong = SecretBytes::new(b"not the secret".to_vec());
    for case in cases() {
        for form in ["header", "query"] {
            let request = case.request(&format!("{form}-signed-request.txt"));
            let headers = request.header_slices();
            let parts = request.parts(&headers);
            let claim = Claim::from_request(&parts).unwrap();
            let verdict =
                for_its_own_service(claim).unwrap().under(case.rules).verify(&wrong, &parts, request.body(), case.time);
            let Err(SignatureError::Mismatch(mismatch)) = verdict else { panic!("{}: {verdict:?}", case.name) };
            let expected = format!(
                "\n\nThe Canonical String for this request should have been\n'{}'\n\n\
                 The String-to-Sign should have been\n'{}'\n",
                case.read(&format!("{form}-canonical-request.txt")),
                case.read(&format!("{form}-string-to-sign.txt")),
            );
            assert!(mismatch.explain().ends_with(&expected), "{}: {}", case.name, mismatch.explain());
        }
    }
}

fn cases() -> Vec<Case> {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sigv4-suite");
    let entries = fs::read_dir(&suite).unwrap().map(|entry| entry.unwrap().path());
    let cases: Vec<Case> = entries.filter(|path| path.is_dir()).map(|path| Case::load(&path)).collect();
    assert_eq!(cases.len(), 38, "the suite has 38 cases");
    cases
}

fn decoded_pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    pairs.sort();
    pairs
}

impl Case {
    fn load(directory: &Path) -> Self {
        let context: Value =
            serde_json::from_str(&fs::read_to_string(directory.join("context.json")).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let credentials = &context["credentials"];
        let path = if context["normalize"] == false { PathRule::Unnormalized } else { PathRule::Normalized };
        let token =
            if context["omit_session_token"] == true { TokenRule::AddedAfterSigning } else { TokenRule::Signed };
        Self {
            name: directory.file_name().unwrap().to_string_lossy().into_owned(),
            directory: directory.to_owned(),
            access_key_id: text(&credentials["access_key_id"]),
            secret: SecretBytes::new(text(&credentials["secret_access_key"]).into_bytes()),
            token: credentials.get("token").map(|token| SecretBytes::new(text(token).into_bytes())),
            region: text(&context["region"]),
            service: text(&context["service"]),
            time: text(&context["timestamp"]).parse().unwrap(),
            expires: Duration::from_secs(context["expiration_in_seconds"].as_u64().unwrap()),
            rules: Rules { path, token, ..Rules::STANDARD },
        }
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.directory.join(file)).unwrap()
    }

    fn request(&self, file: &str) -> WireRequest {
        WireRequest::parse(&self.read(file))
    }

    fn params(&self) -> SigningParams<'_> {
        SigningParams {
            credentials: Credentials {
                access_key_id: &self.access_key_id,
                secret: &self.secret,
                session_token: self.token.as_ref(),
            },
            region: &self.region,
            service: &self.service,
            time: self.time,
            rules: self.rules,
        }
    }
}
