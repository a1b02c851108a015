//! `AssumeRole`.

mod context;

use aws_model::{AccountId, Arn};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Call, Sts, access_denied, credentials, validation_error};
use crate::{
    accounts::{Session, SessionIdentity, assumed_role_arn, role_id},
    error::ServiceError,
};

/// How long a session lasts when nobody says, and the most that role chaining allows.
///
/// Source: AWS STS API Reference, "AssumeRole", `DurationSeconds`. The other bounds are the model's; a role's own
/// maximum needs roles, which come with IAM.
const ONE_HOUR: i64 = 3600;

impl Sts {
    pub(super) fn assume_role(&self, call: Call<'_>) -> Result<Value, ServiceError> {
        let text = call.text("RoleArn").unwrap_or_default();
        let role: Arn = text.parse().map_err(|_| validation_error(format!("{text} is invalid")))?;
        let seconds = duration(call)?;
        refuse_mfa(call)?;
        let context = context::of(call)?;
        let account = self.trusting_account(call, &role)?;

        let session_name = call.text("RoleSessionName").unwrap_or_default().to_owned();
        let id = role_id(&role);
        let user = json!({
            "AssumedRoleId": format!("{id}:{session_name}"),
            "Arn": assumed_role_arn(&role, &session_name),
        });
        let expires = expiry(call, SignedDuration::from_secs(seconds))?;
        let mut session = Session::new(account, SessionIdentity::Role { arn: role, id, session_name }, expires);
        session.context = context;
        let packs = !session.context.policies.is_empty() || !session.context.tags.is_empty();
        let source_identity = session.context.source_identity.clone();

        let mut answer = credentials::begin(&self.accounts, session, call)?;
        answer.insert("AssumedRoleUser".into(), user);
        if packs && let Some(utilization) = answer.get("SessionTokenUtilization").cloned() {
            answer.insert("PackedPolicySize".into(), utilization);
        }
        if let Some(source_identity) = source_identity {
            answer.insert("SourceIdentity".into(), source_identity.into());
        }
        Ok(answer.into())
    }

    /// The role's account, if the caller may assume roles there. AWS tells nobody whether a role exists.
    fn trusting_account(&self, call: Call<'_>, role: &Arn) -> Result<AccountId, ServiceError> {
        let context = call.context;
        let is_role = role.service() == "iam" && role.region().is_empty() && role.resource().starts_with("role/");
        let same_partition = role.partition() == context.region.partition().as_str();
        role.account()
            .parse()
            .ok()
            .filter(|account| *account == context.caller.account || self.accounts.is_named(*account))
            .filter(|_| is_role && same_partition)
            .ok_or_else(|| {
                let caller = &context.caller.arn;
                access_denied(format!(
                    "User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role}"
                ))
            })
    }
}

fn duration(call: Call<'_>) -> Result<i64, ServiceError> {
    let seconds = call.number("DurationSeconds").unwrap_or(ONE_HOUR);
    // A session of GetSessionToken is no role, so assuming one with it is no chaining.
    let chains = call.session.is_some_and(|session| matches!(session.identity, SessionIdentity::Role { .. }));
    if chains && seconds > ONE_HOUR {
        return Err(validation_error(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    Ok(seconds)
}

/// When a session that begins now and lasts this long ends.
pub(super) fn expiry(call: Call<'_>, lasts: SignedDuration) -> Result<Timestamp, ServiceError> {
    call.context.now.checked_add(lasts).map_err(|_| {
        validation_error("The session would end beyond the year 9999: move the embedded AWS's clock back.")
    })
}

/// There is no MFA device here that a code could be of.
pub(super) fn refuse_mfa(call: Call<'_>) -> Result<(), ServiceError> {
    if call.text("SerialNumber").is_some() || call.text("TokenCode").is_some() {
        return Err(access_denied(
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is \
             valid and associated with this user.",
        ));
    }
    Ok(())
}
