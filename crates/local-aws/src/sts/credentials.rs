//! The credentials of a session, within the size that AWS gives its token.

use serde_json::{Map, Value, json};

use super::Call;
use crate::{
    accounts::{Accounts, Session, SessionContext},
    error::ServiceError,
};

/// The largest token, in bytes.
///
/// Source: AWS STS API Reference, "AssumeRole", `MinimumSessionTokenSize`: "must not exceed 4,096 bytes".
const LARGEST_TOKEN: usize = 4096;

/// Begins the session, padded as the caller wishes; returns the members that every such answer has.
///
/// How AWS packs policies and tags is not published. Here they are as large as they make the token, so that
/// `PackedPolicySize` tells the percentage of the token's largest size that is taken: an estimate that grows with them, and
/// reaches 100 where they are refused.
pub(super) fn begin(
    accounts: &Accounts,
    mut session: Session,
    call: Call<'_>,
) -> Result<Map<String, Value>, ServiceError> {
    let issue = |session: &Session| {
        accounts.begin(session).map_err(|failed| {
            tracing::error!(%failed, "a session could not be sealed");
            ServiceError::internal("InternalFailure", "The session could not be made.")
        })
    };
    let wished = call.number("MinimumSessionTokenSize").and_then(|size| usize::try_from(size).ok()).unwrap_or_default();
    let mut issued = issue(&session)?;
    if issued.token.len() < wished {
        // The first byte of padding brings its field's name; then three more bytes are four more characters of base64.
        session.context.padding.push('.');
        let missing = wished.saturating_sub(issue(&session)?.token.len());
        session.context.padding.push_str(&".".repeat(missing.div_ceil(4) * 3));
        issued = issue(&session)?;
    }
    let size = issued.token.len();
    let utilization = (size * 100).div_ceil(LARGEST_TOKEN);
    if size > LARGEST_TOKEN {
        let what = if session.context.tags.is_empty() { "policy" } else { "size of session tags" };
        let message = format!("Packed {what} consumes {utilization}% of allotted space, please use smaller policy.");
        return Err(ServiceError::new("PackedPolicyTooLarge", message));
    }
    let secret = String::from_utf8_lossy(issued.secret_access_key.expose());
    let answer = json!({
        "Credentials": {
            "AccessKeyId": issued.access_key_id,
            "SecretAccessKey": secret,
            "SessionToken": issued.token,
            "Expiration": issued.expires.as_second(),
        },
        "SessionTokenSize": size,
        "SessionTokenUtilization": utilization,
    });
    let Value::Object(mut answer) = answer else { return Ok(Map::new()) };
    let SessionContext { policies, policy_arns, tags, .. } = &session.context;
    if !policies.is_empty() || !policy_arns.is_empty() || !tags.is_empty() {
        answer.insert("PackedPolicySize".into(), utilization.into());
    }
    Ok(answer)
}
