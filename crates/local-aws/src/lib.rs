//! The embedded AWS: many accounts and regions on one port, for real SDKs with an endpoint override.
//!
//! ```text
//!   server    connections, TLS, what a peer may use up
//!     |
//!   router    service and operation -> signature -> input -> service -> answer      admin   moves the clock
//!     |                         |      faults, on request, before a service or behind it
//!   iam, kms, sts, ec2, eks, cloudtrail, .. -> authorization  accounts   credentials, sessions
//!     |                 |      |                                |
//!     |                 |    issuers   keys of OpenID Connect issuers
//!   store             trail    an event for each call
//!   memory, or one file that survives a kill at any moment
//! ```
//!
//! [`LocalAws::start`] starts one; `claviger local-aws` is little more than that.

mod accounts;
pub mod admin;
mod answer;
mod authorization;
mod autoscaling;
mod caller;
mod clock;
mod cloudtrail;
mod due;
mod ec2;
mod eks;
mod eks_auth;
mod error;
mod faults;
mod glob;
mod iam;
mod imds;
mod issuers;
mod json;
pub mod kms;
mod local_aws;
mod loopback;
pub mod operations;
mod options;
mod organizations;
mod quotas;
mod router;
mod sealing;
mod server;
mod serving;
mod sqs;
mod ssm;
pub mod state;
pub mod store;
mod sts;
mod tls;
mod trail;

pub use accounts::{AccountsError, Credential, Holder, InvalidCredential};
pub use caller::{CallContext, Caller, OfInstance, Peer, RoleDelivery, TokenClaims, WebIdentity};
pub use clock::{Clock, InvalidClock, InvalidDuration, OutOfRange, duration};
pub use error::ServiceError;
pub use faults::{FaultCount, FaultPlan, LONGEST_DELAY, MOST_FAULTS, PlanError};
pub use imds::{Imds, InvalidSubject, NoTokens, Subject};
pub use issuers::{InvalidIssuerKeys, IssuerKeys, KeySource, UnfitKeyFile};
pub use local_aws::{LocalAws, Running, StartError};
pub use options::{Limits, Options, State, TrailFiles};
pub use quotas::{InvalidQuota, OtherQuota, Quotas};
pub use tls::{Tls, TlsError, TlsSession};
pub use trail::Notes;
