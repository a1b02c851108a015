//! The errors that can be injected, with AWS's statuses and words where it has some.

use aws_wire::model::{self, Operation, Protocol, ServiceId};

use super::Called;
use crate::error::ServiceError;

/// An error of whatever operation is called.
#[derive(Clone, Debug)]
pub(super) struct Injected {
    pub(super) code: String,
    pub(super) status: Option<u16>,
    pub(super) message: Option<String>,
}

/// A code that every operation of a protocol may answer, with its status and its text.
struct Common(&'static str, u16, &'static str);

const RATE: &str = "Rate exceeded";
const UNKNOWN: &str = "The request processing has failed because of an unknown error, exception or failure.";
const TEMPORARY: &str = "The request has failed due to a temporary failure of the server.";
const INVALID_TOKEN: &str = "The security token included in the request is invalid.";
const EXPIRED_TOKEN: &str = "The security token included in the request is expired";
const SIGNATURE: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                         Secret Access Key and signing method. Consult the service documentation for details.";

/// Source: AWS KMS API Reference, "Common Errors"; texts as the services send them.
const OF_JSON: [Common; 7] = [
    Common("AccessDeniedException", 400, ""),
    Common("ExpiredTokenException", 400, EXPIRED_TOKEN),
    Common("InternalFailure", 500, UNKNOWN),
    Common("InvalidSignatureException", 400, SIGNATURE),
    Common("ServiceUnavailable", 503, TEMPORARY),
    Common("ThrottlingException", 400, RATE),
    Common("UnrecognizedClientException", 400, INVALID_TOKEN),
];

/// Source: IAM API Reference and AWS STS API Reference, "Common Errors".
const OF_QUERY: [Common; 7] = [
    Common("AccessDenied", 403, ""),
    Common("ExpiredToken", 403, EXPIRED_TOKEN),
    Common("InternalFailure", 500, UNKNOWN),
    Common("InvalidClientTokenId", 403, INVALID_TOKEN),
    Common("ServiceUnavailable", 503, TEMPORARY),
    Common("SignatureDoesNotMatch", 403, SIGNATURE),
    Common("Throttling", 400, RATE),
];

/// Source: Amazon EC2 API Reference, "Error codes"; "Throttle requests to the Amazon EC2 API".
const OF_EC2: [Common; 6] = [
    Common("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
    Common("InternalError", 500, "An internal error has occurred"),
    Common("RequestExpired", 400, "Request has expired."),
    Common("RequestLimitExceeded", 503, "Request limit exceeded."),
    Common("Unavailable", 503, TEMPORARY),
    Common("UnauthorizedOperation", 403, "You are not authorized to perform this operation."),
];

/// KMS's own text for a throttled call.
///
/// Source: AWS re:Post, "Why did I receive a ThrottlingExceptions error with API requests that are made to AWS KMS?"
const KMS_RATE: &str = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";

fn speaks(service: ServiceId) -> Protocol {
    model::service(service).metadata().protocol
}

fn common(service: ServiceId) -> &'static [Common] {
    match speaks(service) {
        Protocol::Query => &OF_QUERY,
        Protocol::Ec2Query => &OF_EC2,
        _ => &OF_JSON,
    }
}

/// Whether an operation may answer a code.
pub(super) fn may_answer(service: ServiceId, operation: &Operation, code: &str) -> bool {
    operation.error(code).is_some() || common(service).iter().any(|common| common.0 == code)
}

/// Every code that an operation may answer.
pub(super) fn of_operation(service: ServiceId, operation: &Operation) -> impl Iterator<Item = &str> {
    let declared = operation.errors().iter().map(|error| error.code.as_str());
    declared.chain(common(service).iter().map(|common| common.0))
}

/// The error of a call that is one too many.
pub(super) fn throttled(called: &Called<'_>, message: Option<&str>) -> ServiceError {
    let code = match speaks(called.service) {
        Protocol::Query => "Throttling",
        Protocol::Ec2Query => "RequestLimitExceeded",
        _ => "ThrottlingException",
    };
    let injected = Injected { code: code.to_owned(), status: None, message: message.map(str::to_owned) };
    injected.of(called)
}

impl Injected {
    /// The error as a call gets it.
    pub(super) fn of(&self, called: &Called<'_>) -> ServiceError {
        let known = common(called.service).iter().find(|common| common.0 == self.code);
        let declared = called.operation.error(&self.code);
        let status = self.status.or_else(|| known.map(|known| known.1)).unwrap_or_else(|| {
            // The model gives some of KMS's errors other statuses than KMS sends: 400, unless the fault is its own.
            let declared = declared.map_or(400, |declared| declared.http_status);
            if called.service == ServiceId::Kms && declared < 500 { 400 } else { declared }
        });
        let message = self.message.clone().unwrap_or_else(|| self.words(called, known));
        ServiceError::new(self.code.clone(), message).with_status(status)
    }

    /// AWS's text for it, where one is known.
    fn words(&self, called: &Called<'_>, known: Option<&Common>) -> String {
        let key = called.keys.first().map_or("The key", |key| key.arn.as_str());
        match self.code.as_str() {
            "ThrottlingException" if called.service == ServiceId::Kms => KMS_RATE.to_owned(),
            "AccessDeniedException" | "AccessDenied" => {
                let service = &model::service(called.service).metadata().signing_name;
                let (caller, operation) = (&called.caller.arn, called.operation.name());
                format!("User: {caller} is not authorized to perform: {service}:{operation}")
            }
            "DisabledException" => format!("{key} is disabled."),
            "KMSInvalidStateException" => format!("{key} is unavailable."),
            "NotFoundException" if called.service == ServiceId::Kms => format!("Key '{key}' does not exist"),
            _ => known.map(|known| known.2).unwrap_or("The embedded AWS was asked to fail here.").to_owned(),
        }
    }
}
