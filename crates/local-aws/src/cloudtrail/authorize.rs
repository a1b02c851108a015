//! What a call of CloudTrail needs to be allowed, looked up in the catalog's table and put to the authorization model.

use authz::request::KmsDetail;
use aws_catalog::access::{self, On};
use serde_json::Value;

use super::{CloudTrail, name::named, unsupported};
use crate::{authorization::Asked, caller::CallContext, error::ServiceError};

impl CloudTrail {
    /// Asks for everything that the operation does.
    pub(super) fn authorize(
        &self,
        context: &CallContext<'_>,
        operation: &str,
        input: &Value,
    ) -> Result<(), ServiceError> {
        let Some(accesses) = access::operation("cloudtrail", operation) else { return Err(unsupported(operation)) };
        for access in accesses.accesses().iter().filter(|access| access.is_asked_by(input)) {
            let resource = match access.on() {
                On::Trail(member) => {
                    let text = input.get(member).and_then(Value::as_str).unwrap_or_default();
                    // The operation says in its own words that this is none.
                    let Ok(named) = named(text) else { continue };
                    named.arn(context.caller.account, context.region)
                }
                _ => "*".to_owned(),
            };
            let kms = KmsDetail::default();
            let asked = Asked { access, resource: &resource, region: None, kms, on_same_key: None };
            self.authorizer.check(&self.authorizer.request(context, input, asked)?)?;
        }
        Ok(())
    }
}
