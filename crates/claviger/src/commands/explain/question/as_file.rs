//! Flags as the request file that asks the same, so that both are read by one reader; and what that reader refuses, told
//! of the flags.

use authz::file::FileError;
use serde_json::{Map, Value, json};

use super::{Others, Parts, QuestionFlags};
use crate::{
    facts,
    failure::{Failure, Problem},
};

/// What a question that comes from flags is called in refusals, until the flag is known.
pub(super) const COMMAND_LINE: &str = "the command line";

impl QuestionFlags {
    /// The flags as the request file that asks the same.
    pub(super) fn as_file(&self, parts: &Parts<'_>) -> Result<Value, Failure> {
        let mut problems = Vec::new();
        for (flag, value) in [("--principal", parts.principal), ("--action", parts.action)] {
            if value.is_none() {
                problems.push(Problem::new(format_args!("{flag} is missing")));
            }
        }
        let context = self.context(&mut problems);
        let tags = pairs("--session-tag", &self.session_tag, &mut problems);
        let encryption_context = pairs("--encryption-context", &self.encryption_context, &mut problems);
        if let Some(last) = problems.pop() {
            problems.push(
                last.help(
                    "give a question: `--principal ARN --action SERVICE:NAME --resource ARN`, or `--request FILE`",
                ),
            );
            return Err(Failure::usage(problems));
        }
        let policies = self.session_policy.iter().map(|policy| policy.display().to_string());
        let policies: Vec<_> =
            policies.map(|policy| if is_arn(&policy) { policy } else { format!("file:{policy}") }).collect();
        let mut session = Map::new();
        if let Some(name) = &self.session_name {
            session.insert("name".to_owned(), name.as_str().into());
        }
        if !policies.is_empty() {
            session.insert("policies".to_owned(), policies.into());
        }
        if !tags.is_empty() {
            session.insert("tags".to_owned(), tags.into());
        }
        let session = if session.is_empty() { Value::Null } else { Value::Object(session) };
        Ok(json!({
            "principal": parts.principal,
            "session": session,
            "via": self.via,
            "action": parts.action,
            "resource": parts.resource,
            "region": self.region,
            "encryptionContext": encryption_context,
            "grantTokens": self.grant_token,
            "context": context,
            "otherKeys": match self.other_keys { Others::Absent => "absent", Others::Unknown => "unknown" },
        }))
    }

    /// A key that is told twice has both values.
    fn context(&self, problems: &mut Vec<Problem>) -> Map<String, Value> {
        let mut context = Map::new();
        for text in &self.context {
            let Some((key, value)) = pair("--context", text, problems) else { continue };
            match context.get_mut(key) {
                None => {
                    context.insert(key.to_owned(), value.into());
                }
                Some(Value::Array(values)) => values.push(value.into()),
                Some(one) => *one = Value::Array(vec![one.take(), value.into()]),
            }
        }
        context
    }
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:")
}

fn pairs(flag: &str, texts: &[String], problems: &mut Vec<Problem>) -> Map<String, Value> {
    let mut read = Map::new();
    for text in texts {
        let Some((key, value)) = pair(flag, text, problems) else { continue };
        if read.insert(key.to_owned(), value.into()).is_some() {
            problems.push(Problem::new(format_args!("{flag}: `{key}` is there twice")));
        }
    }
    read
}

fn pair<'a>(flag: &str, text: &'a str, problems: &mut Vec<Problem>) -> Option<(&'a str, &'a str)> {
    let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
    if pair.is_none() {
        problems.push(Problem::new(format_args!("{flag}: `{text}` is no KEY=VALUE")));
    }
    pair
}

/// What is wrong with a flag. What is wrong with a file that a flag names is told with its place.
pub(super) fn of_flag(error: &FileError) -> Failure {
    if error.source_text().name() != COMMAND_LINE {
        return facts::shown(error);
    }
    let field = error.field();
    let mut parts = field.split(['.', '[']);
    let flag = match (parts.next(), parts.next()) {
        (Some("session"), Some("name")) => "--session-name",
        (Some("session"), Some("policies")) => "--session-policy",
        (Some("session"), Some("tags")) => "--session-tag",
        (Some("session"), None) => "--session-name, --session-policy, --session-tag",
        (Some("principal"), _) => "--principal",
        (Some("via"), _) => "--via",
        (Some("action"), _) => "--action",
        (Some("resource"), _) => "--resource",
        (Some("region"), _) => "--region",
        (Some("encryptionContext"), _) => "--encryption-context",
        (Some("grantTokens"), _) => "--grant-token",
        (Some("context"), _) => "--context",
        _ => COMMAND_LINE,
    };
    Failure::usage(vec![Problem::new(format_args!("{flag}: {}", error.problem()))])
}
