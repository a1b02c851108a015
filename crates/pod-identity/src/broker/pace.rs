//! How often one node may ask, so that it cannot use up what STS gives them all.

use std::net::IpAddr;

use super::{agents::Caller, cluster::Cluster};
use crate::{connections::Connection, pace::Pace};

#[derive(Debug)]
pub(super) struct NodePace(Pace<Asker>);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Asker {
    /// A node of a cluster.
    Node(String, String),
    /// Where nobody says, an address.
    At(IpAddr),
}

impl NodePace {
    pub(super) fn per_second(requests: u32) -> Self {
        Self(Pace::per_second(requests))
    }

    pub(super) fn admits(&self, cluster: &Cluster, caller: &Caller, connection: Connection) -> bool {
        self.0.admits(match caller {
            Caller::Agent(node) => Asker::Node(cluster.arn.name().to_owned(), node.uid.clone()),
            Caller::Unbound => Asker::At(connection.peer.ip().to_canonical()),
        })
    }
}
