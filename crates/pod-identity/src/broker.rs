//! The broker of clusters outside EKS: it answers EKS Auth's own operation, and assumes roles itself.
//!
//! ```text
//!   agents, by TLS
//!     |
//!   listening, desk   agent's token -> node's pace -> pod's token -> the same node?     agents    who may ask
//!     |                                                 |                               pods (port)
//!   cluster           issuer, keys, associations <------'
//!     |
//!   lending           eks-auth's grant -> the role's session -> the target role's
//!     |
//!   assumer (port)  <-  sts
//! ```
//!
//! It keeps nothing that another replica needs: agents keep credentials, sources of associations say what counts.

mod agents;
mod api;
mod assumer;
mod changes;
mod cluster;
mod desk;
mod file;
mod foretold;
mod lending;
mod lifetimes;
mod listening;
mod metrics;
mod pace;
mod packed;
mod refusal;
mod session;
mod sts;
mod trust_policy;
mod verified;

pub use agents::{AGENT_AUDIENCE, Agents, InvalidServiceAccount, Pods, ServiceAccount};
pub use assumer::{AssumeError, AssumeErrorKind, Identity, RoleAssumer};
pub use cluster::{AssociationsFeed, Cluster, ClusterArn, Clusters, InvalidClusterArn, SameName};
pub use desk::{BrokerSettings, Desk};
pub use file::{AssociationsFile, InvalidFile, read as read_associations};
pub use foretold::foretell_packed;
pub use listening::Listening;
pub use metrics::Metrics;
pub use session::{Session, SessionKeys};
pub use sts::{Sts, StsSettings};
pub use trust_policy::{BrokerPrincipal, InvalidPrincipal, Policies, PolicyNote};
