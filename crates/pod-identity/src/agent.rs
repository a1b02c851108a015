//! The agent of a node: it answers `/v1/credentials` as AWS's own does, so that every SDK takes it for that one.
//!
//! ```text
//!   pods, by 169.254.170.23 and fd00:ec2::23                    link_local   the addresses, on a link of their own
//!     |
//!   listening           each address, bounded connections        metrics      ours, and the peer's names
//!     |
//!   desk                host -> pod's pace -> cache -> token
//!     |                                         |       |
//!   answer                                    cache   token      what it says; its signature, by the cluster's keys
//!                                               |
//!                                             source (port)  <-  eks_auth, broker
//! ```
//!
//! One cache serves both families, and equal tokens share one call. "The peer" is AWS's eks-pod-identity-agent.

mod answer;
mod answered;
mod broker;
mod cache;
mod credentials;
mod desk;
mod eks_auth;
mod hosts;
mod link_local;
mod listening;
mod metrics;
mod pace;
mod source;
mod token;

pub use broker::{Broker, BrokerSettings, TrustError};
pub use cache::{Cache, CacheSettings, Denied};
pub use credentials::{Credentials, Keys};
pub use desk::Desk;
pub use eks_auth::{EksAuth, EksAuthSettings};
pub use hosts::Hosts;
pub use link_local::{ADDRESSES, LinkKind, SetUp, SetUpError, set_up};
pub use listening::{BindHost, InvalidBindHost, Listening};
pub use metrics::Metrics;
pub use pace::PodPace;
pub use source::{CredentialSource, Issued, SourceError, SourceErrorClass, TakenBack};
pub use token::{Bearer, InvalidBearer, Validator};

pub use crate::{bearer::BearerToken, clock::Now, connections::Connection};
