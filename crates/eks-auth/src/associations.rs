//! All that the service accounts of a cluster were given, and what counts of it for one.

use std::{collections::HashMap, sync::Arc};

use crate::Association;

/// The associations of one cluster, none of which can change: who learns of a change makes them anew.
///
/// Of the associations that match a service account exactly one counts, the narrowest: first by its namespace, then by its
/// service account, each by [`NamePattern::by_precedence`](crate::NamePattern::by_precedence). So `payments`/`*` counts
/// before `pay*`/`api`, which counts before `*`/`api`. The order in which they were written is of no account.
#[derive(Clone, Debug, Default)]
pub struct Associations {
    /// By namespace and service account, where both are names.
    exact: HashMap<String, HashMap<String, Arc<Association>>>,
    /// All others, the one that counts first before.
    patterns: Vec<Arc<Association>>,
}

/// Two associations of the same service accounts: neither is narrower, so that none could be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "associations {} and {} are both of service account {} in namespace {}",
    first.id, second.id, first.service_account, first.namespace
)]
pub struct SameServiceAccounts {
    /// The one that came first.
    pub first: Arc<Association>,
    /// The other.
    pub second: Arc<Association>,
}

impl Associations {
    /// Those of `associations`.
    ///
    /// # Errors
    /// [`SameServiceAccounts`]
    pub fn new(associations: impl IntoIterator<Item = Association>) -> Result<Self, SameServiceAccounts> {
        let (all, refused) = Self::all_but_refused(associations);
        refused.into_iter().next().map_or(Ok(all), Err)
    }

    /// The same for who must go on with what is left: of those of the same service accounts the first counts, so who cares
    /// sorts them, the eldest first.
    pub fn all_but_refused(associations: impl IntoIterator<Item = Association>) -> (Self, Vec<SameServiceAccounts>) {
        let mut all = Self::default();
        let mut refused = Vec::new();
        let mut seen: HashMap<(String, String), Arc<Association>> = HashMap::new();
        for association in associations {
            let association = Arc::new(association);
            let patterns = (association.namespace.to_string(), association.service_account.to_string());
            if let Some(first) = seen.get(&patterns) {
                refused.push(SameServiceAccounts { first: Arc::clone(first), second: association });
                continue;
            }
            seen.insert(patterns, Arc::clone(&association));
            match (association.namespace.as_name(), association.service_account.as_name()) {
                (Some(namespace), Some(account)) => {
                    let accounts = all.exact.entry(namespace.to_owned()).or_default();
                    accounts.insert(account.to_owned(), association);
                }
                _ => all.patterns.push(association),
            }
        }
        all.patterns.sort_by(|a, b| {
            let namespaces = a.namespace.by_precedence(&b.namespace);
            namespaces.then_with(|| a.service_account.by_precedence(&b.service_account))
        });
        (all, refused)
    }

    /// The one that counts for a service account.
    #[must_use]
    pub fn find(&self, namespace: &str, service_account: &str) -> Option<&Arc<Association>> {
        let exact = self.exact.get(namespace).and_then(|accounts| accounts.get(service_account));
        exact.or_else(|| self.patterns.iter().find(|association| association.is_for(namespace, service_account)))
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Association>> {
        self.exact.values().flat_map(HashMap::values).chain(&self.patterns)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.exact.values().map(HashMap::len).sum::<usize>() + self.patterns.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.patterns.is_empty()
    }
}
