//! Whether a policy's `Principal` element means the caller, and how closely.
//!
//! Source: IAM User Guide, "AWS JSON policy elements: Principal" and "AWS JSON policy elements: NotPrincipal".

use std::collections::BTreeMap;

use aws_model::Arn;

use crate::{
    formula::Formula,
    policy::{Element, PrincipalPattern},
    principal::Principal,
    rules::Assumptions,
    text::Spanned,
};

use super::{
    caller::{Caller, Standing, friendly_name},
    fact::fact,
};

/// How closely an element means the caller. What a statement gives depends on it.
///
/// Source: IAM User Guide, "How AWS enforcement code logic evaluates requests" > "Resource-based policies".
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    /// Exactly who calls (a user, a session, everybody): what is given is given, whatever a boundary or session
    /// policy does not allow.
    pub(super) direct: Formula,
    /// The role or user behind the session that calls: boundary and session policies cap what is given.
    pub(super) behind: Formula,
    /// The caller's account: it is for the caller's own policies to let it in.
    pub(super) account: Formula,
}

impl Named {
    pub(super) const NOT: Self = Self { direct: Formula::False, behind: Formula::False, account: Formula::False };

    pub(super) const fn direct(direct: Formula) -> Self {
        Self { direct, behind: Formula::False, account: Formula::False }
    }

    pub(super) const fn behind(behind: Formula) -> Self {
        Self { direct: Formula::False, behind, account: Formula::False }
    }

    pub(super) const fn account(account: Formula) -> Self {
        Self { direct: Formula::False, behind: Formula::False, account }
    }

    /// Meant in any way.
    pub(super) fn any(self) -> Formula {
        self.direct.or(self.behind).or(self.account)
    }

    /// Certainly not meant.
    pub(super) const fn is_nobody(&self) -> bool {
        self.direct.is_false() && self.behind.is_false() && self.account.is_false()
    }

    /// Meant only where this holds, too.
    pub(super) fn and(self, holds: &Formula) -> Self {
        if holds.is_true() {
            return self;
        }
        Self {
            direct: self.direct.and(holds.clone()),
            behind: self.behind.and(holds.clone()),
            account: self.account.and(holds.clone()),
        }
    }

    /// Meant by one or the other.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            direct: self.direct.or(other.direct),
            behind: self.behind.or(other.behind),
            account: self.account.or(other.account),
        }
    }
}

/// Unique ids by ARN, as they were when the policy was saved.
pub(super) type SavedIds = BTreeMap<Box<str>, Box<str>>;

/// Whom an Allow statement means.
pub(super) fn allowed(
    element: &Element<PrincipalPattern>,
    saved: &SavedIds,
    caller: &Caller<'_>,
    everybody: &Named,
) -> Named {
    let mut named = Named::NOT;
    for pattern in &element.patterns {
        named = named.or(match &pattern.value {
            PrincipalPattern::Anyone => everybody.clone(),
            other => one(other, saved, caller),
        });
        if named.direct.is_true() {
            break;
        }
    }
    if element.negated {
        return Named::direct(named.any().not());
    }
    named
}

/// Whom a Deny statement means.
pub(super) fn denied(
    element: &Element<PrincipalPattern>,
    saved: &SavedIds,
    caller: &Caller<'_>,
    assumptions: &Assumptions,
) -> Formula {
    if !element.negated {
        return Formula::any(element.patterns.iter().map(|pattern| {
            let Named { direct, behind, account } = one(&pattern.value, saved, caller);
            let account = if assumptions.iam_principal_deny_account { account } else { Formula::False };
            direct.or(behind).or(account)
        }));
    }
    // Source: IAM User Guide, "AWS JSON policy elements: NotPrincipal" (do not use it against who has a boundary).
    let is_bounded = match &caller.standing {
        Standing::Identity(identity) => identity.boundary.is_some().into(),
        Standing::Unknown => fact("aws:PrincipalArn", || "the caller has a permissions boundary".to_owned()),
        Standing::Root | Standing::Gone | Standing::None => Formula::False,
    };
    is_bounded.or(spared(&element.patterns, saved, caller).not())
}

