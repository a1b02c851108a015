//! Instance metadata: what an instance learns about itself, and the credentials of its role.
//!
//! ```text
//!   request ----> is it for here? -- token --> which machine --> tree of its metadata --> a text
//!   (a port of its own, plain HTTP/1.1)            |                  |
//!                                          EC2: an instance,     credentials: sessions of its role, which STS
//!                                          or a role alone       begins for EC2, kept for an hour
//! ```
//!
//! Whoever reaches the port gets the role's credentials, as on AWS, so that it is on loopback unless more is asked for.
//!
//! Sources: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata", "Instance metadata
//! categories", "Retrieve security credentials from instance metadata" and "Instance identity documents".

mod credentials;
mod page;
mod request;
mod subject;
mod token;
mod tree;

use std::{
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
};

use aws_model::Region;
use jiff::Timestamp;

pub(crate) use self::request::Metadata;
use self::{credentials::Kept, token::Tokens};
pub use self::{
    subject::{InvalidSubject, Subject},
    token::NoTokens,
};
use crate::{
    accounts::Accounts,
    ec2::{Ec2, Machine},
    iam::Iam,
    sts::Sts,
    trail::Trail,
};

/// Where instance metadata is told, and whose.
#[derive(Clone, Debug)]
pub struct Imds {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether others than this machine may be let in: whoever reaches it gets the credentials of the role.
    pub exposed: bool,
    /// Whose metadata is told, until the admin route says otherwise; `None` for nobody's.
    pub subject: Option<Subject>,
    /// Where the machine of a role alone is.
    pub region: Region,
}

/// Whose metadata is told now, the secret of its tokens, and the sessions that were handed out.
#[derive(Debug)]
pub(crate) struct Told {
    subject: RwLock<Option<Subject>>,
    region: Region,
    began: Timestamp,
    tokens: Tokens,
    kept: Kept,
}

/// The services that metadata is told from.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) ec2: &'a Ec2,
    pub(crate) iam: &'a Iam,
    pub(crate) sts: &'a Sts,
    pub(crate) accounts: &'a Accounts,
    pub(crate) trail: &'a Trail,
    pub(crate) now: Timestamp,
}

impl Told {
    pub(crate) fn new(imds: &Imds, began: Timestamp) -> Result<Arc<Self>, NoTokens> {
        Ok(Arc::new(Self {
            subject: RwLock::new(imds.subject.clone()),
            region: imds.region.clone(),
            began,
            tokens: Tokens::new()?,
            kept: Kept::default(),
        }))
    }

    /// Whose metadata is told.
    pub(crate) fn subject(&self) -> Option<Subject> {
        self.subject.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on another one's is.
    pub(crate) fn tell_of(&self, subject: Option<Subject>) {
        *self.subject.write().unwrap_or_else(PoisonError::into_inner) = subject;
    }

    /// The machine whose metadata is told, with the role that it has.
    fn machine(&self, sources: Sources<'_>) -> Option<(Machine, Option<credentials::Profile>)> {
        match self.subject()? {
            Subject::Instance(id) => {
                let machine = sources.ec2.machine(&id, sources.now)?;
                let profile = machine.profile.as_ref();
                let profile = profile.map(|arn| credentials::Profile::of(sources.iam, machine.account, arn));
                Some((machine, profile))
            }
            Subject::Role(role) => {
                let account = role.account().parse().ok()?;
                let machine = Machine::of_role(&role, account, &self.region, self.began)?;
                Some((machine, Some(credentials::Profile::of_role(role))))
            }
        }
    }
}
