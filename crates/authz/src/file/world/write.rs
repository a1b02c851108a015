//! Worlds into world files.
//!
//! Only what the reader would not fill in by itself is written, policies as the text that they were saved as: so a
//! place in a policy stays that place. What has no form in a world file is refused by its name.

mod identities;
mod json;
mod keys;
mod organization;

use std::{collections::BTreeMap, sync::Arc};

use aws_model::{AccountId, Arn};

use self::json::Json;
use super::{PARTIAL, TRUST_LENGTH};
use crate::{
    file::identities::BY_NAME,
    policy::{PolicyKind, limits::SizeQuota},
    world::{OtherResource, ResourcePolicy, World},
};

/// A world that cannot be told in a world file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWritten {
    /// More than may be written, or than would be read again.
    #[error("the world is too large for a world file: more than {most_bytes} bytes, or than 4,000,000 values")]
    TooLarge {
        /// How long the text may be.
        most_bytes: usize,
    },
    /// The format has no words for it.
    #[error("{what} cannot be told in a world file: {why}")]
    NoForm {
        /// What of the world.
        what: String,
        /// What the format lacks.
        why: &'static str,
    },
}

/// How a part was written.
type Written = Result<(), NotWritten>;

/// The world as a world file, in JSON, in an order that does not change from one time to the next.
///
/// # Errors
/// [`NotWritten`], when the text would have more than `most_bytes`, or something has no form in a world file.
pub fn write(world: &World, most_bytes: usize) -> Result<String, NotWritten> {
    let mut json = Json::new(most_bytes);
    json.map(|json| {
        accounts(json, world)?;
        organization::write(json, world)?;
        identities::write(json, world)?;
        keys::write(json, world)?;
        resources(json, world)
    })?;
    json.into_text()
}

fn accounts(json: &mut Json, world: &World) -> Written {
    let accounts: BTreeMap<_, _> = world.accounts().map(|(id, account)| (id.to_string(), account)).collect();
    json.mapping("accounts", accounts, |json, account| {
        json.map(|json| {
            json.optional("name", account.name.as_deref())?;
            if let Some(length) = account.raised_role_trust_policy_length {
                json.entry(TRUST_LENGTH)?.number(i64::try_from(length).unwrap_or(i64::MAX))?;
            }
            json.optional("identities", account.identities_are_partial.then_some(PARTIAL))
        })
    })
}

fn resources(json: &mut Json, world: &World) -> Written {
    let mut resources: BTreeMap<&str, (AccountId, &OtherResource)> = BTreeMap::new();
    for (owner, account) in world.accounts() {
        for (arn, resource) in account.resources() {
            if arn.parse::<Arn>().is_err() {
                return Err(no_form(arn, "a resource has to have an ARN"));
            }
            if resources.insert(arn, (owner, resource)).is_some() {
                return Err(no_form(arn, "it is there in two accounts, and a resource has one owner"));
            }
        }
    }
    json.mapping("resources", resources, |json, (owner, resource)| {
        json.map(|json| {
            json.entry("owner")?.text(owner.as_str())?;
            json.texts("tags", &resource.tags)?;
            match &resource.policy {
                Some(saved) => saved_policy(json, "policy", world, saved),
                None => Ok(()),
            }
        })
    })
}

/// A policy that was saved, with what it means where that is not what it would mean if it were saved now.
fn saved_policy(json: &mut Json, name: &str, world: &World, saved: &ResourcePolicy) -> Written {
    let text = saved.policy.source().text();
    // The text of a policy that was told as a mapping is ours: KMS counts white space.
    let text = if saved.policy.kind() == PolicyKind::Key { SizeQuota::Key.fitting(text) } else { text.into() };
    json.entry(name)?.text(&text)?;
    let now = world.saved(Arc::clone(&saved.policy)).saved_ids;
    let of_others = saved.saved_ids.iter().filter(|(arn, id)| now.get(*arn) != Some(*id));
    let by_name = now.keys().filter(|arn| !saved.saved_ids.contains_key(*arn));
    let others = of_others.map(|(arn, id)| (arn, Some(&**id))).chain(by_name.map(|arn| (arn, None)));
    json.mapping("savedIds", others, saved_id)
}

/// The unique id that something was saved with.
fn saved_id(json: &mut Json, id: Option<&str>) -> Written {
    match id {
        Some(BY_NAME) => Err(no_form(BY_NAME, "as a unique id, it is the word for: by the name alone")),
        id => json.text(id.unwrap_or(BY_NAME)),
    }
}

fn no_form(what: &str, why: &'static str) -> NotWritten {
    NotWritten::NoForm { what: format!("`{what}`"), why }
}