/// Whether `NotPrincipal` in a Deny leaves the caller alone: only if the list names it at every level, the session,
/// its role and the account.
///
/// Source: IAM User Guide, "AWS JSON policy elements: NotPrincipal" > "Specifying NotPrincipal with Deny".
fn spared(patterns: &[Spanned<PrincipalPattern>], saved: &SavedIds, caller: &Caller<'_>) -> Formula {
    let mut named = Named::NOT;
    for pattern in patterns {
        if pattern.value == PrincipalPattern::Anyone {
            return Formula::True;
        }
        named = named.or(one(&pattern.value, saved, caller));
    }
    match caller.principal {
        Principal::Session(_) => named.direct.and(named.behind).and(named.account),
        Principal::User(_) | Principal::FederatedUser(_) => named.direct.and(named.account),
        Principal::Root(_) | Principal::Federated { .. } | Principal::Service(_) | Principal::Anonymous => named.any(),
    }
}

/// Whether one pattern means the caller.
pub(super) fn one(pattern: &PrincipalPattern, saved: &SavedIds, caller: &Caller<'_>) -> Named {
    match (pattern, caller.principal) {
        (PrincipalPattern::Anyone, _) => Named::direct(Formula::True),
        (PrincipalPattern::Account(account), Principal::Root(root)) => Named::direct((account == root).into()),
        (PrincipalPattern::Account(account), _) => Named::account((caller.account == Some(*account)).into()),
        (PrincipalPattern::User(named), Principal::User(arn)) if named == arn => {
            Named::direct(still_meant(named, saved, caller))
        }
        (PrincipalPattern::User(named), Principal::FederatedUser(federated))
            if federated.parent.as_ref() == Some(named) =>
        {
            Named::behind(still_meant(named, saved, caller))
        }
        (PrincipalPattern::Role(named), Principal::Session(session)) if *named == session.role => {
            Named::behind(still_meant(named, saved, caller))
        }
        (PrincipalPattern::RoleSession(named), Principal::Session(_)) => Named::direct(is_session(named, caller)),
        (PrincipalPattern::FederatedUser(named), Principal::FederatedUser(_)) => {
            Named::direct(is_federated_user(named, caller).into())
        }
        (PrincipalPattern::UniqueId(id), Principal::User(_)) => Named::direct(has_unique_id(id, caller)),
        (PrincipalPattern::UniqueId(id), Principal::Session(_) | Principal::FederatedUser(_)) => {
            Named::behind(has_unique_id(id, caller))
        }
        (PrincipalPattern::Service(named), Principal::Service(service)) => Named::direct((named == service).into()),
        (PrincipalPattern::Federated(named), Principal::Federated { provider }) => {
            Named::direct((named == provider).into())
        }
        (PrincipalPattern::CanonicalUser(id), _) if caller.account.is_some() => {
            Named::account(fact("aws:PrincipalAccount", || {
                format!("the canonical user id of the caller's account is {id}")
            }))
        }
        _ => Named::NOT,
    }
}

/// Whether the ARN still stands for whom it did when the policy was saved. Where either id is not known, names count.
fn still_meant(named: &Arn, saved: &SavedIds, caller: &Caller<'_>) -> Formula {
    let Some(saved) = saved.get(named.as_str()) else { return Formula::True };
    caller.identity().is_none_or(|identity| identity.unique_id == *saved).into()
}

fn has_unique_id(id: &str, caller: &Caller<'_>) -> Formula {
    match &caller.standing {
        Standing::Identity(identity) => (&*identity.unique_id == id).into(),
        Standing::Unknown => fact("aws:userid", || format!("the caller's unique id is {id}")),
        Standing::Root | Standing::Gone | Standing::None => Formula::False,
    }
}

/// Whether a session's ARN, which leaves out the role's path, is the caller's.
pub(super) fn is_session(arn: &Arn, caller: &Caller<'_>) -> Formula {
    let Some(session) = caller.session() else { return Formula::False };
    let name = arn.resource().strip_prefix("assumed-role/").and_then(|rest| rest.split_once('/'));
    let Some((role, name)) = name else { return Formula::False };
    if arn.account() != session.role.account() || role != friendly_name(&session.role) {
        return Formula::False;
    }
    match &session.name {
        Some(known) => (known == name).into(),
        None => fact("aws:userid", || format!("the caller's session is called {name}")),
    }
}

pub(super) fn is_federated_user(arn: &Arn, caller: &Caller<'_>) -> bool {
    caller.federated_user().is_some_and(|federated| {
        arn.account() == federated.account.as_str()
            && arn.resource().strip_prefix("federated-user/") == Some(&*federated.name)
    })
}
