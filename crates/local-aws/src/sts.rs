//! AWS Security Token Service: who am I, and sessions.
//!
//! The authorization model decides who may do what. Unlike on AWS the root user of an open account may assume roles,
//! too: see [`crate::authorization`].
//!
//! Sources: AWS STS API Reference, the page of each operation; messages as its services send them.

mod assume_role;
mod authorize;
mod credentials;
mod decode;
mod federation_token;
mod for_service;
mod identity;
mod session_token;
mod web_identity;

use std::{borrow::Cow, sync::Arc};

use serde_json::Value;

use crate::{
    accounts::{Accounts, Session},
    authorization::Authorizer,
    caller::{CallContext, Caller},
    clock::Clock,
    error::ServiceError,
    iam::Iam,
    issuers::Issuers,
    operations::Lacks,
};

pub(crate) use decode::encode as encode_denial;

/// STS over the accounts.
#[derive(Debug)]
pub(crate) struct Sts {
    accounts: Arc<Accounts>,
    authorizer: Arc<Authorizer>,
    iam: Iam,
    issuers: Issuers,
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
    pub(crate) const OPERATIONS: [&'static str; 7] = [
        "AssumeRole",
        "AssumeRoleWithWebIdentity",
        "DecodeAuthorizationMessage",
        "GetAccessKeyInfo",
        "GetCallerIdentity",
        "GetFederationToken",
        "GetSessionToken",
    ];

    /// What of them is not there, as `docs/reference/operations.md` tells it.
    pub(crate) const LACKS: Lacks = &[
        ("AssumeRole", "codes of MFA devices; `ProvidedContexts`"),
        ("AssumeRoleWithWebIdentity", "`ProviderId`; Google, Facebook, Amazon and Cognito without a provider"),
        ("GetSessionToken", "codes of MFA devices"),
    ];

    pub(crate) fn new(accounts: Arc<Accounts>, authorizer: Arc<Authorizer>, iam: Iam, issuers: Issuers) -> Self {
        Self { accounts, authorizer, iam, issuers }
    }

    /// Who calls an operation that nobody signs.
    pub(crate) async fn recognize(&self, input: &Value, clock: &Clock) -> Result<Caller, ServiceError> {
        web_identity::recognize(self, input, clock).await
    }

    /// Answers an operation. `input` was decoded and validated.
    pub(crate) fn call(
        &self,
        context: &CallContext<'_>,
        session: Option<&Session>,
        operation: &str,
        input: &Value,
    ) -> Result<Value, ServiceError> {
        let input = web_identity::with_claims(context.caller, operation, Cow::Borrowed(input));
        let call = Call { context, session, input: &input };
        self.authorize(call, operation)?;
        match operation {
            "AssumeRole" | "AssumeRoleWithWebIdentity" => self.assume_role(call, operation),
            "DecodeAuthorizationMessage" => self.decode_authorization_message(call),
            "GetAccessKeyInfo" => self.get_access_key_info(call),
            "GetCallerIdentity" => Ok(identity::get_caller_identity(call)),
            "GetFederationToken" => self.get_federation_token(call),
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
