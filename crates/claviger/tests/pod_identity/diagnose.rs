//! `claviger diagnose pod`: over what kubectl printed and a running embedded AWS, and over a real apiserver and a world file.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::{
    CLAVIGER,
    cluster::Cluster,
    rig::{Pod, Rig},
};

const POD: Pod = Pod { namespace: "payments", service_account: "api", associated: true };
const OTHER: Pod = Pod { namespace: "payments", service_account: "web", associated: false };

/// What kubectl prints of a pod that the webhook has seen, of its service account, and of the agent on its node.
fn objects(account: &str, injected: bool) -> Value {
    let folder = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
    let env = json!([
        {"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://169.254.170.23/v1/credentials"},
        {"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value": format!("{folder}/eks-pod-identity-token")},
    ]);
    let token =
        json!({"audience": "pods.eks.amazonaws.com", "expirationSeconds": 86400, "path": "eks-pod-identity-token"});
    let pod = json!({
        "kind": "Pod",
        "metadata": {"namespace": "payments", "name": "one", "uid": "fd6df8ef-d820-4a7a-92c5-97f91dafb80a"},
        "spec": {
            "serviceAccountName": account, "nodeName": "node-1",
            "containers": [{
                "name": "main", "env": if injected { env } else { json!([]) },
                "volumeMounts": [{"name": "eks-pod-identity-token", "mountPath": folder}],
            }],
            "volumes": [{"name": "eks-pod-identity-token", "projected": {"sources": [{"serviceAccountToken": token}]}}],
        },
    });
    let agent = json!({
        "kind": "Pod",
        "metadata": {
            "namespace": "kube-system", "name": "agent-x7",
            "labels": {"app.kubernetes.io/name": "eks-pod-identity-agent"},
        },
        "spec": {"nodeName": "node-1"},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    });
    let account = json!({"kind": "ServiceAccount", "metadata": {"namespace": "payments", "name": account}});
    json!({"kind": "List", "items": [pod, account, agent]})
}

fn diagnose(rig: &Rig, objects: &Value, more: &[&str]) -> Output {
    let file = rig.folder.path().join("objects.json");
    std::fs::write(&file, objects.to_string()).unwrap();
    let mut command = Command::new(CLAVIGER);
    command.args(["diagnose", "pod", "payments/one", "--kubectl-output"]).arg(&file).args(more);
    command.arg("--node-role=arn:aws:iam::111122223333:role/node");
    command.arg(format!("--endpoint-url=http://{}", rig.aws.address()));
    command.env_clear().env("HOME", rig.folder.path());
    command.envs(test_support::EmbeddedAws::environment(rig.aws.address()));
    command.env("AWS_REGION", test_support::REGION).output().unwrap()
}

