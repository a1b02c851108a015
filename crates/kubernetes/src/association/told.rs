//! An object as the apiserver tells it, for who looks at one rather than following all.

use eks_auth::Association;
use serde::Deserialize as _;
use serde_json::Value;

use super::{resource::PodIdentityAssociation, spec};

/// The object is no association that would count.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidAssociation(String);

/// The association that a `PodIdentityAssociation` is.
///
/// # Errors
/// [`InvalidAssociation`], in the words that its status would have.
pub fn association_of(object: &Value) -> Result<Association, InvalidAssociation> {
    let object = PodIdentityAssociation::deserialize(object).map_err(|error| InvalidAssociation(error.to_string()))?;
    spec::association(&object).map_err(|invalid| InvalidAssociation(invalid.to_string()))
}
