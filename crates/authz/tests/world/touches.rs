//! Each change touches what it names and those that carry it: everything else in the changed world is, allocation by
//! allocation, that of the world before.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
};

use authz::{
    policy::{Policy, PolicyKind},
    world::{
        Account, AttachedPolicy, Grant, GrantConstraints, GrantOperation, Identity, Key, KeyState, Organization,
        OrganizationNode, OtherResource, PolicyOrigin, Untold, World,
    },
};
use aws_model::{AccountId, Arn, KeyArn};

use super::{identity_policy, policy};

const NEAR: &str = "111122223333";
const FAR: &str = "444455556666";
const QUEUE: &str = "arn:aws:sqs:us-west-2:111122223333:queue";

/// Something of IAM in the account that is near.
fn near(name: &str) -> Arn {
    format!("arn:aws:iam::{NEAR}:{name}").parse().unwrap()
}

fn far(name: &str) -> Arn {
    format!("arn:aws:iam::{FAR}:{name}").parse().unwrap()
}

fn of_aws() -> Arn {
    "arn:aws:iam::aws:policy/ReadOnlyAccess".parse().unwrap()
}

/// A key of the account that is far.
fn key(id: &str) -> KeyArn {
    format!("arn:aws:kms:us-west-2:{FAR}:key/{id}").parse().unwrap()
}

fn trust() -> Arc<Policy> {
    let text =
        r#"{"Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
    policy(PolicyKind::Trust, "trust", text)
}

fn key_policy() -> Arc<Policy> {
    let text = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}"#;
    policy(PolicyKind::Key, "key policy", text)
}

fn queue() -> OtherResource {
    let text = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}}"#;
    let policy = World::new().saved(policy(PolicyKind::Resource, "queue", text));
    OtherResource { policy: Some(policy), ..OtherResource::default() }
}

fn scp(name: &str) -> AttachedPolicy {
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let policy = policy(PolicyKind::ServiceControl, name, text);
    AttachedPolicy { origin: PolicyOrigin::Inline(name.into()), policy }
}

fn grant(id: &str) -> Grant {
    Grant {
        id: id.into(),
        token: None,
        propagated: Some(true),
        name: None,
        grantee: near("role/one").as_str().parse().unwrap(),
        grantee_unique_id: None,
        retiring: None,
        issuing_account: None,
        operations: [GrantOperation::Decrypt].into_iter().collect(),
        constraints: GrantConstraints::default(),
    }
}

fn new_key(id: &str) -> Key {
    Key::new(key(id), World::new().saved(key_policy()))
}

/// At least two of everything.
fn world() -> World {
    let mut world = World::new();
    for name in ["policy/p", "policy/q"] {
        world.put_managed_policy(&near(name), identity_policy(name)).unwrap();
    }
    world.put_managed_policy(&of_aws(), identity_policy("aws")).unwrap();
    for role in [near("role/one"), near("role/two"), far("role/three")] {
        world.put_role(&role, "AROA", trust()).unwrap();
        for inline in ["i", "j"] {
            world.put_inline_policy(&role, inline, identity_policy(inline)).unwrap();
        }
    }
    for user in ["user/ann", "user/bob"] {
        world.put_user(&near(user), "AIDA").unwrap();
        world.put_inline_policy(&near(user), "i", identity_policy("i")).unwrap();
    }
    for group in ["group/admins", "group/others"] {
        world.put_group(&near(group)).unwrap();
        world.put_inline_policy(&near(group), "g", identity_policy("g")).unwrap();
    }
    world.add_to_group(&near("user/ann"), &near("group/admins")).unwrap();
    world.attach_policy(&near("role/one"), &near("policy/p")).unwrap();
    world.set_boundary(&near("role/one"), Some(&near("policy/q"))).unwrap();
    world.attach_policy(&far("role/three"), &of_aws()).unwrap();
    for id in ["1", "2", "3"] {
        world.put_key(new_key(id)).unwrap();
        for grant_id in ["g", "h"] {
            world.put_grant(&key(id), grant(grant_id)).unwrap();
        }
    }
    world.put_alias(&key("1"), "alias/x").unwrap();
    world.put_alias(&key("2"), "alias/y").unwrap();
    world.put_resource(NEAR.parse().unwrap(), QUEUE, queue());
    let mut organization = Organization::new("o-example", "999999999999".parse().unwrap());
    organization.put_level(None, OrganizationNode::new("r-root")).unwrap();
    for (unit, account) in [("ou-near", NEAR), ("ou-far", FAR)] {
        organization.put_level(Some("r-root"), OrganizationNode::new(unit)).unwrap();
        organization.put_level(Some(unit), OrganizationNode::new(account)).unwrap();
    }
    world.set_organization(Some(organization));
    for level in ["r-root", "ou-near", "ou-far", NEAR, FAR] {
        world.attach_organization_policy(level, scp("full")).unwrap();
    }
    world
}

