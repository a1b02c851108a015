//! What every Claviger daemon has: listeners, health, metrics, drain and reload.
//!
//! ```text
//!   SIGTERM, SIGINT --> shutdown --+--> http (livez, readyz, healthz, metrics)
//!   SIGHUP, files ----> reload     +--> unix_socket, and whatever the daemon serves
//! ```
//!
//! Nothing here knows AWS, Kubernetes or what the daemon is for.

pub mod http;
pub mod log_pace;
pub mod metrics;
pub mod reload;
pub mod secrecy;
pub mod shutdown;
pub mod unix_socket;
