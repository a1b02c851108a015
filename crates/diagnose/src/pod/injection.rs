//! Whether SDKs in the pod's containers find the agent, and nothing before it.

use std::fmt;

use super::{
    Container, Pod,
    seen::{FULL_URI, TOKEN_FILE},
};
use crate::chain::{Known, Link};

/// Where the agent is.
///
/// Source: Amazon EKS User Guide, "Understand how EKS Pod Identity works".
const AGENT: [&str; 2] = ["http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials"];

/// Sources: README of amazon-eks-pod-identity-webhook, "EKS Walkthrough" and "Usage".
const SKIP_LABEL: &str = "eks.amazonaws.com/skip-pod-identity-webhook";
const SKIP_CONTAINERS: &str = "eks.amazonaws.com/skip-containers";
/// What the webhook calls the volume of the token for the agent.
const VOLUME: &str = "eks-pod-identity-token";

/// What the webhook makes of the pod as it is now: its own decision, which nothing here second-guesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// Containers that the pod itself has left out.
    pub left_out: Vec<String>,
    /// Whether the pod is to have anything.
    pub decision: Decision,
}

/// Whether a pod is to have anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// What leads to the agent: these containers lack it.
    Due(Vec<String>),
    /// What leads to STS, for a role by IRSA: these containers lack it.
    WebIdentity(Vec<String>),
    /// Its service account has neither association nor role.
    NotAsked,
    /// Its label says so.
    OptedOut,
    /// No agent is there.
    Fargate,
    /// It has another volume of the name of the token's volume.
    VolumeTaken,
}

/// What is wrong with a container's variables.
enum Wrong<'a> {
    /// Nothing says where credentials are.
    NoAgent,
    /// It names a token, so that the webhook leaves it alone, but not the agent.
    NoUri,
    /// Something else than the agent.
    Elsewhere(&'a str),
    /// No token to show to the agent.
    NoToken,
    /// SDKs take this before they ask the agent.
    Before(&'static str, &'static str),
}

const NAME: &str = "injection";

pub(super) fn link(pod: &Pod, injection: &Known<Injection>) -> Link {
    let (left_out, decision) = match injection {
        Known::Is(Injection { left_out, decision }) => (left_out.as_slice(), Some(decision)),
        Known::Absent | Known::Unknown(_) => (&[][..], None),
    };
    match decision {
        Some(Decision::VolumeTaken) => return volume_taken(),
        Some(Decision::WebIdentity(lacking)) => return web_identity(pod, lacking),
        _ => {}
    }
    let meant: Vec<_> = pod.containers.iter().filter(|container| !left_out.contains(&container.name)).collect();
    let lacks = |container: &Container| match decision {
        Some(Decision::Due(lacking)) => lacking.contains(&container.name),
        _ => lacks_both(container),
    };
    let wrong = meant.iter().filter_map(|container| Some((*container, wrong_with(container, lacks(container))?)));
    let wrong: Vec<_> = wrong.collect();
    if wrong.is_empty() {
        return found(NAME, &meant, left_out);
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
        link = of_missed(link, pod, injection);
    }
    if wrong.iter().any(|(_, wrong)| !matches!(wrong, Wrong::NoAgent)) {
        link = link.help("take these variables out of the pod's template, or correct them", []);
    }
    link
}

fn volume_taken() -> Link {
    let says =
        format_args!("the pod has a volume of its own called {VOLUME}, so that the webhook leaves the pod as it is");
    Link::broken(NAME, says)
        .help("call that volume something else in the pod's template; to make the pod again is not enough", [])
}

fn web_identity(pod: &Pod, lacking: &[String]) -> Link {
    if lacking.is_empty() {
        return Link::skipped(
            NAME,
            "the pod has what it needs for its service account's role by IRSA, and asks no agent",
        );
    }
    let says =
        format_args!("{} were not given what they need for their service account's role by IRSA", lacking.join(", "));
    made_anew(Link::broken(NAME, says), pod)
}

/// What is told of containers with which nothing is wrong that can be seen.
fn found(name: &'static str, meant: &[&Container], left_out: &[String]) -> Link {
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
    if !left_out.is_empty() {
        link = link.detail(format_args!("the pod's annotation {SKIP_CONTAINERS} leaves out {}", left_out.join(", ")));
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

fn of_missed(link: Link, pod: &Pod, injection: &Known<Injection>) -> Link {
    let decision = match injection {
        Known::Is(injection) => &injection.decision,
        Known::Absent => &Decision::NotAsked,
        Known::Unknown(why) => {
            return link.detail(format_args!("whether the webhook is to inject it is not known: {why}"));
        }
    };
    match decision {
        Decision::Due(_) | Decision::WebIdentity(_) => made_anew(link, pod),
        Decision::NotAsked => link.detail("a pod without an association is left as it is"),
        Decision::OptedOut => {
            link.detail(format_args!("the pod has the label {SKIP_LABEL}")).help("take that label away", [])
        }
        Decision::Fargate => link.detail("a pod on Fargate, where no agent can run, is left as it is"),
        Decision::VolumeTaken => link,
    }
}

fn made_anew(link: Link, pod: &Pod) -> Link {
    let Pod { namespace, name, .. } = pod;
    let again = if pod.is_owned { "; its controller makes it again" } else { ", and make it again: nothing else does" };
    link.detail("a pod that was made before its association, or while the webhook was away, stays as it was")
        .help(format_args!("delete the pod{again}"), [format!("kubectl delete pod {name} --namespace {namespace}")])
}

/// By either variable the webhook takes a container for one that brings its own.
fn lacks_both(container: &Container) -> bool {
    ![FULL_URI, TOKEN_FILE].iter().any(|name| container.variables.contains_key(name))
}

/// What keeps a container's SDKs from the agent.
///
/// Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers" > "Understand the credential provider
/// chain": access keys and a web identity come before a container's credentials; and "Container credential provider": a
/// relative URI comes before a full one.
fn wrong_with(container: &Container, lacks: bool) -> Option<Wrong<'_>> {
    let variables = &container.variables;
    if lacks {
        return Some(Wrong::NoAgent);
    }
    let Some(uri) = variables.get(FULL_URI) else { return Some(Wrong::NoUri) };
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
            Self::NoUri => write!(f, "{TOKEN_FILE} is set without {FULL_URI}, and the webhook adds to neither"),
            Self::Elsewhere(uri) => write!(f, "{FULL_URI} is `{uri}`, which is not the agent"),
            Self::NoToken => write!(f, "{TOKEN_FILE} is not set, so that the agent is shown no token"),
            Self::Before(name, what) => write!(f, "{name} is set: SDKs take {what} before they ask the agent"),
        }
    }
}
