//! How much one simulation may do: what it holds against what, and what it tells. Texts and lists of a request have room
//! for far more than a server should do for one call.
//!
//! AWS documents no limit, nor an error for one.

use authz::world::{AttachedPolicy, World};
use aws_model::Arn;

use super::super::fault;
use crate::ServiceError;

/// What a simulation has, in steps: about as many octets are compared in a second.
const STEPS: usize = 64 << 20;

/// What it takes to read a document, beside its length.
const DOCUMENT: usize = 4096;

/// What it takes to ask once, and to tell the answer, whatever the policies say.
const ANSWER: usize = 4096;

/// What it takes to tell a value of a context key to the model, or a statement or a condition key to the caller.
const VALUE: usize = 256;
const TOLD: usize = 2048;

/// What is left.
pub(super) struct Budget(usize);

/// What every request of a simulation is held against.
#[derive(Clone, Copy, Default)]
pub(super) struct Documents {
    octets: usize,
    /// Places where patterns take one character, or what a variable stands for.
    holes: usize,
    variables: usize,
}

/// What of a request is held against the documents.
#[derive(Clone, Copy, Default)]
pub(super) struct Texts {
    pub(super) octets: usize,
    pub(super) values: usize,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self(STEPS)
    }

    /// Spends what it takes to read the documents that a request brings.
    pub(super) fn read<'d>(&mut self, documents: impl IntoIterator<Item = &'d String>) -> Result<(), ServiceError> {
        documents.into_iter().try_for_each(|document| self.spend(DOCUMENT.saturating_add(document.len())))
    }

    /// Spends what it takes, at most, to hold one request against all documents.
    ///
    /// Texts are compared many octets at once; but between two wildcards each `?` and each variable is tried at every
    /// place of the text, and a variable stands for a text of the request itself.
    pub(super) fn ask(&mut self, documents: Documents, texts: Texts) -> Result<(), ServiceError> {
        let text = texts.octets;
        let told = texts.values.saturating_mul(VALUE).saturating_add(text);
        let compared = documents.octets.saturating_mul(1 + text / 32);
        let tried = documents.holes.saturating_mul(text) / 2;
        let stood_for = documents.variables.saturating_mul(text).saturating_mul(text) / 64;
        let steps = [ANSWER, told, compared, tried, stood_for].into_iter().fold(0, usize::saturating_add);
        self.spend(steps)
    }

    /// Spends what it takes to tell of a statement that stands in so long a document.
    pub(super) fn tell(&mut self, document: usize) -> Result<(), ServiceError> {
        self.spend(TOLD.saturating_add(document))
    }

    fn spend(&mut self, steps: usize) -> Result<(), ServiceError> {
        self.0 = self.0.checked_sub(steps).ok_or_else(|| {
            fault::invalid_input(
                "This simulation is larger than the embedded AWS's policy simulator does at once. Ask about fewer actions \
                 or resources, for smaller pages (MaxItems), or with shorter policies and context values.",
            )
        })?;
        Ok(())
    }
}

impl Documents {
    /// The policies of who calls, and those of the organization above it.
    pub(super) fn of(world: &World, caller: &Arn) -> Self {
        let identity = world.identity(caller);
        let own = identity.into_iter().flat_map(|known| known.policies.iter().chain(&known.boundary));
        let account = caller.account().parse().ok();
        let path = world.organization().zip(account).and_then(|(all, account)| all.accounts.get(&account));
        let levels = path.into_iter().flat_map(|path| &path.levels);
        let above = levels.flat_map(|level| level.service_control.iter().chain(&level.resource_control).flatten());
        let texts = own.chain(above).map(|AttachedPolicy { policy, .. }| policy.source().text());
        texts.fold(Self::default(), Self::with)
    }

    /// The same with one more.
    pub(super) fn with(self, document: &str) -> Self {
        let count = |of: &[u8]| document.bytes().filter(|octet| of.contains(octet)).count();
        Self {
            octets: self.octets.saturating_add(document.len()).saturating_add(64),
            // A backslash may write either.
            holes: self.holes.saturating_add(count(b"?$\\")),
            variables: self.variables.saturating_add(count(b"$\\")),
        }
    }
}
