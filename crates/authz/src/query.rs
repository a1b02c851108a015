//! The other directions: who may do something, and what somebody may do.

use std::sync::Arc;

use aws_model::AccountId;

use crate::{
    decision::{Gate, Verdict},
    policy::Policy,
    principal::Principal,
    request::Action,
    world::{Grant, PolicyOrigin},
};

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

/// What somebody may do, as far as the world and the caller's list of actions tell.
#[derive(Clone, Debug, Default)]
pub struct WhatCan {
    /// What it may and what it may perhaps, by resource, then by action.
    pub may: Vec<Capability>,
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
