//! The webhook while it runs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use daemon::{
    http::{Health, Listener, Routes, serve as serve_side_port},
    metrics::Registry,
    reload::Reload,
    shutdown::Shutdown,
};
use eks_auth::Associations;
use kubernetes::SecretStore;
use pod_identity::{
    Certificate,
    broker::read_associations,
    webhook::{self, Desk, Identities, Metrics, Sources},
};

use super::{
    super::beside::Beside,
    cluster::Cluster,
    flags::{AssociationsFrom, Flags},
    missed::Missing,
    own_certificates::OwnCertificates,
    read_files::{ReadFile, Reread, told},
};
use crate::{eks_associations::EksCluster, exit::Exit, failure::Failure};

/// Runs until SIGTERM or SIGINT.
pub(super) async fn serve(flags: Flags) -> Result<Exit, Failure> {
    let shutdown = Shutdown::on_signals(flags.drain_timeout)?;
    let mut reload = Reload::watch(files(&flags))?;
    let registry = Registry::new();
    registry.register_build_info(env!("CARGO_PKG_VERSION"));
    let metrics = registry.register(Metrics::register);

    let settings = flags.settings();
    let map_namespace = flags.watch_config_map.then_some(&*flags.namespace);
    let (kubeconfig, prefix) = (flags.kubeconfig.clone(), &settings.annotation_prefix);
    let mut beside = Beside::default();
    let cluster = Cluster::follow(kubeconfig, &flags.associations, prefix, map_namespace, &mut beside).await?;
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
            beside.spawn("what keeps the webhook's certificates", own.keep());
            certificate
        }
    };
    let mut reread: Vec<Box<dyn Reread>> = Vec::new();
    let mut associations: Vec<_> = cluster.iter().filter_map(|cluster| cluster.associations.clone()).collect();
    for from in &flags.associations {
        match from {
            AssociationsFrom::File(path) => {
                let read = |path: &Path| read_associations(path).map_err(told);
                let (file, feed) = ReadFile::new(path.clone(), read, Associations::len);
                reread.push(Box::new(file));
                associations.push(feed);
            }
            AssociationsFrom::Eks(name) => {
                let metrics = metrics.clone();
                let eks = EksCluster::new(name, flags.region()).await?;
                let (feed, follow) = eks.follow(move |is_read| metrics.reloaded(is_read));
                beside.spawn("what asks EKS for its associations", follow);
                associations.push(feed);
            }
            AssociationsFrom::Kubernetes | AssociationsFrom::Annotations => {}
        }
    }
    let identities = flags.watch_container_credentials_config.clone().map(|path| {
        let read = |path: &Path| Identities::parse(&std::fs::read(path).map_err(told)?).map_err(told);
        let (file, feed) = ReadFile::new(path, read, Identities::len);
        reread.push(Box::new(file));
        feed
    });
    read_again(&flags, &certificate, &reread, &metrics);
    let sources = Sources {
        associations,
        identities,
        service_accounts: cluster.as_ref().map(|cluster| Arc::clone(&cluster.service_accounts)),
        patience: flags.service_account_lookup_grace_period,
    };
    let desk = Arc::new(Desk::new(settings, sources.clone(), metrics.clone()));
    if let Some(cluster) = &cluster {
        let (connection, desk) = (cluster.connection.clone(), Arc::clone(&desk));
        let missing = Missing { connection, desk, sources, metrics: metrics.clone() };
        beside.spawn("what looks for pods that were not injected", missing.find());
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
    if let Some(listener) = side_port {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "health and metrics");
        }
        let checks: Vec<Arc<dyn Health>> = vec![desk, certificate.clone()];
        let serving = serve_side_port(listener, Routes::default(), checks, registry, shutdown.clone());
        beside.spawn("the side port", serving);
    }

    loop {
        tokio::select! {
            // At its end the side port ends, too.
            biased;
            () = shutdown.requested() => break,
            failure = beside.ended() => return Err(failure),
            cause = reload.next() => {
                tracing::info!(?cause, "reading the certificate and from whom to inject again");
                read_again(&flags, &certificate, &reread, &metrics);
            }
        }
    }
    let drained = shutdown.drain(serving).await;
    drop(beside);
    drained?.map_err(Failure::from)?;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

/// Those that are read again when they change.
fn files(flags: &Flags) -> impl Iterator<Item = PathBuf> {
    let associations = flags.associations.iter().filter_map(|from| match from {
        AssociationsFrom::File(path) => Some(path.clone()),
        _ => None,
    });
    let identities = flags.watch_container_credentials_config.clone();
    [flags.tls_cert.clone(), flags.tls_key.clone()].into_iter().chain(identities).chain(associations)
}

fn read_again(flags: &Flags, certificate: &Certificate, files: &[Box<dyn Reread>], metrics: &Metrics) {
    if !flags.own_certificates {
        metrics.reloaded(is_read(certificate));
    }
    for file in files {
        metrics.reloaded(file.load());
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
