//! The way from an agent to whom it asks, as far as it can be seen from here: the apiserver tells of Services and pods and passes
//! questions on to them; the rest is tried from here.

mod from_here;
mod service;

use aws_client::usual_host;
use aws_model::Arn;
use aws_wire::model::ServiceId;
use diagnose::{
    chain::Known,
    pod::{Agent, Asks, Calls, FarEnd, Way},
};
use hyper::Uri;
use kubernetes::Connection;

/// How an agent that is Claviger's calls what was no answer.
const FAILED: [&str; 2] = ["away", "untrue"];

pub(super) async fn look(connection: Option<&Connection>, agent: &Known<Agent>, cluster: &Arn) -> Way {
    let Known::Is(agent) = agent else { return Way { far_end: Known::Absent, calls: Known::Absent } };
    let Some(connection) = connection else {
        let untold = || "over files nobody is asked".to_owned();
        return Way { far_end: Known::Unknown(untold()), calls: Known::Unknown(untold()) };
    };
    let far_end = async {
        match &agent.asks {
            None => Known::Absent,
            Some(Asks::Broker { url, .. }) => at(connection, url).await,
            Some(Asks::EksAuth { endpoint: Some(url), .. }) => at(connection, url).await,
            Some(Asks::EksAuth { region, .. }) => {
                let region = region.as_deref().unwrap_or_else(|| cluster.region());
                match region.parse() {
                    Ok(region) => at(connection, &format!("https://{}", usual_host(ServiceId::EksAuth, &region))).await,
                    Err(_) => Known::Unknown(format!("`{region}` is no region")),
                }
            }
        }
    };
    let (far_end, calls) = tokio::join!(far_end, calls(connection, agent));
    Way { far_end, calls }
}

async fn at(connection: &Connection, url: &str) -> Known<FarEnd> {
    let Some((uri, host)) = url.parse::<Uri>().ok().and_then(|uri| Some((uri.clone(), uri.host()?.to_owned()))) else {
        return Known::Unknown(format!("`{url}` is no URL"));
    };
    match service::named(&host) {
        Some((namespace, name)) => Known::Is(FarEnd::Service(service::look(connection, namespace, name).await)),
        None => Known::Is(from_here::tried(&uri, &host).await),
    }
}

/// What an agent counts.
async fn calls(connection: &Connection, agent: &Agent) -> Known<Calls> {
    let Some(port) = agent.metrics_port else { return Known::Absent };
    match connection.ask_pod(&agent.namespace, &agent.name, port, "metrics").await {
        Ok(answer) if answer.status == 200 => counted(&answer.body)
            .map_or_else(|| Known::Unknown(format!("port {port} has no metrics of an agent")), Known::Is),
        Ok(answer) => Known::Unknown(format!("port {port} answers {}", answer.status)),
        Err(error) => Known::Unknown(error.to_string()),
    }
}

/// Claviger's agent counts calls. AWS's counts its own answers to pods: what it gave was given to it, and a 5xx tells of no answer.
///
/// Source: `HandleRequest` in `pkg/handlers/eks_credential_handler.go` of eks-pod-identity-agent.
fn counted(metrics: &str) -> Option<Calls> {
    const OURS: &str = "claviger_agent_upstream_calls_total{outcome=\"";
    const PEERS: &str = "pod_identity_http_response{code=\"";
    let series = |prefix: &'static str| {
        metrics.lines().filter_map(move |line| {
            let (label, count) = line.strip_prefix(prefix)?.split_once("\"} ")?;
            Some((label.to_owned(), count.split(' ').next()?.parse::<f64>().ok()?))
        })
    };
    // What has not been counted yet is not told at all.
    let is_ours = metrics.contains("claviger_agent_");
    if !is_ours && !metrics.contains("pod_identity_") {
        return None;
    }
    let mut calls = Calls::default();
    for (label, count) in series(if is_ours { OURS } else { PEERS }) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a counter")]
        let count = count as u64;
        let has_failed = if is_ours { FAILED.contains(&&*label) } else { label.starts_with('5') };
        // A pod's own mistake, told to AWS's agent, says nothing of EKS Auth.
        let is_answer = is_ours || label == "200";
        match (has_failed, is_answer) {
            (true, _) if count > 0 => *calls.failed.entry(label).or_default() += count,
            (false, true) => calls.answered += count,
            _ => {}
        }
    }
    Some(calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_from_either_agents_metrics() {
        let calls =
            |text: &str| counted(text).map(|calls| (calls.answered, calls.failed.into_iter().collect::<Vec<_>>()));
        let ours = "# TYPE claviger_agent_upstream_calls counter\n\
                    claviger_agent_upstream_calls_total{outcome=\"ok\"} 3\n\
                    claviger_agent_upstream_calls_total{outcome=\"refused\"} 2\n\
                    claviger_agent_upstream_calls_total{outcome=\"away\"} 4\n\
                    pod_identity_http_response{code=\"200\"} 9\n# EOF\n";
        assert_eq!(calls(ours), Some((5, vec![("away".to_owned(), 4)])));
        let peers = "pod_identity_http_response{code=\"200\"} 7\n\
                     pod_identity_http_response{code=\"400\"} 5\n\
                     pod_identity_http_response{code=\"500\"} 1\n";
        assert_eq!(calls(peers), Some((7, vec![("500".to_owned(), 1)])));
        // One that nobody has asked yet, and what is no agent.
        assert_eq!(calls("claviger_agent_cache_entries 0\n"), Some((0, Vec::new())));
        assert_eq!(calls("go_goroutines 8\n"), None);
    }
}
