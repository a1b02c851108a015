//! The credential report: who has which credentials, as CSV.
//!
//! It is there as soon as it is asked for, and good for four hours.
//!
//! Source: IAM User Guide, "Generate credential reports for your AWS account" > "Understanding the report format".

use std::{borrow::Cow, fmt::Write as _};

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    call::Call,
    records::{CredentialReport, User},
    state::Realm,
};
use crate::ServiceError;

const GOOD_FOR: SignedDuration = SignedDuration::from_hours(4);

const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
cert_1_last_rotated,cert_2_active,cert_2_last_rotated\n";

const NONE: &str = "N/A";

pub(super) fn generate(call: &Call<'_>, _: Value) -> Result<Value, ServiceError> {
    let mut change = call.change();
    let (state, description) = match change.credential_report() {
        Some(report) if is_good(call, report) => return Ok(json!({ "State": "COMPLETE" })),
        Some(_) => ("STARTED", "The report has expired. Starting a new report generation task"),
        None => ("STARTED", "No report exists. Starting a new report generation task"),
    };
    let content = content(call, &change);
    change.put(CredentialReport { generated: call.now(), content });
    change.commit();
    Ok(json!({ "State": state, "Description": description }))
}

pub(super) fn get(call: &Call<'_>, _: Value) -> Result<Value, ServiceError> {
    let realm = call.realm();
    let report = realm.credential_report().ok_or_else(|| gone("ReportNotPresent", "No report exists."))?;
    if !is_good(call, report) {
        return Err(gone("ReportExpired", "The most recent report has expired."));
    }
    Ok(json!({
        "Content": BASE64_STANDARD.encode(&report.content),
        "ReportFormat": "text/csv",
        "GeneratedTime": report.generated.as_second(),
    }))
}

fn is_good(call: &Call<'_>, report: &CredentialReport) -> bool {
    call.ctx.now.duration_since(report.generated) < GOOD_FOR
}

fn gone(code: &'static str, message: &str) -> ServiceError {
    ServiceError::new(code, message).with_status(410)
}

fn content(call: &Call<'_>, realm: &Realm) -> String {
    let (partition, account) = (call.ctx.region.partition(), call.account());
    let mut report = HEADER.to_owned();
    // When the account was made nobody tells, and its root user's password is no concern of IAM's.
    let root = "not_supported,no_information,not_supported,not_supported,false,true";
    // A String takes everything, here and below.
    let _ = writeln!(
        report,
        "<root_account>,arn:{partition}:iam::{account}:root,{NONE},{root},{NONE},{NONE},{NONE},{NONE},false,{NONE},\
         {NONE},{NONE},{NONE},false,{NONE},false,{NONE}"
    );
    for user in realm.users.values() {
        let _ = write!(report, "{},{},{}", field(&user.name), field(user.arn.as_str()), time(user.created));
        password(&mut report, realm, user);
        let _ = write!(report, ",{}", !user.credentials.mfa.is_empty());
        for at in 0..2 {
            access_key(&mut report, call, user, at);
        }
        report.push_str(",false,N/A,false,N/A\n");
    }
    report
}

fn password(report: &mut String, realm: &Realm, user: &User) {
    let Some(profile) = &user.credentials.login else {
        let _ = write!(report, ",false,{NONE},{NONE},{NONE}");
        return;
    };
    let age = realm.password_policy().and_then(|policy| policy.max_password_age);
    let next = age.and_then(|days| profile.changed.checked_add(SignedDuration::from_hours(days * 24)).ok());
    // There is no console to sign in to.
    let next = next.map_or_else(|| NONE.to_owned(), time);
    let _ = write!(report, ",true,no_information,{},{next}", time(profile.changed));
}

fn access_key(report: &mut String, call: &Call<'_>, user: &User, at: usize) {
    let key = user.keys.get(at);
    let rotated = key.map_or_else(|| NONE.to_owned(), |key| time(key.created));
    let _ = write!(report, ",{},{rotated}", key.is_some_and(|key| key.active));
    let _ = match key.and_then(|key| call.accounts.last_use(&key.id)) {
        Some(used) => write!(report, ",{},{},{}", time(used.at), used.region, used.service),
        None => write!(report, ",{NONE},{NONE},{NONE}"),
    };
}

/// A name or an ARN as a field: both may hold commas, a path also quotation marks.
///
/// Source: RFC 4180, section 2.
fn field(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")).into() } else { text.into() }
}

/// `2026-11-30T01:02:03+00:00`
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}
