//! The same requests signed by aws-sigv4, the signer of the official SDK, and by us.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as SdkCredentials;
use aws_model::SecretBytes;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
        SigningInstructions, SigningSettings, UriPathNormalizationMode,
    },
    sign::v4,
};
use aws_wire::sigv4::{Body, Credentials, Rules, SigningParams, presign, sign};
use jiff::Timestamp;
use proptest::{collection::vec, option, prelude::*, sample::select, string::string_regex, test_runner::Config};

use crate::wire_request::WireRequest;

const EXPIRES: Duration = Duration::from_secs(300);

/// Who signs what, when and for whom.
#[derive(Clone, Debug)]
struct Job {
    request: WireRequest,
    secret: String,
    token: Option<String>,
    region: String,
    service: &'static str,
    time: Timestamp,
}

proptest! {
    #![proptest_config(Config { cases: 512, failure_persistence: None, ..Config::default() })]

    #[test]
    fn header_signatures_are_the_sdks(job in jobs()) {
        let (theirs, signature) = job.signed_by_sdk();
        prop_assert_eq!(job.signed_by_us(), signature);
        prop_assert_eq!(theirs.verify(&job.secret(), job.time), Ok(()));
    }

    #[test]
    fn presigned_signatures_are_the_sdks(job in jobs()) {
        let (theirs, signature) = job.presigned_by_sdk();
        prop_assert_eq!(job.presigned_by_us(), signature);
        prop_assert_eq!(theirs.verify(&job.secret(), job.time), Ok(()));
    }
}

fn jobs() -> impl Strategy<Value = Job> {
    let who = ("[!-~]{1,64}", option::of("[!-~]{1,200}"), "[a-z]{2}-[a-z]{4,9}-[1-9]");
    // From the epoch to the year 2100.
    let when = (0..4_102_444_800_i64).prop_map(|second| Timestamp::from_second(second).unwrap());
    (requests(), who, select(&["kms", "sts", "eks-auth", "s3"][..]), when).prop_map(
        |(mut request, (secret, token, region), service, time)| {
            if service == "s3" {
                // The SDK puts an S3 key on the wire encoded exactly once.
                request.path = "/bucket/a%20b/..//~c%40%C3%BC".to_owned();
            }
            Job { request, secret, token, region, service, time }
        },
    )
}

fn requests() -> impl Strategy<Value = WireRequest> {
    let header_name = select(&["accept", "Content-Type", "X-Amz-Target", "x-custom", "X-Custom-Two", "User-Agent"][..]);
    let header_value = string_regex("( {0,3}[!-~]{1,8}){0,4} {0,2}").unwrap();
    let parts = (select(&["GET", "POST", "PUT", "DELETE"][..]), paths(), queries());
    (parts, vec((header_name, header_value), 0..64), vec(any::<u8>(), 0..64)).prop_map(
        |((method, path, query), headers, body)| {
            let mut headers: Vec<(String, Vec<u8>)> =
                headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect();
            headers.push(("Host".to_owned(), b"kms.us-west-2.amazonaws.com:8443".to_vec()));
            WireRequest { method: method.to_owned(), path, query, headers, body }
        },
    )
}

/// Paths as a request line may have them, dot segments, empty ones and escapes included.
fn paths() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        Just(String::new()),
        Just(".".to_owned()),
        Just("..".to_owned()),
        string_regex("([A-Za-z0-9._~:@!$&'()*+,;=-]|%2[0-9A-F]|%C3%BC|%7e|ü){1,8}").unwrap(),
    ];
    vec(segment, 1..6).prop_map(|segments| format!("/{}", segments.join("/")))
}

/// Queries as a request line may have them: parameters without value, without name, repeated, and `+` for a space.
fn queries() -> impl Strategy<Value = String> {
    let component = || string_regex("([A-Za-z0-9._~:@!$'()*,;/?+-]|%2[0-9A-F]|%c3%bc|%7E|ü){0,6}").unwrap();
    let pair = (component(), option::of(component()));
    let pair = pair.prop_map(|(name, value)| value.map_or(name.clone(), |value| format!("{name}={value}")));
    vec(pair, 0..6).prop_map(|pairs| pairs.join("&"))
}

impl Job {
    fn secret(&self) -> SecretBytes {
        SecretBytes::new(self.secret.as_bytes().to_vec())
    }

    fn signed_by_us(&self) -> String {
        let request = &self.request;
        let headers = request.header_slices();
        self.with_params(|params| sign(&request.parts(&headers), request.body(), params).unwrap().signature)
    }

    fn presigned_by_us(&self) -> String {
        let (request, body) = (&self.request, if self.is_s3() { Body::Unsigned } else { self.request.body() });
        let headers = request.header_slices();
        self.with_params(|params| presign(&request.parts(&headers), body, params, EXPIRES).unwrap().signature)
    }

    fn signed_by_sdk(&self) -> (WireRequest, String) {
        let body = SignableBody::Bytes(&self.request.body);
        let (instructions, signature) = self.instructions(body, SignatureLocation::Headers);
        let (headers, _) = instructions.into_parts();
        let signed = headers
            .into_iter()
            .fold(self.request.clone(), |request, header| request.with_header(header.name(), header.value()));
        (signed, signature)
    }

    fn presigned_by_sdk(&self) -> (WireRequest, String) {
        let body = if self.is_s3() { SignableBody::UnsignedPayload } else { SignableBody::Bytes(&self.request.body) };
        let (instructions, signature) = self.instructions(body, SignatureLocation::QueryParams);
        let mut request = self.request.clone();
        for (name, value) in instructions.into_parts().1 {
            let value = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
            request.query.push_str(&format!("&{name}={value}"));
        }
        (request, signature)
    }

    fn instructions(&self, body: SignableBody<'_>, location: SignatureLocation) -> (SigningInstructions, String) {
        let mut settings = SigningSettings::default();
        settings.signature_location = location;
        settings.expires_in = (location == SignatureLocation::QueryParams).then_some(EXPIRES);
        if self.is_s3() {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let identity = SdkCredentials::new("AKIDEXAMPLE", &self.secret, self.token.clone(), None, "test").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(self.time.as_second().cast_unsigned()))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let request = &self.request;
        let uri = format!("https://kms.us-west-2.amazonaws.com:8443{}?{}", request.path, request.query);
        let headers = request.headers.iter().map(|(name, value)| (name.as_str(), std::str::from_utf8(value).unwrap()));
        let signable = SignableRequest::new(&request.method, uri, headers, body).unwrap();
        aws_sigv4::http_request::sign(signable, &params).unwrap().into_parts()
    }

    fn with_params<T>(&self, run: impl FnOnce(&SigningParams<'_>) -> T) -> T {
        let (secret, token) = (self.secret(), self.token.as_ref().map(|t| SecretBytes::new(t.as_bytes().to_vec())));
        run(&SigningParams {
            credentials: Credentials { access_key_id: "AKIDEXAMPLE", secret: &secret, session_token: token.as_ref() },
            region: &self.region,
            service: self.service,
            time: self.time,
            rules: Rules::for_service(self.service),
        })
    }

    fn is_s3(&self) -> bool {
        self.service == "s3"
    }
}
