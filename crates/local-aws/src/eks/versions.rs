//! The versions of Kubernetes that clusters can have: the table of `aws_catalog::cluster_versions`, at the time that it is.

use aws_catalog::cluster_versions::{self, ClusterVersion};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input, seconds},
    clusters::NEWEST,
    fault,
    paging::Page,
    records::Cluster,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    cluster_type: Option<String>,
    #[serde(default)]
    default_only: bool,
    #[serde(default)]
    include_all: bool,
    #[serde(default)]
    cluster_versions: Vec<String>,
    /// The former name of the other.
    status: Option<String>,
    version_status: Option<String>,
    #[serde(flatten)]
    page: Page,
}

/// Those that are not supported any more are told who asks for all, or for them.
pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Describe = input(value)?;
    if asked.status.is_some() && asked.version_status.is_some() {
        return Err(fault::invalid_parameter("Only one of status and versionStatus can be given."));
    }
    let wanted = asked.version_status.or(asked.status).map(|status| status.to_ascii_uppercase().replace('-', "_"));
    let now = call.ctx.now;
    let meant = cluster_versions::all().iter().filter(|version| {
        let status = status(version, now);
        let is_named = asked.cluster_versions.contains(&version.version);
        let is_told = asked.include_all || is_named || wanted.is_some() || status != UNSUPPORTED;
        is_told
            && (asked.cluster_versions.is_empty() || is_named)
            && wanted.as_ref().is_none_or(|wanted| wanted == status)
            && (!asked.default_only || version.version == NEWEST)
            && asked.cluster_type.as_deref().is_none_or(|kind| kind == "eks")
            && status != UNRELEASED
    });
    // The order of the keys is the order of the list: newest first.
    let keyed = meant.enumerate().map(|(at, version)| (format!("{at:03}"), version));
    asked.page.of("clusterVersions", keyed, |version| told(version, now))
}

/// Whether a cluster can have a version at this time: it looks like one, and it is none whose extended support has ended.
/// What is older than the table ended before it; what is newer is left to who asks for it.
///
/// Source: Amazon EKS User Guide, "Understand the Kubernetes version lifecycle on EKS" ("you can no longer create new
/// Amazon EKS clusters with the unsupported version").
pub(super) fn is_supported(version: &str, now: Timestamp) -> bool {
    let Some(minor) = minor(version) else { return false };
    match cluster_versions::all().iter().find(|known| known.version == version) {
        Some(known) => status(known, now) != UNSUPPORTED,
        None => cluster_versions::all().iter().all(|known| self::minor(&known.version) < Some(minor)),
    }
}

/// The number behind the dot of a version of Kubernetes.
pub(super) fn minor(version: &str) -> Option<u32> {
    let minor = version.strip_prefix("1.").filter(|minor| minor.bytes().all(|byte| byte.is_ascii_digit()))?;
    (1..=3).contains(&minor.len()).then(|| minor.parse().ok())?
}

const UNSUPPORTED: &str = "UNSUPPORTED";
/// It is earlier than that EKS has it.
const UNRELEASED: &str = "UNRELEASED";

fn status(version: &ClusterVersion, now: Timestamp) -> &'static str {
    let today = now.strftime("%Y-%m-%d").to_string();
    if today < version.released {
        UNRELEASED
    } else if today < version.end_of_standard_support {
        "STANDARD_SUPPORT"
    } else if today < version.end_of_extended_support {
        "EXTENDED_SUPPORT"
    } else {
        UNSUPPORTED
    }
}

fn told(version: &ClusterVersion, now: Timestamp) -> Value {
    let day = |day: &str| format!("{day}T00:00:00Z").parse().ok().map(seconds);
    let status = status(version, now);
    json!({
        "clusterVersion": version.version,
        "clusterType": "eks",
        "defaultPlatformVersion": Cluster::PLATFORM,
        "defaultVersion": version.version == NEWEST,
        "releaseDate": day(&version.released),
        "endOfStandardSupportDate": day(&version.end_of_standard_support),
        "endOfExtendedSupportDate": day(&version.end_of_extended_support),
        "status": status.to_ascii_lowercase().replace('_', "-"),
        "versionStatus": status,
    })
}
