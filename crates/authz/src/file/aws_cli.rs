//! Worlds from what the `aws` command prints, in JSON or YAML.
//!
//! | command | tells | `about` |
//! |---|---|---|
//! | `iam get-account-authorization-details` | users, groups, roles, managed policies | |
//! | `kms get-key-policy` (whole, or with `--query Policy --output text`) | a key and its policy | the key's ARN |
//! | `kms describe-key` | its state, usage and manager | |
//! | `kms list-grants` | its grants | the key's ARN, where it has none |
//! | `kms list-aliases` | its aliases | |
//! | `kms list-resource-tags` | its tags | the key's ARN |
//! | `organizations describe-organization` | the organization | |
//! | `organizations list-parents` | where an account or unit is | the child's id |
//! | `organizations describe-policy` | an SCP or RCP | |
//! | `organizations list-targets-for-policy` | where it is attached | the policy's id |
//!
//! What a command was asked about is often not in what it prints, and so told in [`Document::about`]. Documents may come
//! in any order. Fields that are of no interest here are passed over, since AWS adds to them.

mod iam;
mod kms;
mod organizations;

use std::sync::Arc;

use aws_model::AccountId;

use super::{
    FileError, NoFiles, Problem,
    field::{Field, Fields},
    node::{Node, Value},
    policy::ToldPolicy,
    yaml,
};
use crate::{
    policy::{Policy, PolicyKind, limits::Room},
    text::SourceText,
    world::World,
};

/// What one command printed.
#[derive(Clone, Debug)]
pub struct Document {
    /// The account whose credentials it was called with.
    pub account: AccountId,
    /// What it was asked about, where it does not print that: see the table above.
    pub about: Option<String>,
    /// What it printed.
    pub source: SourceText,
}

/// The commands, in the order in which one rests on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Command {
    AccountAuthorizationDetails,
    GetKeyPolicy,
    DescribeKey,
    ListGrants,
    ListAliases,
    ListResourceTags,
    DescribeOrganization,
    ListParents,
    DescribePolicy,
    ListTargetsForPolicy,
}

/// What a command printed, as a tree.
struct Printed {
    command: Command,
    account: AccountId,
    about: Option<String>,
    node: Node,
}

/// Adds what commands printed to a world.
///
/// Answers what there is to say of it: what was left out and why, a grant whose grantee is gone, say; and which policies
/// are larger than AWS lets them be, so that they are not quite what it printed.
///
/// # Errors
/// [`FileError`], at the first place that is not right. The world then holds what came before it.
pub fn add(world: &mut World, documents: &[Document]) -> Result<Vec<FileError>, FileError> {
    let mut printed = documents.iter().map(Printed::read).collect::<Result<Vec<_>, _>>()?;
    printed.sort_by_key(|printed| printed.command);
    // Until its own details tell, a key's account has users and roles that are not known.
    for printed in &printed {
        if world.account(printed.account).is_none() {
            world.account_mut(printed.account).identities_are_partial = true;
        }
    }
    let mut remarks = Vec::new();
    for printed in &printed {
        let fields = Field::root(&printed.node).some_fields()?;
        match printed.command {
            Command::AccountAuthorizationDetails => {
                iam::account_details(world, printed.account, &fields, &mut remarks)?
            }
            Command::GetKeyPolicy => kms::key_policy(world, printed, &fields, &mut remarks)?,
            Command::DescribeKey => kms::describe_key(world, &fields)?,
            Command::ListGrants => kms::list_grants(world, printed, &fields, &mut remarks)?,
            Command::ListAliases => kms::list_aliases(world, printed.account, &fields)?,
            Command::ListResourceTags => kms::list_tags(world, printed, &fields)?,
            Command::DescribeOrganization
            | Command::ListParents
            | Command::DescribePolicy
            | Command::ListTargetsForPolicy => {}
        }
    }
    organizations::add(world, &printed, &mut remarks)?;
    Ok(remarks)
}

impl Printed {
    fn read(document: &Document) -> Result<Self, FileError> {
        let node = yaml::parse(&document.source)?;
        let command = Command::that_printed(&Field::root(&node))?;
        Ok(Self { command, account: document.account, about: document.about.clone(), node })
    }

