//! Alerts and dashboards ask for metrics that the program has, by labels and values that these have, and each alert leads to its runbook.
//! What the program has stands in the pages of `docs/reference`, which tests of `pod-identity` hold against it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use regex::Regex;
use serde_json::{Value, json};
use test_support::tools;

use crate::{
    deployed,
    helm::{Document, over_demo, render},
};

const PAGES: [&str; 3] = ["agent", "broker", "webhook"];
/// What is no label of the program's: Prometheus' own, and a histogram's.
const NOT_OURS: [&str; 2] = ["instance", "le"];

struct Metric {
    kind: String,
    /// The names of its labels, and whatever else its row says: their values among it.
    row: String,
    labels: String,
}

/// From the tables of the pages.
fn metrics() -> BTreeMap<String, Metric> {
    let mut found = BTreeMap::new();
    for page in PAGES {
        let text = fs::read_to_string(deployed(&format!("../docs/reference/pod-identity-{page}.md"))).unwrap();
        let (_, table) = text.split_once("| metric | kind | labels | counts |").unwrap();
        for row in table.lines().skip(2).take_while(|line| line.starts_with('|')) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let (kind, labels) = (cells[2].to_owned(), cells[3].to_owned());
            found.insert(cells[1].trim_matches('`').to_owned(), Metric { kind, row: row.to_owned(), labels });
        }
    }
    assert!(found.len() > 20);
    found
}

/// What is wrong with the metrics of an expression.
fn wrong(expression: &str, metrics: &BTreeMap<String, Metric>) -> Vec<String> {
    let mut wrong = Vec::new();
    let named = Regex::new(r#"\b((?:claviger|pod_identity)_[a-z_]+)(?:\{([^}]*)\})?"#).unwrap();
    let by = Regex::new(r"\bby \(([^)]*)\)").unwrap();
    let matcher = Regex::new(r#"(\w+)=~?"([^"]*)""#).unwrap();
    let mut labels = BTreeSet::new();
    for capture in named.captures_iter(expression) {
        let name = &capture[1];
        let suffixes =
            [("_total", "counter"), ("_bucket", "histogram"), ("_sum", "histogram"), ("_count", "histogram")];
        let of_kind = suffixes.iter().find_map(|(suffix, kind)| Some((name.strip_suffix(suffix)?, *kind)));
        let (base, kind) = of_kind.unwrap_or((name, "gauge"));
        let Some(metric) = metrics.get(base).filter(|metric| metric.kind == kind) else {
            wrong.push(format!("there is no {kind} `{base}`"));
            continue;
        };
        labels.extend(metric.labels.split(',').map(|label| label.trim().trim_matches('`').to_owned()));
        for matched in capture.get(2).into_iter().flat_map(|inside| matcher.captures_iter(inside.as_str())) {
            let (label, values) = (&matched[1], &matched[2]);
            if !labels.contains(label) {
                wrong.push(format!("`{base}` has no label `{label}`"));
            }
            let missing = values.split('|').filter(|value| !metric.row.contains(&format!("`{value}`")));
            wrong.extend(missing.map(|value| format!("`{label}` of `{base}` is never `{value}`")));
        }
    }
    for label in by.captures_iter(expression).flat_map(|by| by[1].split(", ").map(str::to_owned).collect::<Vec<_>>()) {
        if !labels.contains(&label) && !NOT_OURS.contains(&label.as_str()) {
            wrong.push(format!("nothing here has a label `{label}`"));
        }
    }
    if labels.is_empty() {
        wrong.push("it asks for no metric".to_owned());
    }
    wrong
}

/// What Prometheus itself cannot read.
fn unreadable(expressions: &[String]) -> Vec<String> {
    let mut reader = Command::new(tools().join("promql")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    reader.stdin.take().unwrap().write_all(json!(expressions).to_string().as_bytes()).unwrap();
    let done = reader.wait_with_output().unwrap();
    assert!(done.status.success(), "{done:?}");
    serde_json::from_slice(&done.stdout).unwrap()
}

/// With all that watches.
fn watched() -> Vec<Document> {
    let on = json!({ "enabled": true });
    render(&over_demo(json!({ "monitoring": { "serviceMonitors": on, "rules": on, "dashboards": on } }))).unwrap()
}

#[test]
fn each_alert_asks_for_what_there_is_and_leads_to_its_runbook() {
    let (metrics, documents) = (metrics(), watched());
    let rules = documents.iter().find(|document| document.kind() == "PrometheusRule").unwrap();
    let page = fs::read_to_string(deployed("../docs/runbooks/pod-identity.md")).unwrap();
    let headings: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let (mut alerts, mut expressions) = (BTreeSet::new(), Vec::new());
    for rule in
        rules.object["spec"]["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap())
    {
        let (alert, expression) = (rule["alert"].as_str().unwrap(), rule["expr"].as_str().unwrap());
        let wrong = wrong(expression, &metrics);
        assert!(wrong.is_empty(), "{alert}: {wrong:?}");
        assert!(headings.contains(alert), "docs/runbooks/pod-identity.md says nothing of {alert}");
        let url = rule["annotations"]["runbook_url"].as_str().unwrap();
        let anchor = format!("/docs/runbooks/pod-identity.md#{}", alert.to_lowercase());
        assert!(url.starts_with("https://") && url.ends_with(&anchor), "{url}");
        let says = page.split(&format!("### {alert}\n")).nth(1).unwrap().split("\n### ").next().unwrap();
        for part in ["**Means.**", "**Look at.**", "**Do.**"] {
            assert!(says.contains(part), "{alert}: {part}");
        }
        alerts.insert(alert);
        expressions.push(expression.to_owned());
    }
    assert_eq!(unreadable(&expressions), Vec::<String>::new());
    assert_eq!(alerts, headings, "a runbook of no alert");
}

#[test]
fn each_panel_of_the_dashboards_asks_for_what_there_is() {
    let (metrics, documents) = (metrics(), watched());
    let (mut panels, mut expressions) = (0, Vec::new());
    for document in documents.iter().filter(|document| document.name().ends_with("-dashboard")) {
        for text in document.object["data"].as_object().unwrap().values() {
            let dashboard: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
            for panel in dashboard["panels"].as_array().unwrap() {
                for target in panel["targets"].as_array().unwrap() {
                    let expression = target["expr"].as_str().unwrap();
                    let wrong = wrong(expression, &metrics);
                    assert!(wrong.is_empty(), "{}, {}: {wrong:?}", document.name(), panel["title"]);
                    // What Grafana puts there.
                    expressions.push(expression.replace("$__rate_interval", "5m"));
                }
                panels += 1;
            }
        }
    }
    assert!(panels > 20, "{panels}");
    assert_eq!(unreadable(&expressions), Vec::<String>::new());
    assert_eq!(unreadable(&["sum(a".to_owned()]).len(), 1);
}

#[test]
fn an_expression_that_could_never_hold_is_found() {
    let metrics = metrics();
    for (expression, said) in [
        ("rate(claviger_agent_request_total[5m]) > 0", "there is no counter `claviger_agent_request`"),
        ("rate(claviger_agent_requests[5m]) > 0", "there is no gauge `claviger_agent_requests`"),
        (r#"claviger_agent_requests_total{result="ok"}"#, "has no label `result`"),
        (r#"claviger_agent_requests_total{outcome=~"ok|lost"}"#, "is never `lost`"),
        ("sum by (node) (claviger_agent_bound)", "has a label `node`"),
        ("vector(1)", "asks for no metric"),
    ] {
        let found = wrong(expression, &metrics).join("; ");
        assert!(found.contains(said), "{expression}: {found}");
    }
}
