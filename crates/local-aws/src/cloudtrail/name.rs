//! Names of trails.
//!
//! Source: AWS CloudTrail User Guide, "Naming requirements for CloudTrail resources, S3 buckets, and KMS keys"; AWS
//! CloudTrail API Reference, "CreateTrail", `Name`.

use aws_model::{AccountId, Arn, Region};

use crate::error::ServiceError;

/// Which trail a text names.
pub(super) enum Named {
    /// Of the caller's account.
    Name(String),
    /// Wherever it is.
    Arn { account: AccountId, region: Region, name: String },
}

/// Reads a name or an ARN.
pub(super) fn named(text: &str) -> Result<Named, ServiceError> {
    if !text.starts_with("arn:") {
        check(text)?;
        return Ok(Named::Name(text.to_owned()));
    }
    let read = || {
        let arn: Arn = text.parse().ok().filter(|arn: &Arn| arn.service() == "cloudtrail")?;
        let (account, region) = (arn.account().parse().ok()?, arn.region().parse().ok()?);
        Some(Named::Arn { account, region, name: arn.resource().strip_prefix("trail/")?.to_owned() })
    };
    read().ok_or_else(|| {
        let message = format!("{text} is not the ARN of a trail: arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME.");
        ServiceError::new("CloudTrailARNInvalidException", message)
    })
}

impl Named {
    /// The trail's ARN; a name is one of this account and region.
    pub(super) fn arn(&self, account: AccountId, region: &Region) -> String {
        let (account, region, name) = match self {
            Self::Name(name) => (account, region, name),
            Self::Arn { account, region, name } => (*account, region, name),
        };
        format!("arn:{}:cloudtrail:{region}:{account}:trail/{name}", region.partition())
    }
}

/// Of an ARN where a name belongs.
pub(super) fn no_name(text: &str) -> ServiceError {
    invalid(format!("{text} is an ARN, and a new trail takes a name."))
}

fn check(name: &str) -> Result<(), ServiceError> {
    let length = name.chars().count();
    let is_inner = |one: char| matches!(one, '.' | '_' | '-');
    let is_edge = |one: Option<char>| one.is_some_and(|one| one.is_ascii_alphanumeric());
    if length < 3 {
        let message = "Trail name too short. Minimum allowed length: 3 characters. Specified name length:";
        return Err(invalid(format!("{message} {length} characters.")));
    }
    if length > 128 {
        let message = "Trail name too long. Maximum allowed length: 128 characters. Specified name length:";
        return Err(invalid(format!("{message} {length} characters.")));
    }
    if !name.chars().all(|one| one.is_ascii_alphanumeric() || is_inner(one)) {
        return Err(invalid(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), \
             and underscores (_).",
        ));
    }
    if !is_edge(name.chars().next()) || !is_edge(name.chars().next_back()) {
        return Err(invalid("Trail name must start and end with a letter or number."));
    }
    if name.chars().zip(name.chars().skip(1)).any(|(one, next)| is_inner(one) && is_inner(next)) {
        return Err(invalid("Trail name cannot have adjacent periods, hyphens or underscores."));
    }
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err(invalid("Trail name cannot be in the format of an IP address."));
    }
    Ok(())
}

fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::new("InvalidTrailNameException", message)
}
