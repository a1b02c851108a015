//! The engine as its users see it: over the real keyring, with faults put in front of it, and over the embedded AWS.

mod audit;
mod aws;
mod decrypt;
mod encrypt;
mod metrics;
mod policy;
mod status;
mod support;
