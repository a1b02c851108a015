//! Who calls: what a verified signature proves, handed to every service beside the request.

mod arrival;
mod instance;
mod web_identity;

use std::net::IpAddr;

use authz::principal::Principal;
use aws_model::{AccountId, Arn, Region};
use jiff::Timestamp;

pub(crate) use self::arrival::{Arrival, Channel};
pub use self::instance::{OfInstance, RoleDelivery};
pub use self::web_identity::{TokenClaims, WebIdentity};
use crate::{
    tls::TlsSession,
    trail::{Noted, Notes},
};

/// The identity behind a request whose signature was verified.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account the identity belongs to.
    pub account: AccountId,
    /// The identity's ARN, as `sts:GetCallerIdentity` tells it.
    pub arn: String,
    /// The identity's unique id, as `sts:GetCallerIdentity` tells it: the account id for a root user, `AIDA...` for a
    /// user, `AROA...:SESSION` for an assumed role.
    pub user_id: String,
    /// The access key the request was signed with. Not secret.
    pub access_key_id: String,
    /// Who it is to the authorization model; for a session with its tags and its inline policies.
    pub principal: Principal,
    /// The ARNs of the managed policies that the session was narrowed to.
    pub session_policy_arns: Vec<String>,
    /// When the credentials were issued, if they are temporary ones.
    pub issued: Option<Timestamp>,
    /// What of the account a service of AWS calls for, where it does: its `aws:SourceArn`, whose account is
    /// `aws:SourceAccount`.
    pub source: Option<Arn>,
    /// Whom an identity provider vouched for, when it asks for a session and in that session.
    pub web_identity: Option<WebIdentity>,
    /// The instance that the session is delivered to, when EC2 asks for it and in that session.
    pub instance: Option<OfInstance>,
    /// What else the token says that somebody comes with to ask for a session.
    pub token: Option<TokenClaims>,
}

impl Caller {
    /// The root user of an account in the partition `aws`, with a long-term credential.
    pub fn root(account: AccountId, access_key_id: impl Into<String>) -> Self {
        Self {
            account,
            arn: format!("arn:aws:iam::{account}:root"),
            user_id: account.to_string(),
            access_key_id: access_key_id.into(),
            principal: Principal::Root(account),
            session_policy_arns: Vec::new(),
            issued: None,
            source: None,
            web_identity: None,
            instance: None,
            token: None,
        }
    }
}

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub struct Peer<'a> {
    /// The address that it was sent from.
    pub address: IpAddr,
    /// Its `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// Its `Referer`.
    pub referer: Option<&'a str>,
    /// How it was kept secret on the way, if it was.
    pub tls: Option<TlsSession>,
    /// The host that it was sent to, as it says.
    pub host: Option<&'a str>,
}

/// What a service is told about one request, besides its input.
#[derive(Clone, Copy, Debug)]
pub struct CallContext<'a> {
    /// Who calls.
    pub caller: &'a Caller,
    /// The region the request was signed for.
    pub region: &'a Region,
    /// The embedded AWS's time, which tests can move.
    pub now: Timestamp,
    /// The request's id, as the answer's `x-amzn-RequestId` tells it.
    pub request_id: &'a str,
    /// The service of AWS that calls for the caller (`ec2.amazonaws.com`), by what the caller asked of it.
    ///
    /// Source: IAM User Guide, "Forward access sessions".
    pub invoked_by: Option<&'static str>,
    /// Where the request came from; `None` for a call of the library, or of a service.
    pub peer: Option<Peer<'a>>,
    /// Where the call's event gets what only the service knows; `None` for a call that has no event.
    pub notes: Option<&'a Notes>,
}

impl CallContext<'_> {
    /// Tells the call's event something.
    pub(crate) fn note(&self, note: impl FnOnce(&mut Noted)) {
        if let Some(notes) = self.notes {
            notes.note(note);
        }
    }
}
