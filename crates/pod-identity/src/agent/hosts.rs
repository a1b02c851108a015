//! By which names the agent may be called.

use http::{HeaderMap, Uri, header};

/// The addresses that AWS's SDKs know.
const LINK_LOCAL: [&str; 2] = ["169.254.170.23", "fd00:ec2::23"];

/// The hosts of a `Host` header that are answered. Any other is that of somebody who was made to believe that the agent is
/// another server (DNS rebinding).
#[derive(Clone, Debug)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// AWS's two, and those that are bound beside them.
    #[must_use]
    pub fn new(bound: impl IntoIterator<Item = String>) -> Self {
        let mut hosts: Vec<String> = LINK_LOCAL.map(str::to_owned).into();
        for host in bound {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        Self(hosts)
    }

    /// Whether the request is for one of them.
    ///
    /// # Errors
    /// What the pod is told, as the peer tells it.
    pub(super) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), String> {
        // RFC 9112, section 3.2.2: a request line with an authority beats the header.
        let named = uri.authority().map(http::uri::Authority::as_str);
        let named = named.or_else(|| headers.get(header::HOST)?.to_str().ok()).unwrap_or_default();
        let host = without_port(named);
        if self.0.iter().any(|known| known == host) {
            return Ok(());
        }
        let (known, host) = (self.0.join(" "), host.chars().take(256).collect::<String>());
        Err(format!(
            "Access Denied. Called agent through invalid address, please use either [{known}] address not {host}"
        ))
    }
}

/// The host of `HOST`, `HOST:PORT`, `[IPV6]` and `[IPV6]:PORT`.
fn without_port(named: &str) -> &str {
    if let Some(rest) = named.strip_prefix('[') {
        return rest.split_once(']').map_or(named, |(host, _)| host);
    }
    match named.rsplit_once(':') {
        Some((host, _)) if !host.contains(':') => host,
        _ => named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        Hosts::new(["127.0.0.1".to_owned()]).check(&Uri::from_static("/v1/credentials"), &headers)
    }

    #[test]
    fn known_hosts_are_known_in_every_form() {
        for host in ["169.254.170.23", "169.254.170.23:80", "[fd00:ec2::23]", "[fd00:ec2::23]:80", "127.0.0.1:8080"] {
            assert_eq!(check(host), Ok(()), "{host}");
        }
    }

    #[test]
    fn others_are_told_as_the_peer_tells_them() {
        for host in ["evil.example", "localhost:80", "169.254.170.2", "", "[", "[::1]:80", "fd00:ec2::23]"] {
            assert!(check(host).is_err(), "{host}");
        }
        let with_defaults = Hosts::new([]).check(&Uri::from_static("http://evil.example:81/"), &HeaderMap::new());
        assert_eq!(
            with_defaults.unwrap_err(),
            "Access Denied. Called agent through invalid address, please use either [169.254.170.23 fd00:ec2::23] \
             address not evil.example"
        );
    }
}
