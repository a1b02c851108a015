//! Changes to a policy's text that keep its author's layout: the spans of what was read tell where to write.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    policy::{Policy, Statement},
    text::{SourceText, Span, Spanned},
};

/// A policy's text with what is to be written into it.
pub(super) struct Draft<'a> {
    policy: &'a Arc<Policy>,
    splices: Vec<Splice>,
}

/// A text in place of a part of another.
struct Splice {
    start: usize,
    end: usize,
    with: String,
}

impl<'a> Draft<'a> {
    pub(super) const fn of(policy: &'a Arc<Policy>) -> Self {
        Self { policy, splices: Vec::new() }
    }

    /// Appends a statement.
    pub(super) fn add_statement(&mut self, statement: &impl serde::Serialize) {
        let statements = self.policy.statements();
        let (Some(first), Some(last)) = (statements.first(), statements.last()) else { return };
        let indent = self.indent(last.span);
        let new = written(statement, indent.as_deref());
        let separator = indent.map_or_else(|| ", ".to_owned(), |indent| format!(",\n{indent}"));
        self.append(first.span, last.span, &format!("{separator}{new}"));
    }

    /// Takes a statement away; there must be another.
    pub(super) fn remove_statement(&mut self, index: usize) {
        let statements = self.policy.statements();
        let Some(statement) = statements.get(index) else { return };
        let before = index.checked_sub(1).and_then(|at| statements.get(at));
        match (statements.get(index + 1), before) {
            (Some(next), _) => self.replace(statement.span.start, next.span.start, String::new()),
            (None, Some(before)) => self.replace(before.span.end, statement.span.end, String::new()),
            (None, None) => {}
        }
    }

    /// Appends a string to a list, which may be a single value.
    pub(super) fn push<T>(&mut self, list: &[Spanned<T>], value: &str) {
        let (Some(first), Some(last)) = (list.first(), list.last()) else { return };
        let separator = self.indent(last.span).map_or_else(|| ", ".to_owned(), |indent| format!(",\n{indent}"));
        let separator = if self.is_in_list(first.span) { separator } else { ", ".to_owned() };
        self.append(first.span, last.span, &format!("{separator}{}", Value::from(value)));
    }

    /// Puts a member first into the object that a part of the text holds.
    pub(super) fn put_member(&mut self, holder: Span, member: &str) {
        let source = self.policy.source();
        if let Some(at) = source.slice(holder).find('{') {
            let at = holder.start as usize + at + 1;
            self.splices.push(Splice { start: at, end: at, with: format!("{member}, ") });
        }
    }

    /// Adds a condition to a statement: beside those of the same operator, else before all others.
    pub(super) fn add_condition(&mut self, statement: &Statement, operator: &str, key: &str, values: &[&str]) {
        let entry = format!("{}: {}", Value::from(key), Value::from(values.to_vec()));
        let same = statement.conditions.iter().rfind(|condition| condition.operator.value.to_string() == operator);
        if let Some(same) = same {
            self.insert(same.span.end, format!(", {entry}"));
        } else if let Some(first) = statement.conditions.first() {
            self.insert(first.operator.span.start, format!("{}: {{{entry}}}, ", Value::from(operator)));
        } else {
            let entry = format!("\"Condition\": {{{}: {{{entry}}}}}", Value::from(operator));
            let at = self.last_member_end(statement);
            let separator = self.member_separator(statement);
            self.insert(at, format!("{separator}{entry}"));
        }
    }

    /// The text as it would be.
    pub(super) fn finish(mut self) -> SourceText {
        let source = self.policy.source();
        let mut text = source.text().to_owned();
        self.splices.sort_by_key(|splice| std::cmp::Reverse(splice.start));
        for Splice { start, end, with } in self.splices {
            text.replace_range(start..end, &with);
        }
        SourceText::new(source.name(), text)
    }

    /// Appends to a list whose first and last values are told. A single value becomes a list.
    fn append(&mut self, first: Span, last: Span, what: &str) {
        if self.is_in_list(first) {
            self.insert(last.end, what.to_owned());
        } else {
            self.insert(first.start, "[".to_owned());
            self.insert(last.end, format!("{what}]"));
        }
    }

    fn insert(&mut self, at: u32, with: String) {
        self.replace(at, at, with);
    }

    fn replace(&mut self, start: u32, end: u32, with: String) {
        self.splices.push(Splice { start: start as usize, end: end as usize, with });
    }

    fn before(&self, at: u32) -> &str {
        self.policy.source().text().get(..at as usize).unwrap_or_default()
    }

    fn is_in_list(&self, first: Span) -> bool {
        self.before(first.start).trim_end().ends_with('[')
    }

    /// What a value is indented with, where it begins a line.
    fn indent(&self, value: Span) -> Option<String> {
        let line = self.before(value.start).rsplit_once('\n').map(|(_, line)| line)?;
        line.chars().all(char::is_whitespace).then(|| line.to_owned())
    }

