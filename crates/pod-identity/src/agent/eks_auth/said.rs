//! What EKS Auth said, as the pod is told.

use aws_sdk_eksauth::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId as _,
    operation::assume_role_for_pod_identity::AssumeRoleForPodIdentityError,
};
use aws_smithy_runtime_api::http::Response;
use http::StatusCode;

use crate::{
    agent::{
        answered::{Answered, away, incomplete},
        source::SourceError,
    },
    said::chain,
};

pub(super) fn no_region() -> SourceError {
    let reason = "no AWS region is set, and neither environment, profile nor instance metadata names one; set --region or \
                  AWS_REGION";
    away("EKS Auth", reason)
}

pub(super) fn error(error: &SdkError<AssumeRoleForPodIdentityError, Response>, name: &str) -> SourceError {
    let SdkError::ServiceError(answered) = error else { return away(name, &chain(error)) };
    // Another status is a good one with an answer that is none.
    let Some(status) =
        StatusCode::from_u16(answered.raw().status().as_u16()).ok().filter(|status| status.as_u16() >= 400)
    else {
        return incomplete(name);
    };
    let id = answered.err().request_id().or_else(|| answered.raw().headers().get("x-amzn-requestid"));
    Answered {
        status,
        code: answered.err().code(),
        message: answered.err().message().unwrap_or_default(),
        request_id: id.unwrap_or_default(),
        by: name,
    }
    .error()
}
