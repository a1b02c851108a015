//! What a client knows of its account: what it was answered, and between what it has to wait and see.

use std::collections::{BTreeMap, BTreeSet};

/// What is there; none where there is no such thing.
pub(crate) type Is = Option<String>;

/// In place of a value that only an answer tells, such as an id.
pub(crate) const ANY: &str = "?";

/// Something that a write changes and a read tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject {
    pub(crate) kind: Kind,
    /// The key, role, user, group or policy.
    pub(crate) of: String,
    /// What of it, where there may be several.
    pub(crate) name: String,
}

/// What is told of a subject stands behind each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Its state.
    Key,
    /// The text.
    KeyDescription,
    /// The value of the one tag.
    KeyTag,
    /// The `Sid` of the first statement.
    KeyPolicy,
    /// The id of the grant by that name.
    Grant,
    /// The id of the key behind it.
    Alias,
    /// The description.
    Role,
    /// The `Sid` of the first statement.
    RoleTrust,
    /// The value of the one tag.
    RoleTag,
    /// The `Sid` of the first statement.
    RolePolicy,
    /// `attached`.
    RoleAttached,
    /// The path.
    User,
    /// The status of an access key.
    AccessKey,
    /// `member`, of a user in the group.
    Member,
    /// The path.
    Group,
    /// The versions, the default one with an asterisk.
    Policy,
    /// The role in it, or nothing between quotes.
    Profile,
}

impl Kind {
    /// The subject of this kind of a thing.
    pub(crate) fn of(self, of: impl Into<String>) -> Subject {
        self.named(of, "")
    }

    pub(crate) fn named(self, of: impl Into<String>, name: impl Into<String>) -> Subject {
        Subject { kind: self, of: of.into(), name: name.into() }
    }
}

/// What each subject may be. One that is not in it is not there.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    may_be: BTreeMap<Subject, BTreeSet<Is>>,
}

impl Ledger {
    /// A write was acknowledged.
    pub(crate) fn did(&mut self, subject: Subject, is: Is) {
        self.may_be.insert(subject, BTreeSet::from([is]));
    }

    /// A write was sent, and nobody knows what came of it.
    pub(crate) fn tried(&mut self, subject: Subject, is: Is) {
        self.may_be.entry(subject).or_insert_with(|| BTreeSet::from([None])).insert(is);
    }

    /// A read was answered: it must be something that was known, and is what is known from now on.
    pub(crate) fn saw(&mut self, subject: Subject, is: Is, when: &str) {
        let nothing = BTreeSet::from([None]);
        let may_be = self.may_be.get(&subject).unwrap_or(&nothing);
        let fits = may_be.contains(&is) || is.is_some() && may_be.contains(&Some(ANY.to_owned()));
        assert!(fits, "{when}: {subject:?} is {is:?}, and what was answered says it is one of {may_be:?}");
        self.did(subject, is);
    }

    /// What it is. Whatever was not known has been read by now.
    pub(crate) fn is(&self, subject: &Subject) -> Is {
        let may_be = self.may_be.get(subject)?;
        assert_eq!(may_be.len(), 1, "{subject:?} was not read");
        may_be.first().cloned().flatten()
    }

    /// Everything of a thing is gone with it.
    pub(crate) fn gone(&mut self, subject: &Subject) {
        self.may_be.retain(|other, _| other.of != subject.of || other == subject);
        self.did(subject.clone(), None);
    }

    /// What is no more need not be known any longer.
    pub(crate) fn forget_what_is_gone(&mut self) {
        self.may_be.retain(|_, may_be| may_be.iter().any(Option::is_some));
    }

    pub(crate) fn subjects(&self) -> Vec<Subject> {
        self.may_be.keys().cloned().collect()
    }

    /// Those of a kind that are there, and what they are.
    pub(crate) fn there(&self, kind: Kind) -> Vec<(Subject, String)> {
        let of_kind = self.may_be.keys().filter(|subject| subject.kind == kind);
        of_kind.filter_map(|subject| Some((subject.clone(), self.is(subject)?))).collect()
    }

    /// What those of a kind are of.
    pub(crate) fn things(&self, kind: Kind) -> Vec<String> {
        self.there(kind).into_iter().map(|(subject, _)| subject.of).collect()
    }

    /// Those of a kind and a thing that are there, by their names.
    pub(crate) fn names(&self, kind: Kind, of: &str) -> Vec<String> {
        self.there(kind).into_iter().filter(|(subject, _)| subject.of == of).map(|(subject, _)| subject.name).collect()
    }
}
