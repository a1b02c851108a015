//! What a call needs to be allowed, looked up in the catalog's table and put to the authorization model, before the
//! operation's own code sees the input.

use authz::{
    context::Told,
    decision::{Explanation, Gate, GateReport},
    principal::Principal,
    request::KmsDetail,
};
use aws_catalog::access::{self, Access, IamKind, On};
use serde_json::Value;

use super::{
    call::Call, fault, login_profiles, records::Carried, service_credentials, service_linked_roles, state::Realm,
    tags::Tags,
};
use crate::{ServiceError, authorization::Asked};

/// What an access is on.
#[derive(Default)]
struct Subject {
    arn: String,
    /// The tags that it has, where the model does not know it.
    tags: Option<Tags>,
    /// The permissions boundary that it has.
    boundary: Option<String>,
}

/// Asks for everything that the operation does.
///
/// # Errors
/// AWS's own denial.
pub(super) fn authorize(call: &Call<'_>, operation: &str, input: &Value) -> Result<(), ServiceError> {
    let Some(asks) = access::operation("iam", operation) else { return Err(fault::unsupported(operation)) };
    if operation == "ChangePassword" && !matches!(call.ctx.caller.principal, Principal::User(_)) {
        return Err(login_profiles::no_user());
    }
    for access in asks.accesses().iter().filter(|access| access.is_asked_by(input)) {
        let subject = subject(call, access.on(), input)?;
        ask(call, access, subject, input)?;
    }
    Ok(())
}

fn ask(call: &Call<'_>, access: &Access, subject: Subject, input: &Value) -> Result<(), ServiceError> {
    const BOUNDARY: &str = "iam:PermissionsBoundary";
    let authorizer = call.state.authorizer();
    let kms = KmsDetail::default();
    let asked = Asked { access, resource: &subject.arn, region: None, kms, on_same_key: None };
    let mut request = authorizer.request(call.ctx, input, asked)?;
    // What belongs to AWS itself is read by the caller's own permissions, and changed by nobody.
    let name = request.action.name();
    if name.starts_with("Get") || name.starts_with("List") {
        request.resource.owner = Some(call.account());
    }
    request.resource.tags = subject.tags.map(|tags| tags.of_model()).unwrap_or_default();
    let is_told = access.conditions().iter().any(|condition| condition.key == BOUNDARY);
    if let (Some(boundary), false) = (subject.boundary, is_told) {
        request.context.tell(BOUNDARY, Told::Values(vec![boundary]));
    }
    if let Some(service) = service_of_credential(call, input) {
        request.context.tell("iam:ServiceSpecificCredentialServiceName", Told::Values(vec![service]));
    }
    if is_let_by_account(call, request.action.name()) && lacks_only_its_own_policy(&authorizer.explain(&request)) {
        return Ok(());
    }
    authorizer.check(&request)
}

/// Whether nothing is in the way but that no policy of the user's own allows it. What the account lets its users do
/// stands for such a policy and for no more: a boundary, the organization and whoever denies bind as ever. (Nothing was
/// asked where the credentials are good for no call of IAM.)
fn lacks_only_its_own_policy(said: &Explanation) -> bool {
    let is_own = |gate| matches!(gate, Gate::Identity | Gate::Resource(_));
    let lets_through =
        |report: &GateReport| report.denies.is_false() && (is_own(report.gate) || report.allows.is_true());
    said.gates.iter().any(|report| report.gate == Gate::Identity) && said.gates.iter().all(lets_through)
}

/// Whether the account's password policy lets users do something that their own policies need not.
///
/// Source: IAM API Reference, "UpdateAccountPasswordPolicy", `AllowUsersToChangePassword`; IAM User Guide, "Set an account
/// password policy for IAM users" (the option attaches no policy to the users, IAM applies the permissions to all of
/// them) and "Permissions boundaries for IAM entities" (an entity does only what its boundary allows, too).
fn is_let_by_account(call: &Call<'_>, action: &str) -> bool {
    matches!(action, "ChangePassword" | "GetAccountPasswordPolicy")
        && matches!(call.ctx.caller.principal, Principal::User(_))
        && call.realm().password_policy().is_some_and(|policy| policy.allow_users_to_change_password)
}

