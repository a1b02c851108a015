//! The other directions: who may do something, and what somebody may do.
//!
//! Both ask the same question many times over, of everybody and everything that the world knows, up to a bound. What is
//! beyond the bound is counted.

mod basis;
mod principals;
mod resources;

use std::{collections::BTreeMap, sync::Arc};

use aws_model::{AccountId, Arn, Region};

use crate::{
    context::{Context, Others},
    decision::{Gate, Verdict},
    policy::Policy,
    principal::Principal,
    request::{Action, KmsDetail, Request, Resource},
    rules::Assumptions,
    world::{Grant, PolicyOrigin, World},
};

pub(crate) use principals::principals_around;

/// So many principals are asked about.
const PRINCIPALS: usize = 10_000;

/// So many pairs of action and resource are asked about.
const PAIRS: usize = 100_000;

/// The circumstances of a question, besides who, what and on what. By default nothing is told: answers hang on what
/// policies ask of it.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// See [`Request::through`].
    pub through: Vec<Box<str>>,
    /// See [`Request::region`]; by default that of the resource.
    pub region: Option<Region>,
    /// See [`Request::kms`].
    pub kms: KmsDetail,
    /// See [`Request::context`].
    pub context: Context,
}

impl Default for Circumstances {
    fn default() -> Self {
        let kms = KmsDetail { encryption_context_is_partial: true, ..KmsDetail::default() };
        Self { through: Vec::new(), region: None, kms, context: Context::new(Others::Unknown) }
    }
}

/// Who may do something, as far as the world tells.
#[derive(Clone, Debug, Default)]
pub struct WhoCan {
    /// Those who may and those who may perhaps, the former first; in each by name.
    pub may: Vec<Access>,
    /// How many principals were asked about.
    pub asked: usize,
    /// How many principals there are beyond the bound, which nobody was asked about.
    pub not_asked: usize,
}

/// A principal that may do what was asked about, or may perhaps.
#[derive(Clone, Debug)]
pub struct Access {
    /// Who. A role stands for every plain session of it: one without session policies and session tags.
    pub principal: Principal,
    /// [`Verdict::Allowed`] or [`Verdict::AllowedIff`].
    pub verdict: Verdict,
    /// What lets it through: for each gate that had to, the statements and grants that match.
    pub basis: Vec<Basis>,
}

/// A statement or grant that lets somebody through a gate.
#[derive(Clone, Debug)]
pub struct Basis {
    /// The gate.
    pub gate: Gate,
    /// Whose policy or key that is.
    pub account: Option<AccountId>,
    /// Which statement or grant.
    pub by: BasisBy,
}

/// What lets somebody through.
#[derive(Clone, Debug)]
pub enum BasisBy {
    /// A statement that allows.
    Statement {
        /// The policy.
        policy: Arc<Policy>,
        /// How it got to an identity; `None` for a resource's own policy.
        origin: Option<PolicyOrigin>,
        /// The statement's place among the policy's statements.
        index: usize,
    },
    /// A grant on the key.
    Grant(Arc<Grant>),
}

/// An action that is asked about.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The action.
    pub action: Action,
    /// What it acts on, where that is known: of other things it is not asked.
    pub acts_on: Option<ActsOn>,
}

/// What an action acts on.
#[derive(Clone, Debug, Default)]
pub struct ActsOn {
    /// The forms of the ARNs, with `*` for what is another in each: `arn:*:kms:*:*:key/*`.
    pub forms: Vec<Box<str>>,
    /// Whether it may also be on nothing in particular (`*`).
    pub nothing: bool,
}

impl From<Action> for Asked {
    fn from(action: Action) -> Self {
        Self { action, acts_on: None }
    }
}

