//! A call as it is kept: all that its events say that cannot be made up when they are read.

use std::{net::IpAddr, sync::Arc};

use aws_catalog::access::On;
use aws_model::{AccountId, KeyArn, Region};
use aws_wire::model::ServiceId;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Answered, Known, Touched,
    identity::{Identity, Who},
    operation, shown,
};
use crate::{caller::Peer, error::ServiceError, tls::TlsSession};

/// The longest texts of an error and of a user agent.
///
/// Source: AWS CloudTrail User Guide, "CloudTrail record contents", `errorMessage` and `userAgent`.
const LONGEST_TEXT: usize = 1 << 10;

/// A call, or what a service did by itself.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) at: Timestamp,
    pub(crate) identity: Arc<Identity>,
    pub(super) agent: Option<Arc<str>>,
    pub(super) facts: Facts,
    bytes: usize,
}

/// What no other call shares with it.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) origin: Origin,
    pub(super) region: Region,
    pub(super) service: ServiceId,
    pub(super) operation: &'static str,
    pub(super) address: Option<IpAddr>,
    pub(super) tls: Option<Box<Tls>>,
    /// The service that called for the caller.
    pub(super) invoked_by: Option<&'static str>,
    /// The request's id, or one of its own where there was no request.
    pub(super) id: Uuid,
    /// JSON.
    pub(super) parameters: Option<Box<str>>,
    /// JSON.
    pub(super) answer: Option<Box<str>>,
    pub(super) failure: Option<Box<Failure>>,
    pub(super) touched: Vec<Touched>,
    pub(super) materials: Vec<(&'static str, Material)>,
    pub(super) grant: Option<Box<str>>,
}

/// How it came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Somebody called.
    Request,
    /// KMS did it in another region because somebody called.
    Passed,
    /// It was due.
    Service,
}

/// How a call was kept secret on the way.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    pub(super) session: TlsSession,
    /// The host that it says it is for.
    pub(super) host: Option<Box<str>>,
}

/// Why a call failed.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) code: Box<str>,
    pub(super) message: Box<str>,
}

/// A key material's id.
#[derive(Clone, Debug)]
pub(super) enum Material {
    Bytes([u8; 32]),
    Text(Box<str>),
}

/// What happened, before it has its time and its place.
pub(super) struct Unkept<'a> {
    who: Who<'a>,
    agent: Option<&'a str>,
    facts: Facts,
}

impl Unkept<'_> {
    /// Something that KMS did to a key when it was due.
    pub(super) fn by_kms(operation: &'static str, key: &KeyArn) -> Unkept<'static> {
        let arn = key.as_str();
        Unkept {
            who: Who::Internal(key.account()),
            agent: None,
            facts: Facts {
                origin: Origin::Service,
                region: key.region().clone(),
                service: ServiceId::Kms,
                operation,
                address: None,
                tls: None,
                invoked_by: None,
                id: Uuid::new_v4(),
                parameters: None,
                answer: Some(json!({ "keyId": arn }).to_string().into()),
                failure: None,
                touched: vec![Touched { on: On::Key("KeyId"), arn: arn.into() }],
                materials: Vec::new(),
                grant: None,
            },
        }
    }

    /// What KMS does in another region for a call, which has an event there, too.
    ///
    /// Source: AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail", `UpdatePrimaryRegion` and
    /// `ReplicateKey`.
    pub(super) fn in_other_region(&self) -> Option<Self> {
        let facts = &self.facts;
        if facts.origin != Origin::Request || facts.service != ServiceId::Kms || facts.failure.is_some() {
            return None;
        }
        let further = match facts.operation {
            "UpdatePrimaryRegion" => {
                let key = facts.touched.iter().find(|touched| matches!(touched.on, On::KeyInRegion { .. }))?;
                let region: Region = key.arn.parse::<KeyArn>().ok()?.region().clone();
                let parameters = json!({ "keyId": key.arn, "primaryRegion": region }).to_string();
                Facts { region, parameters: Some(parameters.into()), touched: Vec::new(), ..facts.clone() }
            }
            "ReplicateKey" => {
                let answer: Value = serde_json::from_str(facts.answer.as_deref()?).ok()?;
                let metadata = answer.get("replicaKeyMetadata")?;
                let arn: KeyArn = metadata.get("arn")?.as_str()?.parse().ok()?;
                Facts {
                    operation: "CreateKey",
                    region: arn.region().clone(),
                    parameters: None,
                    answer: Some(json!({ "keyMetadata": metadata }).to_string().into()),
                    touched: vec![Touched { on: On::Key("KeyId"), arn: arn.as_str().into() }],
                    ..facts.clone()
                }
            }
            _ => return None,
        };
        Some(Self { who: self.who, agent: self.agent, facts: Facts { origin: Origin::Passed, ..further } })
    }

    pub(super) fn keep(self, at: Timestamp, known: &mut Known) -> Call {
        let (identity, of_identity) = known.identity(&self.who);
        let (agent, of_agent) = self.agent.map(|agent| known.agent(agent)).unzip();
        let bytes = size_of::<Call>() + self.facts.bytes() + of_identity + of_agent.unwrap_or_default();
        Call { at, identity, agent, facts: self.facts, bytes }
    }
}

