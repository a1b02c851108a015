//! The AWS adapter against the embedded AWS, with real signatures over real connections.

mod classes;
mod connections;
mod credentials;
mod material;
mod support;
