//! How much a peer may ask for.

use std::time::Duration;

/// The bounds of one server. The defaults fit every apiserver, and keep the memory of a hostile peer's traffic under
/// 150 MiB: 64 connections with 1 MiB of unread octets each, 512 requests of 48 KiB, and the header lists of 1024
/// requests. 8 KiB of a list, as HTTP/2 counts it, are 240 fields of one octet; decoded these take 50 KiB.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The size of a request in octets. The largest that the API allows is a v2 Decrypt of 1024 octets of ciphertext,
    /// 1024 of key_id and 32 KiB of annotations (`apiserver: envelope/kmsv2/envelope.go`).
    pub max_request: usize,
    /// The decoded size of a request's header list in octets, as HTTP/2 counts it.
    pub max_header_list: u32,
    /// Connections at a time. Further ones wait.
    pub max_connections: usize,
    /// Streams at a time on one connection. Clients hold back further ones.
    pub max_streams: u32,
    /// Requests at a time on all connections together.
    pub max_in_flight: usize,
    /// Requests that wait for a place among those, within their `request` time. Further ones are refused.
    pub max_waiting: usize,
    /// From the connection to the end of the HTTP/2 preface.
    pub preface: Duration,
    /// From a request's headers to its answer. The key service's own deadlines are shorter.
    pub request: Duration,
    /// How long a connection may be silent before it is asked for a sign of life.
    pub keepalive: Duration,
    /// How long that sign may take.
    pub keepalive_answer: Duration,
    /// How long a connection may have no call at all before it is closed; at most twice that passes. The apiserver asks
    /// for the status every minute, and connects anew when it needs to.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_request: 48 * 1024,
            max_header_list: 8 * 1024,
            max_connections: 64,
            max_streams: 128,
            max_in_flight: 512,
            max_waiting: 512,
            preface: Duration::from_secs(5),
            request: Duration::from_secs(30),
            keepalive: Duration::from_secs(30),
            keepalive_answer: Duration::from_secs(10),
            idle: Duration::from_secs(300),
        }
    }
}

/// Unread octets of a connection, and of one of its streams. A stream holds one whole request.
pub(super) const CONNECTION_WINDOW: u32 = 1024 * 1024;
pub(super) const STREAM_WINDOW: u32 = 64 * 1024;
/// How long not to accept after accept(2) failed.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
