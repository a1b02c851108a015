//! The nouns of AWS that every other crate speaks: accounts, regions, ARNs, encryption contexts,
//! and bytes that must never be printed.
//!
//! ```text
//!   text from a flag, a file or the wire
//!        |  parse once, at the edge
//!        v
//!   AccountId   Region   Arn -> KeyArn   EncryptionContext   SecretBytes
//! ```
//!
//! Nothing here does I/O, and nothing here knows a wire protocol or an SDK.

mod account;
mod arn;
mod context;
mod key_arn;
mod region;
mod secret;

pub use account::{AccountId, InvalidAccountId};
pub use arn::{Arn, InvalidArn};
pub use context::{EncryptionContext, InvalidEncryptionContext};
pub use key_arn::{InvalidKeyArn, KeyArn};
pub use region::{InvalidRegion, Isolated, Partition, Region};
pub use secret::SecretBytes;
