//! Whether a request was sent to this machine under a name of its own.

use std::net::IpAddr;

use http::{header, request::Parts, uri::Authority};

/// The host that the request was sent to.
pub(crate) fn host(head: &Parts) -> Option<Authority> {
    let header = head.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    head.uri.authority().cloned().or_else(|| header?.parse().ok())
}

/// Whether it is this machine's own name: another one may have been made to lead here, for a page of its own.
pub(crate) fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
