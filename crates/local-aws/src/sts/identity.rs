//! Who a key belongs to.

use serde_json::{Value, json};

use super::{Call, Sts, validation_error};
use crate::error::ServiceError;

/// `GetCallerIdentity`. AWS lets nobody forbid it.
pub(super) fn get_caller_identity(call: Call<'_>) -> Value {
    let caller = call.context.caller;
    json!({ "Account": caller.account, "Arn": caller.arn, "UserId": caller.user_id })
}

impl Sts {
    /// `GetAccessKeyInfo`: the account that is in the id, whether or not the key exists, as on AWS.
    pub(super) fn get_access_key_info(&self, call: Call<'_>) -> Result<Value, ServiceError> {
        let id = call.text("AccessKeyId").unwrap_or_default();
        match self.accounts.account_of(id) {
            Some(account) => Ok(json!({ "Account": account })),
            // AWS documents neither code nor message for an id that it cannot read.
            None => Err(validation_error(format!("The access key ID {id} does not belong to any account"))),
        }
    }
}
