//! The agent as a daemon: started, reloaded, stopped.

use std::{env, path::PathBuf, sync::Arc};

use daemon::{
    http::{Health, ListenAddress, Listener, Routes, serve as serve_side_port, serve_when_free},
    metrics::Registry,
    reload::Reload,
    shutdown::Shutdown,
};
use jiff::{SignedDuration, Timestamp};
use pod_identity::{
    ClusterKeys, KeySource,
    agent::{
        Broker, BrokerSettings, Cache, CacheSettings, CredentialSource, Desk, EksAuth, EksAuthSettings, Hosts,
        Listening, Metrics, PodPace, Validator,
    },
};

use super::{
    super::{beside::Beside, initialize::set_up},
    flags::{Flags, SidePort},
};
use crate::{environment, exit::Exit, failure::Failure};

/// Runs until SIGTERM or SIGINT.
pub(super) async fn serve(flags: Flags) -> Result<Exit, Failure> {
    let shutdown = Shutdown::on_signals(flags.drain_timeout)?;
    let mut reload = Reload::watch(files(&flags))?;
    if flags.initialize {
        set_up().await?;
    }
    let registry = Registry::new();
    registry.register_build_info(env!("CARGO_PKG_VERSION"));
    let metrics = registry.register(Metrics::register);
    let side_ports = bind_side_ports(&flags).await?;

    let source = source(&flags)?;
    let cache = Cache::new(Arc::clone(&source), cache_settings(&flags), Arc::new(Timestamp::now), metrics.clone());
    let mut beside = Beside::default();
    #[cfg(feature = "kubernetes")]
    if let Some(node) = &flags.pods.watch_pods {
        let connection = crate::apiserver::Apiservers::register(&registry)
            .connect(&flags.cluster_name, flags.pods.kubeconfig.as_deref())
            .await?;
        let (node, cache) = (node.clone(), cache.clone());
        beside.spawn("the watch of the node's pods", async move {
            kubernetes::follow_gone_pods(&connection, &node, |uid| cache.forget_pod(uid)).await;
        });
    }
    let keys = flags.jwks.clone().map(ClusterKeys::watch);
    let desk = Arc::new(Desk {
        hosts: Hosts::new(flags.bind_hosts.iter().map(ToString::to_string)),
        pace: PodPace::per_second(flags.max_pod_qps),
        validator: keys.clone().map_or_else(Validator::basic, Validator::with_keys),
        cache,
        metrics,
    });
    let (listening, mut serving) = Listening::start(&flags.bind_hosts, flags.port, desk, shutdown.clone())
        .await
        .map_err(|error| Failure::from(error).help("give it CAP_NET_BIND_SERVICE, or a --port from 1024 on"))?;
    for side_port in side_ports {
        let checks: Vec<Arc<dyn Health>> = vec![Arc::<Listening>::clone(&listening)];
        let (registry, shutdown) = (registry.clone(), shutdown.clone());
        match side_port {
            SideListener::Bound(listener) => {
                beside.spawn("the side port", serve_side_port(listener, Routes::default(), checks, registry, shutdown));
            }
            SideListener::Taken(address) => {
                beside.spawn("the side port", serve_when_free(address, Routes::default(), checks, registry, shutdown));
            }
        }
    }

    loop {
        tokio::select! {
            // At its end the side port ends, too.
            biased;
            () = shutdown.requested() => break,
            failure = beside.ended() => return Err(failure),
            cause = reload.next() => {
                tracing::info!(?cause, "looking for AWS credentials and the cluster's keys again");
                let looking = async {
                    if let Some(keys) = &keys {
                        keys.look().await;
                    }
                    source.reload().await;
                };
                // They may come from a service that hangs; the end does not wait for it.
                tokio::select! {
                    () = looking => {}
                    () = shutdown.requested() => break,
                }
            }
        }
    }
    let ended = async { while serving.join_next().await.is_some() {} };
    let drained = shutdown.drain(ended).await;
    drop(beside);
    drained?;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

fn source(flags: &Flags) -> Result<Arc<dyn CredentialSource>, Failure> {
    let cluster = flags.cluster_name.clone();
    let Some(endpoint) = flags.broker.clone() else {
        let (region, endpoint) = (flags.region.clone(), flags.endpoint.clone());
        return Ok(Arc::new(EksAuth::new(EksAuthSettings { cluster, region, endpoint, sdk: None })));
    };
    let settings = BrokerSettings { endpoint, ca: flags.broker_ca.clone(), token: flags.broker_token.clone(), cluster };
    let broker = Broker::new(settings)
        .map_err(|error| Failure::from(error).help("`--broker-ca` takes the PEM of who vouches for the broker"))?;
    Ok(Arc::new(broker))
}

/// Where probes and metrics are answered.
enum SideListener {
    Bound(Listener),
    /// AWS's own agent, which this one is to follow on a node, has the same ports.
    Taken(ListenAddress),
}

async fn bind_side_ports(flags: &Flags) -> Result<Vec<SideListener>, Failure> {
    let named = [("localhost", flags.probe_port), (flags.metrics_address.as_str(), flags.metrics_port)];
    let mut listeners = Vec::new();
    for (host, port) in named {
        let SidePort(Some(port)) = port else { continue };
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
        let address: ListenAddress = format!("{host}:{port}").parse()?;
        match Listener::bind(&address).await {
            Ok(listener) => {
                if let Ok(address) = listener.local_addr() {
                    tracing::info!(%address, "health and metrics");
                }
                listeners.push(SideListener::Bound(listener));
            }
            Err(error) if error.is_taken() => {
                tracing::warn!(%error, "no health and metrics there until it is free");
                listeners.push(SideListener::Taken(address));
            }
            Err(error) => {
                let help = "choose another with --probe-port, --metrics-address or --metrics-port";
                return Err(Failure::from(error).help(help));
            }
        }
    }
    Ok(listeners)
}

fn cache_settings(flags: &Flags) -> CacheSettings {
    CacheSettings {
        entries: flags.max_cache_size,
        retention: SignedDuration::try_from(flags.max_credential_retention_before_renewal)
            .unwrap_or(SignedDuration::MAX),
        renewals_per_second: flags.max_service_qps.max(1),
        ..CacheSettings::default()
    }
}

/// The files of the AWS credentials chain, and those that the flags name.
fn files(flags: &Flags) -> impl Iterator<Item = PathBuf> {
    let keys = match &flags.jwks {
        Some(KeySource::File(path)) => Some(path.clone()),
        _ => None,
    };
    environment::aws_files().into_iter().chain(keys).chain(flags.broker_ca.clone())
}
