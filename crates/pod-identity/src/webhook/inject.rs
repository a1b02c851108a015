//! What a pod is given: a function of the pod and of what is known.

mod additions;

use super::{
    annotations::{self, ServiceAccount},
    patch::Patch,
    pod::{Container, Defined, Pod},
    settings::{Settings, Token},
};

/// What is known when a pod is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Whether its service account has an association, by another word than its own.
    pub associated: bool,
    /// Its service account, where that is known.
    pub service_account: Option<&'a ServiceAccount>,
    /// What is injected.
    pub settings: &'a Settings,
    /// By how much a whole day's token is shortened: any number, the same for the same review.
    pub jitter: u64,
}

/// How a pod gets its credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// From the node's agent, for the role of its association.
    PodIdentity,
    /// From STS, for the role that its service account names (IRSA).
    WebIdentity,
}

/// A pod that is to have credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// How it gets them.
    pub method: Method,
    /// What is missing for it; empty where nothing is.
    pub patch: Patch,
}

/// Why a pod is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Its service account has neither an association nor a role's ARN, or there is none.
    NotAsked,
    /// It says so, by the label `eks.amazonaws.com/skip-pod-identity-webhook`.
    OptedOut,
    /// There is no agent on Fargate.
    Fargate,
    /// It has another volume of the token's volume's name, so that there would be no token at the place that the variables
    /// name.
    VolumeTaken,
}

/// By which a pod says that it wants nothing. EKS has an `objectSelector` of it, so the value does not matter.
const OPT_OUT: &str = "eks.amazonaws.com/skip-pod-identity-webhook";

/// What `pod` is missing.
///
/// # Errors
/// Why it is not to have anything.
pub fn inject(pod: &Pod<'_>, facts: &Facts<'_>) -> Result<Injection, Left> {
    let plan = Plan::of(pod, facts)?;
    Ok(Injection { method: plan.method, patch: plan.patch(pod) })
}

/// A pod without what it needs for its credentials, told after it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// A container lacks the variables: the webhook was not asked or did not know yet, or the pod is older than its
    /// association or annotation. It gets credentials when it is made anew.
    NotInjected(Method),
    /// As [`Left::VolumeTaken`]: it will not either when it is made anew.
    VolumeTaken,
}

/// A pod that is there and is to have credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due<'a> {
    /// How it gets them.
    pub method: Method,
    /// The names of the containers that lack the variables. What a container brings itself is as good.
    pub lacking: Vec<&'a str>,
}

/// What of a pod that is there lacks what it needs for its credentials.
///
/// # Errors
/// Why it is not to have anything.
pub fn due<'a>(pod: &'a Pod<'_>, facts: &Facts<'a>) -> Result<Due<'a>, Left> {
    let plan = Plan::of(pod, facts)?;
    let containers = [&pod.spec.containers, &pod.spec.init_containers].into_iter().flatten().flatten();
    let lacking = containers.filter(|container| plan.is_meant(container) && !plan.has_credentials(container));
    Ok(Due { method: plan.method, lacking: lacking.map(|container| &*container.name.0).collect() })
}

/// Whether `pod` should have credentials and was not given what it needs for it.
#[must_use]
pub fn missed(pod: &Pod<'_>, facts: &Facts<'_>) -> Option<Missed> {
    match due(pod, facts) {
        Ok(due) if !due.lacking.is_empty() => Some(Missed::NotInjected(due.method)),
        Err(Left::VolumeTaken) => Some(Missed::VolumeTaken),
        Ok(_) | Err(_) => None,
    }
}

/// The names of containers that the pod itself has left alone.
#[must_use]
pub fn left_out<'a>(pod: &'a Pod<'_>, settings: &Settings) -> Vec<&'a str> {
    annotations::skipped(pod, &settings.annotation_prefix)
}

