//! Why something of a cluster's keys and identities does not work.
//!
//! ```text
//!   facts (whoever fetched them) --> pod::diagnose --> Chain: links, each ok, broken with a way to mend it, or not known
//! ```
//!
//! Functions of their arguments: who calls asks the apiserver and AWS, or reads files.

pub mod chain;
mod decided;
pub mod pod;
