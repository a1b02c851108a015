//! The context keys that follow from who calls, what is called and on what, derived when a condition asks for them.
//!
//! Source: IAM User Guide, "AWS global condition context keys"; AWS KMS Developer Guide, "Condition keys for AWS KMS".
//! Each key's own paragraph there tells when it is in a request.

mod kms;
mod organization;
mod principal;
mod resource;

use std::borrow::Cow;

use crate::{
    context::Others,
    matching::{ContextView, Lookup, Values},
    request::Request,
    rules::Assumptions,
    world::World,
};

use super::{caller::Caller, target::Target};

/// What is decided about: the request, with what the world knows of its parts.
pub(crate) struct Facts<'a> {
    pub(crate) world: &'a World,
    pub(crate) request: &'a Request,
    pub(crate) assumptions: &'a Assumptions,
    pub(crate) caller: Caller<'a>,
    pub(crate) target: Target<'a>,
}

/// What was told of a key, else what follows, else what the context says of all others.
impl ContextView for Facts<'_> {
    fn look_up(&self, lower_case_key: &str) -> Lookup<'_> {
        if let Some(told) = self.request.context.told(lower_case_key) {
            return told.into();
        }
        self.derived(lower_case_key).unwrap_or(match self.request.context.others() {
            Others::Absent => Lookup::Absent,
            Others::Unknown => Lookup::Unknown,
        })
    }

    fn assumptions(&self) -> &Assumptions {
        self.assumptions
    }
}

impl<'a> Facts<'a> {
    /// What follows for a key; `None` where nothing does.
    fn derived(&'a self, lower_case_key: &str) -> Option<Lookup<'a>> {
        let (service, name) = lower_case_key.split_once(':')?;
        match (service, name.split_once('/')) {
            ("aws", Some(("principaltag", tag))) => self.principal_tag(tag),
            ("aws" | "iam", Some(("resourcetag", tag))) => self.resource_tag(tag),
            ("aws", _) => self.of_principal(name).or_else(|| self.of_organization(name)).or_else(|| self.of_call(name)),
            ("kms", _) => self.of_kms(name),
            _ => None,
        }
    }
}

const ABSENT: Option<Lookup<'static>> = Some(Lookup::Absent);
const UNKNOWN: Option<Lookup<'static>> = Some(Lookup::Unknown);

const fn one(text: &str) -> Option<Lookup<'_>> {
    Some(Lookup::one(text))
}

const fn owned(text: String) -> Option<Lookup<'static>> {
    Some(Lookup::Values(Values::One(Cow::Owned(text))))
}

const fn flag(holds: bool) -> Option<Lookup<'static>> {
    one(if holds { "true" } else { "false" })
}

fn known(text: Option<&str>) -> Option<Lookup<'_>> {
    text.map_or(ABSENT, one)
}

fn many<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<Lookup<'a>> {
    let texts: Vec<_> = texts.into_iter().map(Cow::Borrowed).collect();
    if texts.is_empty() { ABSENT } else { Some(Lookup::Values(Values::Many(texts))) }
}
