//! What rows name: each must be there, and each row must stand under its own name.
//!
//! The services' own readers take rows that they wrote themselves, in a file that nobody else can write. In a text that
//! people may have written, a name that stands for nothing is found here, at its place.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use aws_model::AccountId;

use super::{Document, Flaw, Secrets, field};
use crate::{
    accounts::{KeyKind, parse_access_key},
    json::{Node, nearest},
};

/// The rows of a text, by table.
struct Text<'n> {
    tables: BTreeMap<&'n str, &'n Node>,
    /// The keys of each table: of many rows each names several others.
    keys: BTreeMap<&'n str, HashSet<&'n str>>,
    document: &'n Document,
}

/// A name in a row.
struct Named<'n> {
    table: &'static str,
    row: &'n str,
    node: &'n Node,
}

/// Finds the first row under another name than its own, and the first name of something that is not there.
pub(super) fn check(root: &Node, document: &Document) -> Result<(), Flaw> {
    let given = root.get("tables").map(Node::entries).unwrap_or_default();
    let tables = given.iter().map(|entry| (entry.key.as_str(), &entry.value)).collect();
    let keys = given.iter().map(|entry| {
        let rows = entry.value.entries().iter();
        (entry.key.as_str(), rows.map(|row| row.key.as_str()).collect())
    });
    let keys = keys.collect();
    let text = Text { tables, keys, document };
    text.names()?;
    text.keys()?;
    text.identities()?;
    text.access_keys()?;
    text.clusters()
}

impl<'n> Text<'n> {
    fn rows(&self, table: &str) -> impl Iterator<Item = (&'n str, &'n Node)> {
        let rows = self.tables.get(table).map(|rows| rows.entries()).unwrap_or_default();
        rows.iter().map(|row| (row.key.as_str(), &row.value))
    }

    fn has(&self, table: &str, key: &str) -> bool {
        self.keys.get(table).is_some_and(|keys| keys.contains(key))
    }

    /// Every row is under the name that it has itself.
    fn names(&self) -> Result<(), Flaw> {
        type Own = fn(&Node) -> Option<String>;
        let own: [(&str, Own); 17] = [
            ("kms.key", |row| arn_parts(row.get("arn")?.text()?).map(|arn| arn.of_key())),
            ("kms.grant", |row| {
                let key = arn_parts(row.get("key")?.text()?)?.of_key();
                Some(format!("{key}/{}", row.get("id")?.text()?))
            }),
            ("iam.user", |row| of_identity(row, "name")),
            ("iam.role", |row| of_identity(row, "name")),
            ("iam.group", |row| of_identity(row, "name")),
            ("iam.policy", |row| of_identity(row, "name")),
            ("iam.instance-profile", |row| of_identity(row, "name")),
            ("iam.oidc-provider", |row| of_identity(row, "url")),
            ("eks.cluster", |row| of_eks(row, "arn", "cluster")),
            ("eks.association", |row| of_eks(row, "arn", "podidentityassociation")),
            // Behind the name stands an id.
            ("eks.addon", |row| {
                of_eks(row, "arn", "addon").and_then(|names| Some(names.rsplit_once('/')?.0.to_owned()))
            }),
            ("eks.node-group", |row| {
                of_eks(row, "arn", "nodegroup").and_then(|names| Some(names.rsplit_once('/')?.0.to_owned()))
            }),
            // Behind the cluster stands a type, behind the name an id.
            ("eks.identity-provider", |row| {
                let names = of_eks(row, "arn", "identityproviderconfig")?;
                let (names, _) = names.rsplit_once('/')?;
                let (cluster, name) = names.rsplit_once('/')?;
                Some(format!("{}/{name}", cluster.strip_suffix("/oidc")?))
            }),
            ("sqs.queue", |row| {
                let text = |member: &str| row.get(member)?.text();
                Some(format!("{}/{}/{}", text("account")?, text("region")?, text("name")?))
            }),
            ("autoscaling.group", |row| of_group(row, "arn")),
            ("autoscaling.activity", |row| {
                let place = of_group(row, "group")?;
                let (account, rest) = place.split_once('/')?;
                let (region, _) = rest.split_once('/')?;
                let begun: jiff::Timestamp = row.get("begun")?.text()?.parse().ok()?;
                let begun = begun.as_millisecond().max(0);
                Some(format!("{account}/{region}/{begun:016}/{}", row.get("id")?.text()?))
            }),
            ("eks.update", |row| Some(format!("{}/{}", of_eks(row, "cluster", "cluster")?, row.get("id")?.text()?))),
        ];
        for (key, row) in self.rows("account.named") {
            if key.parse::<AccountId>().is_err() {
                return Err(Flaw::new(row.at, field("account.named", key), "is no account's: it has twelve digits"));
            }
        }
        for (table, own) in own {
            // One that says nothing is of an entity of the world file that was deleted; one without a name does not read.
            for (key, row) in self.rows(table).filter(|(_, row)| !row.says_nothing()) {
                if let Some(name) = own(row).filter(|name| name != key) {
                    return Err(Flaw::new(row.at, field(table, key), format!("this is the row of `{name}`")));
                }
            }
        }
        Ok(())
    }

