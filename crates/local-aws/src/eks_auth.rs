//! The embedded AWS's EKS Auth: credentials for pods.
//!
//! ```text
//!   token --cluster's keys--> whose --eks-auth crate--> which sessions --STS, as pods.eks.amazonaws.com--> credentials
//! ```
//!
//! Sources: Amazon EKS API Reference, "AssumeRoleForPodIdentity"; Amazon EKS User Guide, "Understand how EKS Pod Identity
//! works". Messages are those that users quote, else ours.

use std::sync::Arc;

use authz::{principal::Principal, request::KmsDetail};
use aws_catalog::access;
use aws_model::{Arn, SecretBytes};
use eks_auth::{Assumption, PodToken};
use jiff::SignedDuration;
use oidc::{InvalidToken, KeySet, OutOfTime, Token};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    CallContext, ServiceError,
    accounts::{Accounts, Identity, Session},
    authorization::{Asked, Authorizer},
    caller::Caller,
    eks::{Association, Cluster, Eks},
    operations::Lacks,
    sts::Sts,
    trail::Trail,
};

/// Who assumes the roles of pods.
const PODS: &str = "pods.eks.amazonaws.com";
/// Who goes on from there to a target role, as the trail has it (assumed: nobody has published such an event).
const EKS_AUTH: &str = "eks-auth.amazonaws.com";

/// EKS Auth over the clusters.
#[derive(Debug)]
pub(crate) struct EksAuth {
    eks: Eks,
    accounts: Arc<Accounts>,
    authorizer: Arc<Authorizer>,
    trail: Arc<Trail>,
}

