//! The health and metrics port, which a take-over inherits last.

use std::{io, sync::Arc, time::Duration};

use daemon::{
    http::{BindError, Health, ListenAddress, Listener, Routes, serve},
    metrics::Registry,
    shutdown::Shutdown,
};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use super::super::settings::Settings;
use crate::failure::Failure;

/// How often the port is tried while the process that is being taken over still has it.
const TRY_AGAIN: Duration = Duration::from_millis(100);

pub(super) enum SidePort {
    None,
    Bound(Listener),
    /// Its owner is about to be displaced.
    Awaited(ListenAddress),
}

impl SidePort {
    /// Binds the port before anything else is disturbed.
    pub(super) async fn bind(settings: &Settings) -> Result<Self, Failure> {
        let Some(address) = &settings.side_port else { return Ok(Self::None) };
        let takes_over = settings.socket_options.when_live == daemon::unix_socket::WhenLive::TakeOver;
        match Listener::bind(address).await {
            Ok(listener) => Ok(Self::Bound(listener)),
            Err(error) if is_taken(&error) && takes_over => {
                tracing::info!(%address, "the health port is taken: waiting until its owner, the former plugin, ends");
                Ok(Self::Awaited(address.clone()))
            }
            Err(error) if is_taken(&error) => Err(Failure::from(error)
                .help("stop the process that listens there, or choose another address with --health-listen")),
            Err(error) => Err(Failure::from(error)),
        }
    }

    pub(super) fn serve(
        self,
        routes: Routes,
        checks: Vec<Arc<dyn Health>>,
        registry: Registry,
        shutdown: Shutdown,
    ) -> JoinHandle<()> {
        tokio::spawn(async move {
            let listener = match self {
                Self::None => return,
                Self::Bound(listener) => listener,
                Self::Awaited(address) => inherited(&address).await,
            };
            if let Ok(address) = listener.local_addr() {
                tracing::info!(%address, "health and metrics");
            }
            serve(listener, routes, checks, registry, shutdown).await;
        })
    }
}

async fn inherited(address: &ListenAddress) -> Listener {
    let mut tries = interval(TRY_AGAIN);
    tries.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tries.tick().await;
        match Listener::bind(address).await {
            Ok(listener) => return listener,
            Err(error) => tracing::debug!(%error, "waiting for the health port"),
        }
    }
}

fn is_taken(error: &BindError) -> bool {
    error.source.kind() == io::ErrorKind::AddrInUse
}
