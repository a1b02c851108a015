//! The tables of every service.

use crate::{accounts, autoscaling, cloudtrail, ec2, eks, iam, kms, organizations, sqs, store::Table};

/// Every table that a service keeps rows in.
pub(super) fn all() -> impl Iterator<Item = Table> {
    let services = [
        accounts::TABLES,
        iam::TABLES,
        kms::TABLES,
        cloudtrail::TABLES,
        organizations::TABLES,
        ec2::TABLES,
        eks::TABLES,
        sqs::TABLES,
        autoscaling::TABLES,
    ];
    services.into_iter().flatten().copied()
}

/// The table of that name.
pub(super) fn named(name: &str) -> Option<Table> {
    all().find(|table| table.name() == name)
}
