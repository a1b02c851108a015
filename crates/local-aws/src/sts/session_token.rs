//! `GetSessionToken`: a session of the caller itself.

use jiff::SignedDuration;
use serde_json::Value;

use super::{Call, Sts, access_denied, assume_role::refuse_mfa, credentials};
use crate::{
    accounts::{Session, SessionIdentity},
    error::ServiceError,
};

/// The longest session of a root user. A longer wish is not an error; it is cut.
///
/// Source: AWS STS API Reference, "GetSessionToken", `DurationSeconds`.
const LONGEST_FOR_ROOT: i64 = 3600;

impl Sts {
    pub(super) fn get_session_token(&self, call: Call<'_>) -> Result<Value, ServiceError> {
        if call.session.is_some() {
            return Err(access_denied("Cannot call GetSessionToken with session credentials"));
        }
        refuse_mfa(call)?;
        let seconds = call.number("DurationSeconds").unwrap_or(LONGEST_FOR_ROOT).min(LONGEST_FOR_ROOT);
        let expires = super::assume_role::expiry(call, SignedDuration::from_secs(seconds))?;
        let session = Session::new(call.context.caller.account, SessionIdentity::Root, expires);
        credentials::begin(&self.accounts, session, call).map(Value::Object)
    }
}
