//! Signed calls of any modelled operation of AWS: the models and codecs that the embedded AWS speaks, the other way round.
//!
//! ```text
//!   Aws       aws-config's settings, one set of connections, one copy of the credentials; shared
//!    |
//!   Client    one service: its model and its endpoint
//!    |
//!    +- call   encode -> sign -> send -> read, within bounds -> decode; retried where that may help
//!    +- pages  the same, page by page
//! ```
//!
//! Inputs and outputs are JSON values by the model, as everywhere on [`aws_wire`]: no type is generated, so that a service
//! costs nothing to compile. What an answer must have is checked by who reads it.
//!
//! Nothing here logs or shows what is sent, what is answered, or what it is signed with; errors tell the service's own
//! code, message and request id.

mod aws;
mod call;
mod client;
mod credentials;
mod endpoint;
mod error;
mod exchange;
mod pages;
mod retry;

pub use self::{
    aws::Aws,
    client::Client,
    credentials::NoCredentials,
    endpoint::{InvalidEndpoint, Unusable, usual_host},
    error::{CallError, Cause, Refusal},
    pages::Pages,
};
