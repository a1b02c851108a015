//! EKS Pod Identity, decided: whose token it is, which association is meant, and what sessions the pod gets.
//!
//! ```text
//!   text --oidc--> Claims --PodToken::of--> who asks: namespace, service account, pod
//!                                            |
//!   Associations of the cluster --find-------+--> grant --> Grant: the role's session, and the target role's
//! ```
//!
//! Functions of their arguments: who calls verifies the signature (with [`oidc`]), tells the time, makes the sessions and
//! hands out their credentials.
//!
//! Sources: Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services" and the pages below it;
//! Amazon EKS API Reference, "AssumeRoleForPodIdentity" of EKS Auth and "PodIdentityAssociation" of EKS.

mod association;
mod associations;
mod grant;
mod name_pattern;
mod packed;
mod session_name;
mod session_tags;
mod token;

pub use association::Association;
pub use associations::{Associations, SameServiceAccounts};
pub use grant::{Assumption, Cluster, Grant, Tag, grant};
pub use name_pattern::{InvalidNamePattern, NamePattern};
pub use packed::Packed;
pub use session_name::{InvalidSessionName, SessionName};
pub use session_tags::{InvalidSessionTags, SessionTags};
pub use token::{AUDIENCE, InvalidPodToken, Node, PodToken};
