//! Who calls: what a verified signature proves, handed to every service beside the request.

use aws_model::{AccountId, Arn, Region};

/// The identity behind a request whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account the identity belongs to.
    pub account: AccountId,
    /// The identity's ARN, as `sts:GetCallerIdentity` tells it.
    pub arn: String,
    /// The identity's unique id, as `sts:GetCallerIdentity` tells it: the account id for a root user,
    /// `AROA...:SESSION` for an assumed role.
    pub user_id: String,
    /// The access key the request was signed with. Not secret.
    pub access_key_id: String,
    /// What kind of identity it is.
    pub kind: CallerKind,
}

/// The kinds of identity the embedded AWS knows.
///
/// Source: IAM User Guide, "Unique identifiers", and AWS STS API Reference, "GetCallerIdentity".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// The root user of the account, with its long-term key.
    Root,
    /// The root user of the account, in a session that `sts:GetSessionToken` began.
    RootSession,
    /// A role, in a session that `sts:AssumeRole` began.
    AssumedRole {
        /// The ARN of the role itself (`arn:aws:iam::ACCOUNT:role/PATH/NAME`).
        role_arn: Arn,
        /// What the caller named the session.
        session_name: String,
    },
}

/// What a service is told about one request, besides its input.
#[derive(Clone, Copy, Debug)]
pub struct CallContext<'a> {
    /// Who calls.
    pub caller: &'a Caller,
    /// The region the request was signed for.
    pub region: &'a Region,
    /// The embedded AWS's time, which tests can move.
    pub now: jiff::Timestamp,
    /// The request's id, as the answer's `x-amzn-RequestId` tells it.
    pub request_id: &'a str,
}
