//! The ledger: each rule by which AWS decides, with an id, one sentence and its source.
//!
//! Code that follows a rule refers to it by its Rust name ([`IAM_EVAL_EXPLICIT_DENY`]); explanations, the corpus and
//! `docs/reference/rules.md` by its id (`iam-eval-explicit-deny`). A fact that nobody has published is an assumption:
//! it has a [`Probe`], the calls that decide it at AWS, in `rules/probes/ID.probe`, and a switch in [`Assumptions`], or
//! says why it has none.

mod assumptions;
mod condition;
mod context;
mod cross_account;
mod denial;
mod evaluation;
mod grant;
mod key_access;
mod key_state;
mod kms_condition;
mod launch;
mod organization;
mod page;
mod pass_role;
mod policy;
mod principal;
pub mod probe;
mod service_linked;
mod source;
mod sts;
mod trust;
mod variable;
mod wildcard;

use std::{fmt, sync::LazyLock};

pub use assumptions::{Assumptions, SwitchError};
pub use condition::*;
pub use context::*;
pub use cross_account::*;
pub use denial::*;
pub use evaluation::*;
pub use grant::*;
pub use key_access::*;
pub use key_state::*;
pub use kms_condition::*;
pub use launch::*;
pub use organization::*;
pub use page::{CaseCount, Cases, Elsewhere, assumptions_page, page};
pub use pass_role::*;
pub use policy::*;
pub use principal::*;
pub use service_linked::*;
pub use sts::*;
pub use trust::*;
pub use variable::*;
pub use wildcard::*;

use self::probe::{Probe, ProbeError};

/// One rule of the ledger.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable, in kebab case, its group first: `kms-grant-context-subset`.
    pub id: &'static str,
    /// The rule, in one sentence.
    pub says: &'static str,
    /// Who says so.
    pub source: Source,
}

/// Who says that a rule holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// A published document.
    Document {
        /// The document: a guide or reference of AWS, or a public report of what AWS did.
        title: &'static str,
        /// Its page, and behind a `>` the heading on it.
        section: &'static str,
    },
    /// Nobody has published it, or documents contradict one another.
    Assumption {
        /// What speaks for the sentence.
        why: &'static str,
        /// What is otherwise without it.
        turns: Turns,
        /// What would decide it, as [`Probe::read`] takes it.
        probe: &'static str,
    },
}

/// What the switch of an assumption turns, which has the rule's name in [`Assumptions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turns {
    /// Decisions, and the words of denials.
    Decisions,
    /// Which documents are taken as policies.
    Policies,
    /// What launches call, and what is seen of those that fail.
    Launches,
    /// What the embedded AWS asks and answers around its decisions.
    EmbeddedAws,
    /// What is told first of a key whose state refuses a call.
    KeyStates,
    /// Nothing, for this reason: there is no switch.
    Nothing(&'static str),
}

/// Behind a verb: `turns ..`.
impl fmt::Display for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Decisions => "decisions and the words of denials",
            Self::Policies => "which documents are taken as policies",
            Self::Launches => "what launches call, and what is seen of those that fail",
            Self::EmbeddedAws => "what the embedded AWS asks and answers around its decisions",
            Self::KeyStates => {
                "what is told first, by launches and by the embedded AWS, of a key whose state refuses a call"
            }
            Self::Nothing(_) => "nothing",
        })
    }
}

impl Turns {
    /// Whether the embedded AWS does otherwise, too.
    #[must_use]
    pub const fn is_of_embedded_aws(self) -> bool {
        matches!(self, Self::Decisions | Self::Policies | Self::EmbeddedAws | Self::KeyStates)
    }
}

/// All rules, sorted by id.
pub static RULES: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let mut rules: Vec<&'static Rule> = GROUPS.iter().copied().flatten().copied().collect();
    rules.sort_unstable_by_key(|rule| rule.id);
    rules
});

static GROUPS: [&[&Rule]; 19] = [
    condition::ALL,
    context::ALL,
    cross_account::ALL,
    denial::ALL,
    evaluation::ALL,
    grant::ALL,
    key_access::ALL,
    key_state::ALL,
    kms_condition::ALL,
    launch::ALL,
    organization::ALL,
    pass_role::ALL,
    policy::ALL,
    principal::ALL,
    service_linked::ALL,
    sts::ALL,
    trust::ALL,
    variable::ALL,
    wildcard::ALL,
];

/// The rule of this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    let at = RULES.binary_search_by_key(&id, |rule| rule.id).ok()?;
    RULES.get(at).copied()
}

impl Rule {
    /// Whether nobody has published it.
    pub const fn is_assumption(&self) -> bool {
        matches!(self.source, Source::Assumption { .. })
    }

    /// Whether it is an assumption of which the opposite can be decided.
    pub const fn has_switch(&self) -> bool {
        !matches!(self.turns(), None | Some(Turns::Nothing(_)))
    }

    /// What would decide it at AWS, if it is an assumption.
    ///
    /// # Errors
    ///
    /// [`ProbeError`] if its text is none, which a test rules out.
    pub fn probe(&self) -> Option<Result<Probe, ProbeError>> {
        match self.source {
            Source::Assumption { probe, .. } => Some(Probe::read(probe)),
            Source::Document { .. } => None,
        }
    }

    /// What is otherwise without it, if it is an assumption.
    pub const fn turns(&self) -> Option<Turns> {
        match self.source {
            Source::Assumption { turns, .. } => Some(turns),
            Source::Document { .. } => None,
        }
    }
}

/// Makes each row a public static and lists them all.
macro_rules! rules {
    ($($name:ident $id:literal: $says:literal, $source:expr;)*) => {
        $(
            #[doc = $says]
            pub static $name: $crate::rules::Rule = $crate::rules::Rule { id: $id, says: $says, source: $source };
        )*
        pub(super) static ALL: &[&$crate::rules::Rule] = &[$(&$name),*];
    };
}
use rules;
