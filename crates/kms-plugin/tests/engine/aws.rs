//! Over the embedded AWS.
