//! From an HTTP request to an answer, for every service on the one port.
//!
//! ```text
//!   request --route--> service, operation --authenticate--> caller, region
//!           --decode, validate--> input --service: authorize, do--> output or error --encode--> answer
//!                                                                         '--> trail
//! ```
//!
//! The order is AWS's: whether the operation exists is told to anyone, everything else to signers only; who signed is
//! settled before the body is looked at. Where nobody signs (AssumeRoleWithWebIdentity), the body is first, since who calls
//! is in it.

mod absent;
mod authenticate;
mod declared;
mod failure;
mod role_users;
mod route;

use std::sync::Arc;

use aws_model::Arn;
use aws_wire::{
    model::{Operation, ServiceId, ServiceModel},
    protocol::{self, EncodedResponse},
    validate,
};
use bytes::Bytes;
use http_body_util::Full;
use serde_json::Value;

use self::{authenticate::Signer, route::Route};
use crate::{
    accounts::{Accounts, LastUse},
    authorization::Authorizer,
    autoscaling::AutoScaling,
    caller::{Arrival, CallContext, Channel, Peer},
    clock::Clock,
    cloudtrail::CloudTrail,
    due::Due,
    ec2::Ec2,
    eks::Eks,
    eks_auth::EksAuth,
    error::ServiceError,
    faults::{Called, Fate, Faults, Loss, Ruling, Silence},
    iam::{self, Iam},
    imds::Sources,
    issuers::Issuers,
    kms::Kms,
    operations::supported,
    organizations::{self, Organizations},
    sqs::Sqs,
    ssm::Ssm,
    store::{Store, WriteFailed},
    sts::Sts,
    trail::{Answered, Notes, Trail},
};

/// What goes back to the peer.
pub(crate) type Response = http::Response<Full<Bytes>>;

/// Every service, and who may call.
pub(crate) struct Router {
    accounts: Arc<Accounts>,
    authorizer: Arc<Authorizer>,
    clock: Clock,
    store: Store,
    iam: Iam,
    kms: Kms,
    sts: Sts,
    cloudtrail: CloudTrail,
    organizations: Organizations,
    eks: Eks,
    eks_auth: EksAuth,
    ec2: Ec2,
    sqs: Sqs,
    ssm: Ssm,
    autoscaling: AutoScaling,
    trail: Arc<Trail>,
    faults: Arc<Faults>,
    due: Due,
}

/// What becomes of a request.
pub(crate) enum Reply {
    Answer(Response),
    /// On request: it is to be asked again when a while has passed, with what becomes of it then. Nothing was done.
    Later(Ruling),
    /// On request: it is not answered.
    Nothing(Silence),
}

/// What a call that was served is told.
enum Served {
    Answer(EncodedResponse),
    Later(Ruling),
    Nothing(Silence),
}

/// The services, as the router is given them; STS it makes itself.
pub(crate) struct Services {
    pub(crate) iam: Iam,
    pub(crate) kms: Kms,
    pub(crate) cloudtrail: CloudTrail,
    pub(crate) organizations: Organizations,
    pub(crate) eks: Eks,
    pub(crate) ec2: Ec2,
    pub(crate) sqs: Sqs,
    pub(crate) autoscaling: AutoScaling,
    pub(crate) issuers: Issuers,
}

impl Router {
    pub(crate) fn new(
        accounts: Arc<Accounts>,
        clock: Clock,
        store: Store,
        services: Services,
        authorizer: Arc<Authorizer>,
        trail: Arc<Trail>,
        due: Due,
    ) -> Self {
        let Services { iam, kms, cloudtrail, organizations, eks, ec2, sqs, autoscaling, issuers } = services;
        let faults = Arc::clone(due.faults());
        let sts = Sts::new(Arc::clone(&accounts), Arc::clone(&authorizer), iam.clone(), issuers);
        let ssm = Ssm::new(Arc::clone(&authorizer));
        let eks_auth = EksAuth::new(eks.clone(), Arc::clone(&accounts), Arc::clone(&authorizer), Arc::clone(&trail));
        Self {
            accounts,
            authorizer,
            clock,
            store,
            iam,
            kms,
            sts,
            cloudtrail,
            organizations,
            eks,
            eks_auth,
            ec2,
            sqs,
            ssm,
            autoscaling,
            trail,
            faults,
            due,
        }
    }

