//! How far a document may be away, and how near.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses are connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Any: who started the embedded AWS named the URL.
    Anywhere,
    /// Those of the public Internet: whoever may make a provider, or answers as one, named the URL, and is not to have
    /// this machine or its network asked.
    Public,
}

impl Reach {
    pub(super) fn has(self, address: IpAddr) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Public => match address.to_canonical() {
                IpAddr::V4(address) => is_public_v4(address),
                IpAddr::V6(address) => is_public_v6(address),
            },
        }
    }
}

/// Source: IANA IPv4 Special-Purpose Address Registry, "Globally Reachable"; RFC 5771 (multicast).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_special = match first {
        0 | 10 | 127 | 224.. => true,
        100 => (64..128).contains(&second),
        169 => second == 254,
        172 => (16..32).contains(&second),
        192 => matches!((second, third), (168, _) | (0, 0 | 2) | (88, 99)),
        198 => matches!((second, third), (18 | 19, _) | (51, 100)),
        203 => (second, third) == (0, 113),
        _ => false,
    };
    !is_special
}

/// Source: IANA IPv6 Special-Purpose Address Registry, "Globally Reachable"; RFC 4291, section 2.4 (global unicast is
/// 2000::/3 today); RFC 6052, section 2.1, and RFC 3056, section 2 (addresses that hold one of IPv4).
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let holds = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => holds(high, low),
        // Protocol assignments, Teredo and ORCHID among them; documentation.
        [0x2001, 0..0x200 | 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_public_internet_is_told_in_each_of_its_forms() {
        for near in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!Reach::Public.has(near.parse().unwrap()), "{near}");
            assert!(Reach::Anywhere.has(near.parse().unwrap()), "{near}");
        }
        for far in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.1.2.3",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::",
            "2600:1f14::1",
            "2a00:1450::1",
        ] {
            assert!(Reach::Public.has(far.parse().unwrap()), "{far}");
        }
    }
}
