//! The apiservers of clusters, for the parts of Pod Identity that read from them.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use daemon::metrics::Registry;
use kubernetes::{ApiServer, Connection};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{MetricType, gauge::ConstGauge},
};

use crate::failure::Failure;

/// Those that a process is connected to, by their clusters' names. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Apiservers(Arc<Mutex<Vec<(String, Connection)>>>);

impl Apiservers {
    /// None yet; with a metric of when each answered last.
    pub(crate) fn register(registry: &Registry) -> Self {
        let all = Self::default();
        registry.register(|registry| registry.register_collector(Box::new(all.clone())));
        all
    }

    /// That of a kubeconfig, else that of the cluster which this runs in.
    pub(crate) async fn connect(&self, cluster: &str, kubeconfig: Option<&Path>) -> Result<Connection, Failure> {
        let place = kubeconfig.map_or(ApiServer::InCluster, |path| ApiServer::Kubeconfig(path.to_owned()));
        let connection = Connection::open(&place).await?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((cluster.to_owned(), connection.clone()));
        Ok(connection)
    }
}

/// Read when it is asked for: nobody has to tell it of answers.
impl Collector for Apiservers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let name = "claviger_apiserver_last_answer_timestamp_seconds";
        let help = "When a cluster's apiserver last did what it was asked";
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        // A cluster may be asked by several connections.
        let mut last = BTreeMap::new();
        for (cluster, connection) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(time) = connection.last_answer() {
                let known = last.entry(cluster.clone()).or_insert(time);
                *known = time.max(*known);
            }
        }
        for (cluster, time) in last {
            let labels = [("cluster", cluster.as_str())];
            ConstGauge::new(time.as_second()).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
