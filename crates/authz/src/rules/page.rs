//! The ledger's pages: `docs/reference/rules.md` and `docs/reference/assumptions.md`.

use std::{collections::BTreeMap, fmt::Write};

use super::{RULES, Rule, Source, Turns};

/// How many cases of the corpus rest on each rule.
pub type Cases<'a> = BTreeMap<&'a str, CaseCount>;

/// What stands in for the cases of rules that none proves: `PATH::TEST`, or `nothing: WHY`.
pub type Elsewhere<'a> = BTreeMap<&'a str, &'a str>;

/// How many cases rest on one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaseCount {
    /// Those that allow, mutants of denials among them, in which the rule has a say.
    pub allows: usize,
    /// Those that deny.
    pub denies: usize,
    /// Of these, those whose mutants are let through because the rule has no say in them any more.
    pub lifted: usize,
    /// Policies that are taken, of which only the case says that they show the rule. They prove nothing.
    pub read: usize,
}

impl CaseCount {
    /// Whether the cases show the rule both ways: one denies by it, and one is let through with or for want of it.
    #[must_use]
    pub const fn is_proof(self) -> bool {
        self.denies > 0 && self.allows + self.lifted > 0
    }
}

const RULES_HEAD: &str = "\
# The rules of authorization

Each rule by which `authz` decides, with its source and the cases of `tests/corpus/authorization/` that rest on it. \
Generated from `crates/authz/src/rules/` and the corpus; the corpus's test compares this page with them and writes it \
anew with `UPDATE_DOCS=1`.

Cases are told as `A + L, D`: D deny by the rule. A allow, with the rule having a say. L are the mutants of the D, the \
smallest change that allows, in which the rule has no say any more; by rules that only ever deny, nothing else allows. \
`R read` are policies that AWS takes, of which the case alone says that they show the rule. For what no case proves \
the test is told that does, or why nothing does; `unproven-rules.txt` there lists them.

A source is a document's title and the section in it. Quoted error messages are AWS's, as its guides or users' public \
reports give them. A rule whose source is \"assumption\" is published nowhere, or documents contradict one another: \
[assumptions.md](assumptions.md) tells what its switch turns, and what would decide it.
";

const ASSUMPTIONS_HEAD: &str = "\
# Assumptions about authorization, and what would decide them

Rules that nobody has published, or of which AWS's documents contradict one another. Each holds unless it is switched \
off by its id; then its opposite is decided. `claviger explain --assume ID=off` turns decisions and the words of \
denials, `claviger local-aws --assume ID=off` also what the embedded AWS does around them. A rule that turns something \
else, or nothing, says so. Generated from `crates/authz/src/rules/`; its test compares this page \
with them and writes it anew with `UPDATE_DOCS=1`.

A probe is what decides a rule at AWS, as text that a program reads (`authz::rules::probe`). `given` is what whoever \
runs it tells: a name in capitals calls with its own credentials, and stands in the text for the id of its account; \
any other stands for its text. `WHO: aws ..` is a call of the `aws` command. `NAME = WHO: aws .. --query ..` keeps its \
answer, as text, for `<NAME>`; without `--query` it answers credentials, with which NAME calls from then on. \
`fileb://<NAME>` is a file of the bytes that are kept in base64. The calls above `look for` set up, each succeeds; of \
those below it the last one decides, and others answer what stands below them, or succeed. An answer that is neither \
of the two at the end decides nothing, nor does one to a call before. `holds` is looked for first. What IAM and KMS \
are told takes AWS some seconds to spread: a minute passes before the calls that tell. What stands below a call as \
`undone by` takes away what that made: at the end, after a failure too, all that succeeded is undone, the last of it \
first. Keys are gone seven days later.

`cargo test -p local-aws --test clients probe` runs each that takes IAM, KMS, STS and Organizations alone, through the \
`aws` command, against the embedded AWS: it finds what its switch says, on and off; a switch that turns launches alone turns \
nothing there. Of the others it checks that the `aws` command takes their calls.
";

