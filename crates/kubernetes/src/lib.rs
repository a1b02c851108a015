//! What Claviger reads from a cluster's apiserver, and what it writes there.
//!
//! ```text
//!   apiserver -- connection, call     the way there; when it answered last
//!                changes              what is watched, whatever becomes of the apiserver
//!                  association        the custom resource PodIdentityAssociation: what counts, status
//!                events               what `kubectl describe` tells below an object
//! ```
//! Who uses this crate knows no client of Kubernetes, only what stands below.

mod association;
mod call;
mod certificates;
mod changes;
mod config_map;
mod connection;
mod events;
mod objects;
mod pods;
mod proxied;
mod service_accounts;

pub use association::{
    AssociationsReceiver, InvalidAssociation, ROLE_ANNOTATION, association_of, definition as association_definition,
    follow_and_tell_associations, follow_annotated_associations, follow_associations, names_role,
};
pub use call::CallError;
pub use certificates::{SecretData, SecretError, SecretStore, StoredSecret, trust_authorities};
pub use config_map::{ConfigMapData, ConfigMapFeed, follow_config_map};
pub use connection::{ApiServer, ConnectError, Connection};
pub use events::{Events, Regarding, Reporter};
pub use pods::{Pods, follow_gone_pods, follow_pods};
pub use proxied::Answered;
pub use service_accounts::{Annotations, ServiceAccounts};