fn links(output: &Output) -> Vec<(String, String)> {
    assert!(!output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let chain: Value = serde_json::from_slice(&output.stdout).unwrap();
    let links = chain["links"].as_array().unwrap().iter();
    let text = |link: &Value, name: &str| link[name].as_str().unwrap().to_owned();
    links.map(|link| (text(link, "name"), text(link, "state"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pods_chain_is_followed_through_eks_and_iam() {
    let rig = Rig::start(&[POD, OTHER]).await;
    let eks = ["--cluster-name=demo", "-ojson"];

    let output = diagnose(&rig, &objects("api", true), &eks);
    let told = links(&output);
    let of = |name: &str| told.iter().find(|(link, _)| link == name).map(|(_, state)| state.as_str());
    for name in ["pod", "service account", "association", "injection", "token", "agent", "role", "trust policy"] {
        assert_eq!(of(name), Some("ok"), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
    // Our own agent, by the labels that the chart gives it.
    let manifest = include_str!("../../../../deploy/manifests/agent.yaml");
    let mut labels = json!({});
    for name in ["app.kubernetes.io/name", "app.kubernetes.io/component"] {
        let line = manifest.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": ")).unwrap();
        labels[name] = line.into();
    }
    let mut ours = objects("api", true);
    ours["items"][2]["metadata"]["labels"] = labels;
    let agent = links(&diagnose(&rig, &ours, &eks)).into_iter().find(|(link, _)| link == "agent").unwrap();
    assert_eq!(agent.1, "ok");
    // The node's role is none of this AWS's.
    assert_eq!((of("upstream"), output.status.code()), (Some("broken"), Some(2)));

    let output = diagnose(&rig, &objects("web", false), &["--cluster-name=demo"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    for words in [
        "BROKEN  association      no association of cluster demo is of service account payments/web",
        "help: associate it with a role",
        "aws eks create-pod-identity-association --cluster-name demo --namespace payments --service-account web",
        "BROKEN  injection        nothing was injected into the pod",
        "links do not hold; the first is: association",
    ] {
        assert!(text.contains(words), "`{words}` is not in:\n{text}");
    }

    let none = diagnose(&rig, &objects("api", true), &["--cluster-name=another"]);
    let text = String::from_utf8(none.stderr).unwrap();
    assert_eq!(none.status.code(), Some(1), "{text}");
    assert!(text.contains("ResourceNotFoundException") && text.contains("help: see which there are"), "{text}");
}

const WORLD: &str = r#"
accounts: {"111122223333": {}}
users:
  arn:aws:iam::111122223333:user/broker: {}
roles:
  arn:aws:iam::111122223333:role/reader:
    trust:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal: {AWS: arn:aws:iam::111122223333:user/broker}
          Action: [sts:AssumeRole, sts:TagSession]
          Condition: {StringEquals: {aws:RequestTag/kubernetes-namespace: payments}}
"#;

const FILE: &str = r"
apiVersion: claviger.dev/v1alpha1
kind: PodIdentityAssociation
spec: {namespace: payments, serviceAccount: '*', roleArn: 'arn:aws:iam::111122223333:role/reader'}
";

/// A bare pod: nothing was injected, and no kubelet is there to run an agent.
#[tokio::test(flavor = "multi_thread")]
async fn the_apiserver_is_asked_for_pod_account_associations_and_agent() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cluster = Cluster::start(folder).await;
    cluster.apply(&["crds"]).await;
    cluster.new_pod("payments", "api", "node-a").await;
    std::fs::write(folder.join("world.yaml"), WORLD).unwrap();
    let diagnose_with = |pod: &str, more: &[String]| {
        let mut command = Command::new(CLAVIGER);
        command.args(["diagnose", "pod", pod, "-ojson"]).args(more).arg("--kubeconfig").arg(cluster.plane.kubeconfig());
        command.arg("--world").arg(folder.join("world.yaml"));
        command.arg("--cluster-arn=arn:aws:eks:us-west-2:111122223333:cluster/own");
        command.arg("--broker-identity=arn:aws:iam::111122223333:user/broker");
        command.env_clear().env("HOME", folder).output().unwrap()
    };
    let diagnose = |pod: &str| diagnose_with(pod, &[]);
    let state = |output: &Output, name: &str| {
        let all = links(output);
        all.into_iter().find(|(link, _)| link == name).map(|(_, state)| state).unwrap()
    };

    let output = diagnose("payments/api-0");
    assert_eq!(output.status.code(), Some(2));
    for (link, expected) in [
        ("service account", "ok"),
        ("association", "broken"),
        ("injection", "broken"),
        ("agent", "broken"),
        ("upstream", "ok"),
        ("role", "skipped"),
    ] {
        assert_eq!(state(&output, link), expected, "{link}: {}", String::from_utf8_lossy(&output.stdout));
    }

    let file = folder.join("associations.yaml");
    let of_file = [format!("--associations={}", file.display())];
    std::fs::write(&file, FILE).unwrap();
    let output = diagnose_with("payments/api-0", &of_file);
    assert_eq!(state(&output, "association"), "ok", "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("role/reader"), "{output:?}");
    std::fs::write(&file, FILE.replace("roleArn", "rolArn")).unwrap();
    let output = diagnose_with("payments/api-0", &of_file);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(3) && text.contains("associations.yaml:"), "{text}");

    let association = json!({
        "apiVersion": "claviger.dev/v1alpha1", "kind": "PodIdentityAssociation",
        "metadata": {"name": "payments"},
        "spec": {"namespace": "pay*", "serviceAccount": "*", "roleArn": "arn:aws:iam::111122223333:role/reader"},
    });
    let path = "/apis/claviger.dev/v1alpha1/podidentityassociations";
    cluster.ask("POST", path, Some(&association)).await;
    let output = diagnose("payments/api-0");
    for (link, expected) in [("association", "ok"), ("role", "ok"), ("trust policy", "ok"), ("injection", "broken")] {
        assert_eq!(state(&output, link), expected, "{link}: {}", String::from_utf8_lossy(&output.stdout));
    }

    let none = diagnose("payments/api-1");
    let text = String::from_utf8(none.stderr).unwrap();
    assert_eq!(none.status.code(), Some(1), "{text}");
    assert!(text.contains("there is no pod api-1 in namespace payments"), "{text}");
    cluster.plane.stop().await;
}
