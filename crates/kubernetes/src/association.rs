//! The custom resource `PodIdentityAssociation` (`claviger.dev/v1alpha1`).
//!
//! It is cluster-scoped. An association gives a role, and the broker may assume every role that any association names: who may
//! write one, gives roles to whom they like. A namespaced resource would hand that to whoever may write in a namespace, by
//! way of the roles `edit` and `admin` that aggregate such rights, and a pattern that names several namespaces has no
//! namespace of its own to lie in. At EKS, too, associations are the cluster's administrator's.

mod annotated;
mod definition;
mod feed;
mod resource;
mod review;
mod spec;
mod status;
mod teller;
mod told;

pub use annotated::{ROLE_ANNOTATION, follow_annotated_associations, names_role};
pub use definition::definition;
pub use feed::{AssociationsReceiver, follow_and_tell_associations, follow_associations};
pub use told::{InvalidAssociation, association_of};

const GROUP: &str = "claviger.dev";
const VERSION: &str = "v1alpha1";
const KIND: &str = "PodIdentityAssociation";
const PLURAL: &str = "podidentityassociations";

/// The type of its one condition.
const ACCEPTED: &str = "Accepted";
