//! Every metric that is registered moves, and aws-encryption-provider's are what its dashboards expect.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use key_service::{ErrorClass, keyring};
use kms_plugin::{
    audit::{AuditLog, AuditTarget},
    caller::Api,
    engine::{Engine, EngineSettings, Gate},
};
use tokio::time::sleep;

use crate::support::{Rig, TestKey, caller, open, request, seed};

/// Every sample of the scrape, by its metric's name: the sum over its labels.
fn sums(scrape: &str) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for line in scrape.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let name = name.split('{').next().unwrap().to_owned();
        *sums.entry(name).or_insert(0.0) += value.parse::<f64>().unwrap();
    }
    sums
}

fn registered(scrape: &str) -> Vec<(String, String)> {
    let types = scrape.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.map(|line| line.split_once(' ').unwrap()).map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

/// The name of the sample that tells whether a metric has moved.
fn sample(name: &str, kind: &str) -> String {
    match kind {
        "counter" => format!("{name}_total"),
        "histogram" => format!("{name}_count"),
        _ => name.to_owned(),
    }
}

/// The labels of this sample, wherever it stands.
fn labels(scrape: &str, sample: &str) -> BTreeSet<String> {
    let samples = scrape.lines().filter_map(|line| line.strip_prefix(sample)?.strip_prefix('{')?.split_once("} "));
    samples.flat_map(|(labels, _)| labels.split(',').map(|label| label.split('=').next().unwrap().to_owned())).collect()
}

/// A row of `docs/reference/observability.md`.
#[derive(Debug, PartialEq)]
struct Metric {
    kind: String,
    labels: BTreeSet<String>,
}

/// The metrics of its table that are of an engine.
fn documented() -> BTreeMap<String, Metric> {
    let document = include_str!("../../../../docs/reference/observability.md");
    let rows = document.lines().skip_while(|line| *line != "| metric | kind | labels | counts |").skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|row| {
            let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [name, kind, labels, _] = cells[..] else { panic!("{cells:?}") };
            let labels = labels.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            (name.trim_matches('`').to_owned(), Metric { kind: kind.to_owned(), labels })
        })
        .filter(|(_, metric)| metric.kind != "info")
        .collect()
}

#[tokio::test(start_paused = true)]
async fn every_registered_metric_moves() {
    let directory = tempfile::tempdir().unwrap();
    let key = TestKey::new();
    let Rig { engine, registry, metrics } = Rig::with(key.clone(), Gate::new(1, None), EngineSettings::default());
    let target = AuditTarget::File("/dev/full".into());
    let lossy = AuditLog::start(target, &metrics).unwrap();
    let kept = AuditLog::start(AuditTarget::File(directory.path().join("audit.log")), &metrics).unwrap();
    for audit in [&lossy, &kept] {
        let other = TestKey::new();
        let engine = Engine::start(other, Gate::new(1, None), EngineSettings::default(), &metrics, audit.clone());
        engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
        audit.flush();
    }

    engine.status(Api::V2).await.unwrap();
    let sealed = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap().ciphertext;
    // Two identical ones share a call that hangs, a third waits for its turn.
    let other = engine.encrypt(seed(), &caller(Api::V1Beta1)).await.unwrap().ciphertext;
    let (seals, opens) = key.counts();
    let holds = key.hold();
    let release = async {
        key.calls_begun(seals + opens + 1).await;
        tokio::task::yield_now().await;
        holds.add_permits(1000);
    };
    let decrypts = [open(&engine, &sealed), open(&engine, &sealed), open(&engine, &other)];
    let (opened, ()) = tokio::join!(futures_util::future::join_all(decrypts), release);
    assert!(opened.iter().all(Result::is_ok));
    let number = keyring::add_version(key.path()).unwrap();
    keyring::set_current(key.path(), number).unwrap();
    engine.reload().await.unwrap();
    sleep(Duration::from_secs(3)).await;

    let scrape = {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        text
    };
    let sums = sums(&scrape);
    let mut found = BTreeMap::new();
    for (name, kind) in registered(&scrape) {
        let sample = sample(&name, &kind);
        assert!(sums.get(&sample).is_some_and(|sum| *sum > 0.0), "`{sample}` never moved:\n{scrape}");
        let labels = labels(&scrape, &sample);
        found.insert(name, Metric { kind, labels });
    }
    assert_eq!(documented(), found, "docs/reference/observability.md");
    assert_eq!(sums["claviger_kms_audit_records_total"], 1.0);
    assert_eq!(sums["claviger_kms_audit_records_dropped_total"], 1.0);
    assert_eq!(sums["claviger_kms_key_id_pending"], 1.0);
}

#[tokio::test(start_paused = true)]
async fn outcomes_are_counted_by_class_and_the_peers_names_as_it_counts() {
    let key = TestKey::new();
    let rig = Rig::start(key.clone());
    let engine = &rig.engine;
    let sealed = engine.encrypt(seed(), &caller(Api::V1Beta1)).await.unwrap().ciphertext;
    key.fail(ErrorClass::Throttled);
    engine.decrypt(request(&sealed), &caller(Api::V1Beta1)).await.unwrap_err();
    key.fail(ErrorClass::Disabled);
    open(engine, &sealed).await.unwrap_err();
    open(engine, b"").await.unwrap_err();
    let scrape = rig.scrape();
    for line in [
        r#"claviger_kms_requests_total{key="test-key",operation="encrypt",api="v1beta1",outcome="ok"} 1"#,
        r#"claviger_kms_requests_total{key="test-key",operation="decrypt",api="v1beta1",outcome="throttled"} 1"#,
        r#"claviger_kms_requests_total{key="test-key",operation="decrypt",api="v2",outcome="disabled"} 1"#,
        r#"claviger_kms_requests_total{key="test-key",operation="decrypt",api="v2",outcome="invalid_request"} 1"#,
        r#"claviger_kms_key_service_calls_total{key="test-key",call="seal",purpose="request",outcome="ok"} 1"#,
        r#"claviger_kms_key_service_calls_total{key="test-key",call="open",purpose="proof",outcome="ok"} 1"#,
        r#"claviger_kms_key_service_calls_total{key="test-key",call="seal",purpose="probe",outcome="ok"} 1"#,
        r#"aws_encryption_provider_kms_operations_total{key_arn="test-key",status="success",operation="encrypt",version="v1"} 1"#,
        r#"aws_encryption_provider_kms_operations_total{key_arn="test-key",status="failure-throttle",operation="decrypt",version="v1"} 1"#,
        r#"aws_encryption_provider_kms_operations_total{key_arn="test-key",status="failure",operation="decrypt",version="v2"} 1"#,
    ] {
        assert!(scrape.lines().any(|got| got == line), "{line} is not in\n{scrape}");
    }
    assert!(scrape.contains(r#"aws_encryption_provider_kms_operation_latency_ms_bucket{le="16384.0""#), "{scrape}");
}
