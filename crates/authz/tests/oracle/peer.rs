//! The other evaluator: a process, asked over its standard streams.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
};

use authz::policy::PolicyKind;
use serde_json::{Value, json};

use crate::{
    Answer,
    support::setting::{Ask, Caller, Document, NEAR, Setting, Target, everything},
};

/// The multivalued keys among those that are asked.
const MULTIVALUED: [&str; 1] = ["aws:TagKeys"];

/// A running simulator.
pub(crate) struct Peer {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    pub(crate) fn start() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tools = env::var_os("CLAVIGER_TOOLS").map_or_else(|| here.join("../../target/tools"), PathBuf::from);
        let installed = tools.join("iam-simulate");
        assert!(
            installed.join("node_modules").exists(),
            "there is no IAM simulator in {}: `cargo xtask tools` installs it (it needs Node.js 20)",
            installed.display()
        );
        let mut child = Command::new("node")
            .arg(here.join("tests/oracle/decide.mjs"))
            .arg(installed.canonicalize().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`node` starts; see `cargo xtask tools`");
        let (questions, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, questions, answers }
    }

    /// What it answers to each ask of each setting.
    pub(crate) fn decide(&mut self, settings: &[(Setting, Vec<Ask>)]) -> Vec<Vec<Answer>> {
        let Self { questions, answers, .. } = self;
        thread::scope(|scope| {
            // It answers while we still ask: neither may wait for the other.
            scope.spawn(|| {
                for (setting, asks) in settings {
                    writeln!(questions, "{}", line(setting, asks)).expect("the simulator reads");
                }
            });
            let lines = answers.lines().take(settings.len());
            lines.map(|line| read(&line.expect("the simulator answers"))).collect()
        })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(line: &str) -> Vec<Answer> {
    let answers: Vec<Value> = serde_json::from_str(line).expect("a list of answers");
    let answer = |value: &Value| match value.as_str() {
        Some("Allowed") => Answer::Allowed,
        Some("ExplicitlyDenied") => Answer::DeniedExplicitly,
        Some("ImplicitlyDenied") => Answer::DeniedImplicitly,
        _ => panic!("the simulator fails: {value}"),
    };
    answers.iter().map(answer).collect()
}

impl Setting {
    /// The policy of what is called.
    pub(crate) fn policy_of(&self, target: Target) -> Option<&Document> {
        match target {
            Target::Object | Target::Bucket | Target::Queue => self.resource.as_ref(),
            Target::Key => Some(&self.key),
            Target::Trust => Some(&self.trust),
            Target::Role | Target::Table | Target::Nothing => None,
        }
    }
}

/// A setting and its asks, each document once.
fn line(setting: &Setting, asks: &[Ask]) -> Value {
    let mut documents = Vec::new();
    let mut add = |document: &Document| {
        documents.push(document.json());
        documents.len() - 1
    };
    let identity: Vec<_> = setting.identity.iter().map(&mut add).collect();
    let boundary = setting.boundary.as_ref().map(&mut add);
    let session = setting.session.as_ref().map(&mut add);
    let nothing = Document { kind: PolicyKind::Session, version: "2012-10-17", statements: Vec::new() };
    let no_session = add(&nothing);
    // What needs no policies here, needs one that allows everything there.
    let everything = add(&everything(PolicyKind::Identity));
    let resource = setting.resource.as_ref().map(&mut add);
    let (key, trust) = (add(&setting.key), add(&setting.trust));
    let mut levels = |levels: &[Vec<Document>]| -> Vec<Vec<usize>> {
        levels.iter().map(|level| level.iter().map(&mut add).collect()).collect()
    };
    let service_control = levels(&setting.service_control);
    let resource_control = levels(&setting.resource_control);

    let simulation = |ask: &Ask| {
        let caller = ask.caller;
        let has_account = !matches!(caller, Caller::Service | Caller::Anonymous);
        let identity = match caller {
            Caller::Root => vec![everything],
            _ if caller.identity().is_some() => identity.clone(),
            _ => Vec::new(),
        };
        let bounded =
            matches!(caller, Caller::Role | Caller::RoleWithSessionPolicy | Caller::User | Caller::FederatedUser);
        let own_session = match caller {
            Caller::FederatedUser => session.or(Some(no_session)),
            _ => session.filter(|_| caller.has_session_policy()),
        };
        let policy = setting.policy_of(ask.target).map(|document| {
            if std::ptr::eq(document, &setting.key) {
                key
            } else if std::ptr::eq(document, &setting.trust) {
                trust
            } else {
                resource.unwrap()
            }
        });
        json!({
            "principal": caller.name(),
            "action": ask.action,
            "resource": ask.target.arn(ask.owner()),
            "owner": if ask.is_foreign { ask.owner() } else { NEAR },
            "context": context(ask),
            "identity": identity,
            "boundary": boundary.filter(|_| bounded),
            "session": own_session,
            "resourcePolicy": policy,
            "serviceControl": if has_account { service_control.clone() } else { Vec::new() },
            "resourceControl": resource_control,
        })
    };
    let simulations: Vec<_> = asks.iter().map(simulation).collect();
    json!({ "documents": documents, "simulations": simulations })
}

fn context(ask: &Ask) -> Value {
    let mut context = json!({});
    for (key, value) in ask.caller.keys() {
        if let Some(value) = value {
            context[key] = json!(value);
        }
    }
    for (key, values) in &ask.context {
        context[*key] = match values.as_slice() {
            [one] if !MULTIVALUED.contains(key) => json!(one),
            many => json!(many),
        };
    }
    context
}