    /// Keys with families, families with keys and material, aliases and grants of keys that are there.
    fn keys(&self) -> Result<(), Flaw> {
        let missing = |table: &str, key: &str, at: usize, what: String| Err(Flaw::new(at, field(table, key), what));
        let mut families = BTreeSet::new();
        for (key, row) in self.rows("kms.key") {
            let Some((account, id)) = key.split_once('/').zip(key.rsplit_once('/')).map(|(a, b)| (a.0, b.1)) else {
                return missing("kms.key", key, row.at, "is no key's: it looks like `ACCOUNT/REGION/ID`".into());
            };
            let family = format!("{account}/{id}");
            if !self.has("kms.family", &family) {
                return missing(
                    "kms.key",
                    key,
                    row.at,
                    format!("`{family}` of `kms.family`, its family, is not there"),
                );
            }
            families.insert(family);
        }
        for (key, row) in self.rows("kms.family") {
            if !families.contains(key) {
                return missing("kms.family", key, row.at, "no row of `kms.key` is of this family".into());
            }
            for id in row.get("materials").map(Node::items).unwrap_or_default() {
                let Some(id) = id.get("id") else { continue };
                let material = format!("{key}/{}", id.text().unwrap_or_default());
                let is_imported =
                    row.get("kind").and_then(|kind| kind.get("origin")).and_then(Node::text) == Some("EXTERNAL");
                if self.document.secrets != Secrets::Absent && !is_imported && !self.has("kms.material", &material) {
                    return missing(
                        "kms.family",
                        key,
                        id.at,
                        format!("its material `{material}` of `kms.material` is not there"),
                    );
                }
            }
        }
        for (key, row) in self.rows("kms.material") {
            let family = key.rsplit_once('/').map_or(key, |(family, _)| family);
            if !families.contains(family) {
                return missing("kms.material", key, row.at, "no row of `kms.key` is of its family".into());
            }
        }
        for (table, name) in [("kms.alias", "target"), ("kms.grant", "key")] {
            for (key, row) in self.rows(table) {
                let Some(node) = row.get(name) else { continue };
                let Some(arn) = node.text().and_then(arn_parts) else { continue };
                let target = arn.of_key();
                if !self.has("kms.key", &target) {
                    return self.not_there(&Named { table, row: key, node }, "key", "kms.key", &target);
                }
                let home = target.rsplit_once('/').map_or("", |(home, _)| home);
                if table == "kms.alias" && !key.starts_with(&format!("{home}/alias/")) {
                    return missing(
                        table,
                        key,
                        node.at,
                        format!("its target is in `{home}`, and an alias is where its key is"),
                    );
                }
            }
        }
        Ok(())
    }

    /// What is a cluster's, with a cluster that is there.
    fn clusters(&self) -> Result<(), Flaw> {
        for (table, naming) in [
            ("eks.association", "arn"),
            ("eks.addon", "arn"),
            ("eks.identity-provider", "arn"),
            ("eks.node-group", "arn"),
            ("eks.update", "cluster"),
        ] {
            for (key, row) in self.rows(table) {
                let (cluster, _) = key.rsplit_once('/').unwrap_or_default();
                if !self.has("eks.cluster", cluster) {
                    let node = row.get(naming).unwrap_or(row);
                    return self.not_there(&Named { table, row: key, node }, "cluster", "eks.cluster", cluster);
                }
            }
        }
        Ok(())
    }

