//! Systems Manager, as far as its parameters go.
//!
//! Sources: Service Authorization Reference, "Actions, resources, and condition keys for AWS Systems Manager"; AWS Systems Manager
//! User Guide, "Restricting access to Parameter Store parameters using IAM policies".

use super::{Access, Condition, On::Parameter, Operation, Source::Member};

/// By name: the order that look-ups rely on.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new("GetParameter", &[Access::new("ssm:GetParameter", Parameter("Name"))]),
    Operation::new("GetParameters", &[Access::new("ssm:GetParameters", Parameter("Names"))]),
    Operation::new("GetParametersByPath", &[Access::new("ssm:GetParametersByPath", Parameter("Path")).told(RECURSIVE)]),
];

const RECURSIVE: &[Condition] = &[Condition { key: "ssm:Recursive", from: Member("Recursive") }];
