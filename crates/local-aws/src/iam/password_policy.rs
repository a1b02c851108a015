//! The account's password policy, and whether a password keeps it.
//!
//! Source: IAM User Guide, "Set an account password policy for IAM users", with its "Default password policy"; IAM API
//! Reference, "UpdateAccountPasswordPolicy" (what is not given has its default again).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    records::Account,
};
use crate::ServiceError;

const SYMBOLS: &str = "!@#$%^&*()_+-=[]{}|'";

/// A password policy, as it is asked for, kept and told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PasswordPolicy {
    #[serde(default = "shortest")]
    minimum_password_length: usize,
    #[serde(default)]
    require_symbols: bool,
    #[serde(default)]
    require_numbers: bool,
    #[serde(default)]
    require_uppercase_characters: bool,
    #[serde(default)]
    require_lowercase_characters: bool,
    #[serde(default)]
    pub(super) allow_users_to_change_password: bool,
    /// Days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_password_age: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) password_reuse_prevention: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hard_expiry: Option<bool>,
}

const fn shortest() -> usize {
    6
}

pub(super) fn update(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let policy: PasswordPolicy = input(value)?;
    put(call, Some(policy))
}

pub(super) fn get(call: &Call<'_>, _: Value) -> Result<Value, ServiceError> {
    let realm = call.realm();
    let policy = realm.password_policy().ok_or_else(|| {
        fault::no_such_entity(format!("The Password Policy with domain name {} cannot be found.", call.account()))
    })?;
    // A plain struct of numbers and truths.
    let mut told = serde_json::to_value(policy).unwrap_or_default();
    if let Some(fields) = told.as_object_mut() {
        fields.insert("ExpirePasswords".into(), policy.max_password_age.is_some().into());
    }
    Ok(json!({ "PasswordPolicy": told }))
}

pub(super) fn delete(call: &Call<'_>, _: Value) -> Result<Value, ServiceError> {
    if call.realm().password_policy().is_none() {
        return Err(fault::no_such_entity("The account policy with name PasswordPolicy cannot be found."));
    }
    put(call, None)
}

fn put(call: &Call<'_>, password_policy: Option<PasswordPolicy>) -> Result<Value, ServiceError> {
    let mut change = call.change();
    let account = change.account.get("").map(|account| Account::clone(account)).unwrap_or_default();
    change.put(Account { password_policy, ..account });
    change.commit();
    Ok(json!({}))
}

/// Refuses a password that the policy does not take: the account's, else that of every account without one.
///
/// What the policy says of earlier passwords is for who knows them.
pub(super) fn check(policy: Option<&PasswordPolicy>, password: &str) -> Result<(), ServiceError> {
    let has = |is_it: fn(char) -> bool| password.chars().any(is_it);
    let upper = has(|letter| letter.is_ascii_uppercase());
    let lower = has(|letter| letter.is_ascii_lowercase());
    let (number, symbol) = (has(|letter| letter.is_ascii_digit()), has(|letter| SYMBOLS.contains(letter)));
    let least = policy.map_or(8, |policy| policy.minimum_password_length);
    if password.chars().count() < least {
        return Err(violated(format!("Password should have a minimum length of {least}")));
    }
    let Some(policy) = policy else {
        let kinds = [upper, lower, number, symbol].into_iter().filter(|has| *has).count();
        return if kinds >= 3 {
            Ok(())
        } else {
            Err(violated(
                "Password should have at least three of: uppercase letters, lowercase letters, numbers, symbols",
            ))
        };
    };
    for (is_required, is_there, what) in [
        (policy.require_uppercase_characters, upper, "uppercase letter"),
        (policy.require_lowercase_characters, lower, "lowercase letter"),
        (policy.require_numbers, number, "number"),
        (policy.require_symbols, symbol, "symbol"),
    ] {
        if is_required && !is_there {
            return Err(violated(format!("Password should have at least one {what}")));
        }
    }
    Ok(())
}

pub(super) fn violated(message: impl Into<String>) -> ServiceError {
    ServiceError::new("PasswordPolicyViolation", message)
}
