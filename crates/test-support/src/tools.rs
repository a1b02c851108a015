//! Where the tests find what Cargo does not build.

use std::path::{Path, PathBuf};

/// The newest apiserver among the tools: its client sends `localhost` as `:authority`.
pub const NEWEST_KUBERNETES: &str = "1.37.2";

/// The oldest apiserver among the tools: its client sends the socket's path as `:authority`, and it still speaks
/// KMS v1beta1.
pub const OLDEST_KUBERNETES: &str = "1.31.14";

/// The folder that `cargo xtask tools` fills: `CLAVIGER_TOOLS`, or `target/tools` of this checkout.
///
/// # Panics
/// When it is not there. A test that needs it fails; it is never skipped.
#[must_use]
pub fn tools() -> PathBuf {
    let folder = std::env::var_os("CLAVIGER_TOOLS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools"), PathBuf::from);
    match folder.canonicalize() {
        Ok(folder) => folder,
        Err(error) => panic!("no tools in {}: {error}; run `cargo xtask tools`", folder.display()),
    }
}
