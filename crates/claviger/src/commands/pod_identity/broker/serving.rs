//! The broker as a daemon: started, reloaded, stopped.

use std::{env, path::PathBuf, sync::Arc};

use daemon::{
    http::{Health, Listener, Routes, serve as serve_side_port},
    metrics::Registry,
    reload::{Cause, Reload},
    shutdown::Shutdown,
};
use jiff::Timestamp;
use pod_identity::{
    Certificate, ClusterKeys, KeySource,
    broker::{
        Agents, AssociationsFeed, AssociationsFile, BrokerSettings, Cluster, Clusters, Desk, InvalidFile, Listening,
        Metrics, Pods, Sts, StsSettings, foretell_packed,
    },
};

use super::{
    super::beside::Beside,
    cluster_flag::{AssociationsFrom, ClusterFlag},
    flags::{Settings, SidePort},
};
use crate::{
    eks_associations::EksCluster,
    environment,
    exit::Exit,
    failure::{Failure, Problem},
    merged_associations::merged,
};

/// What is read again.
struct Reloaded {
    certificate: Option<Arc<Certificate>>,
    associations: Vec<AssociationsFile>,
    desk: Arc<Desk>,
}

/// Runs until SIGTERM or SIGINT.
pub(super) async fn serve(settings: Settings) -> Result<Exit, Failure> {
    let Settings { flags, tls, agents } = settings;
    let shutdown = Shutdown::on_signals(flags.drain_timeout)?;
    let mut reload = Reload::watch(files(&flags.cluster, tls.as_ref()))?;
    let registry = Registry::new();
    registry.register_build_info(env!("CARGO_PKG_VERSION"));
    let metrics = registry.register(Metrics::register);

    let mut beside = Beside::default();
    let Composed { associations, clusters, pods } = compose(&flags.cluster, &metrics, &registry, &mut beside).await?;
    let certificate = match &tls {
        Some((certificate, key)) => Some(Certificate::read(certificate, key).map_err(|error| {
            Failure::from(error)
                .help("`--tls-cert` and `--tls-key` take PEM, as cert-manager and `openssl req` write it")
        })?),
        None => None,
    };
    let side_port = match &flags.health_listen {
        SidePort(Some(address)) => Some(
            Listener::bind(address)
                .await
                .map_err(|error| Failure::from(error).help("choose another address with --health-listen"))?,
        ),
        SidePort(None) => None,
    };
    let listening = Listening::bind(&flags.listen).await.map_err(|error| {
        Failure::new(format_args!("cannot listen on {}: {error}", flags.listen)).help("choose another with --listen")
    })?;
    let sts = StsSettings { region: flags.region.clone(), endpoint: flags.sts_endpoint.clone(), sdk: None };
    let desk = Arc::new(Desk::new(BrokerSettings {
        clusters: clusters.clone(),
        agents: Agents { service_account: agents, unbound: flags.allow_unbound_agents, pods },
        node_qps: flags.max_node_qps,
        assumer: Arc::new(Sts::new(sts)),
        now: Arc::new(Timestamp::now),
        metrics,
    }));
    if flags.allow_unbound_agents {
        tracing::warn!(
            "agents are served that do not say which node they are of: any node gets credentials for any pod whose token it has"
        );
    }
    let address = listening.address()?;
    let serving = listening.serve(certificate.clone(), Arc::clone(&desk), shutdown.clone());
    tracing::info!(%address, tls = certificate.is_some(), "listening");

    if let Some(listener) = side_port {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "health and metrics");
        }
        let checks: Vec<Arc<dyn Health>> = vec![Arc::new(clusters)];
        let serving = serve_side_port(listener, Routes::default(), checks, registry, shutdown.clone());
        beside.spawn("the side port", serving);
    }
    let reloaded = Reloaded { certificate, associations, desk };
    loop {
        tokio::select! {
            // At its end the side port ends, too.
            biased;
            () = shutdown.requested() => break,
            failure = beside.ended() => return Err(failure),
            cause = reload.next() => {
                // AWS's credentials may come from a service that hangs; the end does not wait for it.
                tokio::select! {
                    () = reloaded.again(&cause) => {}
                    () = shutdown.requested() => break,
                }
            }
        }
    }
    let drained = shutdown.drain(serving).await;
    drop(beside);
    drained??;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

