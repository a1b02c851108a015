//! Changes as calls of the `aws` command line.
//!
//! Source: AWS CLI Command Reference, the commands of these names.

use std::{borrow::Cow, fmt};

use aws_model::{AccountId, Arn};

use crate::{
    policy::{Policy, PolicyKind},
    principal::Principal,
    request::Request,
    world::{ContextConstraint, GrantConstraints, GrantPrincipal, PolicyOrigin},
};

use super::{Change, Edit, How, NewKeyGrant, PolicyEdit, PolicyPlace, RequestEdit};

/// A call of the `aws` command line. Displayed as a line for a shell, every word quoted that needs it. A word in angle
/// brackets stands for what the call before it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The account whose credentials it takes; `None` for the caller's own.
    pub account: Option<AccountId>,
    /// The words, `aws` first.
    pub words: Vec<String>,
}

impl Change {
    /// The calls that make it so, in their order; none where the service has no call of this form, and for what the
    /// caller only tells otherwise.
    ///
    /// `request` is what the change lets through: it tells whose session begins anew.
    #[must_use]
    pub fn commands(&self, request: &Request) -> Vec<Command> {
        let account = self.who.account();
        let words = match &self.edit {
            Edit::Policy(edit) => match &edit.place {
                PolicyPlace::Organization { origin, levels } => organization(edit, origin, levels),
                _ => put_policy(edit).into_iter().collect(),
            },
            Edit::Grant(new) => vec![create_grant(new)],
            Edit::Request(edit) => assume_role(edit, request).into_iter().collect(),
        };
        words.into_iter().map(|words| Command { account, words }).collect()
    }
}

fn put_policy(edit: &PolicyEdit) -> Option<Vec<String>> {
    let document = compact(&edit.after);
    Some(match &edit.place {
        PolicyPlace::Inline { identity, name } => {
            let (operation, option) = match identity.resource().split('/').next() {
                Some("user") => ("put-user-policy", "--user-name"),
                Some("group") => ("put-group-policy", "--group-name"),
                _ => ("put-role-policy", "--role-name"),
            };
            let (named, document) = (["--policy-name", name], ["--policy-document", &document]);
            words(["iam", operation], [[option, short_name(identity)], named, document])
        }
        PolicyPlace::Managed(arn) => {
            let mut words = words(
                ["iam", "create-policy-version"],
                [["--policy-arn", arn.as_str()], ["--policy-document", &document]],
            );
            words.push("--set-as-default".to_owned());
            words
        }
        PolicyPlace::Trust(role) => words(
            ["iam", "update-assume-role-policy"],
            [["--role-name", short_name(role)], ["--policy-document", &document]],
        ),
        PolicyPlace::Key(key) => {
            let (region, id) = (["--region", key.region().as_str()], ["--key-id", key.as_str()]);
            words(["kms", "put-key-policy"], [region, id, ["--policy-name", "default"], ["--policy", &document]])
        }
        PolicyPlace::Resource { arn, .. } => return put_resource_policy(arn, &document),
        PolicyPlace::Organization { .. } => return None,
    })
}

fn put_resource_policy(arn: &str, document: &str) -> Option<Vec<String>> {
    let parsed: Arn = arn.parse().ok()?;
    let region = ["--region", parsed.region()];
    Some(match parsed.service() {
        "s3" => {
            let bucket = parsed.resource().split('/').next().unwrap_or_default();
            words(["s3api", "put-bucket-policy"], [["--bucket", bucket], ["--policy", document]])
        }
        "secretsmanager" => words(
            ["secretsmanager", "put-resource-policy"],
            [region, ["--secret-id", arn], ["--resource-policy", document]],
        ),
        "sns" => words(
            ["sns", "set-topic-attributes"],
            [region, ["--topic-arn", arn], ["--attribute-name", "Policy"], ["--attribute-value", document]],
        ),
        "ecr" => {
            let name = parsed.resource().strip_prefix("repository/")?;
            words(["ecr", "set-repository-policy"], [region, ["--repository-name", name], ["--policy-text", document]])
        }
        _ => return None,
    })
}

