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
    pub tags: Vec<Tag<'a>>,
    /// `sts:ExternalId`
    pub external_id: Option<&'a str>,
    /// What narrows it.
    pub policy: Option<&'a str>,
    /// How long it lasts.
    pub lasts: SignedDuration,
}

/// A session tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Its key.
    pub key: &'a str,
    /// Its value.
    pub value: String,
}

/// The keys of the tags of every session.
///
/// Source: Amazon EKS User Guide, "Grant Pods access to AWS resources based on tags".
pub(crate) const SIX: [&str; 6] = [
    "eks-cluster-arn",
    "eks-cluster-name",
    "kubernetes-namespace",
    "kubernetes-service-account",
    "kubernetes-pod-name",
    "kubernetes-pod-uid",
];

/// What a pod gets by the association of its service account. `uuid` is one that no session had before.
#[must_use]
pub fn grant<'a>(cluster: Cluster<'_>, token: &PodToken, association: &'a Association, uuid: &str) -> Grant<'a> {
    let session_name = session_name::of(association.session_name.as_ref(), cluster.name, token, uuid);
    let policy = association.policy.as_deref();
    let is_chained = association.target_role.is_some();
    let role = Assumption {
        role: &association.role,
        session_name: session_name.clone(),
        tags: tags(cluster, token, association),
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

/// The six, unless they are not wanted, and those of the association.
fn tags<'a>(cluster: Cluster<'_>, token: &PodToken, association: &'a Association) -> Vec<Tag<'a>> {
    let of_pod =
        [cluster.arn.as_str(), cluster.name, &token.namespace, &token.service_account, &token.pod_name, &token.pod_uid];
    let six = SIX.into_iter().zip(of_pod).filter(|_| association.session_tags);
    let tag = |(key, value): (&'a str, &str)| Tag { key, value: value.to_owned() };
    six.map(tag).chain(association.tags.iter().map(tag)).collect()
}