    /// What the command was asked about, where it has to be told.
    fn about(&self, what: &'static str) -> Result<&str, FileError> {
        self.about.as_deref().ok_or_else(|| {
            let problem = format!("this does not say which {what} it is about: tell that beside the file");
            Field::root(&self.node).refuse(Problem::Value(problem))
        })
    }

    fn about_as<T: std::str::FromStr<Err: std::fmt::Display>>(&self, what: &'static str) -> Result<T, FileError> {
        let parsed = self.about(what)?.parse();
        parsed.map_err(|error: T::Err| Field::root(&self.node).refuse(Problem::Value(error.to_string())))
    }
}

impl Command {
    /// Each command's answer has a field of its own.
    fn that_printed(root: &Field<'_>) -> Result<Self, FileError> {
        let fields = root.clone().some_fields()?;
        let has = |name| fields.get(name).is_some();
        let policy_is_text =
            fields.get("Policy").is_some_and(|policy| matches!(policy.node.value, Value::Scalar { .. }));
        let known = [
            (
                has("UserDetailList") || has("RoleDetailList") || has("GroupDetailList"),
                Self::AccountAuthorizationDetails,
            ),
            (policy_is_text || has("Statement"), Self::GetKeyPolicy),
            (has("KeyMetadata"), Self::DescribeKey),
            (has("Grants"), Self::ListGrants),
            (has("Aliases"), Self::ListAliases),
            (has("Tags"), Self::ListResourceTags),
            (has("Organization"), Self::DescribeOrganization),
            (has("Parents"), Self::ListParents),
            (has("Policy"), Self::DescribePolicy),
            (has("Targets"), Self::ListTargetsForPolicy),
        ];
        let found = known.into_iter().find(|(is_it, _)| *is_it).map(|(_, command)| command);
        found.ok_or_else(|| {
            let problem = "no command whose answers are read here prints this: give what `iam \
                           get-account-authorization-details`, `kms get-key-policy`, `describe-key`, `list-grants`, \
                           `list-aliases` or `list-resource-tags`, or `organizations describe-organization`, \
                           `list-parents`, `describe-policy` or `list-targets-for-policy` print";
            root.refuse(Problem::Value(problem.to_owned()))
        })
    }
}

/// A policy as a command prints it: taken apart by the CLI, as JSON text, or encoded as in a URL as the API sends it.
///
/// AWS has taken it already: if it is larger than we think that it may be, that is only said.
fn policy(
    field: &Field<'_>,
    kind: PolicyKind,
    room: &mut Room,
    remarks: &mut Vec<FileError>,
) -> Result<Arc<Policy>, FileError> {
    let told = told_policy(field, kind)?;
    remarks.extend(told.fits(room).err());
    Ok(told.policy)
}

fn told_policy<'a>(field: &'a Field<'_>, kind: PolicyKind) -> Result<ToldPolicy<'a>, FileError> {
    match field.text().ok().filter(|text| text.starts_with('%')) {
        Some(encoded) => {
            let decoded = percent_encoding::percent_decode_str(encoded).decode_utf8();
            let text = decoded.map_err(|error| field.refuse(Problem::Value(error.to_string())))?;
            field.told_policy(&field.name(), &text, kind)
        }
        None => field.policy_of_any_size(kind, &NoFiles),
    }
}

/// Refuses what is only a part: `--max-items`, or one page of the API's.
fn refuse_truncated(fields: &Fields<'_>) -> Result<(), FileError> {
    let is_truncated = match fields.get("IsTruncated").or_else(|| fields.get("Truncated")) {
        Some(field) => field.truth()?,
        None => false,
    };
    match fields.get("NextToken") {
        None if !is_truncated => Ok(()),
        _ => {
            let problem =
                "this is only a part of the answer: call the command without `--max-items` and `--no-paginate`";
            Err(fields.whole().refuse(Problem::Value(problem.to_owned())))
        }
    }
}

/// `[{"Key": "team", "Value": "a"}]`, under these names.
fn tags<C: FromIterator<(String, String)>>(
    items: Vec<Field<'_>>,
    key: &'static str,
    value: &'static str,
) -> Result<C, FileError> {
    let tag = |item: Field<'_>| {
        let fields = item.some_fields()?;
        // An empty text is a tag's value like any other.
        let value = fields.get(value).map_or(Ok(""), |field| field.text())?;
        Ok((fields.need(key)?.text()?.to_owned(), value.to_owned()))
    };
    items.into_iter().map(tag).collect()
}
