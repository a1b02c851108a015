//! Worlds, requests and cases as people write them, and worlds as the `aws` CLI prints them.
//!
//! ```text
//!   YAML or JSON text -- yaml --> Node (every value with its place) -- world, request, case, aws_cli --> World, Request, Case
//!   JSON text <-- world::write -- World
//! ```
//!
//! Nothing here reads a file: texts come with the names that refusals call them by, and what a text refers to is
//! fetched by its caller, see [`Files`].

pub mod aws_cli;
pub mod case;
mod document;
mod error;
mod field;
mod identities;
mod keys;
mod launch;
mod merge;
mod node;
mod organization;
mod policy;
pub mod request;
mod room;
pub mod world;
mod yaml;

use std::io;

pub use document::Document;
pub use error::{FileError, Problem};
pub use field::{Field, Fields};

/// Fetches the files that a text refers to (`file:kms.json`).
pub trait Files {
    /// The text of a file, by its path as it is written.
    ///
    /// # Errors
    /// Whatever kept it from being read.
    fn read(&self, path: &str) -> io::Result<String>;
}

impl<F: Fn(&str) -> io::Result<String>> Files for F {
    fn read(&self, path: &str) -> io::Result<String> {
        self(path)
    }
}

/// For texts that may refer to nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &str) -> io::Result<String> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "files cannot be referred to from here"))
    }
}
