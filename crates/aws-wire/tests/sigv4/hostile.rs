//! What must hold of any request whatsoever. The fuzz target runs this, and so does the replay of its corpus.

use std::time::Duration;

use aws_model::SecretBytes;
use aws_wire::sigv4::{
    Body, Claim, Credentials, RequestParts, Rules, ScopedClaim, SignatureError, SigningParams, presign, sign,
};
use jiff::Timestamp;

/// Takes bytes as a request: nobody but us can have signed it, and what we sign verifies.
pub(crate) fn check(input: &[u8]) {
    let Some(request) = Request::parse(input) else { return };
    let secret = SecretBytes::new(b"only known here".to_vec());
    request.is_refused(&secret);
    let unsigned = request.without_authorization();
    for service in ["kms", "s3", "iotdevicegateway"] {
        unsigned.verifies_once_signed(service, &secret);
    }
}

/// A request that an HTTP server would let through.
struct Request<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: Vec<(&'a str, &'a [u8])>,
    body: &'a [u8],
}

impl<'a> Request<'a> {
    /// Lines as HTTP/1 has them, ended by `\n` alone; the version may be missing.
    fn parse(input: &'a [u8]) -> Option<Self> {
        let at = input.windows(2).position(|pair| pair == b"\n\n");
        let (head, body) = at.map_or((input, &[][..]), |at| (&input[..at], &input[at + 2..]));
        let mut lines = head.split(|octet| *octet == b'\n');
        let request_line = std::str::from_utf8(lines.next()?).ok()?;
        let mut words = request_line.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = lines.map(|line| {
            let at = line.iter().position(|octet| *octet == b':')?;
            let (name, value) = (std::str::from_utf8(&line[..at]).ok()?, &line[at + 1..]);
            let fine = is_token(name) && value.iter().all(|octet| *octet >= b' ' || *octet == b'\t');
            fine.then_some((name, value))
        });
        let headers = headers.collect::<Option<_>>()?;
        is_token(method).then_some(Self { method, path, query, headers, body })
    }

    fn without_authorization(mut self) -> Self {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        self
    }

    fn parts<'b>(&'b self, headers: &'b [(&'b str, &'b [u8])]) -> RequestParts<'b> {
        RequestParts { method: self.method, path: self.path, query: self.query, headers }
    }

    fn is_refused(&self, secret: &SecretBytes) {
        let parts = self.parts(&self.headers);
        let verdict = Claim::from_request(&parts)
            .and_then(for_its_own_service)
            .and_then(|claim| claim.verify(secret, &parts, Body::Bytes(self.body), claim.claim().date()));
        let error = verdict.expect_err("nobody signed it");
        assert!(!error.to_string().is_empty());
        if let SignatureError::Mismatch(mismatch) = error {
            assert!(mismatch.explain().contains("String-to-Sign"));
        }
    }

    fn verifies_once_signed(&self, service: &str, secret: &SecretBytes) {
        let token = SecretBytes::new(b"a/token+=".to_vec());
        let time = Timestamp::from_second(1_440_938_160).expect("it is in range");
        let params = SigningParams {
            credentials: Credentials { access_key_id: "AKIDEXAMPLE", secret, session_token: Some(&token) },
            region: "us-west-2",
            service,
            time,
            rules: Rules::for_service(service),
        };
        let verdict = |parts: &RequestParts<'_>| {
            Claim::from_request(parts)
                .and_then(for_its_own_service)
                .and_then(|claim| claim.verify(secret, parts, Body::Bytes(self.body), time))
        };

        if let Ok(signed) = sign(&self.parts(&self.headers), Body::Bytes(self.body), &params) {
            let replaced = |name: &str| signed.headers.iter().any(|(added, _)| name.eq_ignore_ascii_case(added));
            let mut headers: Vec<_> = self.headers.iter().filter(|(name, _)| !replaced(name)).copied().collect();
            headers.extend(signed.headers.iter().map(|(name, value)| (*name, value.as_bytes())));
            self.expect_verified(verdict(&self.parts(&headers)));
        }
        if let Ok(presigned) =
            presign(&self.parts(&self.headers), Body::Bytes(self.body), &params, Duration::from_secs(60))
        {
            let parts = RequestParts { query: &presigned.query, ..self.parts(&self.headers) };
            self.expect_verified(verdict(&parts));
        }
    }

    /// A request that already says what signing adds, or gives another hash of its body, may be refused for that.
    fn expect_verified(&self, verdict: Result<(), SignatureError>) {
        match verdict {
            Ok(())
            | Err(
                SignatureError::SignedTwice | SignatureError::Repeated { .. } | SignatureError::ContentSha256Mismatch,
            ) => {}
            Err(error) => panic!("{} {}?{}: {error}", self.method, self.path, self.query),
        }
    }
}

/// The claim at the service that it says it is for.
fn for_its_own_service(claim: Claim) -> Result<ScopedClaim, SignatureError> {
    let service = claim.service().to_owned();
    claim.scoped_to(&service, |_| true)
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet))
}