impl Call {
    pub(super) fn of<'a>(answered: Answered<'a>) -> Unkept<'a> {
        let Answered { service, operation, context, parameters, answer, mut noted } = answered;
        let name = operation.name();
        if let (ServiceId::Kms, "CreateKey", Ok(output)) = (service, name, answer) {
            let arn = output.pointer("/KeyMetadata/Arn").and_then(Value::as_str);
            arn.into_iter().for_each(|arn| noted.touch(On::Key("KeyId"), arn));
        }
        let key = || noted.touched.iter().rfind(|touched| touched.is_key()).map(|touched| &*touched.arn);
        let key = operation::tells_key(service, name).then(key).flatten();
        let told = answer.ok().filter(|_| operation::tells_answer(service, name));
        let facts = Facts {
            origin: Origin::Request,
            region: context.region.clone(),
            service,
            operation: name,
            address: context.peer.map(|peer| peer.address),
            tls: context.peer.and_then(|peer| Tls::of(&peer)).map(Box::new),
            invoked_by: context.invoked_by,
            id: context.request_id.parse().unwrap_or_else(|_| Uuid::new_v4()),
            parameters,
            answer: told.and_then(|output| shown::answer(service, operation, output, key)),
            failure: answer.err().map(|error| Box::new(Failure::of(service, error))),
            materials: materials(noted.material, answer.ok()),
            grant: noted.grant.filter(|_| name == "RetireGrant"),
            touched: noted.touched,
        };
        let agent = context.peer.and_then(|peer| peer.user_agent).map(|agent| cut(agent, LONGEST_TEXT));
        Unkept { who: Who::Caller(context.caller), agent, facts }
    }

    pub(crate) fn region(&self) -> &Region {
        &self.facts.region
    }

    /// The operation's name.
    pub(crate) fn name(&self) -> &'static str {
        self.facts.operation
    }

    pub(crate) fn is_read_only(&self) -> bool {
        operation::is_read_only(self.facts.service, self.facts.operation)
    }

    /// The account of who called.
    pub(super) fn account(&self) -> AccountId {
        self.identity.account
    }

    /// The other accounts that own something of what it is on, unless they let nobody in: then they never hear of it.
    ///
    /// Source: AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail".
    pub(super) fn other_accounts(&self) -> Vec<AccountId> {
        let mut accounts = Vec::new();
        if self.facts.failure.as_ref().is_some_and(|failure| failure.is_denial()) {
            return accounts;
        }
        for owner in self.facts.touched.iter().filter_map(Touched::owner) {
            if owner != self.account() && !accounts.contains(&owner) {
                accounts.push(owner);
            }
        }
        accounts
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Facts {
    fn bytes(&self) -> usize {
        let texts = [&self.parameters, &self.answer, &self.grant].into_iter().flatten().map(|text| text.len());
        let failure =
            self.failure.iter().map(|failure| size_of::<Failure>() + failure.code.len() + failure.message.len());
        let touched = self.touched.iter().map(|touched| size_of::<Touched>() + touched.arn.len());
        let materials = self.materials.iter().map(|(_, material)| match material {
            Material::Bytes(_) => size_of::<(&str, Material)>(),
            Material::Text(text) => size_of::<(&str, Material)>() + text.len(),
        });
        let tls = self.tls.iter().map(|tls| size_of::<Tls>() + tls.host.as_ref().map_or(0, |host| host.len()));
        texts.chain(failure).chain(tls).chain(touched).chain(materials).sum()
    }
}

impl Tls {
    fn of(peer: &Peer<'_>) -> Option<Self> {
        Some(Self { session: peer.tls?, host: peer.host.map(|host| cut(host, LONGEST_TEXT).into()) })
    }
}

impl Failure {
    /// Events call a denial `AccessDenied`, whatever its code is on the wire. Of EC2 they say whose fault it is.
    ///
    /// Source: AWS CloudTrail User Guide, "CloudTrail log file examples" (`Client.UnauthorizedOperation`).
    fn of(service: ServiceId, error: &ServiceError) -> Self {
        let code = match (service, error.code()) {
            (ServiceId::Ec2, code) if error.status() < 500 => format!("Client.{code}"),
            (ServiceId::Ec2, code) => format!("Server.{code}"),
            (_, "AccessDeniedException") => "AccessDenied".to_owned(),
            (_, code) => code.to_owned(),
        };
        Self { code: cut(&code, LONGEST_TEXT).into(), message: cut(error.message(), LONGEST_TEXT).into() }
    }

    fn is_denial(&self) -> bool {
        matches!(&*self.code, "AccessDenied" | "Client.UnauthorizedOperation")
    }
}

impl Touched {
    pub(super) fn is_key(&self) -> bool {
        !matches!(self.on, On::Alias(_) | On::Role(_) | On::Trail(_) | On::FederatedUser(_))
    }

    fn owner(&self) -> Option<AccountId> {
        self.arn.split(':').nth(4)?.parse().ok()
    }
}

/// The key materials that were used, by their names in the event. Encrypt's answer has none: there the service told it.
fn materials(noted: Option<[u8; 32]>, output: Option<&Value>) -> Vec<(&'static str, Material)> {
    const TOLD: [(&str, &str); 3] = [
        ("KeyMaterialId", "keyMaterialId"),
        ("SourceKeyMaterialId", "sourceKeyMaterialId"),
        ("DestinationKeyMaterialId", "destinationKeyMaterialId"),
    ];
    if let Some(bytes) = noted {
        return vec![("keyMaterialId", Material::Bytes(bytes))];
    }
    let told = |(member, name)| Some((name, Material::Text(output?.get(member)?.as_str()?.into())));
    TOLD.into_iter().filter_map(told).collect()
}

/// The first bytes of a text, whole characters of it.
fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}
