//! Where a side port listens, in Go's notation.

use std::{fmt, io, net::Ipv4Addr, net::Ipv6Addr, str::FromStr};

use tokio::net::{TcpListener, lookup_host};

/// `HOST:PORT`, or `:PORT` for every address of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// `None`: every address, IPv6 and IPv4.
    host: Option<String>,
    port: u16,
}

/// The text is not an address to listen on.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an address to listen on: write `HOST:PORT`, `[IPV6]:PORT`, or `:PORT` for every address")]
pub struct InvalidListenAddress(pub String);

impl ListenAddress {
    /// A port of every address of the machine.
    pub fn every(port: u16) -> Self {
        Self { host: None, port }
    }

    /// The port, 0 where the kernel chooses.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether only this machine can reach it, whatever names mean here.
    pub fn is_loopback(&self) -> bool {
        let is_loopback =
            |host: &str| host.parse::<std::net::IpAddr>().map_or(host == "localhost", |ip| ip.is_loopback());
        self.host.as_deref().is_some_and(is_loopback)
    }

    /// Binds it.
    ///
    /// # Errors
    /// As the kernel says.
    pub async fn bind(&self) -> io::Result<TcpListener> {
        match &self.host {
            Some(host) => {
                let candidates: Vec<_> = lookup_host((host.as_str(), self.port)).await?.collect();
                TcpListener::bind(candidates.as_slice()).await
            }
            // A machine without IPv6 refuses the first; Linux gives both families on the second's success.
            None => match TcpListener::bind((Ipv6Addr::UNSPECIFIED, self.port)).await {
                Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                    TcpListener::bind((Ipv4Addr::UNSPECIFIED, self.port)).await
                }
                bound => bound,
            },
        }
    }
}

impl FromStr for ListenAddress {
    type Err = InvalidListenAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidListenAddress(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(invalid)?;
        let port = port.parse().map_err(|_| invalid())?;
        let host = match host.strip_prefix('[') {
            Some(rest) => {
                rest.strip_suffix(']').filter(|inner| inner.parse::<Ipv6Addr>().is_ok()).ok_or_else(invalid)?
            }
            None if host.contains([':', '/', ' ']) => return Err(invalid()),
            None => host,
        };
        Ok(Self { host: (!host.is_empty()).then(|| host.to_owned()), port })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) if host.contains(':') => write!(f, "[{host}]:{}", self.port),
            Some(host) => write!(f, "{host}:{}", self.port),
            None => write!(f, ":{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gos_notation_round_trips() {
        for text in [":8080", "127.0.0.1:0", "localhost:9090", "[::1]:65535"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_in_the_users_words() {
        for text in ["", "8080", "localhost", "host:", ":70000", "::1:80", "[nope]:80", "http://x:80", "a b:1"] {
            assert_eq!(text.parse::<ListenAddress>(), Err(InvalidListenAddress(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn loopback_is_told_from_what_others_reach() {
        for (text, is_loopback) in [
            ("127.0.0.1:1", true),
            ("[::1]:1", true),
            ("localhost:1", true),
            (":1", false),
            ("10.0.0.1:1", false),
            ("a:1", false),
        ] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().is_loopback(), is_loopback, "{text}");
        }
    }

    #[tokio::test]
    async fn a_port_alone_takes_both_families() {
        let listener = ":0".parse::<ListenAddress>().unwrap().bind().await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    }

    #[tokio::test]
    async fn a_taken_port_is_told_also_where_every_address_is_meant() {
        let first = ":0".parse::<ListenAddress>().unwrap().bind().await.unwrap();
        let again = ListenAddress { host: None, port: first.local_addr().unwrap().port() };
        assert_eq!(again.bind().await.unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