/// The groups of rules, by how their ids begin; the longer beginning first where two share one.
const GROUPS: [(&str, &str); 21] = [
    ("iam-policy-", "Policy documents"),
    ("iam-match-", "Actions and resources"),
    ("iam-variable-", "Policy variables"),
    ("iam-principal-", "Principals"),
    ("iam-cond-", "Conditions"),
    ("iam-key-", "Global condition keys"),
    ("iam-eval-", "Evaluation within an account"),
    ("xacct-", "Across accounts"),
    ("org-scp-", "Service control policies"),
    ("org-rcp-", "Resource control policies"),
    ("trust-", "Assuming roles"),
    ("sts-", "Other sessions"),
    ("slr-", "Service-linked roles"),
    ("pass-role-", "Passing roles"),
    ("kms-cond-", "KMS condition keys"),
    ("kms-grant-", "Grants"),
    ("kms-state-", "Key states"),
    ("kms-", "Access to KMS keys"),
    ("launch-fails-", "What a failed launch shows"),
    ("launch-", "Launches and volumes"),
    ("denial-", "The wording of denials"),
];

/// The page of all rules, with how many cases rest on each where cases are told, and what stands in for them.
#[must_use]
pub fn page(cases: &Cases<'_>, elsewhere: &Elsewhere<'_>) -> String {
    let mut page = RULES_HEAD.to_owned();
    for (group, rules) in groups() {
        let _ = write!(page, "\n## {group}\n\n| id | rule | source |");
        page.push_str(if cases.is_empty() { "\n|---|---|---|\n" } else { " cases |\n|---|---|---|---|\n" });
        for rule in rules {
            let _ = write!(page, "| `{}` | {} | {} |", rule.id, cell(rule.says), cell(&source(rule)));
            if !cases.is_empty() {
                let count = cases.get(rule.id).copied().unwrap_or_default();
                let _ = write!(page, " {} |", cell(&proof(count, elsewhere.get(rule.id).copied())));
            }
            page.push('\n');
        }
    }
    page
}

/// The cases of a rule, and what stands in for those that lack.
fn proof(CaseCount { allows, denies, lifted, read }: CaseCount, elsewhere: Option<&str>) -> String {
    let mut parts = Vec::new();
    if allows + denies + lifted > 0 || elsewhere.is_none() {
        parts.push(format!("{allows} + {lifted}, {denies}"));
    }
    if read > 0 {
        parts.push(format!("{read} read"));
    }
    parts.extend(elsewhere.map(|elsewhere| match elsewhere.strip_prefix("nothing: ") {
        Some(_) => elsewhere.to_owned(),
        None => format!("`{elsewhere}`"),
    }));
    parts.join("; ")
}

/// The page of the assumptions, each with its probe.
#[must_use]
pub fn assumptions_page() -> String {
    let mut page = ASSUMPTIONS_HEAD.to_owned();
    for (group, rules) in groups() {
        let mut assumed = rules.into_iter().filter(|rule| rule.is_assumption()).peekable();
        if assumed.peek().is_some() {
            let _ = write!(page, "\n## {group}\n");
        }
        for rule in assumed {
            if let Source::Assumption { why, turns, probe } = &rule.source {
                let _ = write!(page, "\n### `{}`\n\n{}\n\nWhy: {why}.\n\n", rule.id, rule.says);
                match turns {
                    Turns::Decisions => {}
                    Turns::Nothing(reason) => {
                        let _ = write!(page, "No switch: {reason}.\n\n");
                    }
                    other => {
                        let _ = write!(page, "The switch turns {other}.\n\n");
                    }
                }
                let _ = write!(page, "```text\n{probe}```\n");
            }
        }
    }
    page
}

/// The groups that have rules, in the order of the page, with their rules by id.
fn groups() -> Vec<(&'static str, Vec<&'static Rule>)> {
    let mut groups: Vec<_> = GROUPS.iter().map(|(_, title)| (*title, Vec::new())).collect();
    for rule in RULES.iter() {
        let group = GROUPS.iter().zip(&mut groups).find(|((start, _), _)| rule.id.starts_with(start));
        if let Some((_, (_, rules))) = group {
            rules.push(*rule);
        }
    }
    groups.retain(|(_, rules)| !rules.is_empty());
    groups
}

fn source(rule: &Rule) -> String {
    match &rule.source {
        Source::Document { title, section } => format!("{title}, \"{section}\""),
        Source::Assumption { .. } => format!("[assumption](assumptions.md#{})", rule.id),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
