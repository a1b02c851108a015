//! Ranges of addresses as conditions compare them.

use std::{
    net::{AddrParseError, IpAddr},
    str::FromStr,
};

use ipnet::{IpNet, Ipv6Net};

use crate::rules::Assumptions;

/// A range in CIDR form, or an address, which is the range of this one address. No range holds addresses of the other
/// family.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", section "IP address condition operators".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    range: IpNet,
    /// Whether it was written without a prefix length.
    is_bare: bool,
}

impl Network {
    /// Whether an address is in it.
    pub(super) fn contains(&self, address: IpAddr, assumptions: &Assumptions) -> bool {
        match (self.range, address) {
            (IpNet::V6(range), IpAddr::V6(address)) if self.is_bare && !assumptions.iam_cond_ip_bare_v6 => {
                Ipv6Net::new(range.addr(), 32).is_ok_and(|range| range.contains(&address))
            }
            _ if self.range.addr() != self.range.network() && !assumptions.iam_cond_ip_host_bits => false,
            (range, address) => range.contains(&address),
        }
    }
}

impl FromStr for Network {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(range) => Ok(Self { range, is_bare: false }),
            Err(_) => Ok(Self { range: text.parse::<IpAddr>()?.into(), is_bare: true }),
        }
    }
}
