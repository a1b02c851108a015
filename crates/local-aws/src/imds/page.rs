//! What goes back to who asks for metadata.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::Full;

use crate::router::Response;

/// The header with how many seconds a token is good for.
pub(super) const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";

/// A text, for as many seconds more as the token is good for that brought it.
pub(super) fn text(body: impl Into<Bytes>, left: Option<u64>) -> Response {
    let mut response = response(StatusCode::OK, "text/plain", body.into());
    if let Some(left) = left {
        response.headers_mut().insert(TTL, HeaderValue::from(left));
    }
    response
}

/// A refusal, in the form of AWS's. `why` has no markup.
pub(super) fn refusal(status: StatusCode, why: &str) -> Response {
    let title = format!("{} - {}", status.as_str(), status.canonical_reason().unwrap_or_default());
    let page = format!(
        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n\
         <!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n\
         \t\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
         <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n\
         \x20<head>\n  <title>{title}</title>\n </head>\n\
         \x20<body>\n  <h1>{title}</h1>\n  <p>{why}</p>\n </body>\n</html>\n"
    );
    response(status, "text/html", page.into())
}

fn response(status: StatusCode, kind: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::SERVER, HeaderValue::from_static("EC2ws"));
    response
}