impl Reloaded {
    async fn again(&self, cause: &Cause) {
        tracing::info!(?cause, "looking again");
        if let Some(certificate) = &self.certificate {
            match certificate.reload() {
                Ok(true) => tracing::info!("the certificate is another one now"),
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "the former certificate stays in use"),
            }
        }
        for file in &self.associations {
            if matches!(cause, Cause::Hangup)
                || matches!(cause, Cause::Changed(files) if files.iter().any(|changed| changed == file.path()))
            {
                file.reload();
            }
        }
        self.desk.reload().await;
    }
}

struct Composed {
    associations: Vec<AssociationsFile>,
    clusters: Clusters,
    /// Where pods are looked up, if anywhere.
    pods: Option<Arc<dyn Pods>>,
}

#[cfg_attr(not(feature = "kubernetes"), expect(unused_variables, reason = "only apiservers are told of in a registry"))]
async fn compose(
    flags: &[ClusterFlag],
    metrics: &Metrics,
    registry: &Registry,
    following: &mut Beside,
) -> Result<Composed, Failure> {
    let (mut files, mut clusters, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    #[cfg(feature = "kubernetes")]
    let mut apiservers = super::at_apiserver::AtApiserver::new(registry);
    for flag in flags {
        #[cfg_attr(not(feature = "kubernetes"), expect(unused_mut, reason = "only apiservers have annotations"))]
        let (mut feeds, mut annotated) = (Vec::new(), Vec::new());
        for from in &flag.associations {
            feeds.push(match from {
                AssociationsFrom::File(path) => match AssociationsFile::read(path, flag.arn.name(), metrics.clone()) {
                    Ok(file) => {
                        let feed = file.feed();
                        files.push(file);
                        feed
                    }
                    Err(invalid) => {
                        problems.extend(told(&invalid));
                        continue;
                    }
                },
                AssociationsFrom::Eks(name) => of_eks(flag, name.as_deref(), metrics, following).await?,
                #[cfg(feature = "kubernetes")]
                AssociationsFrom::Kubernetes(kubeconfig) => {
                    apiservers.follow(flag.arn.name(), kubeconfig.as_deref(), following).await?
                }
                #[cfg(feature = "kubernetes")]
                AssociationsFrom::Annotations(kubeconfig) => {
                    let feed = apiservers.follow_annotations(flag.arn.name(), kubeconfig.as_deref(), following).await?;
                    annotated.push(feed);
                    continue;
                }
            });
        }
        let (metrics, name) = (metrics.clone(), flag.arn.name().to_owned());
        let (associations, follow) = merged(feeds, annotated, move |count| metrics.associations(&name, count));
        following.spawn("what puts a cluster's associations together", follow);
        let foretelling = foretell_packed(flag.arn.name().to_owned(), associations.clone());
        following.spawn("what estimates the size of sessions", foretelling);
        clusters.push(Cluster {
            arn: flag.arn.clone(),
            issuer: flag.issuer.clone(),
            keys: ClusterKeys::watch(flag.keys.clone()),
            associations,
        });
    }
    if !problems.is_empty() {
        return Err(Failure::usage(problems));
    }
    #[cfg(feature = "kubernetes")]
    let pods = apiservers.pods();
    #[cfg(not(feature = "kubernetes"))]
    let pods = None;
    Ok(Composed { associations: files, clusters: Clusters::new(clusters)?, pods })
}

async fn of_eks(
    flag: &ClusterFlag,
    name: Option<&str>,
    metrics: &Metrics,
    following: &mut Beside,
) -> Result<AssociationsFeed, Failure> {
    let (region, cluster) = (flag.arn.arn().region(), flag.arn.name());
    let eks = EksCluster::new(name.unwrap_or(cluster), Some(region)).await?;
    let metrics = metrics.clone();
    let (feed, follow) = eks.follow(move |is_read| metrics.associations_read(is_read));
    following.spawn("what asks EKS for its associations", follow);
    Ok(feed)
}

fn told(invalid: &InvalidFile) -> impl Iterator<Item = Problem> {
    invalid.told().map(Problem::new)
}

/// The files of the AWS credentials chain, and those that the flags name.
fn files(clusters: &[ClusterFlag], tls: Option<&(PathBuf, PathBuf)>) -> Vec<PathBuf> {
    let mut files = environment::aws_files();
    files.extend(tls.into_iter().flat_map(|(certificate, key)| [certificate.clone(), key.clone()]));
    for ClusterFlag { keys, associations, .. } in clusters {
        files.extend(associations.iter().filter_map(|from| match from {
            AssociationsFrom::File(path) => Some(path.clone()),
            _ => None,
        }));
        if let KeySource::File(keys) = keys {
            files.push(keys.clone());
        }
    }
    files
}
