//! Sessions that a service of AWS begins by a role: a pod's, an instance's.

use aws_wire::model::{self, ServiceId};
use serde_json::Value;
use uuid::Uuid;

use super::Sts;
use crate::{
    accounts::Session,
    caller::CallContext,
    error::ServiceError,
    trail::{Answered, Notes, Trail},
};

impl Sts {
    /// A session of a role, as `AssumeRole` answers it to the caller of `ctx`, for whom the service `by` calls. The trail has
    /// the call, as any other of a service.
    pub(crate) fn begin_for(
        &self,
        trail: &Trail,
        ctx: &CallContext<'_>,
        session: Option<&Session>,
        by: &'static str,
        input: &Value,
    ) -> Result<Value, ServiceError> {
        let operation = model::service(ServiceId::Sts).operation("AssumeRole");
        let no_model = || ServiceError::internal("InternalFailure", "The model of STS has no AssumeRole.");
        let operation = operation.ok_or_else(no_model)?;
        let (notes, id) = (Notes::default(), Uuid::new_v4().to_string());
        let context = CallContext { request_id: &id, peer: None, notes: Some(&notes), ..*ctx };
        let parameters = Trail::parameters(ServiceId::Sts, operation, input);
        let answer = self.call(&context, session, operation.name(), input);
        // It signs for itself, or with the session itself, so that to the decision nobody calls for another.
        let shown = CallContext { invoked_by: Some(by), ..context };
        trail.record(Answered {
            service: ServiceId::Sts,
            operation,
            context: &shown,
            parameters,
            answer: answer.as_ref(),
            noted: notes.take(),
        });
        answer
    }
}
