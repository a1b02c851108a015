//! CustomResourceDefinitions that lie in a Go module, as its project publishes them, with the project's own notice.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::stamp::Stamp;
use crate::workspace;

/// What a project asks to be kept with whatever is taken of it.
const NOTICES: &[&str] = &["LICENSE", "NOTICE"];

const PROMETHEUS_OPERATOR: &str = "github.com/prometheus-operator/prometheus-operator";

/// What ServiceMonitors and PrometheusRules may say.
pub(crate) fn prometheus_operator() -> Result<()> {
    let folder = "tools/prometheus-operator";
    definitions("prometheus-operator-crds", folder, PROMETHEUS_OPERATOR, "example/prometheus-operator-crd")
}

/// What Certificates and Issuers may say.
pub(crate) fn cert_manager() -> Result<()> {
    definitions("cert-manager-crds", "tools/cert-manager", "github.com/cert-manager/cert-manager", "deploy/crds")
}

/// Has `target/tools/name` hold what lies in the folder `inside` of `module`, which the `go.mod` in `pins` (a path from the
/// checkout's root) pins.
pub(crate) fn definitions(name: &str, pins: &str, module: &str, inside: &str) -> Result<()> {
    let pins = workspace::root().join(pins);
    let folder = workspace::tools().join(name);
    Stamp::default().file(&pins.join("go.mod"))?.unless_built(name, std::slice::from_ref(&folder), || {
        let published = module_folder(&pins, module)?;
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let source = published.join(inside);
        let entries = fs::read_dir(&source).with_context(|| format!("cannot list {}", source.display()))?;
        let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
        let notices = NOTICES.iter().map(|notice| published.join(notice)).filter(|path| path.exists());
        for path in files.into_iter().chain(notices) {
            let file_name = path.file_name().context("what a folder lists has a name")?;
            // Read and written: a copy would keep the module's files unwritable, and the next one could not replace them.
            let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            fs::write(folder.join(file_name), content)?;
        }
        Ok(())
    })
}

/// Where Go has unpacked the module.
fn module_folder(pins: &Path, module: &str) -> Result<PathBuf> {
    // `list` alone tells no folder of what was not fetched yet.
    for arguments in [vec!["mod", "download", module], vec!["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module]] {
        let mut go = Command::new("go");
        go.current_dir(pins).args(&arguments);
        let output = go.output().with_context(|| format!("cannot start {go:?}"))?;
        if !output.status.success() {
            bail!("{go:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
        }
        let printed = String::from_utf8(output.stdout)?;
        if !printed.trim().is_empty() {
            return Ok(PathBuf::from(printed.trim()));
        }
    }
    bail!("Go tells no folder of {module}")
}