impl EksAuth {
    /// What it answers, which is the whole service.
    pub(crate) const OPERATIONS: [&'static str; 1] = ["AssumeRoleForPodIdentity"];

    /// What of it is not there, as `docs/reference/operations.md` tells it.
    pub(crate) const LACKS: Lacks = &[];

    pub(crate) fn new(eks: Eks, accounts: Arc<Accounts>, authorizer: Arc<Authorizer>, trail: Arc<Trail>) -> Self {
        Self { eks, accounts, authorizer, trail }
    }

    /// Answers the operation. `input` was decoded and validated.
    pub(crate) fn call(&self, ctx: &CallContext<'_>, input: &Value, sts: &Sts) -> Result<Value, ServiceError> {
        let text = |member: &str| input.get(member).and_then(Value::as_str).unwrap_or_default();
        let name = text("clusterName");
        self.authorize(ctx, name, input)?;
        let found = self.eks.with_cluster(ctx.caller.account, ctx.region, name, |cluster, associations| {
            self.in_cluster(ctx, cluster, associations, text("token"), sts)
        });
        found.unwrap_or_else(|| Err(not_found(format!("No cluster found for name: {name}."))))
    }

    fn authorize(&self, ctx: &CallContext<'_>, name: &str, input: &Value) -> Result<(), ServiceError> {
        let asks =
            access::operation("eks-auth", "AssumeRoleForPodIdentity").map_or(&[][..], access::Operation::accesses);
        let (partition, region, account) = (ctx.region.partition(), ctx.region, ctx.caller.account);
        let resource = format!("arn:{partition}:eks:{region}:{account}:cluster/{name}");
        for access in asks {
            let kms = KmsDetail::default();
            let asked = Asked { access, resource: &resource, region: None, kms, on_same_key: None };
            let mut request = self.authorizer.request(ctx, input, asked)?;
            request.resource.owner = Some(account);
            request.resource.tags = self.eks.tags(account, ctx.region, name);
            self.authorizer.check(&request)?;
        }
        Ok(())
    }

    fn in_cluster(
        &self,
        ctx: &CallContext<'_>,
        cluster: &Cluster,
        associations: &[Arc<Association>],
        token: &str,
        sts: &Sts,
    ) -> Result<Value, ServiceError> {
        let token = Token::parse(token).map_err(|invalid| unreadable(&invalid))?;
        if !self.eks.issues(cluster, token.issuer()) {
            return Err(invalid("The token was not issued by the cluster."));
        }
        let keys = json!({ "keys": self.eks.keys_of(cluster) });
        let keys = KeySet::parse(keys.to_string().as_bytes()).map_err(|none| invalid(none.to_string()))?;
        let claims = token.verify(&keys).map_err(|unverified| invalid(unverified.to_string()))?;
        claims.check_time(ctx.now, SignedDuration::ZERO).map_err(|out_of_time| match out_of_time {
            OutOfTime::Expired(_) => ServiceError::new("ExpiredTokenException", out_of_time.to_string()),
            OutOfTime::Early(_) => invalid(out_of_time.to_string()),
        })?;
        let pod = PodToken::of(claims).map_err(|unbound| invalid(unbound.to_string()))?;

        let mut models = associations.iter().map(|association| association.of_model());
        let model = models.find(|model| model.is_for(&pod.namespace, &pod.service_account)).ok_or_else(|| {
            let (namespace, account) = (&pod.namespace, &pod.service_account);
            not_found(format!(
                "No Pod Identity association found for service account {account} in namespace {namespace}."
            ))
        })?;
        let known = eks_auth::Cluster { arn: &cluster.arn, name: cluster.name() };
        let grant = eks_auth::grant(known, &pod, &model, &Uuid::new_v4().to_string());
        let service = Caller {
            principal: Principal::Service(PODS.into()),
            arn: PODS.to_owned(),
            user_id: PODS.to_owned(),
            source: Some(cluster.arn.clone()),
            ..Caller::root(ctx.caller.account, "")
        };
        let mut session = self.assume(sts, ctx, &service, None, &grant.role)?;
        if let Some(target) = &grant.target {
            let role = self.identity(ctx, &session).ok_or_else(internal)?;
            session = self.assume(sts, ctx, &role.caller, role.session.as_ref(), target)?;
        }
        let associated =
            associations.iter().find(|association| association.arn.resource().ends_with(&grant.association.id));
        let association: &Arn = &associated.ok_or_else(internal)?.arn;
        let told = |pointer: &str| session.pointer(pointer).cloned().unwrap_or_default();
        Ok(json!({
            "subject": { "namespace": pod.namespace, "serviceAccount": pod.service_account },
            "audience": eks_auth::AUDIENCE,
            "podIdentityAssociation": { "associationArn": association, "associationId": grant.association.id },
            "assumedRoleUser": {
                "arn": told("/AssumedRoleUser/Arn"),
                "assumeRoleId": told("/AssumedRoleUser/AssumedRoleId"),
            },
            "credentials": {
                "sessionToken": told("/Credentials/SessionToken"),
                "secretAccessKey": told("/Credentials/SecretAccessKey"),
                "accessKeyId": told("/Credentials/AccessKeyId"),
                "expiration": told("/Credentials/Expiration"),
            },
        }))
    }

    /// Who the bearer of a session's credentials is.
    fn identity(&self, ctx: &CallContext<'_>, session: &Value) -> Option<Identity> {
        let text = |member: &str| session.pointer(&format!("/Credentials/{member}")).and_then(Value::as_str);
        let token = SecretBytes::new(text("SessionToken")?.as_bytes().to_vec());
        self.accounts.identify(text("AccessKeyId")?, Some(&token), ctx.region.partition(), ctx.now).ok()
    }

    /// A session of a role, as STS answers it.
    ///
    /// Sources: AWS samples, "Amazon EKS Security Immersion Day" > "Access control to IAM Role using EKS Pod Identity
    /// Usecases" (the refusal); AWS CloudTrail User Guide, "CloudTrail userIdentity element" (services that call).
    fn assume(
        &self,
        sts: &Sts,
        ctx: &CallContext<'_>,
        caller: &Caller,
        session: Option<&Session>,
        wanted: &Assumption<'_>,
    ) -> Result<Value, ServiceError> {
        let input = asked(wanted);
        let context = CallContext { caller, ..*ctx };
        let by = if session.is_some() { EKS_AUTH } else { PODS };
        let answer = sts.begin_for(&self.trail, &context, session, by, &input);
        answer.map_err(|refused| match refused.code() {
            "AccessDenied" => {
                let message = "Unauthorized Exception! EKS does not have permissions to assume the associated role.";
                ServiceError::new("AccessDeniedException", message)
            }
            _ => ServiceError::new("InvalidRequestException", format!("{}: {}", refused.code(), refused.message())),
        })
    }
}

/// What STS is asked for.
fn asked(wanted: &Assumption<'_>) -> Value {
    let mut input = Map::new();
    input.insert("RoleArn".into(), wanted.role.as_str().into());
    input.insert("RoleSessionName".into(), wanted.session_name.as_str().into());
    input.insert("DurationSeconds".into(), wanted.lasts.as_secs().into());
    if !wanted.tags.is_empty() {
        let tags = wanted.tags.iter().map(|tag| json!({ "Key": tag.key, "Value": tag.value })).collect();
        input.insert("Tags".into(), Value::Array(tags));
        input.insert("TransitiveTagKeys".into(), wanted.tags.iter().map(|tag| tag.key).collect());
    }
    for (member, value) in [("ExternalId", wanted.external_id), ("Policy", wanted.policy)] {
        if let Some(value) = value {
            input.insert(member.into(), value.into());
        }
    }
    Value::Object(input)
}

fn unreadable(token: &InvalidToken) -> ServiceError {
    invalid(token.to_string())
}

fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::new("InvalidTokenException", message)
}

fn not_found(message: String) -> ServiceError {
    ServiceError::new("ResourceNotFoundException", message).with_status(404)
}

fn internal() -> ServiceError {
    let message = "The request processing has failed because of an unknown error.";
    ServiceError::internal("InternalServerException", message)
}