/// Where each part of a world is held, by its name.
#[derive(Default)]
struct Places(BTreeMap<String, *const ()>);

impl Places {
    fn of(world: &World) -> Self {
        let mut places = Self::default();
        for (_, account) in world.accounts() {
            places.account(account);
        }
        for path in world.organization().into_iter().flat_map(|organization| organization.accounts.values()) {
            for level in &path.levels {
                places.add(level.id.to_string(), Arc::as_ptr(level));
                for attached in level.service_control.iter().flatten() {
                    places.policy(&level.id, attached);
                }
            }
        }
        places
    }

    fn add<T>(&mut self, name: String, at: *const T) {
        self.0.insert(name, at.cast());
    }

    fn policy(&mut self, of: &str, attached: &AttachedPolicy) {
        let last = |arn: &str| arn.rsplit('/').next().unwrap().to_owned();
        let name = match &attached.origin {
            PolicyOrigin::Inline(name) => name.to_string(),
            PolicyOrigin::Managed(arn) => last(arn),
            PolicyOrigin::GroupInline { group, name } => format!("{group}/{name}"),
            PolicyOrigin::GroupManaged { group, arn } => format!("{group}/{}", last(arn)),
        };
        self.add(format!("{of}: {name}"), Arc::as_ptr(&attached.policy));
    }

    fn identity(&mut self, identity: &Identity) {
        for attached in &identity.policies {
            self.policy(identity.arn.resource(), attached);
        }
        if let Some(boundary) = &identity.boundary {
            self.add(format!("{}: boundary", identity.arn.resource()), Arc::as_ptr(&boundary.policy));
        }
    }

    fn account(&mut self, account: &Account) {
        for role in account.roles() {
            let name = role.identity.arn.resource();
            self.add(name.to_owned(), std::ptr::from_ref(role));
            self.add(format!("{name}: trust"), Arc::as_ptr(&role.trust.policy));
            self.identity(&role.identity);
        }
        for user in account.users() {
            self.add(user.identity.arn.resource().to_owned(), std::ptr::from_ref(user));
            self.identity(&user.identity);
        }
        for group in account.groups() {
            for attached in &group.policies {
                self.policy(group.arn.resource(), attached);
            }
        }
        for key in account.keys() {
            let name = format!("key/{}", key.arn.key_id());
            self.add(name.clone(), std::ptr::from_ref(key));
            self.add(format!("{name}: policy"), Arc::as_ptr(&key.policy.policy));
            for grant in key.grants.iter() {
                self.add(format!("{name}: grant {}", grant.id), Arc::as_ptr(grant));
            }
        }
        for (arn, resource) in account.resources() {
            if let Some(policy) = &resource.policy {
                self.add(format!("{arn}: policy"), Arc::as_ptr(&policy.policy));
            }
        }
    }

    /// What is held elsewhere there, or only on one side.
    fn other_than(&self, other: &Self) -> BTreeSet<String> {
        let names = self.0.keys().chain(other.0.keys());
        names.filter(|name| self.0.get(*name) != other.0.get(*name)).cloned().collect()
    }
}

