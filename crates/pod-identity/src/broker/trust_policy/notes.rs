//! What is to be known of rendered policies before they are put into IAM.

use std::collections::{BTreeMap, BTreeSet};

use eks_auth::Association;
use serde_json::Value;

use super::{super::cluster::ClusterArn, session_names};

/// Of a trust policy, without white space, unless the account's quota is raised, and then at most.
///
/// Source: IAM User Guide, "IAM and AWS STS quotas", "IAM object quotas", `Role trust policy length`; "IAM and STS character
/// limits" has that white space does not count.
const TRUST: usize = 2_048;
const MOST_TRUST: usize = 8_192;
/// Of a managed policy. Source: the same, "IAM and STS character limits".
const MANAGED: usize = 6_144;

/// Something that whoever uses the policies should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyNote {
    /// The ARN of the role of which it is; none, of the broker.
    pub role: Option<String>,
    /// What is to be known, and what to do.
    pub text: String,
}

pub(super) fn of_trust(trust: &BTreeMap<String, Value>) -> impl Iterator<Item = PolicyNote> {
    trust.iter().filter_map(|(role, policy)| {
        let size = size(policy);
        if size <= TRUST {
            return None;
        }
        let way_out = if size <= MOST_TRUST {
            "have the account's quota `Role trust policy length` raised (8,192 at most), take patterns in the place of many \
             associations, or give some of its service accounts another role"
        } else {
            "IAM takes none of more than 8,192: take patterns in the place of many associations, or give some of its service \
             accounts another role"
        };
        let text = format!(
            "the trust policy of {role} has {size} characters without white space, more than the 2,048 that IAM takes: {way_out}"
        );
        Some(PolicyNote { role: Some(role.clone()), text })
    })
}

pub(super) fn of_permissions(role: Option<&str>, policy: &Value) -> Option<PolicyNote> {
    let size = size(policy);
    let whose = role.unwrap_or("the broker");
    let text = format!(
        "what {whose} needs to be allowed has {size} characters without white space, more than the 6,144 of a managed policy: \
         divide its roles among several policies, or give the roles a path of their own and allow that, as \
         arn:aws:iam::111122223333:role/pods/*"
    );
    (size > MANAGED).then(|| PolicyNote { role: role.map(str::to_owned), text })
}

/// Without tags nothing but their names tells sessions of one cluster from those of another.
pub(super) fn of_untagged<'a>(
    cluster: &ClusterArn,
    associations: impl Iterator<Item = &'a Association>,
) -> impl Iterator<Item = PolicyNote> {
    let untagged = associations.filter(|association| !association.session_tags);
    let names: BTreeSet<(String, String)> = untagged
        .flat_map(|association| {
            let roles = [Some(&association.role), association.target_role.as_ref()];
            roles.into_iter().flatten().map(|role| (role.as_str().to_owned(), session_names(cluster, association)))
        })
        .collect();
    names.into_iter().map(|(role, names)| {
        let text = format!(
            "the trust policy of {role} lets in every session of the broker's that is called `{names}`: without session tags a \
             cluster whose name begins alike is not told apart, nor is one of this cluster's pods from another; leave the tags \
             on, or give the association a `sessionName` that no other has"
        );
        PolicyNote { role: Some(role), text }
    })
}

fn size(policy: &Value) -> usize {
    policy.to_string().chars().filter(|c| !c.is_whitespace()).count()
}