/// The service of the credential that a call is on.
fn service_of_credential(call: &Call<'_>, input: &Value) -> Option<String> {
    let given = |member: &str| input.get(member).and_then(Value::as_str);
    let id = given("ServiceSpecificCredentialId")?;
    let user = call.user_name(given("UserName")).ok()?;
    service_credentials::service_of(&call.realm(), user, id).map(str::to_owned)
}

fn subject(call: &Call<'_>, on: On, input: &Value) -> Result<Subject, ServiceError> {
    let given = |member: &str| input.get(member).and_then(Value::as_str);
    let text = |member: &str| given(member).unwrap_or_default();
    Ok(match on {
        On::Named(..) if input.get("AllUsers") == Some(&Value::Bool(true)) => of_arn(call, "*".to_owned()),
        On::Named(kind, member) => match (given(member), &call.ctx.caller.principal) {
            (Some(name), _) => named(call, kind, name)?,
            (None, Principal::User(_)) => named(call, kind, call.user_name(None)?)?,
            (None, _) => return Err(fault::no_user_name()),
        },
        On::Caller => named(call, IamKind::User, call.user_name(None)?)?,
        On::New(IamKind::OidcProvider, member) => {
            let url = text(member);
            let host = url.strip_prefix("https://").unwrap_or(url);
            of_arn(call, call.arn(IamKind::OidcProvider, "/", host)?.to_string())
        }
        On::New(kind, member) => {
            let path = given("Path").unwrap_or("/");
            Subject { arn: call.arn(kind, path, text(member))?.to_string(), ..Subject::default() }
        }
        On::Arn(_, member) | On::Identity(member) => of_arn(call, text(member).to_owned()),
        On::UserOfAccessKey(member) => {
            let id = text(member);
            let user = call.realm().user_of_key(id).map(|user| user.name.clone());
            named(call, IamKind::User, &user.ok_or_else(|| no_such_key(call, id))?)?
        }
        On::ServiceLinkedRole(member) => of_arn(call, service_linked_roles::role_for(call, text(member))?.to_string()),
        On::RoleOfTask(member) => match service_linked_roles::role_of_task(call, text(member)) {
            Some(role) => of_arn(call, role.to_string()),
            None => of_arn(call, "*".to_owned()),
        },
        _ => Subject { arn: "*".to_owned(), ..Subject::default() },
    })
}

/// What AWS answers of an access key that is not there.
fn no_such_key(call: &Call<'_>, id: &str) -> ServiceError {
    let caller = &call.ctx.caller.arn;
    let message =
        format!("User: {caller} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {id}");
    ServiceError::new("AccessDenied", message).with_status(403)
}

/// An entity by its name. What is not there is asked about under the path `/`.
fn named(call: &Call<'_>, kind: IamKind, name: &str) -> Result<Subject, ServiceError> {
    let realm = call.realm();
    Ok(match known(&realm, kind, name) {
        Some(subject) => subject,
        None => Subject { arn: call.arn(kind, "/", name)?.to_string(), ..Subject::default() },
    })
}

fn known(realm: &Realm, kind: IamKind, name: &str) -> Option<Subject> {
    // The model knows the tags of users and roles.
    let of_identity = |arn: &aws_model::Arn, carried: &Carried| Subject {
        arn: arn.to_string(),
        tags: None,
        boundary: carried.boundary.clone(),
    };
    Some(match kind {
        IamKind::User => realm.user(name).map(|user| of_identity(&user.arn, &user.carried)).ok()?,
        IamKind::Role => realm.role(name).map(|role| of_identity(&role.arn, &role.carried)).ok()?,
        IamKind::Group => realm.group(name).map(|group| of_identity(&group.arn, &group.carried)).ok()?,
        _ => {
            let profile = realm.profile(name).ok()?;
            Subject { arn: profile.arn.to_string(), tags: Some(profile.tags.clone()), boundary: None }
        }
    })
}

/// A text that should be an ARN: one that is not is asked about all the same, and refused by the operation.
fn of_arn(call: &Call<'_>, arn: String) -> Subject {
    let realm = call.realm();
    let tags = realm.policy(&arn).map(|policy| &policy.tags);
    let tags = tags.or_else(|_| realm.provider(&arn).map(|provider| &provider.tags));
    let tags = tags.or_else(|_| realm.mfa_device(&arn).map(|device| &device.tags)).ok().cloned();
    Subject { arn, tags, boundary: None }
}
