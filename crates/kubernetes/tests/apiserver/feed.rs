//! Associations as the broker sees them, with the permissions that it has, and what it says of each.

use std::sync::Arc;

use eks_auth::Associations;
use kubernetes::{AssociationsReceiver, Connection, Reporter, follow_and_tell_associations};
use serde_json::{Value, json};
use test_support::{NEWEST_KUBERNETES, eventually};
use tokio::task::JoinHandle;

use crate::{
    SOON,
    rig::{ASSOCIATIONS, Rig},
};

const READER: &str = "arn:aws:iam::111122223333:role/reader";
const WRITER: &str = "arn:aws:iam::111122223333:role/writer";
const EVENTS: &str = "/apis/events.k8s.io/v1/namespaces/default/events";

struct Replica {
    receiver: AssociationsReceiver,
    task: JoinHandle<()>,
}

impl Replica {
    fn start(connection: &Connection, pod: &str) -> Self {
        let reporter = Reporter { controller: "claviger.dev/broker", instance: pod.to_owned() };
        let (receiver, following) = follow_and_tell_associations(connection, reporter);
        Self { receiver, task: tokio::spawn(following) }
    }

    /// Awaits that what counts is so.
    async fn has(&self, what: &str, is_so: impl Fn(&Associations) -> bool) -> Arc<Associations> {
        let mut receiver = self.receiver.clone();
        let seen = receiver.wait_for(|seen| seen.as_ref().is_some_and(|seen| is_so(seen)));
        let seen = tokio::time::timeout(SOON, seen).await.map_err(|_| format!("not in time: {what}")).unwrap();
        Arc::clone(seen.unwrap().as_ref().unwrap())
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn role_of(associations: &Associations, namespace: &str, service_account: &str) -> Option<String> {
    associations.find(namespace, service_account).map(|association| association.role.to_string())
}

fn spec(namespace: &str, service_account: &str, role: &str) -> Value {
    json!({ "namespace": namespace, "serviceAccount": service_account, "roleArn": role })
}

impl Rig {
    /// Awaits that an association's status is of its newest spec and has this reason.
    async fn says(&self, name: &str, reason: &str) -> Value {
        eventually(&format!("{name} says {reason}"), SOON, async || {
            let object = self.get(&format!("{ASSOCIATIONS}/{name}")).await?;
            let is_new = object["status"]["observedGeneration"] == object["metadata"]["generation"];
            let is_so = object["status"]["conditions"][0]["reason"] == reason;
            if is_new && is_so { Ok(object) } else { Err(object["status"].clone()) }
        })
        .await
    }

    /// Has an admission policy refuse each status of this association; awaits that it does.
    async fn refuse_status_of(&self, name: &str) {
        let api = "/apis/admissionregistration.k8s.io/v1";
        let policy = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
            "metadata": { "name": "no-status" },
            "spec": {
                "matchConstraints": { "resourceRules": [{
                    "apiGroups": ["claviger.dev"], "apiVersions": ["*"], "operations": ["UPDATE"],
                    "resources": ["podidentityassociations/status"],
                }] },
                "validations": [{ "expression": format!("object.metadata.name != '{name}'") }],
            },
        });
        self.create(&format!("{api}/validatingadmissionpolicies"), &policy).await.unwrap();
        let binding = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": { "name": "no-status" },
            "spec": { "policyName": "no-status", "validationActions": ["Deny"] },
        });
        self.create(&format!("{api}/validatingadmissionpolicybindings"), &binding).await.unwrap();
        eventually("a status is refused", SOON, async || {
            let object = self.get(&format!("{ASSOCIATIONS}/{name}")).await?;
            match self.ask("PUT", &format!("{ASSOCIATIONS}/{name}/status"), Some(&object)).await {
                Ok(taken) => Err(taken),
                Err(_) => Ok(()),
            }
        })
        .await;
    }

    async fn delete(&self, name: &str) {
        self.ask("DELETE", &format!("{ASSOCIATIONS}/{name}"), None).await.unwrap();
    }

    async fn events_of(&self, name: &str) -> Vec<Value> {
        let events = self.get(EVENTS).await.unwrap();
        let events = events["items"].as_array().unwrap().iter();
        events.filter(|event| event["regarding"]["name"] == name).cloned().collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_counts_follows_the_objects_and_each_is_told_what_became_of_it() {
    let rig = Rig::start(NEWEST_KUBERNETES).await;
    let connection = rig.connect("claviger-broker").await;
    let (one, other) = (Replica::start(&connection, "broker-0"), Replica::start(&connection, "broker-1"));
    one.has("nothing yet", Associations::is_empty).await;

    let made = rig.associate("first", spec("payments", "api", READER)).await.unwrap();
    let seen = one.has("it is made", |seen| seen.len() == 1).await;
    let association = seen.find("payments", "api").unwrap();
    assert_eq!((association.role.as_str(), association.session_tags), (READER, true));
    let uid = made["metadata"]["uid"].as_str().unwrap().replace('-', "");
    assert_eq!(association.id, format!("a-{}", uid.chars().take(17).collect::<String>()));
    let told = rig.says("first", "Accepted").await;
    assert_eq!(told["status"]["associationId"], association.id);
    assert_eq!(told["status"]["conditions"][0]["status"], "True");

    let mut changed = told.clone();
    changed["spec"]["roleArn"] = WRITER.into();
    rig.ask("PUT", &format!("{ASSOCIATIONS}/first"), Some(&changed)).await.unwrap();
    let is_writer = |seen: &Associations| role_of(seen, "payments", "api").as_deref() == Some(WRITER);
    one.has("it is changed", is_writer).await;
    other.has("it is changed", is_writer).await;
    rig.says("first", "Accepted").await;

    // A narrower one counts before it, a wider one after; what the schema cannot tell is refused here.
    rig.associate("wide", spec("pay*", "*", READER)).await.unwrap();
    let mut unreadable = spec("*", "*", WRITER);
    unreadable["disableSessionTags"] = true.into();
    unreadable["policy"] = "{ not JSON }".into();
    rig.associate("unreadable", unreadable).await.unwrap();
    let told = rig.says("unreadable", "Invalid").await;
    assert_eq!(told["status"]["conditions"][0]["status"], "False");
    let message = told["status"]["conditions"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("spec.policy: it is not a JSON object: "), "{message}");
    let seen = one.has("the wide one", |seen| seen.len() == 2).await;
    assert_eq!(role_of(&seen, "payments", "api").as_deref(), Some(WRITER));
    assert_eq!(role_of(&seen, "payroll", "api").as_deref(), Some(READER));
    assert_eq!(role_of(&seen, "default", "api"), None);

    // Both replicas warn of it, and it is one event.
    let events = rig.events_of("unreadable").await;
    let said: Vec<_> = events.iter().map(|event| (&event["reason"], &event["type"], &event["note"])).collect();
    assert_eq!(said, [(&json!("Invalid"), &json!("Warning"), &json!(message))]);
    assert!(rig.events_of("first").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_with_the_same_patterns_the_elder_counts_until_it_goes() {
    let rig = Rig::start(NEWEST_KUBERNETES).await;
    let connection = rig.connect("claviger-broker").await;
    let (one, other) = (Replica::start(&connection, "broker-0"), Replica::start(&connection, "broker-1"));
    let made = rig.associate("b", spec("payments", "a*", READER)).await.unwrap();
    one.has("one", |seen| seen.len() == 1).await;
    let next = rig.associate("a", spec("payments", "a*", WRITER)).await.unwrap();
    // Within one second no time tells them apart.
    let age = |object: &Value| {
        let text = |member: &str| object["metadata"][member].as_str().unwrap().to_owned();
        (text("creationTimestamp"), text("uid"))
    };
    let (elder, younger) = if age(&made) < age(&next) { ("b", "a") } else { ("a", "b") };
    rig.says(elder, "Accepted").await;
    let told = rig.says(younger, "Conflict").await;
    let message = told["status"]["conditions"][0]["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("`{elder}` is of the same namespace and service account")), "{message}");
    let event = rig.events_of(younger).await;
    assert_eq!((event.len(), &event[0]["reason"], &event[0]["note"]), (1, &json!("Conflict"), &json!(message)));
    let role = |name: &str| Some(if name == "b" { READER } else { WRITER }.to_owned());
    for replica in [&one, &other] {
        let seen = replica.has("the elder alone", |seen| role_of(seen, "payments", "api") == role(elder)).await;
        assert_eq!(seen.len(), 1);
    }

    rig.delete(elder).await;
    one.has("the younger", |seen| role_of(seen, "payments", "api") == role(younger)).await;
    let told = rig.says(younger, "Accepted").await;
    assert_eq!(told["status"]["conditions"].as_array().unwrap().len(), 1);
    rig.delete(younger).await;
    one.has("none", Associations::is_empty).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_status_is_refused_for_good_keeps_no_other_from_being_told() {
    let rig = Rig::start(NEWEST_KUBERNETES).await;
    rig.associate("a", spec("payments", "a", READER)).await.unwrap();
    rig.refuse_status_of("a").await;
    rig.associate("b", spec("payments", "b", READER)).await.unwrap();
    let connection = rig.connect("claviger-broker").await;
    let _replica = Replica::start(&connection, "broker-0");
    rig.says("b", "Accepted").await;
    let refused = rig.get(&format!("{ASSOCIATIONS}/a")).await.unwrap();
    assert!(refused["status"].is_null(), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apiserver_that_is_away_takes_nothing_away_and_is_heard_again() {
    let mut rig = Rig::start(NEWEST_KUBERNETES).await;
    rig.associate("first", spec("payments", "api", READER)).await.unwrap();
    let connection = rig.connect("claviger-broker").await;
    assert_eq!(connection.last_answer(), None);
    let replica = Replica::start(&connection, "broker-0");
    replica.has("it is there", |seen| seen.len() == 1).await;
    rig.says("first", "Accepted").await;
    let before = connection.last_answer().unwrap();

    rig.plane.stop_apiserver().await;
    // What is asked while it is away fails, and changes nothing.
    let late = Replica::start(&connection, "broker-1");
    assert_eq!(replica.receiver.borrow().as_ref().unwrap().len(), 1);
    rig.plane.start_apiserver(control_plane::Readiness::Full).await.unwrap();

    rig.delete("first").await;
    rig.associate("second", spec("payroll", "api", WRITER)).await.unwrap();
    for replica in [&replica, &late] {
        replica.has("the second", |seen| seen.len() == 1 && role_of(seen, "payroll", "api").is_some()).await;
    }
    rig.says("second", "Accepted").await;
    assert!(connection.last_answer().unwrap() > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_them_does_not_take_that_for_none() {
    let rig = Rig::start(NEWEST_KUBERNETES).await;
    rig.connect("claviger-broker").await;
    rig.associate("first", spec("payments", "api", READER)).await.unwrap();
    rig.kubectl(&["create", "namespace", "elsewhere"]).await;
    rig.kubectl(&["--namespace=elsewhere", "create", "serviceaccount", "stranger"]).await;
    let connection = rig.connect_as("elsewhere", "stranger").await;
    let replica = Replica::start(&connection, "broker-0");
    // It is refused until it may.
    let account = "--serviceaccount=elsewhere:stranger";
    rig.kubectl(&["create", "clusterrolebinding", "late", "--clusterrole=claviger-broker", account]).await;
    let seen = replica.has("anything", |_| true).await;
    assert_eq!(seen.len(), 1);
}
