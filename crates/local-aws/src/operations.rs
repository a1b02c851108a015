//! What is answered, as data: the operations of each service, and what of them is not there.
//!
//! `docs/reference/operations.md` is [`page`], written. That something calls each operation is seen to by the tests of
//! `tests/clients`, which ask a running server for this list and fail for what they did not call.

use std::fmt::Write as _;

use aws_wire::model::{self, Operation, Protocol, ServiceId, ServiceModel};

use crate::{
    autoscaling::AutoScaling, cloudtrail::CloudTrail, ec2::Ec2, eks::Eks, eks_auth::EksAuth, iam::Iam, kms::Kms,
    organizations::Organizations, sqs::Sqs, ssm::Ssm, sts::Sts,
};

/// What is not there of operations, each by its name. An operation that is not among them has all that AWS documents of
/// it, as far as its authors know.
pub(crate) type Lacks = &'static [(&'static str, &'static str)];

/// The operations of a service that are answered, by what, and what of them is not there.
///
/// What answers one takes the call and its input, which was decoded and validated.
macro_rules! operations {
    ($visibility:vis impl $service:ty, $call:ty; $($name:literal => $handler:expr, $(lacks $lacks:literal,)?)*) => {
        impl $service {
            /// The names of the operations that [`call`](Self::call) answers.
            $visibility const OPERATIONS: &'static [&'static str] = &[$($name),*];

            /// What of them is not there, as `docs/reference/operations.md` tells it.
            pub(crate) const LACKS: $crate::operations::Lacks = &[$($(($name, $lacks),)?)*];

            /// What is answered; nothing where it is none of them.
            fn handle(call: &$call, operation: &str, input: Value) -> Option<Result<Value, ServiceError>> {
                match operation {
                    $($name => Some($handler(call, input)),)*
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use operations;

/// The operations of a service that are answered here.
#[must_use]
pub fn supported(service: ServiceId) -> &'static [&'static str] {
    match service {
        ServiceId::Iam => Iam::OPERATIONS,
        ServiceId::Kms => Kms::OPERATIONS,
        ServiceId::Sts => &Sts::OPERATIONS,
        ServiceId::CloudTrail => CloudTrail::OPERATIONS,
        ServiceId::Organizations => Organizations::OPERATIONS,
        ServiceId::Eks => Eks::OPERATIONS,
        ServiceId::EksAuth => &EksAuth::OPERATIONS,
        ServiceId::Ec2 => Ec2::OPERATIONS,
        ServiceId::Sqs => Sqs::OPERATIONS,
        ServiceId::Ssm => Ssm::OPERATIONS,
        ServiceId::AutoScaling => AutoScaling::OPERATIONS,
    }
}

/// What of a service's operations is not there: pairs of an operation's name and a line on it.
#[must_use]
pub fn lacks(service: ServiceId) -> &'static [(&'static str, &'static str)] {
    match service {
        ServiceId::Iam => Iam::LACKS,
        ServiceId::Kms => Kms::LACKS,
        ServiceId::Sts => Sts::LACKS,
        ServiceId::CloudTrail => CloudTrail::LACKS,
        ServiceId::Organizations => Organizations::LACKS,
        ServiceId::Eks => Eks::LACKS,
        ServiceId::EksAuth => EksAuth::LACKS,
        ServiceId::Ec2 => Ec2::LACKS,
        ServiceId::Sqs => Sqs::LACKS,
        ServiceId::Ssm => Ssm::LACKS,
        ServiceId::AutoScaling => AutoScaling::LACKS,
    }
}

const HEAD: &str = "\
# The operations of the embedded AWS

Generated from `crates/local-aws/src/`; `cargo test -p local-aws --test operations` compares this page with it and writes \
it anew with `UPDATE_DOCS=1`.

Each operation that is answered, with what of it is not there; where nothing is told, nothing that AWS documents is known \
to be missing. What holds for all of a service, [embedded-aws.md](embedded-aws.md) tells. Nothing is listed that no test \
calls: boto3 (`tests/clients/run.py`) and the `aws` CLI (`tests/clients/cli.py`) ask the running server for this list, \
and fail for an operation that they did not drive, boto3 also for an error of its model that it never met and that \
`coverage.py` does not excuse.

Everything else is refused in the form of the service that it was meant for, with the code that AWS has for it \
(`UnknownOperationException`, `InvalidAction`, S3's `NotImplemented`) and the operations that are nearest by name.
";

/// The page.
#[must_use]
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    for service in ServiceId::ALL {
        section(&mut page, service);
    }
    page
}

fn section(page: &mut String, service: ServiceId) {
    let model = model::service(service);
    let metadata = model.metadata();
    let protocol = match metadata.protocol {
        Protocol::AwsJson1_0 => "awsJson 1.0",
        Protocol::AwsJson1_1 => "awsJson 1.1",
        Protocol::Query => "Query",
        Protocol::RestJson1 => "restJson1",
        Protocol::Ec2Query => "EC2's Query",
    };
    let here = |operation: &&Operation| supported(service).contains(&operation.name());
    let (answered, all) = (model.operations().filter(here).count(), model.operations().len());
    _ = writeln!(page, "\n## {}", metadata.service_id);
    let of_all = match service {
        // Its model is here as far as it is answered.
        ServiceId::AutoScaling | ServiceId::Ec2 | ServiceId::Ssm => format!("{answered} operations"),
        _ => format!("{answered} of {all} operations"),
    };
    _ = writeln!(page, "{protocol}, version {}: {of_all}.\n", metadata.api_version);
    _ = writeln!(page, "| operation | what is not there |\n|---|---|");
    for operation in model.operations().filter(here) {
        let lack = lacks(service).iter().find(|(name, _)| *name == operation.name()).map_or("", |(_, lack)| lack);
        _ = writeln!(page, "| `{}` | {lack} |", operation.name());
    }
    absent(page, model, here);
}

fn absent(page: &mut String, model: &ServiceModel, here: impl Fn(&&Operation) -> bool) {
    let names: Vec<String> = model
        .operations()
        .filter(|operation| !here(operation))
        .map(|operation| format!("`{}`", operation.name()))
        .collect();
    if !names.is_empty() {
        _ = writeln!(page, "\nNot answered: {}.", names.join(", "));
    }
}
