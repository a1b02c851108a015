//! A real apiserver's signing key is replaced, as its documentation has it: the new one signs beside the old one, which goes later.
//! Source: Kubernetes documentation, kube-apiserver, `--service-account-key-file` ("The specified file can contain multiple keys").

use std::{fs, path::Path, process::Command};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use control_plane::{Process, Readiness};
use rcgen::KeyPair;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use test_support::eventually;

use crate::{
    CLAVIGER,
    cluster::SOON,
    outside::{Outside, Part, claviger},
};

/// What the apiserver signs with, and what it takes.
fn install(folder: &Path, signs: &KeyPair, taken: &[&KeyPair]) {
    fs::write(folder.join("signing.pem"), signs.serialize_pem()).unwrap();
    fs::write(folder.join("taken.pem"), taken.iter().map(|key| key.public_key_pem()).collect::<String>()).unwrap();
}

fn key_of(token: &Path) -> String {
    let token = fs::read_to_string(token).unwrap();
    let head = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&head).unwrap()["kid"].as_str().unwrap().to_owned()
}

/// Claviger where a pod has its service account. `account` has `token` and `ca.crt`.
fn as_pod(account: &Path, arguments: &[String]) -> Command {
    const SCRIPT: &str = "mount -t tmpfs none /var/run && mkdir -p /var/run/secrets/kubernetes.io/serviceaccount \
                          && mount --bind \"$0\" /var/run/secrets/kubernetes.io/serviceaccount && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", SCRIPT]).arg(account).arg(CLAVIGER);
    command.args(arguments);
    command
}

/// Has everybody look for keys now (else it takes up to five minutes until a dropped one is noticed), and waits until that is done.
async fn look_again(parts: &[&Process], change: impl AsyncFnOnce()) {
    let taken_up = |part: &Process| {
        let log = fs::read_to_string(part.log()).unwrap();
        log.matches("tokens are verified by the cluster's keys").count()
    };
    let before: Vec<usize> = parts.iter().map(|part| taken_up(part)).collect();
    change().await;
    for (part, before) in parts.iter().zip(before) {
        assert!(before > 0, "{}", part.log_tail());
        kill_process(Pid::from_raw(part.pid().try_into().unwrap()).unwrap(), Signal::HUP).unwrap();
        eventually(
            "the keys are others",
            SOON,
            async || {
                if taken_up(part) > before { Ok(()) } else { Err(part.log_tail()) }
            },
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_signing_key_is_taken_up_at_once_and_a_dropped_one_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let (former, newer) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    install(&path, &former, &[&former]);
    let flags = vec![
        format!("--service-account-signing-key-file={}", path.join("signing.pem").display()),
        format!("--service-account-key-file={}", path.join("taken.pem").display()),
        // By that name its discovery document tells where the keys are.
        "--external-hostname=127.0.0.1".to_owned(),
    ];
    let mut outside = Outside::start_in(folder, flags).await;
    // As an issuer does that brokers of another network ask: who reads its keys need not say who he is.
    let everybody = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": "keys" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:service-account-issuer-discovery" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:unauthenticated" }],
    });
    outside.cluster.ask("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", Some(&everybody)).await;
    let mut pods = Vec::new();
    for account in ["api", "late", "later"] {
        pods.push(outside.pod("payments", account, "one").await);
    }
    outside.write_agent_token().await;
    let account = path.join("account");
    fs::create_dir(&account).unwrap();
    let authority = path.join("plane/pki/ca.crt");
    fs::copy(&authority, account.join("ca.crt")).unwrap();
    let renew_account = async |outside: &Outside| {
        let token = outside.cluster.token("claviger", "agent", json!({})).await;
        fs::write(account.join("token"), token).unwrap();
    };
    renew_account(&outside).await;

    let associations = outside.associate(&["payments"]).display().to_string();
    let file = outside.write_keys().await.display().to_string();
    let by_file = claviger(&outside.broker(Some(&file), &associations));
    let by_file = outside.start_broker("by-file", by_file, &[]).await;
    let apiserver = outside.cluster.plane.apiserver_url().to_owned();
    let port = apiserver.rsplit(':').next().unwrap();
    let of_pod = [("KUBERNETES_SERVICE_HOST", "127.0.0.1"), ("KUBERNETES_SERVICE_PORT", port)];
    let by_apiserver = as_pod(&account, &outside.broker(Some("apiserver"), &associations));
    let by_apiserver = outside.start_broker("by-apiserver", by_apiserver, &of_pod).await;
    let trust = [("SSL_CERT_FILE", authority.to_str().unwrap())];
    let by_issuer = claviger(&outside.broker(None, &associations));
    let by_issuer = outside.start_broker("by-issuer", by_issuer, &trust).await;
    let url = format!("--jwks={apiserver}/openid/v1/jwks");
    let agents = [
        outside.start_agent("agent-1", by_file.address, &[&format!("--jwks={file}")], &[]).await,
        outside
            .start_agent_by(as_pod(&account, &[]), "agent-2", by_apiserver.address, &["--jwks=apiserver"], &of_pod)
            .await,
        outside.start_agent("agent-3", by_issuer.address, &[&url], &trust).await,
    ];
    let all_answer = async |outside: &Outside, pod: usize, status: &str, told: &str| {
        for agent in &agents {
            eventually(&format!("{status} for {pod} by {}", agent.process.log().display()), SOON, async || {
                let answer = outside.ask(agent, pod).await;
                if answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(told) {
                    Ok(())
                } else {
                    Err(answer)
                }
            })
            .await;
        }
    };
    let is_answered_at_once = async |outside: &Outside, pod: usize| {
        for agent in &agents {
            let answer = outside.ask(agent, pod).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{}: {answer}", agent.process.log().display());
        }
    };
    all_answer(&outside, pods[0], "200", "AccessKeyId").await;

    install(&path, &newer, &[&former, &newer]);
    outside.cluster.plane.start_apiserver(Readiness::Full).await.unwrap();
    outside.write_keys().await;
    let new = outside.pod("payments", "new", "one").await;
    assert_ne!(key_of(&outside.rig.tokens[new]), key_of(&outside.rig.tokens[pods[0]]));
    // Nobody asked for its credentials before: only what its signature is worth decides.
    is_answered_at_once(&outside, pods[1]).await;
    all_answer(&outside, new, "200", "AccessKeyId").await;

    // The kubelet has had its pods' tokens renewed since.
    outside.write_agent_token().await;
    renew_account(&outside).await;
    install(&path, &newer, &[&newer]);
    outside.cluster.plane.start_apiserver(Readiness::Full).await.unwrap();
    let looks = [&by_file, &by_apiserver, &by_issuer].map(|part: &Part| &part.process);
    let looks = [&looks[..], &agents.each_ref().map(|agent| &agent.process)].concat();
    look_again(&looks, async || drop(outside.write_keys().await)).await;
    all_answer(&outside, pods[2], "400", "the issuer has no such key").await;
    let newest = outside.pod("payments", "newest", "one").await;
    is_answered_at_once(&outside, newest).await;
    for agent in &agents {
        agent.process.stop(SOON).await;
    }
    outside.cluster.plane.stop().await;
}
