//! The blast radius: who else gains what by a fix.

use std::{collections::BTreeSet, sync::Arc};

use aws_model::AccountId;

use crate::{
    decision::Verdict,
    policy::{Policy, PolicyKind, Statement},
    principal::Principal,
    query::principals_around,
    request::{Action, Request, Resource},
    rules::Assumptions,
    world::{GrantOperation, World},
};

use super::{Change, Edit, How, PolicyEdit};

/// Who else gains what, of what was looked at: every principal that the world knows, the actions and resources that
/// the changes are about, in the circumstances of the request (its context, and the services that pass it on).
#[derive(Clone, Debug, Default)]
pub struct BlastRadius {
    /// What is gained, at most [`Self::SHOWN`]; what the caller asked for itself is not among it.
    pub gains: Vec<Gain>,
    /// How much is gained, also beyond what `gains` holds.
    pub count: usize,
    /// How many questions were asked, each before and after.
    pub asked: usize,
    /// What was not looked at.
    pub not_asked: Vec<NotAsked>,
}

/// Something that somebody may do afterwards, or may perhaps, and could not before.
#[derive(Clone, Debug)]
pub struct Gain {
    /// Who. A role stands for every plain session of it.
    pub principal: Principal,
    /// Does what.
    pub action: Action,
    /// To what.
    pub resource: Box<str>,
    /// What was decided before.
    pub before: Verdict,
    /// What is decided afterwards.
    pub after: Verdict,
}

/// What the blast radius leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAsked {
    /// A pattern in what was changed stands for more actions than were asked about.
    Actions(Box<str>),
    /// A pattern in what was changed may stand for resources that the world does not know.
    Resources(Box<str>),
    /// The identities of an account that gains something are not known, or not all of them.
    Identities(AccountId),
    /// So many questions were too many.
    Questions(usize),
}

impl BlastRadius {
    /// So many gains are listed.
    pub const SHOWN: usize = 50;
}

/// So many questions are asked, each before and after.
const QUESTIONS: usize = 2_000;

/// So many actions, and so many resources, are asked about.
const EACH: usize = 24;

/// What the changes are about.
struct Touched {
    actions: Vec<Action>,
    resources: Vec<Box<str>>,
    not_asked: Vec<NotAsked>,
}

impl BlastRadius {
    /// Asks what changes between two worlds.
    pub(super) fn of(
        changes: &[Change],
        (before, after): (&World, &World),
        (request, asked): (&Request, &Request),
        assumptions: &Assumptions,
    ) -> Self {
        let mut radius = Self::default();
        // What the caller does otherwise opens nothing to anybody.
        if changes.iter().all(|change| matches!(change.edit, Edit::Request(_))) {
            return radius;
        }
        let Touched { actions, resources, not_asked } = Touched::by(changes, before, request);
        radius.not_asked = not_asked;
        let principals = principals_around(after, &request.resource.arn);
        let unknown = after.accounts().filter(|(_, account)| account.identities_are_partial).map(|(id, _)| id);
        radius.not_asked.extend(unknown.collect::<BTreeSet<_>>().into_iter().map(NotAsked::Identities));
        let total = principals.len() * actions.len() * resources.len();
        if total > QUESTIONS {
            radius.not_asked.push(NotAsked::Questions(total - QUESTIONS));
        }
        // The request's own action and resource come first, so that a bound cuts off what is less to the point.
        let pairs = actions.iter().flat_map(|action| resources.iter().map(move |resource| (action, resource)));
        let questions = pairs.flat_map(|pair| principals.iter().map(move |principal| (principal, pair)));
        for (principal, (action, resource)) in questions.take(QUESTIONS) {
            let is_own = is_same(principal, &request.principal);
            if is_own && *action == request.action && *resource == request.resource.arn {
                continue;
            }
            let question = as_asked(asked, if is_own { &asked.principal } else { principal }, action, resource);
            radius.asked += 1;
            let (was, is) = (before.decide(&question, assumptions), after.decide(&question, assumptions));
            if openness(&is) > openness(&was) {
                radius.count += 1;
                if radius.gains.len() < Self::SHOWN {
                    radius.gains.push(Gain {
                        principal: question.principal,
                        action: action.clone(),
                        resource: resource.clone(),
                        before: was,
                        after: is,
                    });
                }
            }
        }
        radius
    }
}

/// The same request of somebody else, or about something else.
fn as_asked(request: &Request, principal: &Principal, action: &Action, arn: &str) -> Request {
    let resource = if *arn == *request.resource.arn {
        request.resource.clone()
    } else {
        Resource { arn: arn.into(), owner: None, tags: Default::default() }
    };
    Request { principal: principal.clone(), action: action.clone(), resource, ..request.clone() }
}

/// Whether two principals are one user or role, in whichever session.
fn is_same(one: &Principal, other: &Principal) -> bool {
    match (one, other) {
        (Principal::Session(one), Principal::Session(other)) => one.role == other.role,
        _ => one.to_string() == other.to_string(),
    }
}

const fn openness(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Denied(_) => 0,
        Verdict::AllowedIff(_) => 1,
        Verdict::Allowed => 2,
    }
}

