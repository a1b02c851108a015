//! What an embedded AWS is called.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use rcgen::SanType;

use super::TlsError;

/// `localhost`, loopback, where it listens, and what else it is said to be called.
pub(super) fn all(further: &[String], listens: IpAddr) -> Result<Vec<SanType>, TlsError> {
    let mut addresses = BTreeSet::from([Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into(), listens]);
    let mut hosts = BTreeSet::from(["localhost".to_owned()]);
    for name in further {
        match name.trim_matches(['[', ']']).parse() {
            Ok(address) => drop(addresses.insert(address)),
            Err(_) if is_host(name) => drop(hosts.insert(name.to_ascii_lowercase())),
            Err(_) => return Err(TlsError::Name(name.clone())),
        }
    }
    let addresses = addresses.into_iter().map(|address: IpAddr| Ok(SanType::IpAddress(address)));
    let hosts = hosts.into_iter().map(|host| match host.as_str().try_into() {
        Ok(name) => Ok(SanType::DnsName(name)),
        Err(_) => Err(TlsError::Name(host)),
    });
    hosts.chain(addresses).collect()
}

/// Whether a text is a host's name, whose first label may be `*`.
///
/// Source: RFC 1123, section 2.1; RFC 9525, section 6.3.
fn is_host(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let host = name.strip_prefix("*.").unwrap_or(name);
    name.len() <= 253 && host.split('.').all(is_label)
}
