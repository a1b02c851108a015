//! What `deploy/` holds: the chart is rendered by Helm, taken by real apiservers, and its containers are run with the very flags,
//! files and tokens that their pods would have. No kubelet is needed for that.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod accepted;
mod associations;
mod confined;
mod documented;
mod flags;
mod helm;
mod kubelet;
mod manifests;
mod plane;
mod refused;
mod runs;
mod sets;
mod watched;
mod whole;

use std::path::{Path, PathBuf};

const CLAVIGER: &str = env!("CARGO_BIN_EXE_claviger");

/// A path below `deploy/`.
fn deployed(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(path).canonicalize().unwrap()
}
