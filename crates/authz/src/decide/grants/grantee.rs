//! Whether a grant is for the caller.

use std::sync::Arc;

use aws_model::Arn;

use crate::{
    formula::Formula,
    principal::Principal,
    rules,
    world::{Grant, GrantPrincipal, Grants},
};

use super::super::{
    caller::friendly_name,
    derive::Facts,
    naming::{self, Named},
    observer::Observer,
};

impl Facts<'_> {
    /// How closely a grant's grantee means the caller.
    pub(super) fn grantee(&self, grant: &Grant) -> Named {
        self.granted_to(&grant.grantee)
    }

    /// How closely a principal of a grant, its grantee or who may retire it, means the caller.
    pub(in super::super) fn granted_to(&self, principal: &GrantPrincipal) -> Named {
        let caller = &self.caller;
        match (principal, caller.principal) {
            (GrantPrincipal::Account(account), Principal::Root(root)) => Named::direct((account == root).into()),
            (GrantPrincipal::Account(account), _) => Named::account((caller.account == Some(*account)).into()),
            (GrantPrincipal::User(arn), Principal::User(user)) => Named::direct((arn == user).into()),
            (GrantPrincipal::Role(arn), Principal::Session(session)) => Named::behind((*arn == session.role).into()),
            (GrantPrincipal::RoleSession(arn), Principal::Session(_)) => Named::direct(naming::is_session(arn, caller)),
            (GrantPrincipal::FederatedUser(arn), Principal::FederatedUser(_)) => {
                Named::direct(naming::is_federated_user(arn, caller).into())
            }
            (GrantPrincipal::Service(name), Principal::Service(service)) => Named::direct((name == service).into()),
            _ => Named::NOT,
        }
    }

    /// Whether the grantee is still the one that the grant was made for, and not one created anew under its name.
    /// Where either id is not known, the name counts.
    pub(super) fn is_same_grantee<O: Observer>(&self, grant: &Arc<Grant>, observer: &mut O) -> Formula {
        let (Some(then), Some(now)) = (&grant.grantee_unique_id, self.caller.identity()) else { return Formula::True };
        let is_by_name = matches!(grant.grantee, GrantPrincipal::User(_) | GrantPrincipal::Role(_));
        if !is_by_name || *then == now.unique_id || self.grantee(grant).is_nobody() {
            return Formula::True;
        }
        let (dies, rule) = if self.caller.is_service_linked() {
            (self.assumptions.slr_recreated, &rules::SLR_RECREATED)
        } else {
            (self.assumptions.kms_grant_grantee_recreated, &rules::KMS_GRANT_GRANTEE_RECREATED)
        };
        (!self.assumed(dies, rule, observer)).into()
    }

    /// The sessions that the caller may be, where its own session's name is not known.
    pub(super) fn possible_grantees<'g>(&self, grants: &'g Grants) -> impl Iterator<Item = &'g GrantPrincipal> {
        let session = self.caller.session().filter(|session| session.name.is_none());
        session.into_iter().flat_map(|session| grants.sessions_of(session.role.account(), friendly_name(&session.role)))
    }

    /// Under which names grants may be for the caller, the likeliest first.
    pub(in super::super) fn grantees(&self) -> impl Iterator<Item = GrantPrincipal> + use<'_> {
        let by_name = match self.caller.principal {
            Principal::User(arn) => Some(GrantPrincipal::User(arn.clone())),
            Principal::Session(session) => Some(GrantPrincipal::Role(session.role.clone())),
            Principal::Service(service) => Some(GrantPrincipal::Service(service.clone())),
            Principal::Root(_) | Principal::FederatedUser(_) | Principal::Federated { .. } | Principal::Anonymous => {
                None
            }
        };
        let of_session = std::iter::once_with(|| self.session_arn()).flatten();
        let of_account = self.caller.account.map(GrantPrincipal::Account);
        by_name.into_iter().chain(of_session).chain(of_account)
    }

    fn session_arn(&self) -> Option<GrantPrincipal> {
        if let Some(session) = self.caller.session() {
            let (role, name) = (&session.role, session.name.as_deref()?);
            let (partition, account) = (role.partition(), role.account());
            let arn = format!("arn:{partition}:sts::{account}:assumed-role/{}/{name}", friendly_name(role));
            return arn.parse::<Arn>().ok().map(GrantPrincipal::RoleSession);
        }
        let federated = self.caller.federated_user()?;
        let partition = federated.parent.as_ref().map_or_else(|| self.partition(), Arn::partition);
        let arn = format!("arn:{partition}:sts::{}:federated-user/{}", federated.account, federated.name);
        arn.parse::<Arn>().ok().map(GrantPrincipal::FederatedUser)
    }
}
