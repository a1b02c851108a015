//! What the webhook and the agent read and write, with the permissions that each has.

use std::collections::BTreeMap;

use eks_auth::Associations;
use kubernetes::{
    Connection, Events, Pods, ROLE_ANNOTATION, Regarding, Reporter, SecretData, SecretError, SecretStore,
    ServiceAccounts, follow_annotated_associations, follow_associations, follow_gone_pods, trust_authorities,
};
use serde_json::{Value, json};
use test_support::NEWEST_KUBERNETES;
use tokio::{sync::mpsc, time::timeout};

use crate::{SOON, rig::Rig};

const ACCOUNTS: &str = "/api/v1/namespaces/default/serviceaccounts";
const PODS: &str = "/api/v1/namespaces/default/pods";
const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

impl Rig {
    async fn new_account(&self, name: &str, annotations: Value) {
        let metadata = json!({ "name": name, "annotations": annotations });
        let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata });
        self.create(ACCOUNTS, &account).await.unwrap();
    }

    /// A pod that the scheduler has put on this node, and its unique id.
    async fn new_pod(&self, name: &str, node: Option<&str>) -> String {
        let mut spec = json!({ "containers": [{ "name": "pause", "image": "pause" }] });
        if let Some(node) = node {
            spec["nodeName"] = node.into();
        }
        let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "spec": spec });
        self.create(PODS, &pod).await.unwrap()["metadata"]["uid"].as_str().unwrap().to_owned()
    }

    async fn kill_pod(&self, name: &str) {
        self.ask("DELETE", &format!("{PODS}/{name}?gracePeriodSeconds=0"), None).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn service_accounts_that_name_a_role_have_it_until_they_do_not() {
    let rig = Rig::start(NEWEST_KUBERNETES).await;
    let role = |name: &str| json!({ ROLE_ANNOTATION: format!("arn:aws:iam::111122223333:role/{name}") });
    rig.new_account("reader", role("reader")).await;
    rig.new_account("other", json!({ "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/irsa" })).await;
    rig.new_account("wrong", json!({ ROLE_ANNOTATION: "arn:aws:iam::111122223333:user/reader" })).await;
    let connection = rig.connect("claviger-webhook").await;
    let (mut receiver, following) = follow_annotated_associations(&connection);
    let following = tokio::spawn(following);
    let mut until = async |what: &str, is_so: &dyn Fn(&Associations) -> bool| {
        let seen = receiver.wait_for(|seen| seen.as_ref().is_some_and(|seen| is_so(seen)));
        timeout(SOON, seen).await.map_err(|_| what.to_owned()).unwrap().unwrap().clone().unwrap()
    };
    let of = |all: &Associations, account: &str| Some(all.find("default", account)?.role.resource().to_owned());
    let all = until("the first are seen", &|_| true).await;
    assert_eq!((all.len(), of(&all, "reader").as_deref()), (1, Some("role/reader")));
    let reader = all.find("default", "reader").unwrap();
    assert!(reader.session_tags && reader.id.starts_with("a-") && reader.id.len() == 19, "{reader:?}");

    let patch = |value: Value| json!({ "metadata": { "annotations": { ROLE_ANNOTATION: value } } }).to_string();
    let annotate = async |account: &str, value: Value| {
        rig.kubectl(&["patch", "serviceaccount", account, "--type=merge", "-p", &patch(value)]).await;
    };
    annotate("other", "arn:aws:iam::444455556666:role/path/second".into()).await;
    until("another names one", &|all| of(all, "other").as_deref() == Some("role/path/second")).await;
    annotate("reader", "role/reader".into()).await;
    until("what is none takes away what was", &|all| of(all, "reader").is_none()).await;
    annotate("reader", role("writer")[ROLE_ANNOTATION].clone()).await;
    until("it names another", &|all| of(all, "reader").as_deref() == Some("role/writer")).await;
    annotate("reader", Value::Null).await;
    until("it names none", &|all| all.len() == 1).await;
    rig.kubectl(&["delete", "serviceaccount", "other"]).await;
    until("it has gone", &Associations::is_empty).await;
    following.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn service_accounts_are_known_with_what_they_say_of_credentials_alone() {
    let rig = Rig::start(NEWEST_KUBERNETES).await;
    let role = "arn:aws:iam::111122223333:role/reader";
    let annotations = json!({
        "eks.amazonaws.com/role-arn": role,
        "eks.amazonaws.com/audience": "x".repeat(3000),
        "example.com/large": "x".repeat(100_000),
    });
    rig.new_account("reader", annotations).await;
    let connection = rig.connect("claviger-webhook").await;
    let (accounts, following) = ServiceAccounts::follow(&connection, &["eks.amazonaws.com"]);
    assert!(!accounts.are_complete());
    let following = tokio::spawn(following);

    let known = timeout(SOON, accounts.arrives("default", "reader")).await.unwrap();
    assert_eq!(*known, BTreeMap::from([("eks.amazonaws.com/role-arn".to_owned(), role.to_owned())]));
    assert!(accounts.are_complete());
    let (others, following_others) = ServiceAccounts::follow(&connection, &["example.com"]);
    let following_others = tokio::spawn(following_others);
    assert!(timeout(SOON, others.arrives("default", "reader")).await.unwrap().is_empty(), "it is too long");
    following_others.abort();
    assert!(accounts.known("claviger", "claviger-webhook").unwrap().is_empty(), "it has no annotation");
    assert_eq!(accounts.known("default", "late"), None);

    let waiting = accounts.clone();
    let waiting = tokio::spawn(async move { waiting.arrives("default", "late").await });
    rig.new_account("late", json!({ "eks.amazonaws.com/token-expiration": "3600" })).await;
    let late = timeout(SOON, waiting).await.unwrap().unwrap();
    assert_eq!(late.get("eks.amazonaws.com/token-expiration").map(String::as_str), Some("3600"));

    // Of a new account nobody has to look again, nor of annotations that are not kept; of others, of one that is there.
    let mut changed = Box::pin(accounts.changed());
    rig.kubectl(&["annotate", "serviceaccount", "late", "example.com/other=x"]).await;
    rig.new_account("marker", json!({ "eks.amazonaws.com/token-expiration": "3600" })).await;
    let marker = timeout(SOON, async {
        tokio::select! {
            biased;
            () = &mut changed => panic!("nothing that is kept has changed"),
            marker = accounts.arrives("default", "marker") => marker,
        }
    });
    marker.await.unwrap();
    rig.kubectl(&["annotate", "serviceaccount", "marker", &format!("eks.amazonaws.com/role-arn={role}")]).await;
    timeout(SOON, changed).await.unwrap();

    rig.ask("DELETE", &format!("{ACCOUNTS}/reader"), None).await.unwrap();
    rig.new_account("last", json!({})).await;
    timeout(SOON, accounts.arrives("default", "last")).await.unwrap();
    assert_eq!(accounts.known("default", "reader"), None);
    following.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_is_found_by_name_and_id_and_a_nodes_agent_hears_of_those_that_go() {
    let rig = Rig::start(NEWEST_KUBERNETES).await;
    rig.new_account("default", json!({})).await;
    let uid = rig.new_pod("here", Some("node-a")).await;
    let elsewhere = rig.new_pod("elsewhere", Some("node-b")).await;
    let unplaced = rig.new_pod("unplaced", None).await;

    let pods = Pods::new(&rig.connect("claviger-broker").await);
    assert_eq!(pods.node_of("default", "here", &uid).await.unwrap().as_deref(), Some("node-a"));
    for (name, uid) in [("here", &elsewhere), ("unplaced", &unplaced), ("nobody", &uid), ("../services/here", &uid)] {
        assert_eq!(pods.node_of("default", name, uid).await.unwrap(), None, "{name}");
    }

    let connection = rig.connect("claviger-agent").await;
    let (told, mut gone) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        follow_gone_pods(&connection, "node-a", move |uid| told.send(uid.to_owned()).unwrap()).await;
    });
    // One that was there before; those that it has not seen come and go untold.
    rig.kill_pod("elsewhere").await;
    let mut seen = None;
    for n in 0.. {
        let name = format!("next-{n}");
        let next = rig.new_pod(&name, Some("node-a")).await;
        rig.kill_pod(&name).await;
        if let Ok(Some(uid)) = timeout(SOON / 60, gone.recv()).await {
            assert_eq!(uid, next);
            seen = Some(uid);
            break;
        }
    }
    assert!(seen.is_some());
    rig.kill_pod("here").await;
    assert_eq!(timeout(SOON, gone.recv()).await.unwrap(), Some(uid));
    task.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_their_certificates_and_the_apiserver_trusts_them() {
    let rig = Rig::start(NEWEST_KUBERNETES).await;
    let connection = rig.connect("claviger-webhook").await;
    let store = |name: &str| SecretStore::new(&connection, "claviger", name);
    let data = |text: &str| SecretData::from([("tls.key".to_owned(), text.as_bytes().to_vec())]);
    let (one, other) = (store("claviger-webhook-certificates"), store("claviger-webhook-certificates"));
    let empty = one.read().await.unwrap();
    assert_eq!(empty.data, SecretData::new(), "it is shipped empty");
    let (first, second) = tokio::join!(one.write(&empty, data("first")), other.write(&empty, data("second")));
    assert_ne!(first.unwrap(), second.unwrap(), "one of them fills it");
    let read = other.read().await.unwrap();
    assert!(read.data == data("first") || read.data == data("second"), "{read:?}");
    let shown = format!("{read:?}");
    assert!(!shown.contains("first") && !shown.contains("second"), "{shown}");
    assert!(other.write(&read, data("third")).await.unwrap());
    assert!(!one.write(&read, data("fourth")).await.unwrap(), "it has changed meanwhile");
    assert_eq!(one.read().await.unwrap().data, data("third"));
    let path = "/api/v1/namespaces/claviger/secrets/claviger-webhook-certificates";
    let annotations = &rig.get(path).await.unwrap()["metadata"]["annotations"];
    assert!(annotations["kubectl.kubernetes.io/last-applied-configuration"].is_string(), "of kubectl's: {annotations}");
    let refused = store("another").read().await.unwrap_err();
    assert!(matches!(&refused, SecretError::Call(error) if error.status() == Some(403)), "{refused}");
    assert!(!rig.may("claviger-webhook", "create", "secrets").await, "whoever may make one Secret may make any");
    rig.ask("DELETE", path, None).await.unwrap();
    let absent = one.read().await.unwrap_err().to_string();
    assert!(absent.contains("there is no Secret `claviger/claviger-webhook-certificates`: apply"), "{absent}");

    let webhook = |name: &str| {
        json!({
            "name": name, "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore",
            "clientConfig": { "service": { "namespace": "claviger", "name": "claviger-webhook", "path": "/mutate" } },
            "rules": [{ "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"] }],
        })
    };
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": { "name": "claviger-webhook" },
        "webhooks": [webhook("pods.claviger.dev"), webhook("more.claviger.dev")],
    });
    let mut before = rig.create(CONFIGURATIONS, &configuration).await.unwrap();
    let authority = std::fs::read(rig.folder.path().join("plane/pki/ca.crt")).unwrap();
    trust_authorities(&connection, "claviger-webhook", &authority).await.unwrap();
    let path = format!("{CONFIGURATIONS}/claviger-webhook");
    let mut after = rig.get(&path).await.unwrap();
    for webhook in after["webhooks"].as_array_mut().unwrap() {
        let bundle = webhook["clientConfig"].as_object_mut().unwrap().remove("caBundle").unwrap();
        assert!(bundle.as_str().unwrap().len() > authority.len());
    }
    assert_eq!(after["webhooks"].take(), before["webhooks"].take(), "nothing else has changed");
    trust_authorities(&connection, "claviger-webhook", &authority).await.unwrap();
    let again = rig.get(&path).await.unwrap();
    assert_eq!(again["metadata"]["resourceVersion"], after["metadata"]["resourceVersion"], "nothing is written");
    let refused = trust_authorities(&connection, "another", &authority).await.unwrap_err();
    assert_eq!(refused.status(), Some(403), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_follows_associations_and_warns_of_pods_but_tells_no_status() {
    let rig = Rig::start(NEWEST_KUBERNETES).await;
    let connection: Connection = rig.connect("claviger-webhook").await;
    let (mut receiver, following) = follow_associations(&connection);
    let task = tokio::spawn(following);
    let spec = json!({
        "namespace": "default", "serviceAccount": "*", "roleArn": "arn:aws:iam::111122223333:role/reader",
    });
    rig.associate("all", spec).await.unwrap();
    let seen = receiver.wait_for(|seen| seen.as_ref().is_some_and(|seen| seen.len() == 1));
    timeout(SOON, seen).await.unwrap().unwrap();

    rig.new_account("default", json!({})).await;
    let uid = rig.new_pod("missed", None).await;
    let regarding = Regarding {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        namespace: Some("default".to_owned()),
        name: "missed".to_owned(),
        uid,
    };
    let reporter = Reporter { controller: "claviger.dev/webhook", instance: "webhook-0".to_owned() };
    let events = Events::new(&connection, reporter);
    let note = "x".repeat(2000);
    for _ in 0..2 {
        events.warn(&regarding, "Inject", "NotInjected", &note).await.unwrap();
    }
    let told = rig.kubectl(&["get", "events", "--field-selector=involvedObject.name=missed", "--output=json"]).await;
    let told: Value = serde_json::from_str(&told).unwrap();
    let told = told["items"].as_array().unwrap();
    assert_eq!(told.len(), 1, "the same warning is one event");
    assert_eq!((&told[0]["reason"], &told[0]["type"]), (&json!("NotInjected"), &json!("Warning")));
    // Where such a name is cut for the event's own, a dash and a dot come last.
    let long = Regarding { name: format!("{}-.{}", "a".repeat(198), "b".repeat(40)), ..regarding };
    events.warn(&long, "Inject", "NotInjected", "note").await.unwrap();
    task.abort();
}
