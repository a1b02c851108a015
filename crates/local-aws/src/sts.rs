//! AWS Security Token Service: who am I, and sessions.
//!
//! Until the authorization model decides, a role may be assumed by every caller of its own account, and across
//! accounts when somebody has named the role's account to this embedded AWS beforehand (an option, a credential, the
//! admin route). Unlike on AWS a root user may assume roles, too: there are no other long-term identities yet.
//!
//! Sources: AWS STS API Reference, the page of each operation; messages as its services send them.

mod assume_role;
mod credentials;
mod identity;
mod session_token;

use std::sync::Arc;

use serde_json::Value;

use crate::{
    accounts::{Accounts, Session},
    caller::CallContext,
    error::ServiceError,
};

/// STS over the accounts.
#[derive(Clone, Debug)]
pub(crate) struct Sts {
    accounts: Arc<Accounts>,
}

/// A call whose caller was verified.
#[derive(Clone, Copy)]
struct Call<'a> {
    context: &'a CallContext<'a>,
    /// The session that the call was signed in, if it was.
    session: Option<&'a Session>,
    input: &'a Value,
}

impl Sts {
    /// What it answers; the rest of the service is not there.
    pub(crate) const OPERATIONS: [&'static str; 4] =
        ["AssumeRole", "GetAccessKeyInfo", "GetCallerIdentity", "GetSessionToken"];

    pub(crate) fn new(accounts: Arc<Accounts>) -> Self {
        Self { accounts }
    }

    /// Answers an operation. `input` was decoded and validated.
    pub(crate) fn call(
        &self,
        context: &CallContext<'_>,
        session: Option<&Session>,
        operation: &str,
        input: &Value,
    ) -> Result<Value, ServiceError> {
        let call = Call { context, session, input };
        match operation {
            "AssumeRole" => self.assume_role(call),
            "GetAccessKeyInfo" => self.get_access_key_info(call),
            "GetCallerIdentity" => Ok(identity::get_caller_identity(call)),
            "GetSessionToken" => self.get_session_token(call),
            other => Err(ServiceError::new("InvalidAction", format!("the embedded AWS does not answer sts:{other}"))),
        }
    }
}

impl<'a> Call<'a> {
    fn text(self, member: &str) -> Option<&'a str> {
        self.input.get(member).and_then(Value::as_str)
    }

    fn number(self, member: &str) -> Option<i64> {
        self.input.get(member).and_then(Value::as_i64)
    }

    fn list(self, member: &str) -> impl Iterator<Item = &'a Value> {
        self.input.get(member).and_then(Value::as_array).into_iter().flatten()
    }
}

fn validation_error(message: impl Into<String>) -> ServiceError {
    ServiceError::new("ValidationError", message)
}

fn invalid_parameter(message: impl Into<String>) -> ServiceError {
    ServiceError::new("InvalidParameterValue", message)
}

fn access_denied(message: impl Into<String>) -> ServiceError {
    ServiceError::new("AccessDenied", message).with_status(403)
}
