//! Status: answered from a cache that one background task keeps fresh. No poll of any apiserver costs a call.
//!
//! ```text
//!   prober --seal, open--> key service          (at its own pace; sooner when a call saw something new)
//!      | outcome
//!   machine  (pure)
//!      | snapshot
//!   board  <-- status(), encrypt(): the published key_id, or why there is none
//! ```

mod board;
mod machine;
mod prober;

pub(crate) use board::Board;
pub use board::PublishedKey;
pub use machine::StatusSettings;
pub(crate) use prober::Prober;