    /// Answers a request whose body was read. What becomes of it on request is decided here, unless it was asked before:
    /// then it is `decided`.
    pub(crate) async fn answer(
        &self,
        head: &http::request::Parts,
        body: &Bytes,
        arrival: Arrival,
        request_id: &str,
        decided: Option<Fate>,
    ) -> Reply {
        let parameters = route::parameters(head, body);
        let route = match route::of(head, body, &parameters) {
            Ok(route) => route,
            Err(unrouted) => return Reply::Answer(encode(unrouted.form_of.encode(&unrouted.error, request_id))),
        };
        let encoded = match self.serve(head, body, &route, arrival, request_id, decided).await {
            Ok(Served::Answer(encoded)) => encoded,
            Ok(Served::Later(ruling)) => return Reply::Later(ruling),
            Ok(Served::Nothing(silence)) => return Reply::Nothing(silence),
            Err(error) => {
                tracing::debug!(request_id, operation = route.operation.name(), code = error.code(), "refused");
                protocol::encode_error(route.model, &failure::wire(error), request_id)
            }
        };
        Reply::Answer(encode(encoded))
    }

    /// Answers a request that was refused before anybody looked at what it asks for.
    pub(crate) fn refuse(head: &http::request::Parts, error: &ServiceError, request_id: &str) -> Response {
        encode(route::form_of(head).encode(error, request_id))
    }

    async fn serve(
        &self,
        head: &http::request::Parts,
        body: &Bytes,
        route: &Route<'_>,
        arrival: Arrival,
        request_id: &str,
        decided: Option<Fate>,
    ) -> Result<Served, ServiceError> {
        // Access keys spread, too.
        self.due.catch_up();
        let model = route.model;
        let (signer, input) = if route.operation.is_unsigned() {
            let input = input(route)?;
            let recognized = self.recognize(head, model, &input).await;
            (recognized.map_err(|error| declared::checked(model, route.operation, error))?, Ok(input))
        } else {
            (self.authenticate(head, body, model)?, input(route))
        };
        // Once more: an issuer of tokens may have taken seconds, in which changes have spread.
        self.due.catch_up();
        // What groups do beside all calls, whoever looks has let happen.
        self.autoscaling.catch_up(self.clock.now()).await;
        self.eks.catch_up(self.clock.now()).await;

        let notes = Notes::default();
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let peer = Peer {
            address: arrival.peer.ip().to_canonical(),
            user_agent: header(http::header::USER_AGENT),
            referer: header(http::header::REFERER),
            tls: match arrival.channel {
                Channel::Secure(session) => Some(session),
                Channel::Plain | Channel::Insecure => None,
            },
            // HTTP/2 has no `Host` header.
            host: head.uri.authority().map(http::uri::Authority::as_str).or(header(http::header::HOST)),
        };
        // Some services are in one region of their partition, whatever region clients with an endpoint of their own sign
        // for.
        let home = match route.service {
            ServiceId::Iam => iam::home_region(signer.region.partition()),
            ServiceId::Organizations => organizations::home_region(signer.region.partition()),
            _ => None,
        };
        let context = CallContext {
            caller: &signer.caller,
            region: home.as_ref().unwrap_or(&signer.region),
            now: self.clock.now(),
            request_id,
            invoked_by: None,
            peer: Some(peer),
            notes: Some(&notes),
        };
        let fate = match decided {
            Some(fate) => fate,
            None if self.faults.any() => match self.ruling(route, &context, input.as_ref().ok()) {
                Ruling { delay, fate } if delay.is_zero() => fate,
                // Others are not to wait for it, and what it is decided on then is what is there then.
                later => return Ok(Served::Later(later)),
            },
            None => Fate::Answered,
        };
        if let Fate::Gone(silence) = fate {
            // Nothing of AWS got to hear of it, CloudTrail included.
            return Ok(Served::Nothing(silence));
        }
        let (service, region) = (model.metadata().signing_name.as_str(), context.region.clone());
        self.accounts.used(context.caller, LastUse { at: context.now, service, region });
        let parameters = input.as_ref().ok();
        let parameters = parameters.and_then(|input| Trail::parameters(route.service, route.operation, input));
        let mut answer = match input {
            _ if let Fate::Refused(refused) = &fate => Err(refused.clone()),
            Ok(input) => {
                let answer = self.dispatch(route, &context, &signer, input).await;
                answer.map_err(|error| declared::checked(model, route.operation, error))
            }
            Err(error) => Err(error),
        };
        // Whoever was let in or kept out by a change of IAM's is told so when the change would survive a kill.
        if let Err(failed) = self.kept().await {
            tracing::error!(request_id, %failed, "an answer rests on a change that was not kept");
            answer = Err(failure::internal(model));
        }
        self.trail.record(Answered {
            service: route.service,
            operation: route.operation,
            context: &context,
            parameters,
            answer: answer.as_ref(),
            noted: notes.take(),
        });
        self.trail.room().await;
        match fate {
            Fate::Lost(Loss::Silence(silence)) => return Ok(Served::Nothing(silence)),
            Fate::Lost(Loss::Error) => return Err(failure::internal(model)),
            _ => {}
        }
        let encoded = protocol::encode_response(model, route.operation, &answer?, request_id).map_err(|error| {
            tracing::error!(request_id, operation = route.operation.name(), %error, "an answer is not of its shape");
            failure::internal(model)
        })?;
        Ok(Served::Answer(encoded))
    }

