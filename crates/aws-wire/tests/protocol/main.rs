//! The wire protocols: exact forms, round trips, botocore as the other side, and hostile input.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod aws_json;
mod botocore;
mod ec2_query;
mod hostile;
mod query;
mod rest_json;
mod round_trip;
mod values;
