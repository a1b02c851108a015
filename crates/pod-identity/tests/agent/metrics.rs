//! Every metric that is registered moves, and stands in `docs/reference/pod-identity-agent.md`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use pod_identity::agent::CacheSettings;

use crate::{
    rig::{Agent, eks_auth},
    stub::{Answers, Stub},
    tokens,
};

/// The metrics of the document's table, with their labels.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let document = include_str!("../../../../docs/reference/pod-identity-agent.md");
    let rows = document.lines().skip_while(|line| *line != "| metric | kind | labels | counts |").skip(2);
    rows.take_while(|line| line.starts_with('|'))
        // What `claviger` adds where an apiserver is asked.
        .filter(|row| !row.starts_with("| `claviger_apiserver_"))
        .map(|row| {
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            let labels = cells[2].split('`').skip(1).step_by(2).map(str::to_owned).collect();
            (cells[0].trim_matches('`').to_owned(), labels)
        })
        .collect()
}

/// The metrics of a scrape, with the labels of their samples.
fn scraped(scrape: &str) -> BTreeMap<String, BTreeSet<String>> {
    let types = scrape.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    types
        .map(|(name, kind)| {
            let sample = match kind {
                "counter" => format!("{name}_total"),
                "histogram" => format!("{name}_count"),
                _ => name.to_owned(),
            };
            let mut labels = BTreeSet::new();
            let mut sum = 0.0;
            for line in scrape.lines() {
                let Some(rest) = line.strip_prefix(&sample).filter(|rest| rest.starts_with([' ', '{'])) else {
                    continue;
                };
                let (shown, value) = rest.rsplit_once(' ').unwrap();
                sum += value.parse::<f64>().unwrap();
                let shown = shown.trim_matches(['{', '}']).split(',').filter_map(|label| label.split_once('='));
                labels.extend(shown.map(|(label, _)| label.to_owned()));
            }
            assert!(sum > 0.0, "`{sample}` never moved:\n{scrape}");
            (name.to_owned(), labels)
        })
        .collect()
}

#[tokio::test]
async fn every_registered_metric_moves_and_is_documented() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    // What is fetched is due at once, and pods may ask twice.
    let retention = SignedDuration::from_nanos(1);
    let settings = CacheSettings { retention, entries: 1, ..CacheSettings::default() };
    let agent = Agent::with(eks_auth(format!("http://{}", stub.address)), settings, 4).await;
    for token in [&*tokens::of("one"), &tokens::of("two"), "nonsense"] {
        agent.ask(token).await;
    }
    stub.now(Answers::Refusing(400, "AccessDeniedException", "No."));
    // The kept one is due, and taken back.
    agent.ask(&tokens::of("two")).await;
    stub.now(Answers::Lending(3600));
    agent.ask(&tokens::of("three")).await;
    let scrape = agent.scrape();
    assert_eq!(documented(), scraped(&scrape), "docs/reference/pod-identity-agent.md");
    for line in [
        r#"pod_identity_http_response{code="200"} 3"#,
        r#"pod_identity_http_response{code="400"} 2"#,
        r#"pod_identity_cache_errors{type="irrecoverable",code="AccessDeniedException"} 1"#,
        r#"pod_identity_cache_state{state="miss"} 3"#,
        r#"claviger_agent_requests_total{outcome="ok"} 3"#,
        r#"claviger_agent_requests_total{outcome="invalid_token"} 1"#,
        r#"claviger_agent_requests_total{outcome="refused"} 1"#,
        r#"claviger_agent_upstream_calls_total{outcome="ok"} 3"#,
        r#"claviger_agent_upstream_calls_total{outcome="refused"} 1"#,
        r#"claviger_agent_bound{host="127.0.0.1"} 1"#,
    ] {
        assert!(scrape.lines().any(|got| got == line), "{line} is not in\n{scrape}");
    }
}
