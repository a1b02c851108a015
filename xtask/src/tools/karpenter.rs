//! Karpenter's controller, as published, and the CustomResourceDefinitions that it needs: its own, and those of its core,
//! which lie in the same folder.

use anyhow::Result;

use super::{
    go::{self, Module, Program},
    published,
};

/// The newest whose modules are all published and that a Go 1.26.8 builds. It is also in `tools/karpenter/go.mod`.
const VERSION: &str = "1.14.0";

const FOLDER: &str = "tools/karpenter";
const MODULE: &str = "github.com/aws/karpenter-provider-aws";

pub(crate) fn build() -> Result<()> {
    let controller = Program { package: &format!("{MODULE}/cmd/controller"), name: "karpenter".to_owned() };
    // What a release build stamps.
    let version = format!("-X sigs.k8s.io/karpenter/pkg/operator.Version={VERSION}");
    go::build("karpenter", &Module::new(FOLDER), &[controller], &version)?;
    published::definitions("karpenter-crds", FOLDER, MODULE, "pkg/apis/crds")
}
