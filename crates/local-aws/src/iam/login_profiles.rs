//! Login profiles: users' passwords. There is no console to sign in to; what holds here is who has one, and what may be one.
//!
//! Sources of the messages: as in `fault`; issues of Terraform's AWS provider that quote the service.

use aws_model::SecretBytes;
use serde::Deserialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::{
    call::{Call, input},
    fault,
    password_policy::{self, PasswordPolicy, violated},
    records::{LoginProfile, PasswordProof, User},
    roles::refuse_console_sessions,
};
use crate::ServiceError;

/// How many passwords a policy can ask to be remembered.
///
/// Source: IAM API Reference, "UpdateAccountPasswordPolicy", `PasswordReusePrevention`.
const REMEMBERED: usize = 24;

/// Derives no `Debug`: passwords are shown to nobody.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Profile {
    user_name: Option<String>,
    password: Option<String>,
    password_reset_required: Option<bool>,
    max_signin_session_duration: Option<i64>,
    reset_max_signin_session_duration: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Passwords {
    old_password: String,
    new_password: String,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Profile { user_name, password, password_reset_required, max_signin_session_duration, .. } = input(value)?;
    refuse_console_sessions(max_signin_session_duration.is_some())?;
    let password = password.ok_or_else(|| fault::validation("A login profile needs a password."))?;
    let mut change = call.change();
    let mut user = User::clone(change.user(call.user_name(user_name.as_deref())?)?);
    if user.credentials.login.is_some() {
        let message = format!("Login Profile for user {} already exists.", user.name);
        return Err(ServiceError::new("EntityAlreadyExists", message).with_status(409));
    }
    password_policy::check(change.password_policy(), &password)?;
    let now = call.now();
    let profile = LoginProfile {
        created: now,
        changed: now,
        reset_required: password_reset_required.unwrap_or_default(),
        proofs: vec![proof(call, password)?],
    };
    let answer = told(&user.name, &profile);
    user.credentials.login = Some(profile);
    change.put(user);
    change.commit();
    Ok(answer)
}

pub(super) fn get(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Profile { user_name, .. } = input(value)?;
    let realm = call.realm();
    let user = realm.user(call.user_name(user_name.as_deref())?)?;
    let profile = user.credentials.login.as_ref().ok_or_else(|| missing(&user.name))?;
    Ok(told(&user.name, profile))
}

pub(super) fn update(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Profile { user_name, password, password_reset_required, .. } = profile_of(value)?;
    let name = call.user_name(user_name.as_deref())?;
    call.edit(
        |realm| realm.user(name),
        |user, realm| {
            let profile = user.credentials.login.as_mut().ok_or_else(|| missing(name))?;
            if let Some(password) = password {
                profile.take(call, realm.password_policy(), password)?;
            }
            profile.reset_required = password_reset_required.unwrap_or(profile.reset_required);
            Ok(())
        },
    )
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Profile { user_name, .. } = input(value)?;
    let name = call.user_name(user_name.as_deref())?;
    call.edit(|realm| realm.user(name), |user, _| user.credentials.login.take().map(drop).ok_or_else(|| missing(name)))
}

/// A user's own password.
///
/// Source: IAM API Reference, "ChangePassword"; authorization has seen to callers that are no users.
pub(super) fn change_password(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Passwords { old_password, new_password } = input(value)?;
    let name = call.user_name(None)?;
    call.edit(
        |realm| realm.user(name),
        |user, realm| {
            let profile = user.credentials.login.as_mut().ok_or_else(|| missing(name))?;
            if !profile.proofs.first().is_some_and(|proof| proof.is_of(call, old_password)) {
                return Err(ServiceError::new("AccessDenied", "The old password was incorrect.").with_status(403));
            }
            profile.take(call, realm.password_policy(), new_password)?;
            profile.reset_required = false;
            Ok(())
        },
    )
}

/// Who calls is no user, and has no password.
pub(super) fn no_user() -> ServiceError {
    ServiceError::new("InvalidUserType", "Only IAM Users can change their own password")
}

impl LoginProfile {
    /// Another password.
    fn take(&mut self, call: &Call<'_>, policy: Option<&PasswordPolicy>, password: String) -> Result<(), ServiceError> {
        password_policy::check(policy, &password)?;
        let barred = policy.and_then(|policy| policy.password_reuse_prevention).unwrap_or_default();
        if self.proofs.iter().take(barred).any(|proof| proof.is_of(call, password.clone())) {
            return Err(violated(format!("Password must be different from the last {barred}")));
        }
        self.proofs.insert(0, proof(call, password)?);
        self.proofs.truncate(REMEMBERED);
        self.changed = call.now();
        Ok(())
    }
}

impl PasswordProof {
    fn is_of(&self, call: &Call<'_>, password: String) -> bool {
        let password = SecretBytes::new(password.into_bytes());
        let proof = call.accounts.password_proof(&self.salt, &password);
        proof.as_bytes().ct_eq(self.proof.as_bytes()).into()
    }
}

fn proof(call: &Call<'_>, password: String) -> Result<PasswordProof, ServiceError> {
    let salt = call.new_id("")?;
    let password = SecretBytes::new(password.into_bytes());
    Ok(PasswordProof { proof: call.accounts.password_proof(&salt, &password), salt })
}

fn profile_of(value: Value) -> Result<Profile, ServiceError> {
    let profile: Profile = input(value)?;
    let of_console =
        profile.max_signin_session_duration.is_some() || profile.reset_max_signin_session_duration.is_some();
    refuse_console_sessions(of_console)?;
    Ok(profile)
}

fn missing(user: &str) -> ServiceError {
    fault::no_such_entity(format!("Login Profile for User {user} cannot be found."))
}

fn told(user: &str, profile: &LoginProfile) -> Value {
    json!({ "LoginProfile": {
        "UserName": user,
        "CreateDate": profile.created.as_second(),
        "PasswordResetRequired": profile.reset_required,
    } })
}
