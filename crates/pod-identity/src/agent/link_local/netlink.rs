//! The few requests to the kernel, and what it says to them.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr},
};

use futures_util::TryStreamExt as _;
use rtnetlink::{
    Error, Handle, LinkDummy, LinkUnspec, LinkVeth, RouteMessageBuilder,
    packet_route::{
        address::{AddressAttribute, AddressFlags, AddressHeaderFlags},
        route::RouteScope,
    },
};
use tokio::task::AbortHandle;

use super::SetUpError;

/// A conversation with the kernel.
pub(super) struct Netlink {
    handle: Handle,
    conversation: AbortHandle,
}

/// What the kernel, or the way to it, did not do.
#[derive(Debug)]
pub(super) enum Refused {
    /// The kernel's errno, positive.
    Kernel(i32),
    Other(String),
}

// asm-generic/errno-base.h, asm-generic/errno.h
const EPERM: i32 = 1;
const EEXIST: i32 = 17;
const ENODEV: i32 = 19;
const EOPNOTSUPP: i32 = 95;

impl Netlink {
    pub(super) fn connect() -> io::Result<Self> {
        let (connection, handle, _) = rtnetlink::new_connection()?;
        Ok(Self { handle, conversation: tokio::spawn(connection).abort_handle() })
    }

    /// The index of a link.
    pub(super) async fn find(&self, name: &str) -> Result<Option<u32>, Refused> {
        let mut links = self.handle.link().get().match_name(name).execute();
        match links.try_next().await {
            Ok(link) => Ok(link.map(|link| link.header.index)),
            Err(error) => match Refused::from(error) {
                Refused::Kernel(ENODEV) => Ok(None),
                refused => Err(refused),
            },
        }
    }

    pub(super) async fn add_dummy(&self, name: &str) -> Result<(), Refused> {
        Ok(self.handle.link().add(LinkDummy::new(name).build()).execute().await?)
    }

    pub(super) async fn add_veth(&self, name: &str, other_end: &str) -> Result<(), Refused> {
        Ok(self.handle.link().add(LinkVeth::new(name, other_end).build()).execute().await?)
    }

    pub(super) async fn bring_up(&self, index: u32) -> Result<(), Refused> {
        Ok(self.handle.link().set(LinkUnspec::new_with_index(index).up().build()).execute().await?)
    }

    /// The address alone, without a network around it.
    pub(super) async fn add_address(&self, index: u32, address: IpAddr) -> Result<(), Refused> {
        let mut request = self.handle.address().add(index, address, length(address));
        if address.is_ipv6() {
            // Nobody else is on the link who could have it; without this it could not be bound for a second.
            let message = request.message_mut();
            message.header.flags |= AddressHeaderFlags::Nodad;
            message.attributes.push(AddressAttribute::Flags(AddressFlags::Nodad));
        }
        there_is(request.execute().await)
    }

    /// As the peer does, in the main table.
    pub(super) async fn add_route(&self, index: u32, address: Ipv4Addr) -> Result<(), Refused> {
        let route = RouteMessageBuilder::<Ipv4Addr>::new()
            .destination_prefix(address, 32)
            .output_interface(index)
            .scope(RouteScope::Link)
            .build();
        there_is(self.handle.route().add(route).execute().await)
    }
}

impl Drop for Netlink {
    fn drop(&mut self) {
        self.conversation.abort();
    }
}

fn length(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// What is there already is there.
fn there_is(done: Result<(), Error>) -> Result<(), Refused> {
    match done.map_err(Refused::from) {
        Err(refused) if refused.is_there() => Ok(()),
        done => done,
    }
}

impl Refused {
    pub(super) fn is_not_permitted(&self) -> bool {
        matches!(self, Self::Kernel(EPERM))
    }

    pub(super) fn is_there(&self) -> bool {
        matches!(self, Self::Kernel(EEXIST))
    }

    /// The kernel has no links of that kind.
    pub(super) fn is_unknown_kind(&self) -> bool {
        matches!(self, Self::Kernel(EOPNOTSUPP | ENODEV))
    }

    pub(super) fn doing(self, doing: String) -> SetUpError {
        if self.is_not_permitted() {
            return SetUpError::NotPermitted(doing);
        }
        SetUpError::Refused { doing, reason: self.to_string() }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error {
            Error::NetlinkError(message) => Self::Kernel(message.raw_code().saturating_abs()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel(errno) => io::Error::from_raw_os_error(*errno).fmt(f),
            Self::Other(text) => f.write_str(text),
        }
    }
}
