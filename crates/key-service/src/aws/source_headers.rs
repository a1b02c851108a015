//! The headers that say on whose behalf a service calls KMS, against the confused deputy.

use aws_model::Arn;
use aws_sdk_kms::config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextMut};
use aws_smithy_runtime_api::box_error::BoxError;

/// Adds `x-amz-source-arn` and `x-amz-source-account` before the request is signed, so that both are signed.
///
/// Key policies match them as `aws:SourceArn` and `aws:SourceAccount`.
#[derive(Debug)]
pub(super) struct SourceHeaders {
    arn: String,
    account: String,
}

impl SourceHeaders {
    pub(super) fn of(arn: &Arn) -> Self {
        Self { arn: arn.as_str().to_owned(), account: arn.account().to_owned() }
    }
}

impl Intercept for SourceHeaders {
    fn name(&self) -> &'static str {
        "SourceHeaders"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        headers.try_insert("x-amz-source-arn", self.arn.clone())?;
        headers.try_insert("x-amz-source-account", self.account.clone())?;
        Ok(())
    }
}