type Change = (&'static str, fn(&mut World), &'static [&'static str]);

/// Each way to change a world, with what may be another after it.
const CHANGES: [Change; 37] = [
    ("put_user", |world| world.put_user(&near("user/carol"), "AIDA").unwrap(), &["user/carol"]),
    (
        "put_role",
        |world| world.put_role(&near("role/four"), "AROA", trust()).unwrap(),
        &["role/four", "role/four: trust"],
    ),
    (
        "remove_identity",
        |world| world.remove_identity(&near("role/two")).unwrap(),
        &["role/two", "role/two: i", "role/two: j", "role/two: trust"],
    ),
    (
        "remove_identity",
        |world| world.remove_identity(&near("group/admins")).unwrap(),
        &["group/admins: g", "user/ann", "user/ann: admins/g"],
    ),
    (
        "put_inline_policy",
        |world| world.put_inline_policy(&near("role/one"), "i", identity_policy("new")).unwrap(),
        &["role/one", "role/one: i"],
    ),
    (
        "put_inline_policy",
        |world| world.put_inline_policy(&near("group/admins"), "g", identity_policy("new")).unwrap(),
        &["group/admins: g", "user/ann", "user/ann: admins/g"],
    ),
    (
        "delete_inline_policy",
        |world| world.delete_inline_policy(&near("role/one"), "i").unwrap(),
        &["role/one", "role/one: i"],
    ),
    (
        "attach_policy",
        |world| world.attach_policy(&near("user/bob"), &near("policy/p")).unwrap(),
        &["user/bob", "user/bob: p"],
    ),
    (
        "detach_policy",
        |world| world.detach_policy(&near("role/one"), &near("policy/p")).unwrap(),
        &["role/one", "role/one: p"],
    ),
    (
        "set_boundary",
        |world| world.set_boundary(&near("role/two"), Some(&near("policy/q"))).unwrap(),
        &["role/two", "role/two: boundary"],
    ),
    ("set_identity_tags", |world| world.set_identity_tags(&near("user/ann"), BTreeMap::new()).unwrap(), &["user/ann"]),
    ("set_trust", |world| world.set_trust(&near("role/one"), trust()).unwrap(), &["role/one", "role/one: trust"]),
    (
        "put_trust",
        |world| {
            let saved = world.saved(trust());
            world.put_trust(&near("role/one"), saved).unwrap();
        },
        &["role/one", "role/one: trust"],
    ),
    (
        "set_max_session",
        |world| world.set_max_session(&near("role/one"), jiff::SignedDuration::from_hours(2)).unwrap(),
        &["role/one"],
    ),
    ("put_group", |world| world.put_group(&near("group/new")).unwrap(), &[]),
    (
        "add_to_group",
        |world| world.add_to_group(&near("user/bob"), &near("group/admins")).unwrap(),
        &["user/bob", "user/bob: admins/g"],
    ),
    (
        "remove_from_group",
        |world| world.remove_from_group(&near("user/ann"), &near("group/admins")).unwrap(),
        &["user/ann", "user/ann: admins/g"],
    ),
    (
        "put_managed_policy",
        |world| world.put_managed_policy(&near("policy/p"), identity_policy("new")).unwrap(),
        &["role/one", "role/one: p"],
    ),
    (
        "put_managed_policy",
        |world| world.put_managed_policy(&of_aws(), identity_policy("new")).unwrap(),
        &["role/three", "role/three: ReadOnlyAccess"],
    ),
    (
        "remove_managed_policy",
        |world| world.remove_managed_policy(&near("policy/q")).unwrap(),
        &["role/one", "role/one: boundary"],
    ),
    ("put_key", |world| world.put_key(new_key("4")).unwrap(), &["key/4", "key/4: policy"]),
    (
        "remove_key",
        |world| world.remove_key(&key("3")).unwrap(),
        &["key/3", "key/3: grant g", "key/3: grant h", "key/3: policy"],
    ),
    ("set_key_policy", |world| world.set_key_policy(&key("1"), key_policy()).unwrap(), &["key/1", "key/1: policy"]),
    (
        "put_key_policy",
        |world| {
            let saved = world.saved(key_policy());
            world.put_key_policy(&key("1"), saved).unwrap();
        },
        &["key/1", "key/1: policy"],
    ),
    ("set_key_state", |world| world.set_key_state(&key("1"), Some(KeyState::Disabled)).unwrap(), &["key/1"]),
    ("set_key_tags", |world| world.set_key_tags(&key("1"), BTreeMap::new()).unwrap(), &["key/1"]),
    ("set_key_attribute", |world| world.set_key_attribute(&key("1"), "kms:KeySpec", "x").unwrap(), &["key/1"]),
    ("set_key_untold", |world| world.set_key_untold(&key("1"), Untold::ALL).unwrap(), &["key/1"]),
    ("put_alias", |world| world.put_alias(&key("3"), "alias/new").unwrap(), &["key/3"]),
    // Which key has lost it is the only other one.
    ("put_alias", |world| world.put_alias(&key("3"), "alias/x").unwrap(), &["key/1", "key/3"]),
    ("remove_alias", |world| assert!(world.remove_alias(&key("1"), "alias/x").unwrap()), &["key/1"]),
    ("put_grant", |world| world.put_grant(&key("1"), grant("new")).unwrap(), &["key/1", "key/1: grant new"]),
    ("remove_grant", |world| drop(world.remove_grant(&key("1"), "g").unwrap()), &["key/1", "key/1: grant g"]),
    (
        "put_resource",
        |world| world.put_resource(NEAR.parse().unwrap(), QUEUE, queue()),
        &["arn:aws:sqs:us-west-2:111122223333:queue: policy"],
    ),
    (
        "remove_resource",
        |world| assert!(world.remove_resource(NEAR.parse().unwrap(), QUEUE)),
        &["arn:aws:sqs:us-west-2:111122223333:queue: policy"],
    ),
    (
        "attach_organization_policy",
        |world| world.attach_organization_policy("ou-near", scp("new")).unwrap(),
        &["ou-near", "ou-near: new"],
    ),
    (
        "detach_organization_policy",
        |world| world.detach_organization_policy("ou-near", &PolicyOrigin::Inline("full".into())).unwrap(),
        &["ou-near", "ou-near: full"],
    ),
];

/// What takes or gives the whole of something, or what to change it with.
const WHOLES: [&str; 4] = ["account_mut", "remove_account", "set_organization", "organization_mut"];
/// Not of worlds: of a key's grants, of an organization.
const OF_PARTS: [&str; 4] = ["insert", "remove", "put_level", "remove_level"];

#[test]
fn each_change_touches_what_it_names_and_nothing_else() {
    for (name, change, touches) in CHANGES {
        let before = world();
        let mut after = before.clone();
        change(&mut after);
        let touched = Places::of(&before).other_than(&Places::of(&after));
        assert_eq!(touched, touches.iter().map(|name| (*name).to_owned()).collect(), "{name}");
        let is_another = |id: &str| {
            let account = |world: &World| world.account(id.parse::<AccountId>().unwrap()).map(std::ptr::from_ref);
            account(&before) != account(&after)
        };
        assert!(!(is_another(NEAR) && is_another(FAR)), "{name}: the other account stays as it is");
    }
}

#[test]
fn every_kind_of_change_is_looked_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/world");
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.chain([folder.with_extension("rs")]).collect();
    let mut known = BTreeSet::new();
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        for function in source.split("pub fn ").skip(1) {
            let (name, rest) = function.split_once('(').unwrap();
            if rest.trim_start().starts_with("&mut self") {
                known.insert(name.to_owned());
            }
        }
    }
    let looked_at = CHANGES.iter().map(|(name, ..)| *name).chain(WHOLES).chain(OF_PARTS).map(str::to_owned);
    assert_eq!(known, looked_at.collect(), "each function of src/world that takes `&mut self`");
}

