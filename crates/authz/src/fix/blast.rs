//! The blast radius: who else gains what by a fix.

use aws_model::AccountId;

use crate::{decision::Verdict, principal::Principal, request::Action};

/// Who else gains what, of what was looked at: every principal that the world knows, the actions and resources that
/// the changes are about, in the circumstances of the request (its context, and the services that pass it on).
#[derive(Clone, Debug, Default)]
pub struct BlastRadius {
    /// What is gained, at most [`Self::SHOWN`]; what the caller asked for itself is not among it.
    pub gains: Vec<Gain>,
    /// How much is gained, also beyond what `gains` holds.
    pub count: usize,
    /// How many questions were asked, each before and after.
    pub asked: usize,
    /// What was not looked at.
    pub not_asked: Vec<NotAsked>,
}

/// Something that somebody may do afterwards, or may perhaps, and could not before.
#[derive(Clone, Debug)]
pub struct Gain {
    /// Who. A role stands for every plain session of it.
    pub principal: Principal,
    /// Does what.
    pub action: Action,
    /// To what.
    pub resource: Box<str>,
    /// What was decided before.
    pub before: Verdict,
    /// What is decided afterwards.
    pub after: Verdict,
}

/// What the blast radius leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAsked {
    /// A pattern in what was changed stands for more actions than were asked about.
    Actions(Box<str>),
    /// A pattern in what was changed may stand for resources that the world does not know.
    Resources(Box<str>),
    /// The identities of an account that gains something are not known, or not all of them.
    Identities(AccountId),
    /// So many questions were too many.
    Questions(usize),
}

impl BlastRadius {
    /// So many gains are listed.
    pub const SHOWN: usize = 50;
}
