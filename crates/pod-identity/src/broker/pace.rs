//! How often one node may ask, so that it cannot use up what STS gives them all.

use std::net::IpAddr;

use super::{agents::Caller, cluster::Cluster};
use crate::{connections::Connection, pace::Pace};

/// A node that begins has all its pods ask at once.
const AT_ONCE: u32 = 4;

#[derive(Debug)]
pub(super) struct NodePace {
    credentials: Pace<Asker>,
    changes: Pace<Asker>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Asker {
    /// A node of a cluster.
    Node(String, String),
    /// Where nobody says, an address.
    At(IpAddr),
}

impl NodePace {
    pub(super) fn per_second(requests: u32) -> Self {
        let credentials = Pace::with_burst(requests, requests.saturating_mul(AT_ONCE));
        Self { credentials, changes: Pace::per_second(requests) }
    }

    pub(super) fn admits(&self, cluster: &Cluster, caller: &Caller, connection: Connection) -> bool {
        self.credentials.admits(asker(cluster, caller, connection))
    }

    /// Whether it may ask what changed. Apart, so that pods that ask too often keep no node from hearing what counts no more.
    pub(super) fn admits_changes(&self, cluster: &Cluster, caller: &Caller, connection: Connection) -> bool {
        self.changes.admits(asker(cluster, caller, connection))
    }
}

fn asker(cluster: &Cluster, caller: &Caller, connection: Connection) -> Asker {
    match caller {
        Caller::Agent(node) => Asker::Node(cluster.arn.name().to_owned(), node.uid.clone()),
        Caller::Unbound => Asker::At(connection.peer.ip().to_canonical()),
    }
}
