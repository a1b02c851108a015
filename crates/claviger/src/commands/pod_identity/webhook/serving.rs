//! The webhook while it runs.

use std::sync::Arc;

use daemon::{
    http::{Health, Listener, Routes, serve as serve_side_port},
    metrics::Registry,
    reload::Reload,
    shutdown::Shutdown,
};
use kubernetes::SecretStore;
use pod_identity::{
    Certificate,
    webhook::{self, Desk, Metrics, Sources},
};
use tokio::task::JoinSet;

use super::{
    cluster::Cluster,
    flags::{AssociationsFrom, Flags},
    identities::IdentitiesFile,
    missed::Missing,
    own_certificates::OwnCertificates,
};
use crate::{exit::Exit, failure::Failure};

/// Runs until SIGTERM or SIGINT.
pub(super) async fn serve(flags: Flags) -> Result<Exit, Failure> {
    let shutdown = Shutdown::on_signals(flags.drain_timeout)?;
    let identities = flags.watch_container_credentials_config.clone();
    let files = [flags.tls_cert.clone(), flags.tls_key.clone()].into_iter().chain(identities.clone());
    let mut reload = Reload::watch(files)?;
    let registry = Registry::new();
    registry.register_build_info(env!("CARGO_PKG_VERSION"));
    let metrics = registry.register(Metrics::register);

    let settings = flags.settings();
    let cluster = Cluster::follow(
        flags.kubeconfig.clone(),
        flags.associations == Some(AssociationsFrom::Kubernetes),
        &settings.annotation_prefix,
    )
    .await?;
    let mut beside = JoinSet::new();
    let certificate = match &cluster {
        _ if !flags.own_certificates => Certificate::of_files(&flags.tls_cert, &flags.tls_key)?,
        None => {
            return Err(Failure::new("there is no apiserver where certificates could be kept").help(
                "name it with --kubeconfig FILE, or take certificates from files with --tls-cert and --tls-key",
            ));
        }
        Some(cluster) => {
            let certificate = Certificate::awaited()?;
            let own = OwnCertificates {
                connection: cluster.connection.clone(),
                store: SecretStore::new(&cluster.connection, &flags.namespace, &flags.tls_secret),
                configuration: flags.webhook_configuration.clone(),
                names: flags.names(),
                certificate: Arc::clone(&certificate),
                metrics: metrics.clone(),
            };
            beside.spawn(own.keep());
            certificate
        }
    };
    let (identities, of_file) = identities.map(IdentitiesFile::new).unzip();
    read_again(&flags, &certificate, identities.as_ref(), &metrics);
    let sources = Sources {
        associations: cluster.iter().filter_map(|cluster| cluster.associations.clone()).collect(),
        identities: of_file,
        service_accounts: cluster.as_ref().map(|cluster| Arc::clone(&cluster.service_accounts)),
        patience: flags.service_account_lookup_grace_period,
    };
    let desk = Arc::new(Desk::new(settings, sources.clone(), metrics.clone()));
    if let Some(cluster) = &cluster {
        let (connection, desk) = (cluster.connection.clone(), Arc::clone(&desk));
        beside.spawn(Missing { connection, desk, sources, metrics: metrics.clone() }.find());
    }

    let address = flags.listen();
    let listener = address.bind().await.map_err(|error| {
        Failure::new(format_args!("cannot listen on {address}: {error}")).help("choose another address with --listen")
    })?;
    let side_port =
        match flags.side_port() {
            Some(address) => Some(Listener::bind(&address).await.map_err(|error| {
                Failure::from(error).help("choose another address with --health-listen, or `none`")
            })?),
            None => None,
        };
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "listening");
    }
    let serving = webhook::serve(listener, Arc::clone(&certificate), Arc::clone(&desk), shutdown.clone());
    let serving = tokio::spawn(serving);
    let probed = side_port.map(|listener| {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "health and metrics");
        }
        let checks: Vec<Arc<dyn Health>> = vec![desk, certificate.clone()];
        tokio::spawn(serve_side_port(listener, Routes::default(), checks, registry, shutdown.clone()))
    });

    loop {
        tokio::select! {
            () = shutdown.requested() => break,
            cause = reload.next() => {
                tracing::info!(?cause, "reading the certificate and the identities again");
                read_again(&flags, &certificate, identities.as_ref(), &metrics);
            }
        }
    }
    let drained = shutdown.drain(serving).await;
    if let Some(probed) = probed {
        probed.abort();
    }
    beside.abort_all();
    drained?.map_err(Failure::from)?;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

fn read_again(flags: &Flags, certificate: &Certificate, identities: Option<&IdentitiesFile>, metrics: &Metrics) {
    if !flags.own_certificates {
        metrics.reloaded(is_read(certificate));
    }
    if let Some(identities) = identities {
        metrics.reloaded(identities.load());
    }
}

fn is_read(certificate: &Certificate) -> bool {
    match certificate.reload() {
        Ok(is_new) => {
            if is_new {
                tracing::info!("a new certificate is in force");
            }
            true
        }
        Err(error) => {
            tracing::error!(%error, "cannot read the certificate; the former one, if any, stays in force");
            false
        }
    }
}
