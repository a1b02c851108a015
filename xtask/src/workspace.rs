//! Where things lie in this checkout.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

/// The checkout's root: xtask is one folder below it.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// What the tests need that Cargo does not build. Kept between runs: `cargo xtask tools` builds each thing once.
pub(crate) fn tools() -> PathBuf {
    root().join("target/tools")
}

/// The cargo that runs us, in the checkout's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root());
    command
}
