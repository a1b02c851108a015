//! The Kubernetes KMS plugin: gRPC on a unix socket, for every apiserver from 1.26 on.
//!
//! ```text
//! kube-apiserver
//!    | HTTP/2 on a unix socket            daemon::unix_socket
//! authority    every apiserver's `:authority` made acceptable
//! server       bounded connections, streams, sizes and times; drain
//! service      v1beta1, v2alpha1 and v2  <- proto
//!    |
//! engine       proven seals, shared opens, the order under throttling  -> audit, metrics
//! status       the key_id and whether all is well, from a cache        <- policy
//!    |
//!    v key_service::KeyService
//! ```

pub mod audit;
pub mod authority;
pub mod caller;
pub mod engine;
pub mod metrics;
pub mod peer_format;
pub mod policy;
pub mod proto;
pub mod server;
pub mod service;
pub mod status;
