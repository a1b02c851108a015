//! Which admin route a request is for, and whether it may ask it: told by its head alone.

use std::net::SocketAddr;

use http::{HeaderMap, Method, header, request::Parts, uri::Authority};

use super::{PREFIX, Refused};
use crate::loopback::{host, is_loopback};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Health,
    Clock,
    MoveClock,
    Faults,
    PutFaults,
    AddFaults,
    /// One by its name, or all.
    RemoveFaults(Option<String>),
    Accounts,
    Credentials,
    /// What is behind a cluster of EKS.
    PutBehind,
    /// A token of a pod.
    Token,
    /// What an issuer of EKS's publishes: the last part of its URL, and what is asked below it.
    Published {
        issuer: String,
        document: String,
    },
    /// Whose instance metadata is told.
    Metadata,
    TellMetadata,
    World,
    Decide,
    Export,
    Import,
}

impl Route {
    /// Whether a request is for an admin route: no AWS service has this path.
    pub(crate) fn is_meant(head: &Parts) -> bool {
        head.uri.path().starts_with(PREFIX)
    }

    /// What a request asks for, if it may.
    pub(crate) fn of(head: &Parts, peer: SocketAddr) -> Result<Self, Refused> {
        let host = host(head).filter(|_| peer.ip().to_canonical().is_loopback());
        let host = host.filter(is_loopback).ok_or(Refused::NotLocal)?;
        if is_of_a_page_elsewhere(&head.headers, &host) {
            return Err(Refused::OfAPage);
        }
        let path = head.uri.path().strip_prefix(PREFIX).unwrap_or_default();
        let route = Self::named(&head.method, path).ok_or(Refused::NoSuchRoute)?;
        if route.takes_json() && !is_json(&head.headers) {
            return Err(Refused::NotJson);
        }
        Ok(route)
    }

    fn named(method: &Method, path: &str) -> Option<Self> {
        Some(match (method, path) {
            (&Method::GET, "health") => Self::Health,
            (&Method::GET, "clock") => Self::Clock,
            (&Method::POST, "clock") => Self::MoveClock,
            (&Method::GET, "faults") => Self::Faults,
            (&Method::PUT, "faults") => Self::PutFaults,
            (&Method::POST, "faults") => Self::AddFaults,
            (&Method::DELETE, "faults") => Self::RemoveFaults(None),
            (&Method::DELETE, path) => Self::RemoveFaults(Some(path.strip_prefix("faults/")?.to_owned())),
            (&Method::POST, "accounts") => Self::Accounts,
            (&Method::POST, "credentials") => Self::Credentials,
            (&Method::POST, "eks/behind") => Self::PutBehind,
            (&Method::POST, "eks/token") => Self::Token,
            (&Method::GET, "imds") => Self::Metadata,
            (&Method::PUT, "imds") => Self::TellMetadata,
            (&Method::GET, "world") => Self::World,
            (&Method::GET, path) => {
                let (issuer, document) = path.strip_prefix("eks/id/")?.split_once('/')?;
                Self::Published { issuer: issuer.to_owned(), document: document.to_owned() }
            }
            (&Method::POST, "decide") => Self::Decide,
            (&Method::POST, "export") => Self::Export,
            (&Method::POST, "import") => Self::Import,
            _ => return None,
        })
    }

    fn takes_json(&self) -> bool {
        match self {
            Self::Health | Self::Clock | Self::Faults | Self::Metadata | Self::World | Self::Published { .. } => false,
            // What a browser asks about before it sends it, and is not told that it may: it needs no body.
            Self::RemoveFaults(_) => false,
            Self::MoveClock
            | Self::PutFaults
            | Self::AddFaults
            | Self::Accounts
            | Self::Credentials
            | Self::PutBehind
            | Self::Token
            | Self::TellMetadata
            | Self::Decide
            | Self::Export
            | Self::Import => true,
        }
    }
}

/// Whether a page in a browser asks, which came from anywhere but here: `null` is one that hides where.
///
/// Source: WHATWG Fetch, section 3.2 "`Origin` header".
fn is_of_a_page_elsewhere(headers: &HeaderMap, host: &Authority) -> bool {
    let origin = |value: &header::HeaderValue| value.to_str().ok()?.strip_prefix("http://").map(str::to_owned);
    headers.get_all(header::ORIGIN).iter().any(|value| origin(value).as_deref() != Some(host.as_str()))
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
