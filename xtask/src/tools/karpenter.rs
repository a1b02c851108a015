//! Karpenter's controller, as published, and the CustomResourceDefinitions that it needs: its own, and those of its core,
//! which lie in the same folder.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use super::{
    go::{self, Module, Program},
    stamp::Stamp,
};
use crate::workspace;

/// The newest whose modules are all published and that a Go 1.26.8 builds. It is also in `tools/karpenter/go.mod`.
const VERSION: &str = "1.14.0";

const FOLDER: &str = "tools/karpenter";
const MODULE: &str = "github.com/aws/karpenter-provider-aws";
const DEFINITIONS: &str = "karpenter-crds";

pub(crate) fn build() -> Result<()> {
    let controller = Program { package: &format!("{MODULE}/cmd/controller"), name: "karpenter".to_owned() };
    // What a release build stamps.
    let version = format!("-X sigs.k8s.io/karpenter/pkg/operator.Version={VERSION}");
    go::build("karpenter", &Module::new(FOLDER), &[controller], &version)?;
    definitions()
}

fn definitions() -> Result<()> {
    let pins = workspace::root().join(FOLDER).join("go.mod");
    let folder = workspace::tools().join(DEFINITIONS);
    Stamp::default().file(&pins)?.unless_built(DEFINITIONS, std::slice::from_ref(&folder), || {
        let published = module_folder()?.join("pkg/apis/crds");
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let entries = fs::read_dir(&published).with_context(|| format!("cannot list {}", published.display()))?;
        for entry in entries {
            let entry = entry?;
            // Read and written: a copy would keep the module's files unwritable, and the next one could not replace them.
            fs::write(folder.join(entry.file_name()), fs::read(entry.path())?)?;
        }
        Ok(())
    })
}

/// Where Go has unpacked the module.
fn module_folder() -> Result<PathBuf> {
    let mut go = Command::new("go");
    go.current_dir(workspace::root().join(FOLDER)).args(["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", MODULE]);
    let output = go.output().with_context(|| format!("cannot start {go:?}"))?;
    if !output.status.success() {
        bail!("{go:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}