impl Touched {
    fn by(changes: &[Change], world: &World, request: &Request) -> Self {
        let mut touched = Self {
            actions: vec![request.action.clone()],
            resources: vec![request.resource.arn.clone()],
            not_asked: Vec::new(),
        };
        for change in changes {
            match &change.edit {
                Edit::Policy(edit) => touched.add_policy(edit, world, request),
                Edit::Grant(new) => touched.add_operations(new.grant.operations.iter()),
                Edit::Request(_) => {}
            }
        }
        for list in [touched.actions.len(), touched.resources.len()] {
            if list > EACH {
                touched.not_asked.push(NotAsked::Questions(list - EACH));
            }
        }
        touched.actions.truncate(EACH);
        touched.resources.truncate(EACH);
        touched
    }

    fn add_policy(&mut self, edit: &PolicyEdit, world: &World, request: &Request) {
        for (policy, statement) in differing(edit) {
            self.add_actions(policy, statement);
            if !matches!(policy.kind(), PolicyKind::Key | PolicyKind::Trust) {
                self.add_resources(statement, world, request);
            }
        }
    }

    fn add_operations(&mut self, operations: impl Iterator<Item = GrantOperation>) {
        for operation in operations {
            self.add_action(&format!("kms:{}", operation.as_str()));
        }
    }

    fn add_action(&mut self, written: &str) {
        if let Ok(action) = written.parse::<Action>()
            && !self.actions.iter().any(|known| known.lower() == action.lower())
        {
            self.actions.push(action);
        }
    }

    /// The actions that a statement names, and those of grants for patterns of KMS's.
    fn add_actions(&mut self, policy: &Policy, statement: &Statement) {
        for pattern in &statement.actions.patterns {
            let written = policy.source().slice(pattern.span).trim_matches('"');
            if !statement.actions.negated && !written.contains(['*', '?']) {
                self.add_action(written);
                continue;
            }
            let grantable = GrantOperation::ALL.iter().copied();
            let covered = grantable.filter(|operation| {
                statement.actions.covers(&format!("kms:{}", operation.as_str()).to_ascii_lowercase())
            });
            self.add_operations(covered.collect::<Vec<_>>().into_iter());
            self.leave_out(NotAsked::Actions(written.into()));
        }
    }

    /// The resources that a statement names, and those that the world knows where it has a pattern.
    fn add_resources(&mut self, statement: &Statement, world: &World, request: &Request) {
        let Some(resources) = &statement.resources else { return };
        for pattern in &resources.patterns {
            let written = pattern.value.as_str();
            if !resources.negated && !written.contains(['*', '?', '$']) {
                self.add_resource(written);
                continue;
            }
            if written == &*request.resource.arn {
                continue;
            }
            for arn in known_resources(world, request.action.service()) {
                self.add_resource(&arn);
            }
            self.leave_out(NotAsked::Resources(written.into()));
        }
    }

    fn add_resource(&mut self, arn: &str) {
        if !self.resources.iter().any(|known| **known == *arn) {
            self.resources.push(arn.into());
        }
    }

    fn leave_out(&mut self, what: NotAsked) {
        if !self.not_asked.contains(&what) {
            self.not_asked.push(what);
        }
    }
}

/// The statements that are there in only one of the texts; for a policy that is saved again, all.
fn differing(edit: &PolicyEdit) -> Vec<(&Arc<Policy>, &Statement)> {
    let text = |policy: &Arc<Policy>, statement: &Statement| policy.source().slice(statement.span).to_owned();
    let of = |policy: &Option<&Arc<Policy>>| -> BTreeSet<String> {
        let statements = policy.iter().flat_map(|policy| policy.statements().iter().map(|one| text(policy, one)));
        statements.collect()
    };
    let (before, after) = (edit.before.as_ref(), Some(&edit.after));
    let (old, new) = (of(&before), of(&after));
    let all = before.into_iter().map(|policy| (policy, &new)).chain(after.into_iter().map(|policy| (policy, &old)));
    all.flat_map(|(policy, others)| policy.statements().iter().map(move |statement| (policy, statement, others)))
        .filter(|(policy, statement, others)| edit.how == How::SavedAgain || !others.contains(&text(policy, statement)))
        .map(|(policy, statement, _)| (policy, statement))
        .collect()
}

/// The ARNs of what the world knows of a service, by name.
fn known_resources(world: &World, service: &str) -> Vec<String> {
    let mut known: Vec<String> = world
        .accounts()
        .flat_map(|(_, account)| {
            let keys = account.keys().map(|key| key.arn.as_str());
            let roles = account.roles().map(|role| role.identity.arn.as_str());
            let others = account.resources().map(|(arn, _)| arn);
            let of_service = move |arn: &&str| match service {
                "sts" => arn.split(':').nth(2) == Some("iam"),
                _ => arn.split(':').nth(2) == Some(service),
            };
            keys.chain(roles).chain(others).filter(of_service).map(str::to_owned)
        })
        .collect();
    known.sort_unstable();
    known
}
