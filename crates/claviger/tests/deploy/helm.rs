//! The chart, rendered.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};
use test_support::tools;

use crate::deployed;

/// One object that the chart has applied.
pub(crate) struct Document {
    /// The template that it comes from: `agent-rbac.yaml`.
    pub(crate) template: String,
    pub(crate) text: String,
    pub(crate) object: Value,
}

impl Document {
    pub(crate) fn kind(&self) -> &str {
        self.object["kind"].as_str().unwrap()
    }

    pub(crate) fn name(&self) -> &str {
        self.object["metadata"]["name"].as_str().unwrap()
    }

    /// The specification of the pods that it makes, if it makes any.
    pub(crate) fn pod_spec(&self) -> Option<&Value> {
        ["DaemonSet", "Deployment"].contains(&self.kind()).then(|| &self.object["spec"]["template"]["spec"])
    }
}

/// What is rendered with these values in the namespace `claviger`, or Helm's refusal.
pub(crate) fn render(values: &Value) -> Result<Vec<Document>, String> {
    let printed = run(&["template", "claviger"], &[], values)?;
    let documents = printed.split("---\n").filter(|text| !text.trim().is_empty());
    let documents = documents.map(|text| {
        let source = text.lines().find_map(|line| line.strip_prefix("# Source: claviger/")).unwrap();
        let template = source.strip_prefix("templates/").unwrap_or(source).to_owned();
        let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("# Source: "));
        let text = lines.map(|line| format!("{}\n", line.trim_end())).collect::<String>();
        let object = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{source}: {error}\n{text}"));
        Document { template, text, object }
    });
    // A template that renders to comments alone has no object.
    Ok(documents.filter(|document| document.object.is_object()).collect())
}

/// What `helm lint --strict` says.
pub(crate) fn lint(values: &Value) -> Result<String, String> {
    run(&["lint", "--strict"], &[], values)
}

/// Installs the chart with these values, or has them take the place of others.
pub(crate) fn install(kubeconfig: &Path, values: &Value) {
    let more = ["--kubeconfig", kubeconfig.to_str().unwrap()];
    run(&["upgrade", "--install", "claviger"], &more, values).unwrap_or_else(|refused| panic!("{refused}"));
}

fn run(command: &[&str], more: &[&str], values: &Value) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("values.json");
    fs::write(&file, values.to_string()).unwrap();
    let mut helm = Command::new(tools().join("helm"));
    helm.env_clear().env("HOME", folder.path()).args(command).arg(deployed("helm/claviger")).args(more);
    helm.args(["--namespace=claviger", "--values"]).arg(&file);
    let done = helm.output().unwrap();
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    if done.status.success() { Ok(text(done.stdout)) } else { Err(text(done.stderr) + &text(done.stdout)) }
}

/// `values` over `deploy/helm/demo.yaml`, as Helm lays one file of values over another.
pub(crate) fn over_demo(values: Value) -> Value {
    let demo = fs::read_to_string(deployed("helm/demo.yaml")).unwrap();
    let mut all: Value = serde_saphyr::from_str(&demo).unwrap();
    lay(&mut all, values);
    all
}

fn lay(below: &mut Value, above: Value) {
    match above {
        Value::Object(fields) if below.is_object() => {
            for (name, value) in fields {
                lay(below.as_object_mut().unwrap().entry(name).or_insert(json!(null)), value);
            }
        }
        above => *below = above,
    }
}
