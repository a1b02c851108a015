//! The wire protocols, in both directions.