    /// What instance metadata is told from, as it is by now.
    pub(crate) fn sources(&self) -> Sources<'_> {
        self.due.catch_up();
        let Self { ec2, iam, sts, accounts, trail, .. } = self;
        Sources { ec2, iam, sts, accounts, trail, now: self.clock.now() }
    }

    /// Waits until what decisions rest on would survive a kill.
    pub(crate) async fn kept(&self) -> Result<(), WriteFailed> {
        self.store.durable(self.authorizer.rests_on()).await
    }

    /// Waits until the trail has room for further events.
    pub(crate) async fn trail_room(&self) {
        self.trail.room().await;
    }

    /// What the faults that were asked for do to a call.
    fn ruling(&self, route: &Route<'_>, context: &CallContext<'_>, input: Option<&Value>) -> Ruling {
        let (service, operation) = (route.service, route.operation);
        let keys = match (service, input) {
            (ServiceId::Kms, Some(input)) => self.kms.keys_of(context, operation.name(), input),
            _ => Vec::new(),
        };
        self.faults.rule(&Called { service, operation, caller: context.caller, region: context.region, keys })
    }

    async fn dispatch(
        &self,
        route: &Route<'_>,
        context: &CallContext<'_>,
        signer: &Signer,
        input: Value,
    ) -> Result<Value, ServiceError> {
        match route.service {
            ServiceId::Iam => {
                let users = |service: &str, role: &Arn| self.users_of_role(service, role);
                self.iam.call_beside(&users, context, route.operation.name(), input)
            }
            ServiceId::Kms => self.kms.call(context, route.operation.name(), input).await,
            ServiceId::Sts => self.sts.call(context, signer.session.as_ref(), route.operation.name(), &input),
            ServiceId::CloudTrail => self.cloudtrail.call(context, route.operation.name(), input).await,
            ServiceId::Organizations => self.organizations.call(context, route.operation.name(), input),
            ServiceId::Eks => self.eks.call(context, route.operation.name(), input).await,
            ServiceId::EksAuth => self.eks_auth.call(context, &input, &self.sts),
            ServiceId::Ec2 => self.ec2.call(context, route.operation.name(), input).await,
            ServiceId::Sqs => self.sqs.call(context, route.operation.name(), input).await,
            ServiceId::Ssm => self.ssm.call(context, route.operation.name(), input),
            ServiceId::AutoScaling => self.autoscaling.call(context, route.operation.name(), input).await,
        }
    }
}

/// The operation's input, if it is one that the model has.
fn input(route: &Route<'_>) -> Result<Value, ServiceError> {
    let (model, speaks) = (route.model, route.model.metadata().protocol);
    let input = route.decode().map_err(|error| failure::undecodable(error, speaks))?;
    validate::input(model, route.operation, &input)
        .map_err(|error| failure::invalid(error, route.service, route.operation, speaks))?;
    Ok(input)
}

/// The operation of that name, if it is answered here.
fn operation(service: ServiceId, model: &'static ServiceModel, name: &str) -> Option<&'static Operation> {
    model.operation(name).filter(|operation| supported(service).contains(&operation.name()))
}

fn encode(encoded: EncodedResponse) -> Response {
    let mut response = http::Response::new(Full::new(Bytes::from(encoded.body)));
    *response.status_mut() =
        http::StatusCode::from_u16(encoded.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in encoded.headers {
        // Header names are compared in lower case; on HTTP/1 they are sent so, too.
        let name = http::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, http::HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests;