/// What somebody may do, as far as the world and the caller's list of actions tell.
#[derive(Clone, Debug, Default)]
pub struct WhatCan {
    /// What it may and what it may perhaps, by resource, then by action.
    pub may: Vec<Capability>,
    /// How many actions of each service were asked about on each resource, by both.
    pub asked_on: BTreeMap<(Box<str>, Box<str>), usize>,
    /// How many pairs of action and resource were asked about.
    pub asked: usize,
    /// How many pairs are beyond the bound, which nobody was asked about.
    pub not_asked: usize,
}

/// An action that somebody may do on a resource, or may perhaps.
#[derive(Clone, Debug)]
pub struct Capability {
    /// The action.
    pub action: Action,
    /// The resource: an ARN, a pattern of ARNs from one of the principal's policies, or `*` for actions on nothing in
    /// particular.
    pub resource: Box<str>,
    /// [`Verdict::Allowed`] or [`Verdict::AllowedIff`].
    pub verdict: Verdict,
}

impl World {
    /// Who may do something: of all users, roles and root users of the world, and of whoever the resource's policy and
    /// the grants on it name besides.
    ///
    /// Somebody who is named by a service or an account that is not known is asked about as that; everybody at large
    /// (`"Principal": "*"`) as [`Principal::Anonymous`].
    #[must_use]
    pub fn who_can(
        &self,
        action: &Action,
        resource: &Resource,
        circumstances: &Circumstances,
        assumptions: &Assumptions,
    ) -> WhoCan {
        let principals = principals_around(self, &resource.arn);
        let mut who = WhoCan { not_asked: principals.len().saturating_sub(PRINCIPALS), ..WhoCan::default() };
        for principal in principals.into_iter().take(PRINCIPALS) {
            who.asked += 1;
            let request = circumstances.asked(principal, action.clone(), resource.clone());
            let verdict = self.decide(&request, assumptions);
            if !matches!(verdict, Verdict::Denied(_)) {
                let basis = basis::of(&self.explain_of_caller(&request, assumptions));
                who.may.push(Access { principal: request.principal, verdict, basis });
            }
        }
        who.may.sort_by_key(|access| access.verdict != Verdict::Allowed);
        who
    }

    /// What somebody may do, of a list of actions: each on what the world knows of its service, on the resources that
    /// the principal's own policies name for it, and on nothing in particular (`*`), as far as it acts on those.
    ///
    /// A pattern of the policies is asked about as if it were a resource; a statement that denies a part of it is not
    /// seen.
    #[must_use]
    pub fn what_can(
        &self,
        principal: &Principal,
        actions: &[Asked],
        circumstances: &Circumstances,
        assumptions: &Assumptions,
    ) -> WhatCan {
        let resources = resources::Resources::of(self, principal);
        let mut what = WhatCan::default();
        for asked in actions {
            let action = &asked.action;
            for arn in resources.around(asked) {
                if what.asked == PAIRS {
                    what.not_asked += 1;
                    continue;
                }
                what.asked += 1;
                *what.asked_on.entry((action.service().into(), arn.as_str().into())).or_default() += 1;
                let resource = Resource { arn: arn.as_str().into(), owner: None, tags: Default::default() };
                let request = circumstances.asked(principal.clone(), action.clone(), resource);
                let verdict = self.decide(&request, assumptions);
                if !matches!(verdict, Verdict::Denied(_)) {
                    what.may.push(Capability { action: action.clone(), resource: arn.into(), verdict });
                }
            }
        }
        what.may.sort_by(|one, other| (&one.resource, &one.action).cmp(&(&other.resource, &other.action)));
        what
    }
}

impl Circumstances {
    /// The request of somebody in these circumstances.
    #[must_use]
    pub fn asked(&self, principal: Principal, action: Action, resource: Resource) -> Request {
        let of_resource = || resource.arn.parse::<Arn>().ok()?.region().parse().ok();
        Request {
            principal,
            through: self.through.clone(),
            action,
            region: self.region.clone().or_else(of_resource),
            resource,
            kms: self.kms.clone(),
            context: self.context.clone(),
        }
    }
}
