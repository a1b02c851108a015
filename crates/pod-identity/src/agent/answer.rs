//! Answers, in the octets of the peer's (Go's `net/http`).

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use super::credentials::Credentials;

pub(super) type Answer = Response<Full<Bytes>>;

/// Where credentials are.
pub(super) const PATH: &str = "/v1/credentials";

pub(super) fn credentials(credentials: &Credentials) -> Answer {
    let mut answer = Response::new(Full::new(credentials.body()));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// As Go's `http.Error`: text, with a line's end.
pub(super) fn error(status: StatusCode, message: &str) -> Answer {
    let mut answer = Response::new(Full::from(format!("{message}\n")));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

pub(super) fn not_found() -> Answer {
    error(StatusCode::NOT_FOUND, "404 page not found")
}
