//! EKS Pod Identity, decided: whose token it is, which association is meant, and what sessions the pod gets.
//!
//! ```text
//!   text --oidc--> Claims --PodToken::of--> who asks: namespace, service account, pod
//!                                            |
//!   associations of the cluster -------------+--> grant --> Grant: the role's session, and the target role's
//! ```
//!
//! Functions of their arguments: who calls verifies the signature (with [`oidc`]), tells the time, makes the sessions and
//! hands out their credentials.
//!
//! Sources: Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services" and the pages below it;
//! Amazon EKS API Reference, "AssumeRoleForPodIdentity" of EKS Auth and "PodIdentityAssociation" of EKS.

mod association;
mod grant;
mod session_name;
mod token;

pub use association::Association;
pub use grant::{Assumption, Cluster, Grant, Tag, grant};
pub use token::{AUDIENCE, InvalidPodToken, PodToken};
