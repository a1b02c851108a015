//! What a pod gets.

use aws_model::Arn;
use jiff::SignedDuration;

use crate::{Association, PodToken, session_name};

/// How long a role's session lasts, and one that another role's session began.
///
/// Source: Amazon EKS User Guide, "Access AWS Resources using EKS Pod Identity Target IAM Roles" > "Caching considerations".
const LASTS: SignedDuration = SignedDuration::from_hours(6);
const LASTS_CHAINED: SignedDuration = SignedDuration::from_mins(59);

/// The cluster that a pod is in.
#[derive(Clone, Copy, Debug)]
pub struct Cluster<'a> {
    /// Its ARN.
    pub arn: &'a Arn,
    /// Its name.
    pub name: &'a str,
}

/// The sessions that a pod's credentials are made by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant<'a> {
    /// Why.
    pub association: &'a Association,
    /// The session of the association's role, which `pods.eks.amazonaws.com` begins.
    pub role: Assumption<'a>,
    /// The session that the former one begins: then it is this one whose credentials the pod gets.
    pub target: Option<Assumption<'a>>,
}

/// A session to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption<'a> {
    /// Of which role.
    pub role: &'a Arn,
    /// What it is called.
    pub session_name: String,
    /// The tags that it is given; all of them go on to the sessions that it begins.
    pub tags: Vec<Tag>,
    /// `sts:ExternalId`
    pub external_id: Option<&'a str>,
    /// What narrows it.
    pub policy: Option<&'a str>,
    /// How long it lasts.
    pub lasts: SignedDuration,
}

/// A session tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its key.
    pub key: &'static str,
    /// Its value.
    pub value: String,
}

/// What a pod gets by the association of its service account. `uuid` is one that no session had before.
#[must_use]
pub fn grant<'a>(cluster: Cluster<'_>, token: &PodToken, association: &'a Association, uuid: &str) -> Grant<'a> {
    let session_name = session_name::of(cluster.name, &token.pod_name, uuid);
    let policy = association.policy.as_deref();
    let is_chained = association.target_role.is_some();
    let role = Assumption {
        role: &association.role,
        session_name: session_name.clone(),
        tags: if association.session_tags { tags(cluster, token) } else { Vec::new() },
        external_id: None,
        policy: policy.filter(|_| !is_chained),
        lasts: if is_chained { LASTS_CHAINED } else { LASTS },
    };
    let target = association.target_role.as_ref().map(|target| Assumption {
        role: target,
        session_name,
        // It inherits those of the first.
        tags: Vec::new(),
        external_id: association.external_id.as_deref(),
        policy,
        lasts: LASTS_CHAINED,
    });
    Grant { association, role, target }
}

/// Source: Amazon EKS User Guide, "Grant Pods access to AWS resources based on tags".
fn tags(cluster: Cluster<'_>, token: &PodToken) -> Vec<Tag> {
    let tag = |key, value: &str| Tag { key, value: value.to_owned() };
    vec![
        tag("eks-cluster-arn", cluster.arn.as_str()),
        tag("eks-cluster-name", cluster.name),
        tag("kubernetes-namespace", &token.namespace),
        tag("kubernetes-service-account", &token.service_account),
        tag("kubernetes-pod-name", &token.pod_name),
        tag("kubernetes-pod-uid", &token.pod_uid),
    ]
}
