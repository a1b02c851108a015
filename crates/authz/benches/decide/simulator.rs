//! `@cloud-copilot/iam-simulate` in a process of its own, as the differential test drives it.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::{Value, json};

/// Decisions in one exchange, so that the pipe costs next to nothing.
const AT_ONCE: usize = 1_200;
const EXCHANGES: usize = 5;

/// What one decision takes, in microseconds: the median of several exchanges, the first not counted.
pub(crate) fn microseconds(
    policies: &[&str],
    principal: &str,
    context: &[(&str, &str)],
    asks: &[(&str, &str, bool)],
) -> f64 {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = env::var_os("CLAVIGER_TOOLS").map_or_else(|| here.join("../../target/tools"), PathBuf::from);
    let installed = tools.join("iam-simulate").canonicalize().expect("`cargo xtask tools` installs the IAM simulator");
    let mut child = Command::new("node")
        .arg(here.join("tests/oracle/decide.mjs"))
        .arg(installed)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`node` starts");
    let (mut questions, answers) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let mut answers = BufReader::new(answers).lines();
    let line = question(policies, principal, context, asks);
    let mut exchanges = Vec::new();
    for _ in 0..=EXCHANGES {
        let started = Instant::now();
        writeln!(questions, "{line}").expect("the simulator reads");
        let answer = answers.next().expect("an answer").expect("the simulator answers");
        exchanges.push(started.elapsed().as_secs_f64() * 1e6 / AT_ONCE as f64);
        check(&answer, asks);
    }
    drop(questions);
    child.wait().expect("the simulator ends");
    let counted = &mut exchanges[1..];
    counted.sort_by(f64::total_cmp);
    counted[EXCHANGES / 2]
}

fn question(policies: &[&str], principal: &str, context: &[(&str, &str)], asks: &[(&str, &str, bool)]) -> Value {
    let documents: Vec<Value> = policies.iter().map(|text| serde_json::from_str(text).expect("a policy")).collect();
    let context: Value = context.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    let simulation = |at: usize| {
        let (action, resource, _) = asks[at % asks.len()];
        json!({
            "principal": principal, "action": action, "resource": resource, "owner": "111122223333",
            "context": context, "identity": (0..documents.len()).collect::<Vec<_>>(), "boundary": null,
            "session": null, "resourcePolicy": null, "serviceControl": [], "resourceControl": [],
        })
    };
    let simulations: Vec<_> = (0..AT_ONCE).map(simulation).collect();
    json!({ "documents": documents, "simulations": simulations })
}

/// Fast and wrong would be no feat.
fn check(answer: &str, asks: &[(&str, &str, bool)]) {
    let answers: Vec<Value> = serde_json::from_str(answer).expect("a list of answers");
    for (at, answer) in answers.iter().enumerate() {
        assert_eq!(answer == "Allowed", asks[at % asks.len()].2, "{answer} to {:?}", asks[at % asks.len()]);
    }
}
