//! Whether SDKs in the pod's containers find the agent, and nothing before it.

use std::fmt;

use super::{
    Container, Pod,
    seen::{FULL_URI, TOKEN_FILE},
};
use crate::chain::Link;

/// Where the agent is.
///
/// Source: Amazon EKS User Guide, "Understand how EKS Pod Identity works".
const AGENT: [&str; 2] = ["http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials"];

/// Sources: README of amazon-eks-pod-identity-webhook, "EKS Walkthrough" and "Usage".
const SKIP_LABEL: &str = "eks.amazonaws.com/skip-pod-identity-webhook";
const SKIP_CONTAINERS: &str = "eks.amazonaws.com/skip-containers";

/// What is wrong with a container's variables.
enum Wrong<'a> {
    /// Nothing says where credentials are.
    NoAgent,
    /// Something else than the agent.
    Elsewhere(&'a str),
    /// No token to show to the agent.
    NoToken,
    /// SDKs take this before they ask the agent.
    Before(&'static str, &'static str),
}

pub(super) fn link(pod: &Pod, is_associated: bool) -> Link {
    const NAME: &str = "injection";
    // Who leaves a container out means it.
    let skipped = pod.annotations.get(SKIP_CONTAINERS).map_or("", String::as_str);
    let is_meant = |container: &&Container| !skipped.split(',').any(|name| name.trim() == container.name);
    let meant: Vec<_> = pod.containers.iter().filter(is_meant).collect();
    let wrong: Vec<_> = meant.iter().filter_map(|container| Some((*container, wrong_with(container)?))).collect();
    if wrong.is_empty() {
        return found(NAME, &meant, skipped);
    }
    let missed: Vec<_> = wrong.iter().filter(|(_, wrong)| matches!(wrong, Wrong::NoAgent)).collect();
    let all_missed = missed.len() == meant.len();
    let says = if all_missed {
        "nothing was injected into the pod: its SDKs do not look for the agent".to_owned()
    } else {
        let names: Vec<_> = wrong.iter().map(|(container, _)| container.name.as_str()).collect();
        format!("SDKs in {} do not get their credentials from the agent", names.join(", "))
    };
    let mut link = Link::broken(NAME, says);
    if !all_missed {
        for (container, wrong) in &wrong {
            link = link.detail(format_args!("{}: {wrong}", container.name));
        }
    }
    if !missed.is_empty() {
        link = of_missed(link, pod, is_associated);
    }
    if wrong.iter().any(|(_, wrong)| !matches!(wrong, Wrong::NoAgent)) {
        link = link.help("take these variables out of the pod's template, or correct them", []);
    }
    link
}

/// What is told of containers with which nothing is wrong that can be seen.
fn found(name: &'static str, meant: &[&Container], skipped: &str) -> Link {
    let elsewhere = |container: &&&Container| {
        let from = |variable| container.variables.get(variable).is_some_and(Option::is_none);
        from(FULL_URI) || from(TOKEN_FILE)
    };
    if let Some(container) = meant.iter().find(elsewhere) {
        let says =
            format!("container {} takes where the agent is from elsewhere, which is not looked at", container.name);
        return Link::unknown(name, says);
    }
    let says = match meant {
        [] => "no container is to be told where the agent is".to_owned(),
        [one] => format!("container {} is told where the agent is", one.name),
        several => format!("all {} containers are told where the agent is", several.len()),
    };
    let mut link = Link::ok(name, says);
    if !skipped.is_empty() {
        link = link.detail(format_args!("the pod's annotation {SKIP_CONTAINERS} leaves out {skipped}"));
    }
    for container in meant {
        let name = &container.name;
        if container.has_env_from {
            link = link.detail(format_args!(
                "{name}: what its envFrom brings is not looked at; access keys there come before the agent"
            ));
        }
        if container.variables.contains_key("AWS_PROFILE") {
            link = link
                .detail(format_args!("{name}: AWS_PROFILE is set; a profile with credentials comes before the agent"));
        }
    }
    link
}

fn of_missed(link: Link, pod: &Pod, is_associated: bool) -> Link {
    if pod.labels.contains_key(SKIP_LABEL) {
        return link.detail(format_args!("the pod has the label {SKIP_LABEL}")).help("take that label away", []);
    }
    if !is_associated {
        return link.detail("a pod without an association is left as it is");
    }
    let Pod { namespace, name, .. } = pod;
    let again = if pod.is_owned { "; its controller makes it again" } else { ", and make it again: nothing else does" };
    link.detail("a pod that was made before its association, or while the webhook was away, stays as it was")
        .help(format_args!("delete the pod{again}"), [format!("kubectl delete pod {name} --namespace {namespace}")])
}

/// What keeps a container's SDKs from the agent.
///
/// Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers" > "Understand the credential provider
/// chain": access keys and a web identity come before a container's credentials; and "Container credential provider": a
/// relative URI comes before a full one.
fn wrong_with(container: &Container) -> Option<Wrong<'_>> {
    let variables = &container.variables;
    let Some(uri) = variables.get(FULL_URI) else { return Some(Wrong::NoAgent) };
    match uri.as_deref() {
        Some(uri) if !AGENT.contains(&uri) => return Some(Wrong::Elsewhere(uri)),
        _ => {}
    }
    let has = |name: &str| variables.contains_key(name);
    if has("AWS_ACCESS_KEY_ID") && has("AWS_SECRET_ACCESS_KEY") {
        return Some(Wrong::Before("AWS_ACCESS_KEY_ID", "access keys"));
    }
    if has("AWS_WEB_IDENTITY_TOKEN_FILE") && has("AWS_ROLE_ARN") {
        return Some(Wrong::Before("AWS_WEB_IDENTITY_TOKEN_FILE", "a web identity, as IRSA gives it"));
    }
    if has("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
        return Some(Wrong::Before("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "another container's credentials"));
    }
    let shows_token = has(TOKEN_FILE) || has("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    (!shows_token).then_some(Wrong::NoToken)
}

impl fmt::Display for Wrong<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAgent => f.write_str("nothing was injected"),
            Self::Elsewhere(uri) => write!(f, "{FULL_URI} is `{uri}`, which is not the agent"),
            Self::NoToken => write!(f, "{TOKEN_FILE} is not set, so that the agent is shown no token"),
            Self::Before(name, what) => write!(f, "{name} is set: SDKs take {what} before they ask the agent"),
        }
    }
}