/// What a pod is to have.
struct Plan<'a> {
    method: Method,
    token: &'a Token,
    audience: &'a str,
    expiration_seconds: i64,
    regional_sts: bool,
    region: Option<&'a str>,
    /// Both of the variables that lead to credentials.
    credentials: [(&'static str, String); 2],
    skipped: Vec<&'a str>,
}

/// `containers` and `initContainers`. Ephemeral containers come later than any review of the pod, and are left alone.
const LISTS: [&str; 2] = ["containers", "initContainers"];

impl<'a> Plan<'a> {
    fn of(pod: &'a Pod<'_>, facts: &Facts<'a>) -> Result<Self, Left> {
        let Settings { annotation_prefix, region, credentials_uri, pod_identity, web_identity, .. } = facts.settings;
        let account = facts.service_account;
        let role = account.and_then(|account| account.role.as_deref());
        let associated = facts.associated || account.is_some_and(|account| account.is_associated);
        if pod.service_account().is_none() || (!associated && role.is_none()) {
            return Err(Left::NotAsked);
        }
        if pod.label(OPT_OUT).is_some() {
            return Err(Left::OptedOut);
        }
        // An association counts before an annotation, but on Fargate there is nothing that would serve it.
        let by_association = associated && !pod.is_on_fargate();
        let (method, token) = match role {
            None if !by_association => return Err(Left::Fargate),
            Some(_) if !by_association => (Method::WebIdentity, web_identity),
            _ => (Method::PodIdentity, pod_identity),
        };
        let audience = match method {
            Method::PodIdentity => &token.audience,
            Method::WebIdentity => account.and_then(|account| account.audience.as_ref()).unwrap_or(&token.audience),
        };
        let mut volumes = pod.spec.volumes.iter().flatten();
        let is_taken = volumes.any(|volume| volume.name.0 == token.volume && !volume.is_token(audience, &token.file));
        if is_taken {
            return Err(Left::VolumeTaken);
        }
        let file = token_file(token, pod.is_for_windows());
        let expiration = annotations::token_expiration(pod, annotation_prefix)
            .or_else(|| account.and_then(|account| account.token_expiration))
            .unwrap_or(facts.settings.token_expiration);
        Ok(Self {
            method,
            token,
            audience,
            expiration_seconds: expiration.jittered(facts.jitter),
            regional_sts: account.and_then(|account| account.regional_sts).unwrap_or(facts.settings.regional_sts),
            region: region.as_deref(),
            credentials: match method {
                Method::PodIdentity => [
                    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", credentials_uri.clone()),
                    ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file),
                ],
                Method::WebIdentity => {
                    [("AWS_ROLE_ARN", role.unwrap_or_default().to_owned()), ("AWS_WEB_IDENTITY_TOKEN_FILE", file)]
                }
            },
            skipped: annotations::skipped(pod, annotation_prefix),
        })
    }

    /// Those that are to have something, and where each is.
    fn containers<'p>(&'p self, pod: &'p Pod<'_>) -> impl Iterator<Item = (Place, &'p Container<'p>)> {
        let lists = LISTS.into_iter().zip([&pod.spec.containers, &pod.spec.init_containers]);
        let all = lists.flat_map(|(list, containers)| {
            let indexed = containers.iter().flatten().enumerate();
            indexed.map(move |(index, container)| (Place { list, index }, container))
        });
        all.filter(|(_, container)| self.is_meant(container))
    }

    fn is_meant(&self, container: &Container<'_>) -> bool {
        !self.skipped.contains(&&*container.name.0)
    }

    fn has_credentials(&self, container: &Container<'_>) -> bool {
        let Defined { container_credentials, web_identity, .. } = container.env.unwrap_or_default();
        match self.method {
            Method::PodIdentity => container_credentials,
            Method::WebIdentity => web_identity,
        }
    }
}

/// A container's place in a pod.
#[derive(Clone, Copy)]
struct Place {
    list: &'static str,
    index: usize,
}

/// Where a container finds the token. A Windows container sees the mount on its drive C.
fn token_file(token: &Token, for_windows: bool) -> String {
    let path = format!("{}/{}", token.mount_path.trim_end_matches('/'), token.file);
    if for_windows { format!("C:{}", path.replace('/', "\\")) } else { path }
}
