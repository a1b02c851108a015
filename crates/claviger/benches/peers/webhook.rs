//! The Pod Identity webhook: ours, a Go server that decodes nothing and, when its path is given,
//! amazon-eks-pod-identity-webhook, over a real apiserver with a thousand service accounts.
//!
//! Half of them have an association, by the file that EKS writes for the peer; the others name a role in an annotation.

mod reviews;
mod subject;

use std::{path::Path, sync::Arc};

use control_plane::Running;
use serde_json::json;
use test_support::{NEWEST_KUBERNETES, control_plane};

use self::subject::{Starter, Subject, Who};
use crate::{
    asking::{Answered, Asking, CONNECTIONS},
    load::{Outcome, Pace},
    report::{heading, reached, row},
    server::Server,
};

const ACCOUNTS: usize = 1000;
const NAMESPACE: &str = "default";

pub(crate) async fn run(peer: Option<&Path>, pace: Pace) {
    let folder = tempfile::tempdir().unwrap();
    let accounts: Vec<String> = (0..ACCOUNTS).map(|number| format!("service-{number:03}")).collect();
    let cluster = cluster(folder.path(), &accounts).await;
    let reviews = reviews::requests(&accounts);
    // The last one has a role in an annotation: who answers it has read the apiserver.
    let last = Arc::clone(reviews.last().unwrap());
    let starter = Starter::new(folder.path(), cluster.kubeconfig(), &accounts[..ACCOUNTS / 2], last);

    let webhooks: Vec<Who<'_>> = [Who::Ours].into_iter().chain(peer.map(Who::Peer)).collect();
    let mut subjects = Vec::new();
    for who in [Who::Floor].iter().chain(&webhooks) {
        subjects.push(starter.start(*who).await);
    }
    heading("Pod Identity webhook");
    for (connections, wanted) in [(CONNECTIONS, "3x the peer, a third of its CPU"), (1, "p50 120 us, p99 400 us")] {
        let measure = async |subject: &Subject<'_>, pace| load(subject, &starter, &reviews, connections, pace).await;
        let outcomes = pace.in_turns(&subjects, measure).await;
        report(&subjects, &outcomes, connections, wanted);
    }
    footprint(&subjects, &starter).await;
    cluster.stop().await;
}

/// A cluster with these service accounts, each of which names a role.
async fn cluster(folder: &Path, accounts: &[String]) -> Running {
    let cluster = control_plane(NEWEST_KUBERNETES, folder, Vec::new()).await;
    let path = format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts");
    for name in accounts {
        let role = json!({ "eks.amazonaws.com/role-arn": format!("arn:aws:iam::111122223333:role/{name}") });
        let account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": name, "annotations": role },
        });
        let made = cluster.kubernetes().request("POST".parse().unwrap(), &path, Some(&account)).await.unwrap();
        assert_eq!(made.status, 201, "{}", made.body);
    }
    cluster
}

/// Reviews of pods of each service account in turn, over so many connections.
async fn load(
    subject: &Subject<'_>,
    starter: &Starter,
    reviews: &Arc<[Arc<[u8]>]>,
    connections: usize,
    pace: Pace,
) -> Outcome {
    let answered = Arc::new(Answered::default());
    let mut callers = Vec::new();
    for number in 0..connections {
        let connection = starter.connect(subject.server.address, &reviews[0]).await.unwrap();
        callers.push(Asking::new(connection, number, reviews, subject.who.marker(), &answered));
    }
    pace.closed_loop(subject.server.pid(), callers, Asking::call).await
}

fn report(subjects: &[Subject<'_>], outcomes: &[Outcome], connections: usize, wanted: &str) {
    for (subject, outcome) in subjects.iter().zip(outcomes) {
        let plural = if connections == 1 { "" } else { "s" };
        row(&format!("reviews, {connections} connection{plural}"), subject.who.name(), outcome);
    }
    let of = |name: &str| subjects.iter().zip(outcomes).find(|(subject, _)| subject.who.name() == name);
    let (_, ours) = of(Who::Ours.name()).unwrap();
    for who in ["floor", "peer"] {
        let Some((_, other)) = of(who) else { continue };
        let cpu = ours.cpu() / other.cpu();
        let told = if connections == 1 {
            format!("p50: ours is {:.2}x {who}", ours.p50() / other.p50())
        } else {
            format!("ours is {:.2}x {who}, and {cpu:.2} of its CPU a review", ours.per_second() / other.per_second())
        };
        reached("", &told, None);
    }
    let (p50, p99, cpu) = (ours.p50(), ours.p99(), ours.cpu());
    reached("", &format!("p50 {p50:.0} us, p99 {p99:.0} us, {cpu:.0} us of CPU a review"), Some(wanted));
}

/// Resident memory, and in parentheses what of it is no page of a file. A webhook listens before it knows whom to inject.
async fn footprint(subjects: &[Subject<'_>], starter: &Starter) {
    let starts = "listens, answers after";
    println!("\n{:<40}{:>12}{starts:>24}{:>14}{:>14}", "RSS in MiB", "", "idle", "after load");
    for subject in subjects {
        let start = Server::starts(async || starter.start(subject.who).await.server).await;
        let start = format!("{:.1}, {:.1} ms", start.listening(), start.answering());
        let (name, idle, after) = (subject.who.name(), subject.server.idle, subject.server.memory());
        println!("{:<40}{name:>12}{start:>24}{idle:>14}{after:>14}", "");
    }
    println!("{:<40}{:>12}{:>24}{:>14}{:>14}", "", "aim", "33 ms", 14, 14);
}
