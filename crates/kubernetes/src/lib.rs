//! What Claviger reads from a cluster's apiserver, and what it writes there.
//!
//! ```text
//!   apiserver  --  association   the custom resource PodIdentityAssociation
//! ```

mod association;

pub use association::definition as association_definition;
