//! The service account, and what it was given.

use std::sync::Arc;

use eks_auth::{Association, Associations, NamePattern};

use super::{Facts, Pod, Upstream};
use crate::chain::{Known, Link};

/// The annotation by which a service account has a role without an association (IRSA).
///
/// Source: Amazon EKS User Guide, "Assign IAM roles to Kubernetes service accounts".
const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";
/// The one by which it names the role of its association itself (docs/reference/pod-identity-broker.md, "Clusters").
const OWN_ROLE: &str = "pod-identity.claviger.dev/role-arn";

/// From this likeness on (0 to 1) one name is taken for another one misspelt.
const ALIKE: f64 = 0.85;

pub(super) fn service_account(facts: &Facts<'_>) -> Link {
    const NAME: &str = "service account";
    let Pod { namespace, service_account: name, .. } = facts.pod;
    match &facts.service_account {
        Known::Is(account) => {
            let link = Link::ok(NAME, format_args!("{name} is in namespace {namespace}"));
            match account.annotations.get(ROLE_ARN) {
                Some(role) => link.detail(format_args!(
                    "it has the annotation {ROLE_ARN} ({role}): without an association, pods get that role by IRSA"
                )),
                None => link,
            }
        }
        Known::Absent => {
            Link::broken(NAME, format_args!("there is no service account {name} in namespace {namespace}"))
                .help("make it", [format!("kubectl create serviceaccount {name} --namespace {namespace}")])
        }
        Known::Unknown(why) => Link::unknown(NAME, format_args!("whether {name} is there is not known: {why}")),
    }
}

pub(super) fn link(facts: &Facts<'_>) -> (Link, Option<Arc<Association>>) {
    const NAME: &str = "association";
    let Pod { namespace, service_account: name, .. } = facts.pod;
    let associations = match &facts.associations {
        Known::Is(associations) => associations,
        Known::Absent => {
            return annotated(facts, NAME).unwrap_or_else(|| (none(facts, NAME, &Associations::default()), None));
        }
        Known::Unknown(why) => {
            return (Link::unknown(NAME, format_args!("the associations of the cluster are not known: {why}")), None);
        }
    };
    let Some(found) = associations.find(namespace, name) else {
        return annotated(facts, NAME).unwrap_or_else(|| (none(facts, NAME, associations), None));
    };
    let mut link = Link::ok(NAME, format_args!("{} gives role {}", found.id, found.role));
    if found.namespace.as_name().is_none() || found.service_account.as_name().is_none() {
        link = link.detail(format_args!("by its patterns {}/{}", found.namespace, found.service_account));
    }
    let others = associations.iter().filter(|other| other.is_for(namespace, name) && other.id != found.id).count();
    if others > 0 {
        link = link.detail(format_args!("{others} wider associations match, too, and do not count"));
    }
    if let Some(target) = &found.target_role {
        link = link.detail(format_args!("whose session assumes {target}"));
    }
    if let Some(name) = &found.session_name {
        link = link.detail(format_args!("its sessions are called {name}"));
    }
    if !found.tags.is_empty() {
        let tags: Vec<_> = found.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        link = link.detail(format_args!("its sessions have tags of their own: {}", tags.join(", ")));
    }
    if !found.session_tags {
        link = link.detail("its sessions have no tags of the cluster, namespace, service account and pod");
    }
    (link, Some(Arc::clone(found)))
}

/// The association that a service account makes itself, which a broker may have been told to take.
fn annotated(facts: &Facts<'_>, link: &'static str) -> Option<(Link, Option<Arc<Association>>)> {
    let Upstream::Broker { .. } = facts.upstream else { return None };
    let Known::Is(account) = &facts.service_account else { return None };
    let role = account.annotations.get(OWN_ROLE)?;
    let Ok(arn) = role.parse() else {
        return Some((Link::broken(link, format_args!("its annotation {OWN_ROLE} is no ARN of a role: {role}")), None));
    };
    let Pod { namespace, service_account: name, .. } = facts.pod;
    let of = (NamePattern::exact(namespace), NamePattern::exact(name));
    let association = Association::new("a-annotation".to_owned(), of.0, of.1, arn);
    let says = format_args!(
        "the service account names {role} itself; whether the broker takes that (associations=annotations) is not known here"
    );
    Some((Link::unknown(link, says), Some(Arc::new(association))))
}

fn none(facts: &Facts<'_>, link: &'static str, associations: &Associations) -> Link {
    let Pod { namespace, service_account: name, .. } = facts.pod;
    let says =
        format_args!("no association of cluster {} is of service account {namespace}/{name}", facts.cluster.name);
    let mut link = Link::broken(link, says);
    let wanted = format!("{namespace}/{name}");
    let likeness = |other: &Arc<Association>| {
        strsim::normalized_levenshtein(&wanted, &format!("{}/{}", other.namespace, other.service_account))
    };
    let nearest = associations.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)).then_with(|| b.id.cmp(&a.id)));
    if let Some(nearest) = nearest.filter(|other| likeness(other) >= ALIKE || other.service_account.matches(name)) {
        link = link.detail(format_args!(
            "the nearest is {}: of {}/{}, with role {}",
            nearest.id, nearest.namespace, nearest.service_account, nearest.role
        ));
    }
    if let Known::Is(account) = &facts.service_account
        && let Some(role) = account.annotations.get(ROLE_ARN)
    {
        link = link.detail(format_args!("the service account has {role} by IRSA, which is none of Pod Identity's"));
    }
    match facts.upstream {
        Upstream::EksAuth { .. } => {
            let command = format!(
                "aws eks create-pod-identity-association --cluster-name {} --namespace {namespace} --service-account {name} \
                 --role-arn ROLE_ARN",
                facts.cluster.name
            );
            link.help("associate it with a role", [command])
        }
        Upstream::Broker { .. } => {
            link.help("associate it with a role, in the file or by the custom resource that the broker reads", [])
        }
    }
}
