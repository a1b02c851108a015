//! What is told about a request besides who, what and on what: the context that conditions ask.

mod multivalued;

use std::{collections::BTreeMap, fmt, hash::Hash};

/// A condition context key. Compared without case; `aws:PrincipalTag/Team` is one key, tag key and all.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition" (condition key names are not case-sensitive).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContextKey(Box<str>);

/// What is known of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The key is in the request with these values: one for a single-valued key, any number (also none) for a
    /// multivalued one.
    Values(Vec<String>),
    /// The key is surely not in the request.
    Absent,
    /// Nobody told.
    Unknown,
}

/// The context of one request. Keys that follow from the principal, the resource and the call itself
/// (`aws:PrincipalArn`, `kms:ViaService`, ...) need not be told: deciding derives them. A key told here wins over
/// the derived one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    told: BTreeMap<ContextKey, Told>,
    others: Others,
}

/// What is true of the keys that nobody mentioned and that cannot be derived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Others {
    /// They are not in the request. Who serves the request knows its whole context.
    Absent,
    /// Whether they are, is unknown. Who asks beforehand cannot know.
    #[default]
    Unknown,
}

impl ContextKey {
    /// Takes a key in any case.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self(key.to_ascii_lowercase().into())
    }

    /// The key in lower case, as it is compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request may have several values of it.
    ///
    /// Source: IAM User Guide, "Single-valued vs. multivalued context keys".
    #[must_use]
    pub fn is_multivalued(&self) -> bool {
        multivalued::contains(&self.0)
    }
}

impl std::borrow::Borrow<str> for ContextKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ContextKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for ContextKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Context {
    /// A context of which nothing is told yet.
    #[must_use]
    pub const fn new(others: Others) -> Self {
        Self { told: BTreeMap::new(), others }
    }

    /// With one key told.
    #[must_use]
    pub fn with(mut self, key: &str, told: Told) -> Self {
        self.tell(key, told);
        self
    }

    /// With a single-valued key told.
    #[must_use]
    pub fn with_value(self, key: &str, value: impl Into<String>) -> Self {
        self.with(key, Told::Values(vec![value.into()]))
    }

    /// Tells of one key.
    pub fn tell(&mut self, key: &str, told: Told) {
        self.told.insert(ContextKey::new(key), told);
    }

    /// What was told of a key, given in lower case; `None` where it was not mentioned.
    #[must_use]
    pub fn told(&self, lower_case_key: &str) -> Option<&Told> {
        self.told.get(lower_case_key)
    }

    /// Every key that was mentioned.
    pub fn mentioned(&self) -> impl Iterator<Item = (&ContextKey, &Told)> {
        self.told.iter()
    }

    /// What is true of keys that were not mentioned.
    #[must_use]
    pub const fn others(&self) -> Others {
        self.others
    }
}
