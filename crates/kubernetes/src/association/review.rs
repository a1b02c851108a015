//! What counts of all the objects, and what is to be said of each. A function of the objects: every replica says the same.

use std::collections::{BTreeMap, HashMap};

use eks_auth::{Association, Associations, Packed};
use jiff::Timestamp;
use kube::Resource as _;
use serde_json::Value;

use super::{
    resource::PodIdentityAssociation,
    spec::{self, Invalid},
};

/// An object, its spec read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) uid: String,
    pub(super) generation: i64,
    pub(super) resource_version: String,
    /// What its status says.
    pub(super) status: Value,
    created: Timestamp,
    pub(super) id: String,
    association: Result<Association, Invalid>,
}

/// Objects by their names.
pub(super) type Objects = BTreeMap<String, Read>;

/// What is to be said of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    Invalid(String),
    /// With an elder one of the same patterns.
    Conflict(String),
}

impl Read {
    pub(super) fn new(object: PodIdentityAssociation) -> (String, Self) {
        let association = spec::association(&object);
        let id = spec::id(&object.metadata);
        let meta = object.meta();
        let created = meta.creation_timestamp.as_ref().map(|time| time.0.as_millisecond());
        let read = Self {
            uid: meta.uid.clone().unwrap_or_default(),
            generation: meta.generation.unwrap_or_default(),
            resource_version: meta.resource_version.clone().unwrap_or_default(),
            created: created.and_then(|time| Timestamp::from_millisecond(time).ok()).unwrap_or_default(),
            status: object.status,
            id,
            association,
        };
        (object.metadata.name.unwrap_or_default(), read)
    }

    /// What is to be minded of one that counts. By the object alone: replicas, whatever their clusters are called, say the same.
    pub(super) fn remark(&self) -> Option<String> {
        let packed = self.association.as_ref().ok().map(Packed::foreseen)?;
        packed.may_be_refused().then(|| format!("STS may refuse its sessions: {packed}; {}.", Packed::HELP))
    }

    /// Whether it is the same object with the same spec.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        (&self.uid, self.generation) == (&other.uid, other.generation)
    }
}

/// What counts, and what is to be said of each. Of several with the same patterns the eldest counts: an object that is added
/// takes nothing away from what pods have.
pub(super) fn review(objects: &Objects) -> (Associations, BTreeMap<String, Verdict>) {
    let mut verdicts = BTreeMap::new();
    let mut eldest_first = Vec::new();
    for (name, read) in objects {
        match &read.association {
            Ok(association) => eldest_first.push((read.created, &read.uid, name, association)),
            Err(invalid) => drop(verdicts.insert(name.clone(), Verdict::Invalid(invalid.to_string()))),
        }
    }
    eldest_first.sort_by_key(|(created, uid, ..)| (*created, *uid));
    let names: HashMap<&str, &String> =
        eldest_first.iter().map(|(.., name, association)| (association.id.as_str(), *name)).collect();
    let valid = eldest_first.iter().map(|(.., association)| (*association).clone());
    let (associations, refused) = Associations::all_but_refused(valid);
    let name_of = |association: &Association| names.get(association.id.as_str()).map(|name| (*name).clone());
    for same in refused {
        if let (Some(elder), Some(name)) = (name_of(&same.first), name_of(&same.second)) {
            verdicts.insert(name, Verdict::Conflict(elder));
        }
    }
    for (.., name, _) in eldest_first {
        verdicts.entry(name.clone()).or_insert(Verdict::Accepted);
    }
    (associations, verdicts)
}
