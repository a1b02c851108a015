//! What is otherwise in one catalogue of add-ons than in another, whoever they are known from.

use std::{collections::BTreeMap, fmt};

use aws_catalog::addons::{Addon, Catalogue, Takes, Version, compare};
use serde::Serialize;

/// By the names of add-ons, in their order.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Changes {
    added: Vec<String>,
    removed: Vec<String>,
    /// What of an add-on has changed, a line each.
    changed: BTreeMap<String, Vec<String>>,
}

impl Changes {
    pub(super) fn between(before: &Catalogue, after: &Catalogue) -> Self {
        let only_in = |one: &Catalogue, other: &Catalogue| {
            let names = one.all().iter().map(|addon| &addon.name).filter(|name| other.addon(name).is_none());
            names.cloned().collect()
        };
        let both = after.all().iter().filter_map(|addon| Some((before.addon(&addon.name)?, addon)));
        let changed = both.map(|(before, after)| (after.name.clone(), of_addon(before, after)));
        Self {
            added: only_in(after, before),
            removed: only_in(before, after),
            changed: changed.filter(|(_, lines)| !lines.is_empty()).collect(),
        }
    }
}

fn of_addon(before: &Addon, after: &Addon) -> Vec<String> {
    let mut lines = Vec::new();
    for version in after.versions.iter().filter(|version| before.version(&version.version).is_none()) {
        lines.push(format!("+ version {}", version.version));
    }
    for version in before.versions.iter().filter(|version| after.version(&version.version).is_none()) {
        lines.push(format!("- version {}", version.version));
    }
    let mut changed = |what: &str, before: String, after: String| {
        if before != after {
            lines.push(format!("{what}: {before} -> {after}"));
        }
    };
    for (before, after) in after.versions.iter().filter_map(|after| Some((before.version(&after.version)?, after))) {
        let Version { version, kubernetes, default_of, .. } = after;
        changed(&format!("{version} runs on"), releases(&before.kubernetes), releases(kubernetes));
        changed(&format!("{version} is the default of"), releases(&before.default_of), releases(default_of));
        let word = |is: bool| if is { "yes" } else { "no" }.to_owned();
        changed(&format!("{version} requires permissions of IAM"), word(before.requires_iam), word(after.requires_iam));
        let (then, now) = (word(before.requires_configuration), word(after.requires_configuration));
        changed(&format!("{version} requires a configuration"), then, now);
        changed(&format!("{version} runs on processors"), list(&before.architectures), list(&after.architectures));
        changed(&format!("{version} runs on computers"), list(&before.compute_types), list(&after.compute_types));
        let platforms = |version: &Version| {
            let all = version.platforms.iter().map(|(release, all)| format!("{release}: {}", list(all)));
            list(&all.collect::<Vec<_>>())
        };
        changed(&format!("{version} takes platforms"), platforms(before), platforms(after));
    }
    for (what, text) in [
        ("type", (|addon| addon.kind.clone()) as fn(&Addon) -> String),
        ("owner", |addon| addon.owner.clone()),
        ("publisher", |addon| addon.publisher.clone()),
        ("namespace", |addon| addon.namespace.name.clone()),
    ] {
        changed(what, text(before), text(after));
    }
    lines.extend(by_pod_identity(before, after));
    lines
}

/// What versions take by Pod Identity: those for which the same has changed, together.
fn by_pod_identity(before: &Addon, after: &Addon) -> impl Iterator<Item = String> {
    let mut all: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for Version { version, .. } in after.versions.iter().filter(|version| before.version(&version.version).is_some()) {
        let (before, after) = (taken(before.takes(version)), taken(after.takes(version)));
        if before != after {
            all.entry((before, after)).or_default().push(version);
        }
    }
    all.into_iter().map(|((before, after), versions)| {
        let versions = versions.join(", ");
        format!("{versions} by Pod Identity: {before} -> {after}")
    })
}

fn taken(takes: Takes<'_>) -> String {
    match takes {
        Takes::NotKnown(why) => format!("not known ({why})"),
        takes => {
            let all = takes.accounts().unwrap_or_default().into_iter();
            list(&all.map(|(name, policies)| format!("{name} ({})", list(policies))).collect::<Vec<_>>())
        }
    }
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

/// Their order says nothing.
fn releases(all: &[String]) -> String {
    let mut all = all.to_vec();
    all.sort_by(|one, other| compare(other, one));
    list(&all)
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, removed, changed } = self;
        if *self == Self::default() {
            return writeln!(f, "nothing has changed");
        }
        added.iter().try_for_each(|name| writeln!(f, "+ {name}"))?;
        removed.iter().try_for_each(|name| writeln!(f, "- {name}"))?;
        for (name, lines) in changed {
            writeln!(f, "{name}")?;
            lines.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        }
        Ok(())
    }
}
