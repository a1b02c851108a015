//! Who may call what: identities by their policies, and everybody by the queue's.
//!
//! Source: Amazon SQS Developer Guide, "Using identity-based policies" and "Using custom policies with the Amazon SQS access
//! policy language".

use authz::request::KmsDetail;
use aws_catalog::access::{self, On};
use serde_json::Value;

use super::{Call, fault};
use crate::{ServiceError, authorization::Asked};

pub(super) fn authorize(call: &Call<'_>, operation: &str, input: &Value) -> Result<(), ServiceError> {
    let authorizer = &call.sqs.state.authorizer;
    for access in access::operation("sqs", operation).map_or(&[][..], access::Operation::accesses) {
        let (resource, owner) = match access.on() {
            On::Queue(member) => {
                let of = match (input.get("QueueUrl"), input.get("QueueOwnerAWSAccountId").and_then(Value::as_str)) {
                    (Some(_), _) => call.named(input)?,
                    (None, owner) => {
                        let mut of = call.own(call.text(input, member));
                        if let Some(owner) = owner {
                            of.account = owner.parse().map_err(|_| fault::no_queue())?;
                        }
                        of
                    }
                };
                (of.arn(), of.account)
            }
            _ => ("*".to_owned(), call.ctx.caller.account),
        };
        let kms = KmsDetail::default();
        let asked = Asked { access, resource: &resource, region: None, kms, on_same_key: None };
        let mut request = authorizer.request(call.ctx, input, asked)?;
        request.resource.owner = Some(owner);
        authorizer.check(&request)?;
    }
    Ok(())
}
