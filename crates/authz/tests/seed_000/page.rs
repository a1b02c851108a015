//! `docs/reference/seed-000.md`: the rows and the matrix.

use std::{fmt::Write, fs, path::Path};

use authz::rules::{Rule, Source};

use crate::{
    fixture::Case,
    matrix::{self, By, EVERYWHERE, Remedy},
    rows::{LEFT_OUT, Mark, Origin, ROWS},
};

const HEAD: &str = "\
# A key of another account: what seed 000 says, and what holds

Seed 000 retells how somebody got Karpenter to launch nodes from an image under a key of another account \
(aws-ia/terraform-aws-eks-blueprints issue 2052). Each of its sentences about permissions is held against the model, \
whose rules are those of [rules.md](rules.md); which calls a launch makes is in [launches.md](launches.md). Generated \
from the test `seed_000` of `crates/authz`, which compares this page and writes it anew with `UPDATE_DOCS=1`.

## Sentences

`followed`: it holds, and the product does so. `optional`: it does no harm and is not needed. `refuted`: it does not \
hold. A source that is an assumption nobody has published: [assumptions.md](assumptions.md) tells what would decide it.

| from | it says | | how far | source | shown by |
|---|---|---|---|---|---|
";

const MATRIX_HEAD: &str = "
## What opens the key to whom

For each image what is done about the foreign key, and who launches. `unknown`: nobody has published it; what the model \
answers follows, and behind `if` the assumptions without any of which it would be the other answer. What the own keys \
need is taken as done. The grants list the eight operations of Auto Scaling's guide.
";

const SOURCES_HEAD: &str = "
## The sources of the cells

| rule | says | source |
|---|---|---|
";

#[test]
fn the_page_is_that_of_the_rows_and_the_matrix() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/seed-000.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&file).is_ok_and(|written| written == page),
        "docs/reference/seed-000.md is not what the test tells: run it with UPDATE_DOCS=1"
    );
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for row in ROWS {
        let origin = match row.origin {
            Origin::Seed(line) => format!("line {line}"),
            Origin::Issue2052 => "issue 2052".to_owned(),
            Origin::Advice => "AWS's advice".to_owned(),
        };
        let mark = match row.mark {
            Mark::Followed => "followed",
            Mark::Optional => "optional",
            Mark::Refuted => "**refuted**",
        };
        let sources: Vec<String> = row.rules.iter().map(|rule| source(rule)).collect();
        let _ = writeln!(
            page,
            "| {origin} | {} | {mark} | {} | {} | `{}` |",
            row.says,
            row.note,
            sources.join("; "),
            row.shown_by.name.replace(' ', "")
        );
    }
    page.push_str(&left_out());
    page.push_str(MATRIX_HEAD);
    let _ = writeln!(
        page,
        "Where a volume is under a customer's key, every cell that works rests on the assumption `{}` as well.",
        EVERYWHERE.id
    );
    for case in Case::OF_IMAGES {
        write_case(&mut page, case);
    }
    write_sources(&mut page);
    page
}

/// The lines without a row.
fn left_out() -> String {
    let told = LEFT_OUT.iter().map(|(what, lines)| {
        let lines: Vec<_> = lines.iter().map(u32::to_string).collect();
        format!("{} ({what})", lines.join(", "))
    });
    format!("\nLines of the article without a row: {}.\n", told.collect::<Vec<_>>().join("; "))
}

/// The rules that cells name, each with its sentence.
fn write_sources(page: &mut String) {
    let cells = Case::OF_IMAGES.into_iter().flat_map(|case| Remedy::ALL.map(|remedy| (case, remedy)));
    let cells = cells.flat_map(|(case, remedy)| By::ALL.map(|by| matrix::expected(case, remedy, by)));
    let mut named: Vec<&Rule> = cells.flat_map(|cell| cell.source.into_iter().chain(cell.hinges)).collect();
    named.push(EVERYWHERE);
    named.sort_unstable_by_key(|rule| rule.id);
    named.dedup_by_key(|rule| rule.id);
    page.push_str(SOURCES_HEAD);
    for rule in named {
        let source = source(rule);
        let (id, source) = source.split_once(": ").unwrap();
        let _ = writeln!(page, "| {id} | {} | {source} |", rule.says);
    }
}

fn write_case(page: &mut String, case: Case) {
    let mut name = case.name().to_owned();
    name.replace_range(..1, &name.get(..1).unwrap().to_uppercase());
    let _ = write!(page, "\n### {name}\n\nOf {}.\n\n| |", case.title());
    for by in By::ALL {
        let _ = write!(page, " {} |", by.title());
    }
    page.push_str("\n|---|---|---|---|\n");
    for remedy in Remedy::ALL {
        let _ = write!(page, "| {} |", remedy.title());
        for by in By::ALL {
            let _ = write!(page, " {} |", cell(case, remedy, by));
        }
        page.push('\n');
    }
}

fn cell(case: Case, remedy: Remedy, by: By) -> String {
    let expected = matrix::expected(case, remedy, by);
    let result = match matrix::fails_at(case, remedy, by) {
        call if call.is_empty() => "works".to_owned(),
        call => format!("fails at `{}`", call.replace(" as ", "` as `")),
    };
    let ids = |rules: &[&Rule]| -> String {
        rules.iter().map(|rule| format!("`{}`", rule.id)).collect::<Vec<_>>().join(", ")
    };
    let mut text = match expected.hinges.as_slice() {
        [] => result,
        [one] => format!("unknown: {result}, if `{}` holds", one.id),
        more => format!("unknown: {result}, if each of {} holds", ids(more)),
    };
    let _ = write!(text, " ({})", ids(&expected.source));
    text
}

fn source(rule: &Rule) -> String {
    match &rule.source {
        Source::Document { title, section } => format!("`{}`: {title}, \"{section}\"", rule.id),
        Source::Assumption { .. } => format!("`{}`: [assumption](assumptions.md#{})", rule.id, rule.id),
    }
}
