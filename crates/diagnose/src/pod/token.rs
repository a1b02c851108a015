//! The token that a container shows to the agent.

use eks_auth::AUDIENCE;

use super::{Container, Pod, ProjectedToken, seen::TOKEN_FILE};
use crate::chain::Link;

pub(super) fn link(pod: &Pod) -> Link {
    const NAME: &str = "token";
    let told = pod
        .containers
        .iter()
        .filter_map(|container| Some((container, container.variables.get(TOKEN_FILE)?.as_deref()?)));
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        return Link::skipped(NAME, "no container is told of a token's file");
    }
    let wrong: Vec<_> =
        told.iter().filter_map(|(container, file)| Some((*container, wrong_with(pod, container, file)?))).collect();
    let Some((_, first)) = wrong.first() else {
        return Link::ok(NAME, format_args!("a token for {AUDIENCE} is projected into {}", what(&told)));
    };
    let mut link = match wrong.as_slice() {
        [(container, why)] => Link::broken(NAME, format_args!("in container {}, {why}", container.name)),
        several => Link::broken(NAME, format_args!("in {} containers, {first}", several.len())),
    };
    for (container, why) in wrong.iter().skip(1) {
        link = link.detail(format_args!("{}: {why}", container.name));
    }
    link.help(
        format_args!(
            "project a serviceAccountToken with audience {AUDIENCE} into that file, or leave it to the webhook: take \
             {TOKEN_FILE} out of the pod's template"
        ),
        [],
    )
}

fn what(told: &[(&Container, &str)]) -> String {
    match told {
        [(container, _)] => format!("container {}", container.name),
        several => format!("{} containers", several.len()),
    }
}

fn wrong_with(pod: &Pod, container: &Container, file: &str) -> Option<String> {
    let Some((volume, path)) = mounted(container, file) else {
        return Some(format!("nothing is mounted at {file}"));
    };
    let Some(token) = pod.tokens.iter().find(|token| token.volume == volume && token.path == path) else {
        return Some(format!("volume {volume} projects no token of the service account as {path}"));
    };
    match token {
        ProjectedToken { audience: Some(audience), .. } if audience == AUDIENCE => None,
        ProjectedToken { audience: Some(audience), .. } => {
            Some(format!("the token in {file} is for {audience}, not for {AUDIENCE}"))
        }
        ProjectedToken { audience: None, .. } => {
            Some(format!("the token in {file} is for the apiserver, not for {AUDIENCE}"))
        }
    }
}

/// The volume that a file is in, by the longest path that is mounted, and the file's path in it.
fn mounted<'a>(container: &'a Container, file: &'a str) -> Option<(&'a str, &'a str)> {
    let inside = container.mounts.iter().filter_map(|(path, volume)| {
        let rest = file.strip_prefix(path.trim_end_matches('/'))?.strip_prefix('/')?;
        Some((path.len(), volume.as_str(), rest))
    });
    inside.max_by_key(|(length, ..)| *length).map(|(_, volume, rest)| (volume, rest))
}
