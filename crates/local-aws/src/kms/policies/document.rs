//! The shape of a key policy.
//!
//! Source: IAM User Guide, "Grammar of the IAM JSON policy language"; for key policies AWS KMS Developer Guide,
//! "Creating a key policy".

use std::collections::BTreeSet;

use aws_model::{AccountId, Arn, KeyArn};
use serde_json::{Map, Value};

/// A policy that reads.
#[derive(Debug)]
pub(super) struct Document(Vec<Statement>);

/// Why a policy does not read, in AWS's words where they are known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

#[derive(Debug)]
struct Statement {
    allows: bool,
    principals: Matched,
    actions: Matched,
    resources: Matched,
    is_conditional: bool,
}

/// A list of patterns, or everything but it.
#[derive(Debug)]
struct Matched {
    patterns: Vec<String>,
    negated: bool,
}

const STATEMENT_FIELDS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
            return Err(Malformed("This policy contains invalid Json"));
        };
        if policy.keys().any(|field| !matches!(field.as_str(), "Version" | "Id" | "Statement")) {
            return Err(Malformed("Syntax errors in policy."));
        }
        if !matches!(policy.get("Version").map(Value::as_str), None | Some(Some("2008-10-17" | "2012-10-17"))) {
            return Err(Malformed("The policy must contain a valid version string"));
        }
        if !matches!(policy.get("Id"), None | Some(Value::String(_))) {
            return Err(Malformed("Syntax errors in policy."));
        }
        let statements = match policy.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().map(Statement::parse).collect::<Result<Vec<_>, _>>()?,
            Some(one @ Value::Object(_)) => vec![Statement::parse(one)?],
            _ => return Err(Malformed("Syntax errors in policy.")),
        };
        check_ids(policy.get("Statement"))?;
        if statements.is_empty() {
            return Err(Malformed("Syntax errors in policy."));
        }
        Ok(Self(statements))
    }

    /// Whether who calls may put the policy again, as far as can be told without evaluating identities' policies:
    /// a statement for the caller, its role or its account (under which IAM may allow it) is taken as allowing, a
    /// conditional denial as not denying.
    pub(super) fn lets_put_key_policy(&self, principals: &[String], account: AccountId, key: &KeyArn) -> bool {
        let concerns = |statement: &&Statement| {
            let is_caller = |pattern: &String| {
                pattern == "*" || pattern == account.as_str() || principals.iter().any(|own| own == pattern)
            };
            statement.principals.matches(is_caller)
                && statement.actions.matches(|pattern| glob(&pattern.to_ascii_lowercase(), "kms:putkeypolicy"))
                && statement.resources.matches(|pattern| glob(pattern, key.as_str()))
        };
        let mut concerned = self.0.iter().filter(concerns);
        let is_allowed = concerned.clone().any(|statement| statement.allows);
        is_allowed && !concerned.any(|statement| !statement.allows && !statement.is_conditional)
    }
}

impl Statement {
    fn parse(value: &Value) -> Result<Self, Malformed> {
        let syntax = Malformed("Syntax errors in policy.");
        let Value::Object(fields) = value else { return Err(syntax) };
        if fields.keys().any(|field| !STATEMENT_FIELDS.contains(&field.as_str())) {
            return Err(syntax);
        }
        let allows = match fields.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(syntax),
        };
        let is_conditional = match fields.get("Condition") {
            None => false,
            Some(Value::Object(operators)) if operators.values().all(Value::is_object) => !operators.is_empty(),
            Some(_) => return Err(syntax),
        };
        let actions = either(fields, "Action", "NotAction").and_then(|(value, negated)| patterns(value, negated));
        let actions = actions.ok_or(Malformed("Policy statement must contain actions."))?;
        let resources = either(fields, "Resource", "NotResource").and_then(|(value, negated)| patterns(value, negated));
        let resources = resources.ok_or(Malformed("Policy statement must contain resources."))?;
        if actions.patterns.iter().any(|action| action != "*" && !action.contains(':')) {
            return Err(Malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."));
        }
        Ok(Self { allows, principals: principals(fields)?, actions, resources, is_conditional })
    }
}

impl Matched {
    fn matches(&self, is_meant: impl Fn(&String) -> bool) -> bool {
        self.patterns.iter().any(is_meant) != self.negated
    }
}

/// The value of one of two fields of which exactly one must be there.
fn either<'a>(fields: &'a Map<String, Value>, name: &str, negation: &str) -> Option<(&'a Value, bool)> {
    match (fields.get(name), fields.get(negation)) {
        (Some(value), None) => Some((value, false)),
        (None, Some(value)) => Some((value, true)),
        _ => None,
    }
}

