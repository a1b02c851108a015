//! The clusters whose pods are given credentials.

use std::{collections::HashMap, str::FromStr, sync::Arc};

use aws_model::Arn;
use daemon::http::Health;
use eks_auth::Associations;
use tokio::sync::watch;

use crate::cluster_keys::ClusterKeys;

/// Associations as their source has them now. `None`: it has not had any yet.
pub type AssociationsFeed = watch::Receiver<Option<Arc<Associations>>>;

/// A cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// What it is to AWS: its session tags name it.
    pub arn: ClusterArn,
    /// The issuer of its service accounts' tokens, exactly as their claim `iss` has it.
    pub issuer: String,
    /// What verifies those.
    pub keys: Arc<ClusterKeys>,
    /// What its service accounts were given.
    pub associations: AssociationsFeed,
}

/// The ARN of a cluster, `arn:PARTITION:eks:REGION:ACCOUNT:cluster/NAME`. One outside EKS has one, too: AWS knows none there,
/// and policies tell clusters apart by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterArn {
    arn: Arn,
    name: String,
}

/// The text is no ARN of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no ARN of a cluster: it is `arn:aws:eks:REGION:ACCOUNT:cluster/NAME`")]
pub struct InvalidClusterArn(pub String);

/// Every cluster of a broker, by its name.
#[derive(Clone, Debug)]
pub struct Clusters(HashMap<String, Cluster>);

/// Two clusters have one name, by which they are asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are two clusters `{0}`: agents tell them apart by their names")]
pub struct SameName(pub String);

impl ClusterArn {
    /// The whole of it.
    #[must_use]
    pub fn arn(&self) -> &Arn {
        &self.arn
    }

    /// The cluster's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The ARN of an association of the cluster.
    #[must_use]
    pub fn association(&self, id: &str) -> String {
        let Self { arn, name } = self;
        let (partition, region, account) = (arn.partition(), arn.region(), arn.account());
        format!("arn:{partition}:eks:{region}:{account}:podidentityassociation/{name}/{id}")
    }

    pub(super) fn cluster(&self) -> eks_auth::Cluster<'_> {
        eks_auth::Cluster { arn: &self.arn, name: &self.name }
    }
}

impl FromStr for ClusterArn {
    type Err = InvalidClusterArn;

    /// Source: Amazon EKS API Reference, "CreateCluster", `name` (letters, digits, hyphens and underscores, 100 at most).
    fn from_str(text: &str) -> Result<Self, InvalidClusterArn> {
        let invalid = || InvalidClusterArn(text.to_owned());
        let arn: Arn = text.parse().map_err(|_| invalid())?;
        let name = arn.resource().strip_prefix("cluster/").unwrap_or_default();
        let is_taken = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(is_taken);
        let is_account = arn.account().len() == 12 && arn.account().chars().all(|c| c.is_ascii_digit());
        if arn.service() != "eks" || arn.region().is_empty() || !is_account || !is_name || name.len() > 100 {
            return Err(invalid());
        }
        Ok(Self { name: name.to_owned(), arn })
    }
}

impl Cluster {
    /// Why nobody of it can be given credentials yet.
    pub(super) fn lacks(&self) -> Option<String> {
        let name = self.arn.name();
        if !self.keys.are_known() {
            return Some(format!("{name}: its keys could not be had yet"));
        }
        self.associations.borrow().is_none().then(|| format!("{name}: its associations are not known yet"))
    }
}

impl Clusters {
    /// Those.
    ///
    /// # Errors
    /// [`SameName`]
    pub fn new(clusters: impl IntoIterator<Item = Cluster>) -> Result<Self, SameName> {
        let mut all = HashMap::new();
        for cluster in clusters {
            let name = cluster.arn.name().to_owned();
            if all.insert(name.clone(), cluster).is_some() {
                return Err(SameName(name));
            }
        }
        Ok(Self(all))
    }

    pub(super) fn find(&self, name: &str) -> Option<&Cluster> {
        self.0.get(name)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Cluster> {
        self.0.values()
    }
}

impl Health for Clusters {
    fn name(&self) -> &str {
        "clusters"
    }

    fn live(&self) -> Result<(), String> {
        Ok(())
    }

    /// Whether pods of one cluster at least can be given credentials: that another's keys are away is not mended by sending
    /// everybody elsewhere.
    fn ready(&self) -> Result<(), String> {
        let mut lacks: Vec<_> = self.0.values().map(Cluster::lacks).collect();
        if lacks.iter().any(Option::is_none) {
            return Ok(());
        }
        lacks.sort();
        Err(lacks.into_iter().flatten().collect::<Vec<_>>().join("; "))
    }
}
