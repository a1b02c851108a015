//! Tokens, key sets and configurations, good ones and others.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod hostile;
mod issuer;
mod keys;
mod replay;
mod tokens;
