//! The custom resource, as it lies at the apiserver.

use std::borrow::Cow;

use kube::{
    Resource,
    core::{ClusterResourceScope, ObjectMeta},
};
use serde::Deserialize;
use serde_json::Value;

use super::{GROUP, KIND, PLURAL, VERSION};

/// One object. Its spec is yet to be read: one that cannot be read must not hide the others of the same list.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PodIdentityAssociation {
    pub(super) metadata: ObjectMeta,
    #[serde(default)]
    pub(super) spec: Value,
    #[serde(default)]
    pub(super) status: Value,
}

impl Resource for PodIdentityAssociation {
    type DynamicType = ();
    type Scope = ClusterResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        KIND.into()
    }

    fn group((): &()) -> Cow<'_, str> {
        GROUP.into()
    }

    fn version((): &()) -> Cow<'_, str> {
        VERSION.into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        PLURAL.into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
