//! What the grants on a key said.

use std::collections::BTreeMap;

use crate::decision::{GateReport, GrantMiss, GrantReport};

use super::{page::Page, words};

/// So many grants are told one by one.
const SHOWN: usize = 3;

/// `3 on the key: 2 are other grantees', 1 does not permit the operation`.
pub(super) fn summary(report: &GateReport) -> String {
    let grants = &report.grants;
    if grants.is_empty() {
        return "there are none on the key".to_owned();
    }
    let mut by_miss: BTreeMap<GrantMiss, usize> = BTreeMap::new();
    for miss in grants.iter().filter_map(|grant| grant.misses.first()) {
        *by_miss.entry(*miss).or_default() += 1;
    }
    let gives = grants.iter().filter(|grant| grant.gives.is_true()).count();
    let open = grants.iter().filter(|grant| !grant.gives.is_true() && !grant.gives.is_false()).count();
    let mut parts = Vec::new();
    if gives > 0 {
        parts
            .push(format!("{gives} {}", if gives == 1 { "lets the caller through" } else { "let the caller through" }));
    }
    if open > 0 {
        parts.push(format!("{open} hang{} on what nobody told", if open == 1 { "s" } else { "" }));
    }
    parts.extend(by_miss.iter().map(|(miss, count)| format!("{count} {}", words::grant_miss(*miss, *count == 1))));
    format!("{} on the key: {}", grants.len(), parts.join(", "))
}

/// Those that give it, and those that do so if something holds.
pub(super) fn tell(report: &GateReport, page: &mut Page) {
    for GrantReport { grant, gives, .. } in report.grants.iter().filter(|grant| !grant.gives.is_false()).take(SHOWN) {
        let name = grant.name.as_deref().map_or(String::new(), |name| format!(" `{name}`"));
        let condition = if gives.is_true() { String::new() } else { format!(", if {gives}") };
        page.more(format_args!("grant {}{name} to {}{condition}", grant.id, grant.grantee));
    }
}
