//! `GetFederationToken`: a session of somebody whom a user vouches for, and who may what both the user and the session's
//! policies let it.
//!
//! Source: AWS STS API Reference, "GetFederationToken"; IAM User Guide, "Permissions for GetFederationToken".

use authz::principal::Principal;
use serde_json::{Value, json};

use super::{
    Call, Sts,
    assume_role::{context, expiry},
    credentials,
    session_token::lasts,
};
use crate::{
    accounts::{Session, SessionIdentity, federated_user_arn},
    error::ServiceError,
};

impl Sts {
    /// Sessions of any kind were refused by the authorization model.
    pub(super) fn get_federation_token(&self, call: Call<'_>) -> Result<Value, ServiceError> {
        let caller = call.context.caller;
        let name = call.text("Name").unwrap_or_default().to_owned();
        let parent = match &caller.principal {
            Principal::User(arn) => Some((arn.clone(), caller.user_id.clone())),
            _ => None,
        };
        let user = json!({
            "FederatedUserId": format!("{}:{name}", caller.account),
            "Arn": federated_user_arn(self.accounts.partition(), caller.account, &name),
        });
        let identity = SessionIdentity::Federated { name, parent };
        let mut session = Session::new(caller.account, identity, call.context.now, expiry(call, lasts(call))?);
        session.context = context::of(call, caller.account.as_str(), &self.authorizer)?;
        let mut answer = credentials::begin(&self.accounts, session, call)?;
        answer.insert("FederatedUser".into(), user);
        Ok(answer.into())
    }
}
