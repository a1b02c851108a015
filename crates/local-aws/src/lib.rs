//! The embedded AWS: many accounts and regions on one port, for real SDKs with an endpoint override.

mod caller;
mod clock;
mod error;

pub use caller::{CallContext, Caller, CallerKind};
pub use clock::{Clock, OutOfRange};
pub use error::ServiceError;
