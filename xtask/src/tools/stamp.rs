//! Whether something must be built again.
//!
//! A stamp holds the very bytes that a thing was built from (module files, flags): it is small, exact, and whoever
//! wonders why something is rebuilt can read it.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::workspace;

/// What a thing is built from.
#[derive(Default)]
pub(crate) struct Stamp {
    text: String,
}

impl Stamp {
    /// A fact that the result depends on: a flag, a package's name.
    pub(crate) fn fact(mut self, fact: &str) -> Self {
        _ = writeln!(self.text, "= {fact}");
        self
    }

    /// A file of the checkout that the result depends on.
    pub(crate) fn file(mut self, path: &Path) -> Result<Self> {
        let content = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.strip_prefix(workspace::root()).unwrap_or(path);
        _ = writeln!(self.text, "= {}\n{content}", name.display());
        Ok(self)
    }

    /// Runs `build` unless all of `outputs` are there and were built from the same. The stamp is written last, so
    /// that a build that was broken off is done again.
    pub(crate) fn unless_built(
        &self,
        name: &str,
        outputs: &[PathBuf],
        build: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let stamps = workspace::tools().join(".stamps");
        let stamp = stamps.join(name);
        if outputs.iter().all(|output| output.exists()) && fs::read_to_string(&stamp).is_ok_and(|old| old == self.text)
        {
            return Ok(());
        }
        build()?;
        fs::create_dir_all(&stamps).with_context(|| format!("cannot make {}", stamps.display()))?;
        fs::write(&stamp, &self.text).with_context(|| format!("cannot write {}", stamp.display()))
    }
}
