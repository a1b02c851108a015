//! What AWS publishes about its services, as data, with typed look-ups.
//!
//! ```text
//!   authorization     actions, access levels, resource types, condition keys      the Service Authorization Reference
//!   access            what each operation asks of authorization                   what enforcement needs beside it
//!   instance_types    the instance types of EC2, and where they are offered        what EC2 answers of them
//!   managed_policies  the policies of AWS itself, with their documents            what IAM answers of them
//!   public_images     AWS's own images for clusters, and the parameters that name them     what EC2 and Systems Manager answer
//!   service_linked_roles  what services call the roles that they have in accounts
//!   access_policies   the access policies of EKS, by name
//!   cluster_versions  the versions of Kubernetes that EKS has, and how long
//!   addons            the add-ons of EKS, their versions and permissions          what EKS answers of them
//! ```
//!
//! Nothing here decides anything, and nothing is fetched: the data travels in the crate and is read when it is first
//! asked for, one service or one document at a time.
//!
//! ```
//! let decrypt = aws_catalog::action("kms:Decrypt").unwrap();
//! assert!(decrypt.resource_types().iter().any(|resource| resource.name() == "key" && resource.is_required()));
//! assert_eq!(aws_catalog::nearest_action("kms:Decypt").unwrap().full_name(), "kms:Decrypt");
//! ```

pub mod access;
pub mod access_policies;
pub mod addons;
pub mod authorization;
pub mod cluster_versions;
pub mod instance_types;
pub mod managed_policies;
pub mod public_images;
pub mod service_linked_roles;

pub use authorization::{action, nearest_action, service};
