//! Free ports.

use std::net::{Ipv4Addr, TcpListener};

use crate::error::StartError;

/// A port of 127.0.0.1 that was free a moment ago. Who uses it must be ready to find it taken.
pub(crate) fn free() -> Result<u16, StartError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(StartError::NoPort)?;
    Ok(listener.local_addr().map_err(StartError::NoPort)?.port())
}
