//! The webhook that a cluster's apiserver asks about new pods: those whose service account has an association, or names a
//! role, get what AWS's SDKs look for, as on EKS.
//!
//! ```text
//!   apiserver --AdmissionReview--> server   TLS, bounded connections and bodies
//!                                    |
//!                                  desk     who is it -> what is known -> inject
//!                                    |                     |                |
//!   patch (RFC 6902) <---- review ---+          associations, identities  pod, settings,
//!                                               service accounts (ports)  annotations -> patch
//! ```
//!
//! [`inject`] is a function of its arguments, and adds: what it does not know of a pod stays as it is. [`missed`] tells
//! afterwards, of a pod that is there, that it should have been injected and was not. "The peer" is AWS's
//! amazon-eks-pod-identity-webhook.

mod annotations;
pub mod certificates;
mod desk;
mod inject;
mod metrics;
mod patch;
mod pod;
mod review;
mod room;
mod settings;
mod sources;

use std::sync::Arc;

use daemon::shutdown::Shutdown;
use tokio::net::TcpListener;

pub use annotations::ServiceAccount;
pub use desk::Desk;
pub use inject::{Due, Facts, Injection, Left, Method, Missed, due, inject, left_out, missed};
pub use metrics::Metrics;
pub use patch::Patch;
pub use pod::Pod;
pub use review::{InvalidReview, Review};
pub use settings::{Expiration, Settings, Token};
pub use sources::{
    Identities, InvalidIdentities, InvalidMappedRoles, MAP_KEY, MAP_NAME, MappedRoles, ServiceAccounts, Sources,
};

use crate::{certificate::Certificate, connections};

/// Answers reviews on `listener` until the end is asked for; those that came before are answered yet.
pub async fn serve(listener: TcpListener, certificate: Arc<Certificate>, desk: Arc<Desk>, shutdown: Shutdown) {
    connections::serve(listener, Some(certificate), desk, shutdown).await;
}
