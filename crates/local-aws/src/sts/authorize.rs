//! What a call of STS needs to be allowed, looked up in the catalog's table and put to the authorization model.

use std::borrow::Cow;

use authz::{
    context::Told,
    principal::Principal,
    request::{KmsDetail, Request},
    rules::Assumptions,
};
use aws_catalog::access::{self, Access, On};
use aws_model::Arn;

use super::{Call, Sts, access_denied};
use crate::{
    accounts::federated_user_arn,
    authorization::{Asked, root_stand_in},
    error::ServiceError,
};

impl Sts {
    /// Asks for everything that the operation does.
    pub(super) fn authorize(&self, call: Call<'_>, operation: &str) -> Result<(), ServiceError> {
        let Some(operation) = access::operation("sts", operation) else {
            return Err(ServiceError::new("InvalidAction", "the embedded AWS does not answer this"));
        };
        for access in operation.accesses() {
            if access.is_asked_by(call.input) || call.is_asked_by_session(access, self.authorizer.assumptions()) {
                self.ask(call, access)?;
            }
        }
        Ok(())
    }

    fn ask(&self, call: Call<'_>, access: &Access) -> Result<(), ServiceError> {
        let caller = call.context.caller;
        let named = |member| call.text(member).unwrap_or_default();
        let resource = match access.on() {
            On::FederatedUser(member) => {
                federated_user_arn(self.accounts.partition(), caller.account, named(member)).into()
            }
            On::Role(member) => {
                let text = named(member);
                // The operation says in its own words that this is none.
                let Ok(role) = text.parse::<Arn>() else { return Ok(()) };
                self.authorizer.admit_role(&role, call.context.region.partition());
                Cow::Borrowed(text)
            }
            _ => Cow::Borrowed("*"),
        };
        let mut request = self.request(call, access, &resource)?;
        let kept = call.session.and_then(|session| session.context.source_identity.as_ref());
        if let (On::Role(_), Some(kept)) = (access.on(), kept) {
            request.context.tell("sts:SourceIdentity", Told::Values(vec![kept.clone()]));
        }
        if matches!(access.on(), On::Role(_)) {
            tell_inherited(call, &mut request);
        }
        let stand_in = matches!(access.on(), On::Role(_)).then(|| self.stand_in(call, &request)).flatten();
        match stand_in {
            Some(stand_in) => self.authorizer.check_as(&stand_in, &request),
            None => self.authorizer.check(&request),
        }
    }

    fn request(&self, call: Call<'_>, access: &Access, resource: &str) -> Result<Request, ServiceError> {
        let kms = KmsDetail::default();
        let asked = Asked { access, resource, region: None, kms, on_same_key: None };
        self.authorizer.request(call.context, call.input, asked)
    }

    /// What is answered of a role that is not there, though policies would let the caller assume it.
    pub(super) fn no_such_role(&self, call: Call<'_>, operation: &str, role: &str) -> ServiceError {
        let mut accesses = access::operation("sts", operation).into_iter().flat_map(|operation| operation.accesses());
        let Some(access) = accesses.find(|access| access.action().ends_with(operation)) else {
            return access_denied("Access denied");
        };
        self.request(call, access, role).map_or_else(|error| error, |request| self.authorizer.absent(&request))
    }

    /// The request as an administrator of the account makes it, where the root user of an open account wants to assume
    /// a role: such an account has no other long-term credential than that of its root user, whom AWS would refuse.
    fn stand_in(&self, call: Call<'_>, request: &Request) -> Option<Request> {
        let Principal::Root(account) = request.principal else { return None };
        if !self.authorizer.root_may_assume(account) {
            return None;
        }
        let user = root_stand_in(account, call.context.region.partition())?;
        let mut stand_in = Request { principal: Principal::User(user), ..request.clone() };
        self.authorizer.admit(&stand_in.principal);
        stand_in.context.tell("aws:PrincipalArn", Told::Values(vec![call.context.caller.arn.clone()]));
        stand_in.context.tell("aws:PrincipalType", Told::Values(vec!["Account".to_owned()]));
        stand_in.context.tell("aws:username", Told::Absent);
        stand_in.context.tell("aws:userid", Told::Values(vec![account.to_string()]));
        Some(stand_in)
    }
}

/// Tags that the calling session hands down are the new session's as those are that are passed, so a trust policy may ask
/// for them by `aws:RequestTag`.
///
/// Source: Amazon EKS User Guide, "Access AWS Resources using EKS Pod Identity Target IAM Roles" > "Update the Target IAM Role
/// trust policy".
fn tell_inherited(call: Call<'_>, request: &mut Request) {
    let tags = call.session.into_iter().flat_map(|session| session.context.tags.values()).filter(|tag| tag.transitive);
    for tag in tags {
        let key = format!("aws:requesttag/{}", tag.key.to_lowercase());
        if request.context.told(&key).is_none() {
            request.context.tell(&key, Told::Values(vec![tag.value.clone()]));
        }
    }
}

impl Call<'_> {
    /// Whether what the calling session hands on asks for an access though the input does not.
    ///
    /// Source: IAM User Guide, "Pass session tags in AWS STS" > "Chaining roles with session tags"; "Monitor and control
    /// actions taken with assumed roles" (the trust policy of each role of a chain must allow
    /// `sts:SetSourceIdentity`).
    fn is_asked_by_session(self, access: &Access, assumptions: &Assumptions) -> bool {
        let Some(session) = self.session else { return false };
        match access.action() {
            "sts:SetSourceIdentity" => session.context.source_identity.is_some(),
            "sts:TagSession" if !assumptions.trust_tag_session_inherited => false,
            "sts:TagSession" => session.context.tags.values().any(|tag| tag.transitive),
            _ => false,
        }
    }
}
