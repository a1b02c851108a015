//! `GetSessionToken`: a session of the caller itself.

use authz::principal::Principal;
use jiff::SignedDuration;
use serde_json::Value;

use super::{Call, Sts, access_denied, assume_role::refuse_mfa, credentials};
use crate::{
    accounts::{Session, SessionIdentity},
    error::ServiceError,
};

/// How long sessions of users and root users last: when nobody says, and at most. A longer wish of a root user is not an
/// error; it is cut.
///
/// Source: AWS STS API Reference, "GetSessionToken" and "GetFederationToken", `DurationSeconds`.
const USUAL_FOR_USERS: i64 = 43_200;
const LONGEST_FOR_ROOT: i64 = 3600;

impl Sts {
    pub(super) fn get_session_token(&self, call: Call<'_>) -> Result<Value, ServiceError> {
        if call.session.is_some() {
            return Err(access_denied("Cannot call GetSessionToken with session credentials"));
        }
        refuse_mfa(call)?;
        let caller = call.context.caller;
        let identity = match &caller.principal {
            Principal::User(arn) => SessionIdentity::User { arn: arn.clone(), id: caller.user_id.clone() },
            _ => SessionIdentity::Root,
        };
        let expires = super::assume_role::expiry(call, lasts(call))?;
        let session = Session::new(caller.account, identity, call.context.now, expires);
        credentials::begin(&self.accounts, session, call).map(Value::Object)
    }
}

/// How long a session lasts that a long-term credential begins of itself. The model has the bounds.
pub(super) fn lasts(call: Call<'_>) -> SignedDuration {
    let wished = call.number("DurationSeconds");
    SignedDuration::from_secs(match &call.context.caller.principal {
        Principal::User(_) => wished.unwrap_or(USUAL_FOR_USERS),
        _ => wished.unwrap_or(LONGEST_FOR_ROOT).min(LONGEST_FOR_ROOT),
    })
}