fn patterns(value: &Value, negated: bool) -> Option<Matched> {
    let patterns = texts(value)?;
    (!patterns.is_empty()).then_some(Matched { patterns, negated })
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(many) => many.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

fn principals(fields: &Map<String, Value>) -> Result<Matched, Malformed> {
    const INVALID: Malformed = Malformed("Policy contains a statement with one or more invalid principals.");
    let (value, negated) = either(fields, "Principal", "NotPrincipal")
        .ok_or(Malformed("Policy contains a statement with no principal."))?;
    let mut patterns = Vec::new();
    match value {
        Value::String(everybody) if everybody == "*" => patterns.push(everybody.clone()),
        Value::Object(kinds) if !kinds.is_empty() => {
            for (kind, names) in kinds {
                let names = texts(names).filter(|names| !names.is_empty()).ok_or(INVALID)?;
                if !names.iter().all(|name| is_principal(kind, name)) {
                    return Err(INVALID);
                }
                // The others never are who calls PutKeyPolicy.
                if kind == "AWS" {
                    patterns.extend(names);
                }
            }
        }
        _ => return Err(INVALID),
    }
    Ok(Matched { patterns, negated })
}

/// Source: IAM User Guide, "AWS JSON policy elements: Principal".
fn is_principal(kind: &str, name: &str) -> bool {
    match kind {
        "AWS" if name == "*" || name.parse::<AccountId>().is_ok() => true,
        "AWS" => name.parse::<Arn>().is_ok_and(|arn| {
            let resource = arn.resource();
            let is_sound =
                !resource.contains(['*', '?']) && arn.region().is_empty() && arn.account().parse::<AccountId>().is_ok();
            let kinds: &[&str] = match arn.service() {
                "iam" if resource == "root" => return is_sound,
                "iam" => &["user/", "role/"],
                "sts" => &["assumed-role/", "federated-user/"],
                _ => &[],
            };
            is_sound && kinds.iter().any(|kind| resource.strip_prefix(kind).is_some_and(|name| !name.is_empty()))
        }),
        "Service" => name.contains('.') && !name.contains(['*', ' ', '/']),
        "Federated" => !name.is_empty(),
        _ => false,
    }
}

fn check_ids(statements: Option<&Value>) -> Result<(), Malformed> {
    let mut ids = BTreeSet::new();
    let statements = statements.and_then(Value::as_array).into_iter().flatten();
    for sid in statements.filter_map(|statement| statement.get("Sid")) {
        let sid = sid.as_str().ok_or(Malformed("Syntax errors in policy."))?;
        if !sid.is_empty() && !ids.insert(sid) {
            return Err(Malformed("Statement IDs (SID) in a single policy must be unique."));
        }
    }
    Ok(())
}

/// `*` is any text, `?` any one character. Linear in the text for each star.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || text.get(t) == Some(c) => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(rest: &str) -> String {
        format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{rest}}}]}}"#)
    }

    #[test]
    fn malformed_policies_are_told_apart() {
        let full = r#""Principal":"*","Action":"kms:*","Resource":"*""#;
        for (policy, why) in [
            ("nonsense".to_owned(), "This policy contains invalid Json"),
            ("[]".to_owned(), "This policy contains invalid Json"),
            (r#"{"Statement":[]}"#.to_owned(), "Syntax errors in policy."),
            (r#"{"Version":"2020-01-01","Statement":[]}"#.to_owned(), "The policy must contain a valid version string"),
            (statement(r#""Action":"kms:*","Resource":"*""#), "Policy contains a statement with no principal."),
            (
                statement(r#""Principal":{"AWS":"arn:aws:iam::1:root"},"Action":"kms:*","Resource":"*""#),
                "Policy contains a statement with one or more invalid principals.",
            ),
            (
                statement(r#""Principal":{"AWS":"arn:aws:iam::111122223333:role/*"},"Action":"kms:*","Resource":"*""#),
                "Policy contains a statement with one or more invalid principals.",
            ),
            (statement(r#""Principal":"*","Resource":"*""#), "Policy statement must contain actions."),
            (statement(r#""Principal":"*","Action":"kms:*""#), "Policy statement must contain resources."),
            (statement(&format!("{full},\"Extra\":1")), "Syntax errors in policy."),
            (statement(&format!("{full},\"Condition\":[]")), "Syntax errors in policy."),
            (
                statement(r#""Principal":"*","Action":"Encrypt","Resource":"*""#),
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
        ] {
            assert_eq!(Document::parse(&policy).unwrap_err(), Malformed(why), "{policy}");
        }
        assert!(Document::parse(&statement(full)).is_ok());
    }

    #[test]
    fn a_policy_must_leave_a_way_back() {
        let key: KeyArn =
            "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".parse().unwrap();
        let account = "111122223333".parse().unwrap();
        let caller = ["arn:aws:sts::111122223333:assumed-role/Admin/me", "arn:aws:iam::111122223333:role/Admin"];
        let caller = caller.map(str::to_owned);
        for (policy, lets) in [
            (statement(r#""Principal":{"AWS":"111122223333"},"Action":"kms:Put*","Resource":"*""#), true),
            (
                statement(
                    r#""Principal":{"AWS":"arn:aws:iam::111122223333:role/Admin"},"Action":"KMS:*","Resource":"*""#,
                ),
                true,
            ),
            (statement(r#""Principal":"*","NotAction":"kms:Decrypt","Resource":"*""#), true),
            (statement(r#""Principal":{"AWS":"444455556666"},"Action":"kms:*","Resource":"*""#), false),
            (statement(r#""Principal":{"Service":"ec2.amazonaws.com"},"Action":"kms:*","Resource":"*""#), false),
            (statement(r#""Principal":"*","Action":"kms:Encrypt","Resource":"*""#), false),
            (statement(r#""Principal":"*","Action":"kms:*","Resource":"arn:aws:kms:us-east-1:*:key/other""#), false),
            (
                r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"},
                {"Effect":"Deny","Principal":"*","Action":"kms:PutKeyPolicy","Resource":"*"}]}"#
                    .to_owned(),
                false,
            ),
        ] {
            let document = Document::parse(&policy).unwrap();
            assert_eq!(document.lets_put_key_policy(&caller, account, &key), lets, "{policy}");
        }
    }

    #[test]
    fn globs_match_whole_texts() {
        for (pattern, text, matches) in [
            ("kms:*", "kms:putkeypolicy", true),
            ("kms:put*policy", "kms:putkeypolicy", true),
            ("kms:put?eypolicy", "kms:putkeypolicy", true),
            ("*", "", true),
            ("kms:put", "kms:putkeypolicy", false),
            ("*policyx", "kms:putkeypolicy", false),
            ("a*b*c", "aXbXbc", true),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
