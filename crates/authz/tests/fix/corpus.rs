//! Every denied case of the corpus: either something helps, or it is told why nothing does.

use std::{fmt::Write as _, fs, io, path::Path};

use authz::{
    decision::Verdict,
    file::{Files, case},
    rules::Assumptions,
    text::SourceText,
};

use crate::check;

struct Corpus;

impl Files for Corpus {
    fn read(&self, path: &str) -> io::Result<String> {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/authorization").join(path))
    }
}

fn files() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/authorization");
    let entries = fs::read_dir(root).unwrap_or_else(|wrong| panic!("{wrong}"));
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| name.ends_with(".yaml")).collect()
}

#[test]
fn every_denied_case_has_fixes_or_is_told_why_not() {
    let (mut denied, mut fixed, mut speechless) = (0, 0, String::new());
    for name in files() {
        let text = Corpus.read(&name).unwrap_or_else(|wrong| panic!("{wrong}"));
        let cases =
            case::read(&SourceText::new(name.as_str(), text), &Corpus).unwrap_or_else(|wrong| panic!("{wrong}"));
        for case in cases.requests {
            let off = |assumptions: Assumptions, id: &String| assumptions.with(id, false).ok();
            let Some(assumptions) = case.about.off.iter().try_fold(Assumptions::default(), off) else { continue };
            let (world, request) = (&case.question.world, &case.question.request);
            let fixes = world.fixes(request, &assumptions);
            if assumptions == Assumptions::default() {
                check(world, request, &fixes);
            }
            let misses = world.near_misses(request, &assumptions, &world.explain(request, &assumptions));
            assert!(misses.iter().all(|miss| !miss.differs.is_empty()), "{}", case.about.name);
            if matches!(fixes.before, Verdict::Denied(_)) {
                denied += 1;
                fixed += usize::from(!fixes.fixes.is_empty());
                if fixes.fixes.is_empty() && fixes.obstacles.is_empty() {
                    let _ = writeln!(speechless, "{name}: {}", case.about.name);
                }
            }
        }
    }
    assert!(fixed * 10 > denied * 8, "most have a fix, not only {fixed} of {denied}");
    assert!(speechless.is_empty(), "neither a fix nor a reason:\n{speechless}");
}
