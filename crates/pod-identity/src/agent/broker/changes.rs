//! What the broker tells of changed associations: a call that it holds until there is something to tell.

use std::time::Duration;

use eks_auth::NamePattern;
use http::StatusCode;
use serde::Deserialize;

use crate::agent::source::TakenBack;

/// The broker holds a call for 50 s.
pub(super) const WITHIN: Duration = Duration::from_secs(65);
/// Between two calls, so that replicas that do not agree yet are not asked without end.
pub(super) const APART: Duration = Duration::from_secs(1);
/// After a call that failed, when nothing that is kept is known to be wrong.
pub(super) const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// What is told.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told {
    pub(super) revision: String,
    all: bool,
    service_accounts: Vec<Patterns>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Patterns {
    namespace: String,
    service_account: String,
}

impl Told {
    pub(super) fn read(status: StatusCode, body: &[u8]) -> Result<Self, String> {
        if status != StatusCode::OK {
            return Err(format!("it answered {status}"));
        }
        let told: Self = serde_json::from_slice(body).map_err(|_| "its answer is not to be understood".to_owned())?;
        let is_name = !told.revision.is_empty() && told.revision.chars().all(|c| c.is_ascii_alphanumeric());
        if is_name { Ok(told) } else { Err("its answer names no state".to_owned()) }
    }

    /// `None`: nothing.
    pub(super) fn taken_back(&self) -> Option<TakenBack> {
        let patterns = self.service_accounts.iter().map(|patterns| {
            let Patterns { namespace, service_account } = patterns;
            Some((namespace.parse::<NamePattern>().ok()?, service_account.parse::<NamePattern>().ok()?))
        });
        // A pattern that cannot be read may be anybody's.
        match patterns.collect::<Option<Vec<_>>>() {
            _ if self.all => Some(TakenBack::All),
            None => Some(TakenBack::All),
            Some(patterns) if patterns.is_empty() => None,
            Some(patterns) => Some(TakenBack::Of(patterns)),
        }
    }
}
