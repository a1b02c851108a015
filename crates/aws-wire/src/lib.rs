//! The wire of AWS, in both directions, with no socket and no runtime: service models, the protocols that
//! carry them, validation, and SigV4.
//!
//! ```text
//!   model      botocore's service models, as data: operations, shapes, constraints, errors
//!     |
//!   protocol   awsJson 1.1, Query, EC2's Query and restJson1: requests, responses and errors <-> JSON values by shape
//!   validate   required, length, range, pattern, enum; with AWS's own messages
//!   sigv4      signing and verifying, header and presigned
//! ```

pub mod model;
pub mod protocol;
pub mod sigv4;
pub mod validate;