    /// Users, roles and groups with the policies, members and roles that they name.
    fn identities(&self) -> Result<(), Flaw> {
        let arns = |table: &'static str| self.rows(table).filter_map(|(_, row)| row.get("arn")?.text());
        let policies: BTreeSet<&str> = arns("iam.policy").collect();
        for table in ["iam.user", "iam.role", "iam.group"] {
            for (key, row) in self.rows(table) {
                let carried = row.get("carried");
                let attached = carried.and_then(|carried| carried.get("attached")).map(Node::items).unwrap_or_default();
                let boundary = carried.and_then(|carried| carried.get("boundary"));
                for node in attached.iter().chain(boundary) {
                    let Some(arn) = node.text() else { continue };
                    let is_awss = arn.contains(":iam::aws:policy/");
                    if !is_awss && !policies.contains(arn) && self.document.world.managed_policy(arn).is_none() {
                        return not_there(
                            &Named { table, row: key, node },
                            "managed policy",
                            arn,
                            policies.iter().copied(),
                        );
                    }
                }
            }
        }
        let users: BTreeSet<&str> = arns("iam.user").collect();
        for (key, row) in self.rows("iam.group") {
            for member in row.get("members").map(Node::entries).unwrap_or_default() {
                let node = &member.value;
                let Some(arn) = node.text() else { continue };
                let is_told = arn.parse().is_ok_and(|arn| self.document.world.user(&arn).is_some());
                if !users.contains(arn) && !is_told {
                    return not_there(
                        &Named { table: "iam.group", row: key, node },
                        "user",
                        arn,
                        users.iter().copied(),
                    );
                }
            }
        }
        for (key, row) in self.rows("iam.instance-profile") {
            let Some(node) = row.get("role") else { continue };
            let Some(role) = node.text() else { continue };
            let account = key.split('/').next().unwrap_or_default();
            let wanted = format!("{account}/{}", role.to_lowercase());
            let id = account.parse().ok();
            let is_told =
                id.and_then(|id| self.document.world.account(id)).is_some_and(|of| of.role_named(role).is_some());
            if !self.has("iam.role", &wanted) && !is_told {
                return self.not_there(
                    &Named { table: "iam.instance-profile", row: key, node },
                    "role",
                    "iam.role",
                    &wanted,
                );
            }
        }
        Ok(())
    }

    /// Access keys that say whose they are, each of one user: what else signs with one was never handed out.
    fn access_keys(&self) -> Result<(), Flaw> {
        let mut known = HashSet::new();
        for (key, row) in self.rows("iam.user") {
            let account = key.split_once('/').and_then(|(account, _)| account.parse().ok());
            for id in row.get("keys").map(Node::items).unwrap_or_default().iter().filter_map(|of| of.get("id")) {
                let text = id.text().unwrap_or_default();
                let refuse = |why: &str| Err(Flaw::new(id.at, field("iam.user", key), why));
                match parse_access_key(text) {
                    Some((KeyKind::LongTerm, of)) if Some(of) == account => {}
                    Some(_) => return refuse("this is an access key of a session or of another account"),
                    None => {
                        return refuse(
                            "this is no access key id: it has `AKIA` and 16 characters that tell the account",
                        );
                    }
                }
                if !known.insert(text) {
                    return refuse("this access key is there twice, and one user has it");
                }
            }
        }
        Ok(())
    }

    fn not_there(&self, named: &Named<'_>, what: &str, table: &str, name: &str) -> Result<(), Flaw> {
        let known: Vec<&str> = self.rows(table).map(|(key, _)| key).collect();
        not_there(named, what, name, known.into_iter())
    }
}

fn not_there<'a>(named: &Named<'_>, what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Result<(), Flaw> {
    let meant = nearest(name, known).map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
    let why = format!("there is no {what} `{name}`{meant}");
    Err(Flaw::new(named.node.at, field(named.table, named.row), why))
}

/// Where a key's ARN says that it is.
struct KeyPlace<'a> {
    region: &'a str,
    account: &'a str,
    id: &'a str,
}

impl KeyPlace<'_> {
    fn of_key(&self) -> String {
        format!("{}/{}/{}", self.account, self.region, self.id)
    }
}

fn arn_parts(arn: &str) -> Option<KeyPlace<'_>> {
    let mut parts = arn.splitn(6, ':').skip(3);
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    Some(KeyPlace { region, account, id: resource.strip_prefix("key/")? })
}

/// The key of what of EKS, of this kind, a member has the ARN of: its account and region, and the names in the ARN.
fn of_eks(row: &Node, member: &str, kind: &str) -> Option<String> {
    let mut parts = row.get(member)?.text()?.splitn(6, ':').skip(3);
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("{account}/{region}/{}", resource.strip_prefix(kind)?.strip_prefix('/')?))
}

/// The key of an Auto Scaling group with this ARN.
fn of_group(row: &Node, member: &str) -> Option<String> {
    let (start, name) = row.get(member)?.text()?.split_once(":autoScalingGroupName/")?;
    let mut parts = start.split(':').skip(3);
    Some(format!("{1}/{0}/{name}", parts.next()?, parts.next()?))
}

/// The key of an entity of IAM: its account, and its name in lower case.
fn of_identity(row: &Node, name: &str) -> Option<String> {
    let account = row.get("arn")?.text()?.split(':').nth(4)?;
    Some(format!("{account}/{}", row.get(name)?.text()?.to_lowercase()))
}
