//! `AssumeRole`, and `AssumeRoleWithWebIdentity` once it is known whom the token vouches for.

pub(super) mod context;

use authz::principal::Principal;
use aws_model::Arn;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Call, Sts, access_denied, credentials, validation_error};
use crate::{
    accounts::{Session, SessionIdentity, assumed_role_arn},
    error::ServiceError,
};

/// How long a session lasts when nobody says, and the most that role chaining allows.
///
/// Source: AWS STS API Reference, "AssumeRole", `DurationSeconds`. The other bounds are the model's and the role's.
const ONE_HOUR: i64 = 3600;

impl Sts {
    pub(super) fn assume_role(&self, call: Call<'_>, operation: &str) -> Result<Value, ServiceError> {
        let text = call.text("RoleArn").unwrap_or_default();
        let role: Arn = text.parse().map_err(|_| validation_error(format!("{text} is invalid")))?;
        refuse_mfa(call)?;
        let Some((id, longest)) = self.role(&role) else { return Err(self.no_such_role(call, operation, text)) };
        let seconds = duration(call, longest)?;
        let context = context::of(call, role.account(), &self.authorizer)?;
        let session_name = call.text("RoleSessionName").unwrap_or_default().to_owned();
        let user = json!({
            "AssumedRoleId": format!("{id}:{session_name}"),
            "Arn": assumed_role_arn(&role, &session_name),
        });
        let expires = expiry(call, SignedDuration::from_secs(seconds))?;
        let account = role.account().parse().map_err(|_| validation_error(format!("{text} is invalid")))?;
        let identity = SessionIdentity::Role { arn: role, id, session_name };
        let mut session = Session::new(account, identity, call.context.now, expires);
        session.context = context;
        let source_identity = session.context.source_identity.clone();

        let mut answer = credentials::begin(&self.accounts, session, call)?;
        answer.insert("AssumedRoleUser".into(), user);
        if let Some(source_identity) = source_identity {
            answer.insert("SourceIdentity".into(), source_identity.into());
        }
        if operation == "AssumeRoleWithWebIdentity" {
            answer.extend(super::web_identity::told(call));
        }
        Ok(answer.into())
    }

    /// The unique id of a role that is there, and how long its sessions are at most.
    fn role(&self, arn: &Arn) -> Option<(String, SignedDuration)> {
        let world = self.authorizer.world();
        world.role(arn).map(|role| (role.identity.unique_id.to_string(), role.max_session))
    }
}

/// How long the session lasts.
///
/// Whoever comes with temporary credentials is a link of the chain, with those of GetSessionToken, too. The root user of
/// an open account is not, since elsewhere it could assume nothing.
///
/// Source: AWS STS API Reference, "AssumeRole", `DurationSeconds`; AWS re:Post Knowledge Center,
/// "iam-role-chaining-limit".
fn duration(call: Call<'_>, longest: SignedDuration) -> Result<i64, ServiceError> {
    // A service of AWS is not bound by what a role allows its other callers: of EKS Auth, sessions take six hours.
    if let (Principal::Service(_), Some(seconds)) = (&call.context.caller.principal, call.number("DurationSeconds")) {
        return Ok(seconds);
    }
    let Some(seconds) = call.number("DurationSeconds") else { return Ok(ONE_HOUR.min(longest.as_secs())) };
    if seconds > ONE_HOUR && call.session.is_some_and(|session| session.identity != SessionIdentity::Root) {
        return Err(validation_error(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    if seconds > longest.as_secs() {
        return Err(validation_error(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(seconds)
}

/// Whether a role's session assumes the role. A session of GetSessionToken is no role's.
pub(super) fn chains(call: Call<'_>) -> bool {
    matches!(call.context.caller.principal, Principal::Session(_))
}

/// When a session that begins now and lasts this long ends.
pub(super) fn expiry(call: Call<'_>, lasts: SignedDuration) -> Result<Timestamp, ServiceError> {
    call.context.now.checked_add(lasts).map_err(|_| {
        validation_error("The session would end beyond the year 9999: move the embedded AWS's clock back.")
    })
}

/// STS does not look at the devices that IAM has: no code is right.
pub(super) fn refuse_mfa(call: Call<'_>) -> Result<(), ServiceError> {
    if call.text("SerialNumber").is_some() || call.text("TokenCode").is_some() {
        return Err(access_denied(
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is \
             valid and associated with this user.",
        ));
    }
    Ok(())
}
