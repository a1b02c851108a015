//! Against a real etcd and kube-apiserver.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod cluster;
mod definition;
mod feed;
mod rig;

use std::time::Duration;

/// Longer than anything takes on a busy machine.
const SOON: Duration = Duration::from_secs(60);