/// The world may know the organization's policies by name; calls take ids (`p-...`).
fn organization(edit: &PolicyEdit, origin: &PolicyOrigin, levels: &[Box<str>]) -> Vec<Vec<String>> {
    const ID: &str = "<id>";
    let (name, document) = (origin.name(), compact(&edit.after));
    let kind = match edit.after.kind() {
        PolicyKind::ResourceControl => "RESOURCE_CONTROL_POLICY",
        _ => "SERVICE_CONTROL_POLICY",
    };
    let query = ["--query", "Policy.PolicySummary.Id"];
    if edit.how == How::PolicyMade {
        let (named, description) = (["--name", name], ["--description", name]);
        let content = ["--content", &document];
        let make = words(["organizations", "create-policy"], [["--type", kind], named, description, content, query]);
        let attach = levels
            .iter()
            .map(|level| words(["organizations", "attach-policy"], [["--policy-id", ID], ["--target-id", level]]));
        return std::iter::once(make).chain(attach).collect();
    }
    let update = |id| words(["organizations", "update-policy"], [["--policy-id", id], ["--content", &document]]);
    if name.starts_with("p-") {
        return vec![update(name)];
    }
    let query = format!("Policies[?Name=='{name}'].Id");
    let filter = ["--filter", kind];
    vec![words(["organizations", "list-policies"], [filter, ["--query", &query]]), update(ID)]
}

fn create_grant(NewKeyGrant { key, grant }: &NewKeyGrant) -> Vec<String> {
    let (region, id) = (["--region", key.region().as_str()], ["--key-id", key.as_str()]);
    let mut words = words(["kms", "create-grant"], [region, id]);
    let principal = |principal: &GrantPrincipal| match principal {
        GrantPrincipal::Account(account) => format!("arn:{}:iam::{account}:root", key.region().partition()),
        other => other.to_string(),
    };
    let option = |kind: &str, principal: &GrantPrincipal| match principal {
        GrantPrincipal::Service(_) => format!("--{kind}-service-principal"),
        _ => format!("--{kind}-principal"),
    };
    words.extend([option("grantee", &grant.grantee), principal(&grant.grantee), "--operations".to_owned()]);
    words.extend(grant.operations.iter().map(|operation| operation.as_str().to_owned()));
    if let Some(retiring) = &grant.retiring {
        words.extend([option("retiring", retiring), principal(retiring)]);
    }
    if let Some(constraints) = constraints(&grant.constraints) {
        words.extend(["--constraints".to_owned(), constraints]);
    }
    words
}

/// As `GrantConstraints` writes them.
fn constraints(constraints: &GrantConstraints) -> Option<String> {
    let mut told = serde_json::Map::new();
    if let Some(constraint) = &constraints.encryption_context {
        let (name, pairs) = match constraint {
            ContextConstraint::Equals(pairs) => ("EncryptionContextEquals", pairs),
            ContextConstraint::Subset(pairs) => ("EncryptionContextSubset", pairs),
        };
        let pairs: serde_json::Map<_, _> = pairs.pairs().map(|(key, value)| (key.to_owned(), value.into())).collect();
        told.insert(name.to_owned(), pairs.into());
    }
    if let Some(source) = &constraints.source_arn {
        told.insert("SourceArn".to_owned(), (**source).into());
    }
    (!told.is_empty()).then(|| serde_json::Value::from(told).to_string())
}

/// What a session is given when it begins. Everything else that a caller tells, it tells with the call itself.
fn assume_role(edit: &RequestEdit, request: &Request) -> Option<Vec<String>> {
    let Principal::Session(session) = &request.principal else { return None };
    let name = session.name.as_deref().unwrap_or("session");
    let role = ["--role-arn", session.role.as_str()];
    let begin = |given: [&str; 2]| words(["sts", "assume-role"], [role, ["--role-session-name", name], given]);
    match edit {
        RequestEdit::SessionTag { key, value } => Some(begin(["--tags", &format!("Key={key},Value={value}")])),
        RequestEdit::SessionPolicy { after, .. } => Some(begin(["--policy", &compact(after)])),
        RequestEdit::EncryptionContext { .. } | RequestEdit::GrantToken { .. } | RequestEdit::Context { .. } => None,
    }
}

fn words<'w, const N: usize>(command: [&'w str; 2], options: [[&'w str; 2]; N]) -> Vec<String> {
    let all = ["aws"].into_iter().chain(command).chain(options.into_iter().flatten());
    all.map(str::to_owned).collect()
}

/// A policy on one line, its author's order kept.
fn compact(policy: &Policy) -> String {
    let mut compact = String::new();
    let mut in_string = false;
    let mut escaped = false;
    for character in policy.source().text().chars() {
        if in_string || !character.is_whitespace() {
            compact.push(character);
        }
        in_string = if in_string { escaped || character != '"' } else { character == '"' };
        escaped = in_string && !escaped && character == '\\';
    }
    compact
}

fn short_name(arn: &Arn) -> &str {
    arn.resource().rsplit('/').next().unwrap_or_default()
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.words.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{}", quoted(word))?;
        }
        Ok(())
    }
}

/// A word for a POSIX shell, which takes everything between single quotes as it is.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@+".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}
