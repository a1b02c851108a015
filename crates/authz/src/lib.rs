//! Who may do what on AWS, and why.
//!
//! ```text
//!   policy texts ---- policy::Policy ----.
//!   accounts, keys, grants --- world::World --.
//!                                             |          decide   -> Verdict       (fast: enforcement)
//!   principal, action, resource, context -- Request -->  explain  -> Explanation   (every statement, every gate)
//! ```
//!
//! Pure: no I/O, no async, no clock. What time it is, is part of a request's context. Every verdict has three values:
//! what a policy asks of a context key that nobody told becomes part of the answer, never a silent denial.
//!
//! Whether a key's *state* lets an operation through is a verdict of its own, see [`decision::Explanation`].

pub mod context;
mod decide;
pub mod decision;
pub mod file;
pub mod fix;
pub mod formula;
pub mod launch;
pub mod matching;
pub mod nearest;
mod pattern;
pub mod phrase;
pub mod policy;
pub mod principal;
pub mod query;
pub mod render;
pub mod request;
pub mod rules;
pub mod text;
pub mod world;
