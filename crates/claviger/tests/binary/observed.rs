//! What the plugin tells of itself: audit records on stdout, and the metrics of its port.

use kms_plugin::proto::v2::{DecryptRequest, EncryptRequest, EncryptResponse};
use rustix::process::Signal;
use serde_json::Value;
use test_support::{KmsClient, connect};

use crate::kms_plugin::{Place, get};

async fn seal(client: &mut KmsClient, uid: &str) -> EncryptResponse {
    let request = EncryptRequest { plaintext: b"a seed".to_vec(), uid: uid.to_owned() };
    client.encrypt(request).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_records_come_on_stdout_one_a_line_and_the_last_before_the_end() {
    let place = Place::new();
    let mut plugin = place.start(&["--audit-log=-"]);
    plugin.until_logged("health and metrics");
    let mut client = connect(&place.socket);
    let sealed = seal(&mut client, "the-first").await;
    let mut request = DecryptRequest {
        ciphertext: sealed.ciphertext,
        uid: "the-second".to_owned(),
        key_id: sealed.key_id.clone(),
        annotations: sealed.annotations,
    };
    client.decrypt(request.clone()).await.unwrap();
    request.uid = "the-third".to_owned();
    request.ciphertext.clear();
    client.decrypt(request).await.unwrap_err();
    drop(client);
    plugin.signal(Signal::TERM);
    assert_eq!(plugin.ended().code(), Some(0));

    let records: Vec<Value> = plugin.lines_left().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let field = |name: &str| records.iter().map(|record| record[name].clone()).collect::<Vec<_>>();
    assert_eq!(field("request_uid"), ["the-first", "the-second", "the-third"]);
    assert_eq!(field("operation"), ["encrypt", "decrypt", "decrypt"]);
    assert_eq!(field("outcome"), ["ok", "ok", "refused"]);
    assert_eq!(field("key_id"), [sealed.key_id.as_str(); 3]);
    assert_eq!(field("peer_pid"), [std::process::id(); 3], "as the kernel says");
    assert_eq!(field("peer_uid"), [rustix::process::getuid().as_raw(); 3]);
}

/// `NAME KIND` of each metric, as OpenMetrics calls it. The engine's own, `crates/kms-plugin` compares with the document.
#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_of_the_port_are_documented() {
    let document = include_str!("../../../../docs/reference/observability.md");
    let rows = document.lines().skip_while(|line| !line.starts_with("| metric | kind |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|row| row.split('|').map(str::trim).collect());
    let documented: Vec<String> = rows
        .map(|cells: Vec<&str>| (cells[1].trim_matches('`'), cells[2]))
        // The family of an info has not its suffix.
        .map(|(name, kind)| format!("{} {kind}", if kind == "info" { name.trim_end_matches("_info") } else { name }))
        .collect();

    let place = Place::new();
    let plugin = place.start(&[]);
    let address = plugin.until_logged("health and metrics")["address"].as_str().unwrap().to_owned();
    seal(&mut connect(&place.socket), "uid").await;
    let metrics = get(&address, "/metrics");
    let told: Vec<_> = metrics.lines().filter_map(|line| line.trim().strip_prefix("# TYPE ")).collect();
    for metric in &told {
        assert!(documented.iter().any(|row| row == metric), "`{metric}` is not in docs/reference/observability.md");
    }
    assert!(told.contains(&"claviger_build info") && told.contains(&"claviger_kms_requests counter"), "{metrics}");
    let version = format!(r#"claviger_build_info{{version="{}"}} 1"#, env!("CARGO_PKG_VERSION"));
    assert!(metrics.lines().any(|line| line.trim() == version), "{version} is not in {metrics}");
}
