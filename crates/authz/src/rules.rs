//! The ledger: every rule that decisions follow, with its source.

/// One rule of the ledger.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable; explanations and tests name it.
    pub id: &'static str,
    /// The rule in one sentence.
    pub says: &'static str,
    /// Who says so.
    pub source: Source,
}

/// Who says so.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// A document of AWS.
    Document {
        /// Its title.
        title: &'static str,
        /// The section.
        section: &'static str,
    },
    /// Nobody has published it; what would decide it at AWS.
    Assumption {
        /// Why it is assumed.
        why: &'static str,
    },
}
