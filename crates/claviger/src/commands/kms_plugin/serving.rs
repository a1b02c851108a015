//! The plugin as a daemon: started, reloaded, taken over from, stopped.

mod adjusting;
mod side_port;
mod watched;

use std::sync::Arc;

use daemon::{
    metrics::Registry,
    reload::Reload,
    shutdown::Shutdown,
    unix_socket::{Displaced, Listener, Owner},
};
use kms_plugin::{audit::AuditLog, engine::Gate, metrics::Metrics};

use super::settings::{Settings, Socket};
use crate::{
    exit::Exit,
    failure::Failure,
    logging::ChangeableLog,
    plugin::{Common, Plugin, Site},
};
use adjusting::Adjustable;
use side_port::SidePort;

/// Runs until SIGTERM or SIGINT.
pub(super) async fn serve(settings: Settings, log: ChangeableLog) -> Result<Exit, Failure> {
    let shutdown = Shutdown::on_signals(settings.drain_timeout)?;
    let mut reload = Reload::watch(watched::files(&settings))?;
    let registry = Registry::new();
    registry.register_build_info(env!("CARGO_PKG_VERSION"));
    let metrics = registry.register(Metrics::register);
    let audit = match settings.audit.clone() {
        Some(target) => AuditLog::start(target, &metrics)?,
        None => AuditLog::disabled(),
    };
    let side_port = SidePort::bind(&settings).await?;
    let Bound { sites, aws, displaced } = bind_all(&settings)?;
    let mut adjustable = Adjustable::new(settings.file.clone(), settings.changeable.clone(), aws, &sites, log);

    let common = Common { engine: settings.changeable.engine(), limits: settings.limits.clone(), metrics, audit };
    let plugin = Plugin::start(sites, &common, &shutdown);
    drop(common);
    let side_port = side_port.serve(settings.routes.clone(), plugin.checks(), registry, shutdown.clone());
    stop(displaced);

    loop {
        tokio::select! {
            () = shutdown.requested() => break,
            cause = reload.next() => {
                tracing::info!(?cause, "reloading");
                adjustable.take_up(&plugin);
                // Credentials may come from a service that hangs; the end does not wait for it.
                tokio::select! {
                    () = plugin.reload() => {}
                    () = shutdown.requested() => break,
                }
            }
        }
    }
    let ended = plugin.ended().await;
    side_port.abort();
    ended?;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

/// What is ready to be served.
struct Bound {
    sites: Vec<Site>,
    /// Shared by all keys of AWS KMS.
    aws: Arc<Gate>,
    displaced: Vec<Displaced>,
}

/// Opens every key, then binds every socket: a keyring that cannot be read disturbs nobody.
fn bind_all(settings: &Settings) -> Result<Bound, Failure> {
    let max_calls = settings.changeable.max_calls;
    let aws = Gate::new(max_calls, settings.changeable.rate());
    let mut opened = Vec::new();
    for Socket { endpoint, key } in &settings.sockets {
        let gate = match key.file() {
            Some(_) => Gate::new(max_calls, None),
            None => Arc::clone(&aws),
        };
        opened.push((endpoint, key.open()?, gate));
    }
    let mut sites = Vec::new();
    for (endpoint, key, gate) in opened {
        sites.push(Site { listener: Listener::bind(endpoint, settings.socket_options.clone())?, key, gate });
    }
    // Only now: where one cannot be bound, the former keeps them all.
    let mut displaced = Vec::new();
    for site in &mut sites {
        displaced.extend(site.listener.take_place()?);
    }
    Ok(Bound { sites, aws, displaced })
}

/// Tells each process whose sockets are ours now to stop, once.
fn stop(displaced: Vec<Displaced>) {
    let mut told: Vec<Owner> = Vec::new();
    for former in displaced {
        let owner = former.owner();
        if told.contains(&owner) {
            continue;
        }
        told.push(owner);
        match former.terminate() {
            Ok(()) => tracing::info!(%owner, "took over, and told the former to stop"),
            Err(error) => tracing::warn!(%owner, %error, "took over, but the former cannot be told to stop"),
        }
    }
}
