//! The role, and the target role: whether they are there, and may be assumed with the pod's tags.

use authz::{
    context::{Context, Others, Told},
    principal::{Principal, RoleSession},
    request::{Action, KmsDetail, Request, Resource},
};
use aws_model::Arn;
use eks_auth::{Assumption, Grant, Tag};

use super::{Facts, Upstream};
use crate::{
    chain::{Known, Link, State},
    decided,
};

/// Who assumes roles for EKS.
///
/// Source: Amazon EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity".
const PODS: &str = "pods.eks.amazonaws.com";

const ROLE: &str = "role";
const TRUST: &str = "trust policy";
const TARGET: &str = "target role";

pub(super) fn links(facts: &Facts<'_>, grant: Option<&Grant<'_>>) -> Vec<Link> {
    const NOBODY: &str = "there is no association to take it from";
    let Some(grant) = grant else { return [ROLE, TRUST].map(|name| Link::skipped(name, NOBODY)).into() };
    let mut links = vec![there(facts, ROLE, grant.role.role)];
    links.push(match caller(facts) {
        Ok(caller) => assumed(facts, TRUST, &caller, &grant.role, &grant.role.tags, &caller),
        Err(why) => Link::unknown(TRUST, why),
    });
    if let Some(target) = &grant.target {
        let caller = Principal::Session(Box::new(session(&grant.role, &grant.role.tags)));
        let there = there(facts, TARGET, target.role);
        // What a role that is not there would let in cannot be asked.
        links.push(match there.state {
            State::Broken => there,
            _ => assumed(facts, TARGET, &caller, target, &grant.role.tags, &grant.role.role.as_str()),
        });
    }
    links
}

/// The session that an assumption makes.
pub(super) fn session(assumption: &Assumption<'_>, tags: &[Tag]) -> RoleSession {
    let mut session = RoleSession::of(assumption.role.clone(), Some(assumption.session_name.clone()));
    session.tags = tags.iter().map(|tag| (tag.key.to_owned(), tag.value.clone())).collect();
    session.transitive_tag_keys = tags.iter().map(|tag| tag.key.to_owned()).collect();
    session
}

/// Who assumes the first role.
fn caller(facts: &Facts<'_>) -> Result<Principal, String> {
    match &facts.upstream {
        Upstream::EksAuth { .. } => Ok(Principal::Service(PODS.into())),
        Upstream::Broker { identity: Known::Is(arn) } if arn.resource().starts_with("user/") => {
            Ok(Principal::User(arn.clone()))
        }
        Upstream::Broker { identity: Known::Is(arn) } => {
            Ok(Principal::Session(Box::new(RoleSession::of(arn.clone(), None))))
        }
        Upstream::Broker { .. } => Err("who the broker is to AWS is not known".to_owned()),
    }
}

fn there(facts: &Facts<'_>, name: &'static str, role: &Arn) -> Link {
    let Some(account) = role.account().parse().ok().and_then(|id| facts.world.account(id)) else {
        return Link::unknown(name, format_args!("nothing is known of account {}, which {role} is in", role.account()));
    };
    if account.role(role.as_str()).is_some() {
        return Link::ok(name, format_args!("{role} is there"));
    }
    let link = Link::broken(name, format_args!("there is no role {role}"));
    let short = |arn: &Arn| arn.resource().rsplit('/').next().unwrap_or_default().to_owned();
    let wanted = short(role);
    // The path is part of the ARN, and easily forgotten.
    match account.roles().map(|role| &role.identity.arn).find(|other| short(other) == wanted) {
        Some(other) => {
            link.detail(format_args!("the role of that name is {other}")).help("give the association that ARN", [])
        }
        None => link.help("make the role, or give the association another one", []),
    }
}

/// Whether a session can be begun, with its tags.
fn assumed(
    facts: &Facts<'_>,
    name: &'static str,
    caller: &Principal,
    assumption: &Assumption<'_>,
    tags: &[Tag],
    by: &dyn std::fmt::Display,
) -> Link {
    let ask = |action: &str| request(facts, caller, assumption, tags, action);
    let Some(assume) = ask("sts:AssumeRole") else { return Link::unknown(name, "sts:AssumeRole") };
    let may = format!("{by} may assume {}", assumption.role);
    let link = decided::link(name, facts.world, &assume, facts.assumptions, &may);
    // Tags that the calling session hands on are asked for like those that are passed, by an assumption.
    let is_tagged = !assumption.tags.is_empty() || (!tags.is_empty() && facts.assumptions.trust_tag_session_inherited);
    if link.state != State::Ok || !is_tagged {
        return link;
    }
    let Some(tag) = ask("sts:TagSession") else { return link };
    decided::link(name, facts.world, &tag, facts.assumptions, &format!("{may}, with the pod's tags"))
}

/// Sources: AWS STS API Reference, "AssumeRole"; Amazon EKS User Guide, "Create IAM role with trust policy required by EKS
/// Pod Identity" (`aws:SourceArn` is the cluster's, `aws:SourceAccount` its account's).
fn request(
    facts: &Facts<'_>,
    caller: &Principal,
    assumption: &Assumption<'_>,
    tags: &[Tag],
    action: &str,
) -> Option<Request> {
    let action: Action = action.parse().ok()?;
    let keys = || tags.iter().map(|tag| tag.key.to_owned()).collect::<Vec<_>>();
    let mut context = Context::new(Others::Unknown).with_value("sts:RoleSessionName", assumption.session_name.clone());
    for tag in tags {
        context.tell(&format!("aws:RequestTag/{}", tag.key), Told::Values(vec![tag.value.clone()]));
    }
    let given = if assumption.tags.is_empty() { Vec::new() } else { keys() };
    context.tell("aws:TagKeys", Told::Values(given.clone()));
    context.tell("sts:TransitiveTagKeys", Told::Values(given));
    let external = assumption.external_id.map_or(Told::Absent, |id| Told::Values(vec![id.to_owned()]));
    context.tell("sts:ExternalId", external);
    if matches!(caller, Principal::Service(_)) {
        let arn = facts.cluster.arn;
        context.tell("aws:SourceArn", Told::Values(vec![arn.as_str().to_owned()]));
        context.tell("aws:SourceAccount", Told::Values(vec![arn.account().to_owned()]));
    }
    Some(Request {
        principal: caller.clone(),
        through: Vec::new(),
        action,
        resource: Resource { arn: assumption.role.as_str().into(), owner: None, tags: Default::default() },
        region: facts.cluster.arn.region().parse().ok(),
        kms: KmsDetail::default(),
        context,
    })
}
