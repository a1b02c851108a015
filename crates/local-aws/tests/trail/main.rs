//! What CloudTrail keeps of calls, looked up and in files.
//!
//! Sources: AWS CloudTrail User Guide, "CloudTrail record contents for management, data, and network activity events",
//! "CloudTrail userIdentity element"; AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail"; AWS
//! CloudTrail API Reference, "LookupEvents".

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "a test fails by panicking")]

mod accounts;
mod bounds;
mod events;
mod files;
mod look_up;
mod secrets;
mod secrets_of_iam;
mod settings;
#[path = "../server/wire.rs"]
#[expect(dead_code, reason = "the tests of the server use the rest")]
mod wire;
mod world;
