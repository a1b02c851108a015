//! The link-local addresses that AWS's SDKs call, on a link of their own.
//!
//! The peer makes a dummy link. A kernel without that kind has pairs of virtual Ethernet links, and one without those has
//! `lo`: the addresses work alike on each, since a packet to one of this machine's addresses never leaves it.
//!
//! The tests run on whatever kernel there is. So far that was one without dummy links, so that a pair was made; neither a
//! dummy link nor `lo` was.

mod netlink;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use self::netlink::{Netlink, Refused};

/// The agent's link, as the peer calls it.
const LINK: &str = "pod-id-link0";
/// The other end where it is a pair.
const OTHER_END: &str = "pod-id-link1";

/// The addresses that AWS's SDKs know.
///
/// Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
pub const ADDRESSES: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)), IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23))];

/// What was set up, or was there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetUp {
    /// On which link.
    pub link: String,
    /// Of which kind.
    pub kind: LinkKind,
    /// The addresses that work.
    pub addresses: Vec<IpAddr>,
    /// Those that this kernel refuses, and why.
    pub missing: Vec<(IpAddr, String)>,
}

/// The kind of link that the addresses are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// It was there.
    Existing,
    /// A dummy link.
    Dummy,
    /// One end of a pair of virtual Ethernet links.
    Veth,
    /// The loopback link.
    Loopback,
}

/// Nothing was set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The kernel takes no such requests from this process.
    #[error("cannot talk with the kernel about links: {0}")]
    Netlink(#[source] std::io::Error),
    /// A request was refused for want of a capability.
    #[error("this process may not {0}")]
    NotPermitted(String),
    /// A step that nothing replaces failed.
    #[error("cannot {doing}: {reason}")]
    Refused {
        /// What was being done.
        doing: String,
        /// What the kernel said.
        reason: String,
    },
    /// The kernel gives neither address.
    #[error("this kernel gives neither address: {}", told(.0))]
    Neither(Vec<(IpAddr, String)>),
}

/// Sets up whatever of the addresses can be; what is there is left as it is.
///
/// # Errors
/// [`SetUpError`], where no address works in the end.
pub async fn set_up() -> Result<SetUp, SetUpError> {
    let netlink = Netlink::connect().map_err(SetUpError::Netlink)?;
    let (index, link, kind) = link(&netlink).await?;
    netlink.bring_up(index).await.map_err(|refused| refused.doing(format!("bring up `{link}`")))?;
    let (mut addresses, mut missing) = (Vec::new(), Vec::new());
    for address in ADDRESSES {
        match netlink.add_address(index, address).await {
            Ok(()) => addresses.push(address),
            // A family that is switched off says `EACCES`, so that only here it is no want of a capability.
            Err(refused) if refused.is_not_permitted() => {
                return Err(refused.doing(format!("add {address} to `{link}`")));
            }
            Err(refused) => missing.push((address, refused.to_string())),
        }
    }
    if addresses.is_empty() {
        return Err(SetUpError::Neither(missing));
    }
    for address in &addresses {
        // The kernel itself makes the route of an IPv6 address; on `lo` there is none to make.
        let IpAddr::V4(v4) = address else { continue };
        if kind != LinkKind::Loopback {
            let routed = netlink.add_route(index, *v4).await;
            routed.map_err(|refused| refused.doing(format!("route {address} to `{link}`")))?;
        }
    }
    Ok(SetUp { link, kind, addresses, missing })
}

/// The agent's link, made where it is not there.
async fn link(netlink: &Netlink) -> Result<(u32, String, LinkKind), SetUpError> {
    let found = netlink.find(LINK).await.map_err(|refused| refused.doing(format!("look for `{LINK}`")))?;
    if let Some(index) = found {
        return Ok((index, LINK.to_owned(), LinkKind::Existing));
    }
    let mut kind = LinkKind::Dummy;
    let mut made = netlink.add_dummy(LINK).await;
    if made.as_ref().is_err_and(Refused::is_unknown_kind) {
        kind = LinkKind::Veth;
        made = netlink.add_veth(LINK, OTHER_END).await;
    }
    let made = match made {
        Err(refused) if refused.is_unknown_kind() => None,
        // Another agent was faster.
        Ok(()) => Some(kind),
        Err(refused) if refused.is_there() => Some(LinkKind::Existing),
        Err(refused) => return Err(refused.doing(format!("make the link `{LINK}`"))),
    };
    let name = if made.is_some() { LINK } else { "lo" };
    let index = netlink.find(name).await.map_err(|refused| refused.doing(format!("look for `{name}`")))?;
    let index = index.ok_or_else(|| SetUpError::Refused {
        doing: format!("find the link `{name}`"),
        reason: "it is gone".to_owned(),
    })?;
    if made == Some(LinkKind::Veth)
        && let Ok(Some(other)) = netlink.find(OTHER_END).await
    {
        // Without its other end a pair has no carrier, and the kernel then hands out no packet for the IPv6 address.
        netlink.bring_up(other).await.map_err(|refused| refused.doing(format!("bring up `{OTHER_END}`")))?;
    }
    Ok((index, name.to_owned(), made.unwrap_or(LinkKind::Loopback)))
}

fn told(missing: &[(IpAddr, String)]) -> String {
    missing.iter().map(|(address, reason)| format!("{address}: {reason}")).collect::<Vec<_>>().join("; ")
}
