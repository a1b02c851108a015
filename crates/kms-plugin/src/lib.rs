//! The Kubernetes KMS plugin: gRPC on a unix socket, for every apiserver from 1.26 on.
//!
//! ```text
//! kube-apiserver
//!    | HTTP/2 on a unix socket            daemon::unix_socket
//! authority    every apiserver's `:authority` made acceptable
//! server       bounded connections, streams, sizes and times; drain
//! service      v1beta1, v2alpha1 and v2  <- proto
//!    |
//!    v Sealer
//! ```

pub mod authority;
pub mod caller;
pub mod proto;