#[test]
fn an_alias_is_found_whichever_way_it_came() {
    let mut world = world();
    let region = "us-west-2".parse().unwrap();
    let found = |world: &World, alias: &str| {
        let account = world.account(FAR.parse().unwrap()).unwrap();
        account.key_of_alias(alias, &region).map(|key| key.arn.key_id().to_owned())
    };
    assert_eq!(found(&world, "alias/x").as_deref(), Some("1"));
    let elsewhere = "eu-west-1".parse().unwrap();
    assert!(world.account(FAR.parse().unwrap()).unwrap().key_of_alias("alias/x", &elsewhere).is_none());
    world.put_alias(&key("3"), "alias/x").unwrap();
    assert_eq!(found(&world, "alias/x").as_deref(), Some("3"));
    // A key that is put anew has the aliases that it brings, and no other.
    let mut anew = new_key("3");
    anew.aliases.insert("alias/z".into());
    world.put_key(anew).unwrap();
    assert_eq!((found(&world, "alias/x"), found(&world, "alias/z").as_deref()), (None, Some("3")));
    world.remove_key(&key("3")).unwrap();
    assert!(world.remove_alias(&key("2"), "alias/y").unwrap());
    assert_eq!((found(&world, "alias/z"), found(&world, "alias/y")), (None, None));
}
