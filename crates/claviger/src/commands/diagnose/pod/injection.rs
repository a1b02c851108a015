//! What the webhook makes of a pod, by the webhook's own code.

use std::sync::Arc;

use diagnose::{
    chain::Known,
    pod::{Decision, Injection},
};
use eks_auth::Associations;
use kubernetes::{ROLE_ANNOTATION, names_role};
use pod_identity::webhook::{Facts, Left, Method, Pod, ServiceAccount, Settings, due, left_out};
use serde::Deserialize as _;

use super::cluster::Seen;

/// As a webhook decides that has EKS's own settings. Before a broker it may have been told to take roles that service accounts name
/// themselves.
pub(super) fn decided(seen: &Seen, associations: &Known<Arc<Associations>>, is_broker: bool) -> Known<Injection> {
    let pod = match Pod::deserialize(&seen.object) {
        Ok(pod) => pod,
        Err(error) => return Known::Unknown(error.to_string()),
    };
    let settings = Settings::default();
    let account = match &seen.service_account {
        Known::Is(account) => {
            let annotations = &account.annotations;
            let told = annotations.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let mut read = ServiceAccount::of(told, &settings.annotation_prefix);
            read.is_associated = is_broker && annotations.get(ROLE_ANNOTATION).is_some_and(|text| names_role(text));
            Some(read)
        }
        Known::Absent | Known::Unknown(_) => None,
    };
    let associated = match associations {
        Known::Is(all) => all.find(&seen.pod.namespace, &seen.pod.service_account).is_some(),
        Known::Absent => false,
        Known::Unknown(why) => return Known::Unknown(why.clone()),
    };
    let facts = Facts { associated, service_account: account.as_ref(), settings: &settings, jitter: 0 };
    let names = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let decision = match due(&pod, &facts) {
        Ok(due) => match due.method {
            Method::PodIdentity => Decision::Due(names(due.lacking)),
            Method::WebIdentity => Decision::WebIdentity(names(due.lacking)),
        },
        Err(Left::NotAsked) => Decision::NotAsked,
        Err(Left::OptedOut) => Decision::OptedOut,
        Err(Left::Fargate) => Decision::Fargate,
        Err(Left::VolumeTaken) => Decision::VolumeTaken,
    };
    Known::Is(Injection { left_out: names(left_out(&pod, &settings)), decision })
}