    /// Behind the last member of a statement.
    fn last_member_end(&self, statement: &Statement) -> u32 {
        let text = self.policy.source().slice(statement.span);
        let inner = text.strip_suffix('}').unwrap_or(text).trim_end();
        statement.span.start + u32::try_from(inner.len()).unwrap_or_default()
    }

    /// What stands between the members of a statement.
    fn member_separator(&self, statement: &Statement) -> String {
        self.indent(statement.actions.span).map_or_else(|| ", ".to_owned(), |indent| format!(",\n{indent}"))
    }
}

/// A statement as JSON: laid out where it stands on lines of its own, which are indented so.
pub(super) fn written(statement: &impl serde::Serialize, indent: Option<&str>) -> String {
    let text = match indent {
        Some(_) => serde_json::to_string_pretty(statement),
        None => serde_json::to_string(statement),
    };
    // INVARIANT: statements are texts, lists and maps with texts for keys, all of which JSON has.
    text.unwrap_or_default().replace('\n', &format!("\n{}", indent.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyKind;

    fn policy(text: &str) -> Arc<Policy> {
        Arc::new(Policy::parse(SourceText::new("p.json", text), PolicyKind::Identity).unwrap())
    }

    fn changed(text: &str, change: impl Fn(&mut Draft<'_>, &Policy)) -> String {
        let before = policy(text);
        let mut draft = Draft::of(&before);
        change(&mut draft, &before);
        let after = draft.finish();
        policy(after.text());
        after.text().to_owned()
    }

    const LINES: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "kms:Decrypt"
      ],
      "Resource": "*"
    }
  ]
}"#;
    const ONE_LINE: &str = r#"{"Statement": {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": ["*"]}}"#;

    #[test]
    fn statements_are_added_in_the_layout_that_is_there() {
        let new = serde_json::json!({"Effect": "Allow"});
        let before = policy(LINES);
        let mut draft = Draft::of(&before);
        draft.add_statement(&new);
        assert!(draft.finish().text().contains("    },\n    {\n      \"Effect\": \"Allow\"\n    }\n  ]"));
        let before = policy(ONE_LINE);
        let mut draft = Draft::of(&before);
        draft.add_statement(&new);
        assert!(draft.finish().text().ends_with(r#""Resource": ["*"]}, {"Effect":"Allow"}]}"#));
    }

    #[test]
    fn values_are_added_to_lists_and_single_values_become_lists() {
        let push = |draft: &mut Draft<'_>, policy: &Policy| {
            let statement = policy.statements().first().unwrap();
            draft.push(&statement.actions.patterns, "kms:Encrypt");
        };
        assert!(changed(LINES, push).contains("\"kms:Decrypt\",\n        \"kms:Encrypt\"\n      ]"));
        assert!(changed(ONE_LINE, push).contains(r#""Action": ["kms:Decrypt", "kms:Encrypt"],"#));
    }

    #[test]
    fn conditions_are_added_beside_those_that_are_there() {
        let add = |draft: &mut Draft<'_>, policy: &Policy| {
            draft.add_condition(policy.statements().first().unwrap(), "ArnNotLike", "aws:PrincipalArn", &["a"]);
        };
        let once = changed(ONE_LINE, add);
        assert!(
            once.contains(r#""Resource": ["*"], "Condition": {"ArnNotLike": {"aws:PrincipalArn": ["a"]}}}"#),
            "{once}"
        );
        let other = |draft: &mut Draft<'_>, policy: &Policy| {
            let statement = policy.statements().first().unwrap();
            draft.add_condition(statement, "ArnNotLike", "aws:SourceArn", &["b"]);
        };
        let twice = changed(&once, other);
        assert!(twice.contains(r#"{"aws:PrincipalArn": ["a"], "aws:SourceArn": ["b"]}"#), "{twice}");
        let another = |draft: &mut Draft<'_>, policy: &Policy| {
            draft.add_condition(policy.statements().first().unwrap(), "Bool", "aws:SecureTransport", &["true"]);
        };
        assert!(changed(&once, another).contains(r#"{"Bool": {"aws:SecureTransport": ["true"]}, "ArnNotLike""#));
        assert!(changed(LINES, add).contains("\"Resource\": \"*\",\n      \"Condition\": {"));
    }

    #[test]
    fn a_statement_is_taken_away_with_its_comma() {
        let two = r#"{"Statement": [{"Effect": "Allow", "Action": "a:a", "Resource": "*"}, {"Effect": "Deny", "Action": "b:b", "Resource": "*"}]}"#;
        let without = |index| changed(two, |draft, _| draft.remove_statement(index));
        assert!(without(0).starts_with(r#"{"Statement": [{"Effect": "Deny""#));
        assert!(without(1).ends_with(r#""a:a", "Resource": "*"}]}"#));
    }
}
