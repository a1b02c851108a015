//! The credentials of a machine's role: sessions that EC2 begins, named by the instance.
//!
//! Sources: Amazon EC2 User Guide, "Retrieve security credentials from instance metadata"; IAM User Guide, "Troubleshoot IAM and
//! Amazon EC2" > "I can't access the temporary security credentials on my EC2 instance" (the codes).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use authz::principal::Principal;
use aws_model::{AccountId, Arn, SecretBytes};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Sources;
use crate::{
    accounts::unique_id,
    caller::{CallContext, Caller, OfInstance, RoleDelivery},
    ec2::Machine,
    iam::Iam,
};

/// Who assumes the roles of instances.
const EC2: &str = "ec2.amazonaws.com";

/// How long a session lasts, and after how long another one takes its place. AWS says no more than that a new one is there
/// five minutes before the old one ends (assumed: six hours and one, as users see it).
const LASTS: SignedDuration = SignedDuration::from_hours(6);
const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// An instance profile as a machine has it.
#[derive(Debug)]
pub(super) enum Profile {
    /// With its id, and the role in it.
    There { arn: String, id: String, role: Option<Arn> },
    /// It was deleted since.
    Gone,
}

/// The newest session for each way of delivery: those of another machine make room.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<HashMap<RoleDelivery, Session>>);

#[derive(Clone, Debug)]
struct Session {
    role: Arn,
    instance: String,
    access_key_id: String,
    secret: SecretBytes,
    token: SecretBytes,
    began: Timestamp,
    expires: Timestamp,
}

impl Profile {
    pub(super) fn of(iam: &Iam, account: AccountId, arn: &Arn) -> Self {
        iam.instance_profile(account, arn.as_str()).map_or(Self::Gone, |found| Self::There {
            arn: found.arn.to_string(),
            id: found.id,
            role: found.role,
        })
    }

    /// One of the role's name, as the console makes it: there need be none.
    pub(super) fn of_role(role: Arn) -> Self {
        let name = role.resource().rsplit('/').next().unwrap_or_default();
        let arn = format!("arn:{}:iam::{}:instance-profile/{name}", role.partition(), role.account());
        Self::There { id: unique_id("AIPA", &role), arn, role: Some(role) }
    }

    /// The role in it.
    pub(super) fn role(&self) -> Option<&Arn> {
        match self {
            Self::There { role, .. } => role.as_ref(),
            Self::Gone => None,
        }
    }

    /// `iam/info`.
    pub(super) fn info(&self, now: Timestamp) -> Value {
        match self {
            Self::There { arn, id, .. } => json!({
                "Code": "Success",
                "LastUpdated": seconds(now),
                "InstanceProfileArn": arn,
                "InstanceProfileId": id,
            }),
            Self::Gone => json!({
                "Code": "InstanceProfileNotFound",
                "LastUpdated": seconds(now),
                "Message": "The instance profile of this instance was deleted.",
            }),
        }
    }
}

impl Kept {
    /// `iam/security-credentials/ROLE`. One that its own account would not take any more is not handed out again: the role may
    /// be another one since.
    pub(super) fn credentials(
        &self,
        sources: Sources<'_>,
        machine: &Machine,
        role: &Arn,
        delivery: RoleDelivery,
    ) -> Value {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&delivery).cloned();
        let known = known.filter(|session| session.is_good(sources, machine, role));
        let session = known.map_or_else(|| begin(sources, machine, role, delivery), Ok);
        match session {
            Ok(session) => {
                let told = session.told();
                self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(delivery, session);
                told
            }
            Err(code) => {
                let name = role.resource().rsplit('/').next().unwrap_or_default();
                json!({
                    "Code": code,
                    "LastUpdated": seconds(sources.now),
                    "Message": format!(
                        "EC2 cannot assume the role {name}. Please see documentation at \
                         https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc."
                    ),
                })
            }
        }
    }
}

impl Session {
    fn is_good(&self, sources: Sources<'_>, machine: &Machine, role: &Arn) -> bool {
        let is_this_ones = self.role == *role && self.instance == machine.id;
        let age = sources.now.duration_since(self.began);
        let is_young = (SignedDuration::ZERO..RENEWED_AFTER).contains(&age);
        let identify = || {
            let partition = machine.region.partition();
            sources.accounts.identify(&self.access_key_id, Some(&self.token), partition, sources.now).is_ok()
        };
        is_this_ones && is_young && identify()
    }

    fn told(&self) -> Value {
        json!({
            "Code": "Success",
            "LastUpdated": seconds(self.began),
            "Type": "AWS-HMAC",
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": String::from_utf8_lossy(self.secret.expose()),
            "Token": String::from_utf8_lossy(self.token.expose()),
            "Expiration": seconds(self.expires),
        })
    }
}

/// A session that EC2 begins. The role's trust policy decides, and the trail has it.
fn begin(sources: Sources<'_>, machine: &Machine, role: &Arn, delivery: RoleDelivery) -> Result<Session, &'static str> {
    let arn = machine.arn().ok_or("InternalError")?;
    let (vpc, address) = (machine.vpc.clone(), machine.address.clone());
    let service = Caller {
        principal: Principal::Service(EC2.into()),
        arn: EC2.to_owned(),
        user_id: EC2.to_owned(),
        instance: Some(OfInstance { arn, vpc, address, delivery }),
        ..Caller::root(machine.account, "")
    };
    let id = Uuid::new_v4().to_string();
    let context = CallContext {
        caller: &service,
        region: &machine.region,
        now: sources.now,
        request_id: &id,
        invoked_by: None,
        peer: None,
        notes: None,
    };
    let input = json!({ "RoleArn": role, "RoleSessionName": machine.id, "DurationSeconds": LASTS.as_secs() });
    let answer = sources.sts.begin_for(sources.trail, &context, None, EC2, &input).map_err(|refused| {
        tracing::debug!(%role, code = refused.code(), "EC2 does not get a session of an instance's role");
        "AssumeRoleUnauthorizedAccess"
    })?;
    let text = |member: &str| answer.pointer(&format!("/Credentials/{member}")).and_then(Value::as_str);
    let secret = |member: &str| text(member).map(|text| SecretBytes::new(text.as_bytes().to_vec()));
    let session = || {
        Some(Session {
            role: role.clone(),
            instance: machine.id.clone(),
            access_key_id: text("AccessKeyId")?.to_owned(),
            secret: secret("SecretAccessKey")?,
            token: secret("SessionToken")?,
            began: sources.now,
            expires: sources.now.checked_add(LASTS).ok()?,
        })
    };
    session().ok_or("InternalError")
}

/// A time as metadata tells it.
pub(super) fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
