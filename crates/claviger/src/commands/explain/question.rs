//! The question: from flags or from a request file.

mod as_file;

use std::{fs, path::PathBuf};

use authz::{
    file::request,
    request::Request,
    rules::{Assumptions, Turns},
    text::SourceText,
    world::World,
};
use clap::{Args, ValueEnum};

use self::as_file::{COMMAND_LINE, of_flag};
use super::action;
use crate::{assumptions, facts, failure::Failure};

/// Who does what to what.
#[derive(Args, Debug)]
#[command(next_help_heading = "Question")]
pub(crate) struct QuestionFlags {
    /// Who: the ARN of a role, an assumed-role session, a user, a federated user, an identity provider or an account's
    /// root; an account's id; a service (`ec2.amazonaws.com`); `federated:HOST`; `anonymous`
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,

    /// Does what: `kms:Decrypt`
    #[arg(long, value_name = "SERVICE:NAME")]
    action: Option<String>,

    /// To what: an ARN [default: *, nothing in particular]
    #[arg(long, value_name = "ARN")]
    resource: Option<String>,

    /// A service that passes the call on for the principal: `ec2.amazonaws.com` for what EC2 does at a launch. Repeat
    /// it where one service calls another: the last one makes the call
    #[arg(long, value_name = "SERVICE")]
    via: Vec<String>,

    /// A context key and its value; `KEY=absent` for one that is surely not in the request, `KEY=unknown` for one that
    /// nobody knows. Repeat it for more keys, and for more values of a multivalued key
    #[arg(long, value_name = "KEY=VALUE")]
    context: Vec<String>,

    /// What is true of the context keys that are not told and do not follow from the rest
    #[arg(long, value_name = "WORD", default_value = "unknown")]
    other_keys: Others,

    /// Where the call is made [default: the resource's region]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// What the role's session is called
    #[arg(long, value_name = "NAME")]
    session_name: Option<String>,

    /// File with a policy that the session was begun with, or the ARN of a managed one. Repeat it for more
    #[arg(long, value_name = "FILE|ARN")]
    session_policy: Vec<PathBuf>,

    /// A tag that the session was begun with. Repeat it for more
    #[arg(long, value_name = "KEY=VALUE")]
    session_tag: Vec<String>,

    /// A pair of the encryption context of a KMS operation. Repeat it for more
    #[arg(long, value_name = "KEY=VALUE")]
    encryption_context: Vec<String>,

    /// The token of a grant. Repeat it for more
    #[arg(long, value_name = "TOKEN")]
    grant_token: Vec<String>,

    /// Request file with all of this and more, in place of the flags; see docs/reference/world-files.md
    #[arg(long, value_name = "FILE", conflicts_with_all = ["principal", "action", "resource", "via", "context",
        "other_keys", "region", "session_name", "session_policy", "session_tag", "encryption_context", "grant_token"])]
    request: Option<PathBuf>,

    /// List who may do this to that, in the circumstances that the other flags tell
    #[arg(long, num_args = 2, value_names = ["ACTION", "RESOURCE"],
        conflicts_with_all = ["principal", "action", "resource", "request", "session_name", "session_policy",
        "session_tag"])]
    who_can: Vec<String>,

    /// List what this principal may do
    #[arg(long, value_name = "PRINCIPAL", conflicts_with_all = ["principal", "action", "resource", "request", "who_can"])]
    what_can: Option<String>,

    /// For --what-can: a service to ask about. Repeat it for more [default: those that the principal's own policies
    /// name, and kms and sts]
    #[arg(long, value_name = "PREFIX", requires = "what_can")]
    pub(super) service: Vec<String>,

    /// Decide as if an assumption did not hold: what nobody has published is assumed, by the rules that
    /// docs/reference/assumptions.md lists. Repeat it for more
    #[arg(long, value_name = "RULE=off")]
    assume: Vec<String>,

    /// Take an action that AWS had not published when this was built
    #[arg(long)]
    unpublished_action: bool,
}

/// What is true of context keys that nobody told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Others {
    /// They are not in the request.
    Absent,
    /// Whether they are, is unknown.
    Unknown,
}

/// What is asked.
pub(super) enum Question {
    /// May this be done?
    May(Request),
    /// Who may do this? The request's principal stands for nobody.
    WhoCan(Request),
    /// What may the request's principal do? The request's action stands for nothing.
    WhatCan(Request),
}

/// The parts of a question that each of its forms has its own flags for.
struct Parts<'a> {
    principal: Option<&'a str>,
    action: Option<&'a str>,
    resource: Option<&'a str>,
}

/// An action that needs no permission, where any will do.
const ANY_ACTION: &str = "sts:GetCallerIdentity";

impl QuestionFlags {
    /// Which assumptions hold.
    pub(super) fn assumptions(&self) -> Result<Assumptions, Failure> {
        assumptions::of_flags(&self.assume, |turns| turns == Turns::Decisions)
    }

    /// The question, in a world which tells the paths of roles.
    pub(super) fn question(&self, world: &World) -> Result<Question, Failure> {
        if let Some(file) = &self.request {
            let request = request::read(&facts::read(file)?, world, &facts::beside(file));
            let request = request.map_err(|error| facts::shown(&error))?;
            self.check(&request, true)?;
            return Ok(Question::May(request));
        }
        if let Some(principal) = &self.what_can {
            let parts = Parts { principal: Some(principal), action: Some(ANY_ACTION), resource: None };
            return self.of_flags(&parts, world).map(Question::WhatCan);
        }
        if let [action, resource] = self.who_can.as_slice() {
            let parts = Parts { principal: Some("anonymous"), action: Some(action), resource: Some(resource) };
            let request = self.of_flags(&parts, world)?;
            self.check(&request, true)?;
            return Ok(Question::WhoCan(request));
        }
        let (principal, action) = (self.principal.as_deref(), self.action.as_deref());
        let parts = Parts { principal, action, resource: self.resource.as_deref() };
        let request = self.of_flags(&parts, world)?;
        self.check(&request, self.resource.is_some())?;
        Ok(Question::May(request))
    }

    /// Refuses an action that does not exist, and one whose resource was forgotten.
    fn check(&self, request: &Request, has_resource: bool) -> Result<(), Failure> {
        if !self.unpublished_action {
            action::check(&request.action)?;
        }
        if has_resource { Ok(()) } else { action::check_resource(&request.action) }
    }

    fn of_flags(&self, parts: &Parts<'_>, world: &World) -> Result<Request, Failure> {
        let text = self.as_file(parts)?.to_string();
        let read = |path: &str| fs::read_to_string(path);
        request::read(&SourceText::new(COMMAND_LINE, text), world, &read).map_err(|error| of_flag(&error))
    }
}
