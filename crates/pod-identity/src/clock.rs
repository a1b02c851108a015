//! The time.

use std::sync::Arc;

use jiff::Timestamp;

/// Tells the time; tests have one that stands.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;
