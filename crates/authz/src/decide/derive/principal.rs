//! Keys that tell of the principal.

use std::collections::BTreeMap;

use aws_model::Arn;

use crate::{
    context::{Others, Told},
    matching::Lookup,
    principal::Principal,
};

use super::{
    super::caller::{Standing, friendly_name},
    ABSENT, Facts, UNKNOWN, flag, known, many, one, owned,
};

impl<'a> Facts<'a> {
    /// Source: IAM User Guide, "AWS global condition context keys" > "Properties of the principal" and "Properties of a
    /// role session"; "IAM policy elements: Variables and tags" > "Principal key values".
    pub(super) fn of_principal(&'a self, name: &str) -> Option<Lookup<'a>> {
        match name {
            "principalarn" => self.principal_arn(),
            "principalaccount" => match (&self.caller.account, self.caller.principal) {
                (Some(account), _) => one(account.as_str()),
                (None, Principal::Anonymous) => one("anonymous"),
                (None, _) => ABSENT,
            },
            "principaltype" => match self.caller.principal {
                Principal::Root(_) => one("Account"),
                Principal::User(_) => one("User"),
                Principal::Session(_) => one("AssumedRole"),
                Principal::FederatedUser(_) => one("FederatedUser"),
                Principal::Anonymous => one("Anonymous"),
                // In every request, says the page; of these no page says which.
                Principal::Federated { .. } | Principal::Service(_) => UNKNOWN,
            },
            "userid" => self.user_id(),
            "username" => match self.caller.principal {
                Principal::User(arn) => one(friendly_name(arn)),
                _ => ABSENT,
            },
            "principalisawsservice" => match self.caller.principal {
                // Only a signed request has it.
                Principal::Anonymous | Principal::Federated { .. } => ABSENT,
                principal => flag(matches!(principal, Principal::Service(_))),
            },
            "principalservicename" => match self.caller.principal {
                Principal::Service(service) => one(service),
                _ => ABSENT,
            },
            "principalservicenameslist" => match self.caller.principal {
                Principal::Service(service) => many([&**service]),
                _ => ABSENT,
            },
            "sourceidentity" => known(self.caller.session().and_then(|session| session.source_identity.as_deref())),
            "federatedprovider" => known(self.federated_provider()),
            "tokenissuetime" => self.token_issue_time(),
            "multifactorauthpresent" => self.has_device_code(),
            // Only a service that calls as itself calls for a resource.
            "sourcearn" | "sourceaccount" | "sourceorgid" | "sourceorgpaths" => match self.caller.principal {
                Principal::Service(_) => None,
                _ => ABSENT,
            },
            _ => None,
        }
    }

    /// The provider that vouches for who asks for a session, or that vouched for whose session it is. One of SAML tells
    /// nothing.
    fn federated_provider(&'a self) -> Option<&'a str> {
        match self.caller.principal {
            Principal::Federated { provider } if self.request.action.lower() == "sts:assumerolewithwebidentity" => {
                Some(provider)
            }
            Principal::Session(session) => session.federated_provider.as_deref(),
            _ => None,
        }
    }

    /// The role's ARN for its sessions, so that conditions outlive them; the user's own ARN for everybody else.
    fn principal_arn(&'a self) -> Option<Lookup<'a>> {
        match self.caller.principal {
            Principal::Root(account) => owned(format!("arn:{}:iam::{account}:root", self.partition())),
            Principal::User(arn) => one(arn.as_str()),
            Principal::Session(session) => one(session.role.as_str()),
            Principal::FederatedUser(federated) => owned(format!(
                "arn:{}:sts::{}:federated-user/{}",
                federated.parent.as_ref().map_or_else(|| self.partition(), Arn::partition),
                federated.account,
                federated.name
            )),
            Principal::Federated { .. } | Principal::Service(_) | Principal::Anonymous => ABSENT,
        }
    }

    fn user_id(&'a self) -> Option<Lookup<'a>> {
        let unique_id = match &self.caller.standing {
            Standing::Identity(identity) => Some(&*identity.unique_id),
            _ => None,
        };
        match self.caller.principal {
            Principal::Root(account) => one(account.as_str()),
            Principal::User(_) => unique_id.map_or(UNKNOWN, one),
            Principal::Session(session) => match (unique_id, &session.name) {
                (Some(id), Some(name)) => owned(format!("{id}:{name}")),
                _ => UNKNOWN,
            },
            Principal::FederatedUser(federated) => owned(format!("{}:{}", federated.account, federated.name)),
            Principal::Anonymous => one("anonymous"),
            Principal::Federated { .. } | Principal::Service(_) => UNKNOWN,
        }
    }

    /// Only temporary credentials have been issued at some time. A user's may be those of `GetSessionToken`, and a
    /// service calls for a user with some that it gets for that.
    fn token_issue_time(&'a self) -> Option<Lookup<'a>> {
        match self.caller.principal {
            Principal::Session(session) => session.issued.map_or(UNKNOWN, |issued| owned(issued.to_string())),
            Principal::FederatedUser(_) => UNKNOWN,
            Principal::User(_) if !self.request.through.is_empty() => UNKNOWN,
            Principal::User(_) => None,
            _ => ABSENT,
        }
    }

    /// A service that calls for a user does so with temporary credentials, so that the key is there; without a device's
    /// code, unless the user's own are those of `GetSessionToken`.
    ///
    /// Source: IAM User Guide, "AWS global condition context keys" > `aws:MultiFactorAuthPresent`.
    fn has_device_code(&'a self) -> Option<Lookup<'a>> {
        if self.request.through.is_empty() || !matches!(self.caller.principal, Principal::User(_)) {
            return None;
        }
        match (self.request.context.told("aws:tokenissuetime"), self.request.context.others()) {
            (Some(Told::Absent), _) | (None, Others::Absent) => flag(false),
            _ => None,
        }
    }

    /// Session tags go before those of the role or user behind the session.
    ///
    /// Source: IAM User Guide, "Pass session tags in AWS STS".
    pub(super) fn principal_tag(&'a self, lower_case_tag: &str) -> Option<Lookup<'a>> {
        let of_session = match self.caller.principal {
            Principal::Session(session) => tag(&session.tags, lower_case_tag),
            Principal::FederatedUser(federated) => tag(&federated.tags, lower_case_tag),
            _ => None,
        };
        match (of_session, &self.caller.standing) {
            (Some(value), _) => one(value),
            (None, Standing::Identity(identity)) => known(tag(&identity.tags, lower_case_tag)),
            (None, Standing::Unknown) => UNKNOWN,
            (None, Standing::Root | Standing::Gone | Standing::None) => ABSENT,
        }
    }

    /// The partition, as far as the resource tells it.
    pub(in super::super) fn partition(&'a self) -> &'a str {
        let of_resource = self.request.resource.arn.strip_prefix("arn:").and_then(|rest| rest.split(':').next());
        match (of_resource, &self.request.region) {
            (Some(partition), _) if !partition.is_empty() => partition,
            (_, Some(region)) => region.partition().as_str(),
            _ => "aws",
        }
    }
}

/// The value of a tag whose key is given in lower case, since condition keys are compared without case.
pub(super) fn tag<'a>(tags: &'a BTreeMap<String, String>, lower_case_key: &str) -> Option<&'a str> {
    let exact = tags.get(lower_case_key);
    let found = exact
        .or_else(|| tags.iter().find(|(key, _)| key.to_ascii_lowercase() == lower_case_key).map(|(_, value)| value));
    found.map(String::as_str)
}
