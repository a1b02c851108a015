//! Links of the pod and of its node: injection, token, agent, and whom that asks.

use diagnose::{
    chain::{Known, State},
    pod::{Agent, Asks, Behind, Calls, Decision, FarEnd, Injection, Pod, Service, Way},
};
use serde_json::{Value, json};

use crate::rig::{Rig, agent, decided, says};

#[test]
fn injection() {
    const ENV: &str = "/spec/containers/0/env";
    let lacking = |names: &[&str]| decided(Decision::Due(names.iter().map(|name| (*name).to_owned()).collect()));
    let mut bare = Rig::whole().set(ENV, json!([])).set("/spec/initContainers/0/env", json!([]));
    bare.injection = lacking(&["migrate", "api"]);
    let words = ["nothing was injected", "kubectl delete pod api-0 --namespace payments", "controller makes it again"];
    says(&bare.broken(), "injection", &words);
    let mut orphan = Rig::whole().set(ENV, json!([])).set("/metadata/ownerReferences", json!([]));
    orphan.injection = lacking(&["api"]);
    says(&orphan.broken(), "injection", &["SDKs in api", "nothing else does"]);

    let mut opted_out = Rig::whole().set(ENV, json!([]));
    opted_out.injection = decided(Decision::OptedOut);
    says(&opted_out.broken(), "injection", &["label eks.amazonaws.com/skip-pod-identity-webhook"]);
    let mut left_out = Rig::whole().set(ENV, json!([]));
    let (names, decision) = (["web", "api"].map(String::from).to_vec(), Decision::Due(Vec::new()));
    left_out.injection = Known::Is(Injection { left_out: names, decision });
    let chain = left_out.chain();
    let link = chain.links.iter().find(|link| link.name == "injection").unwrap();
    assert_eq!(link.state, State::Ok);
    says(link, "injection", &["container migrate is told", "skip-containers leaves out web, api"]);
    let elsewhere = Rig::whole()
        .set("/spec/containers/0/env/0", json!({"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "valueFrom": {}}));
    assert_eq!(elsewhere.chain().state(), State::Unknown);
    let mut whole_maps = Rig::whole();
    whole_maps.pod["spec"]["containers"][0]["envFrom"] = json!([{"secretRef": {"name": "keys"}}]);
    let chain = whole_maps.chain();
    says(
        chain.links.iter().find(|link| link.name == "injection").unwrap(),
        "injection",
        &["what its envFrom brings is not looked at"],
    );

    let half = Rig::whole().set(
        "/spec/containers/0/env",
        json!([{"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value":
        "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"}]),
    );
    says(&half.broken(), "injection", &["TOKEN_FILE is set without", "the webhook adds to neither"]);
    let taken = Rig { injection: decided(Decision::VolumeTaken), ..Rig::whole() };
    says(&taken.broken(), "injection", &["a volume of its own called eks-pod-identity-token", "call that volume"]);
    let web = |lacking: &[&str]| decided(Decision::WebIdentity(lacking.iter().map(|it| (*it).to_owned()).collect()));
    let lacks = Rig { injection: web(&["api"]), ..Rig::whole() };
    says(&lacks.broken(), "injection", &["api were not given", "by IRSA", "kubectl delete pod api-0"]);
    let chain = Rig { injection: web(&[]), ..Rig::whole() }.chain();
    assert_eq!(chain.links.iter().find(|link| link.name == "injection").unwrap().state, State::Skipped);

    let keys = json!([{"name": "AWS_ACCESS_KEY_ID", "value": "AKIAIOSFODNN7EXAMPLE"},
                      {"name": "AWS_SECRET_ACCESS_KEY", "value": "wJalrXUtnFEMI"}]);
    let web = json!([{"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/old"},
                     {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/token"}]);
    let relative = json!([{"name": "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "value": "/v2"}]);
    for (more, words) in [
        (keys, "SDKs take access keys before"),
        (web, "a web identity, as IRSA gives it"),
        (relative, "another container's"),
    ] {
        let mut rig = Rig::whole();
        let env = rig.pod.pointer_mut(ENV).unwrap().as_array_mut().unwrap();
        env.extend(more.as_array().unwrap().iter().cloned());
        let broken = rig.broken();
        says(&broken, "injection", &["SDKs in api", words]);
        let told = format!("{broken:?}{:?}", Pod::of(&rig.pod).unwrap());
        assert!(!told.contains("wJalrXUtnFEMI") && !told.contains("AKIAIOSFODNN7EXAMPLE"), "a secret: {told}");
    }
    let elsewhere = Rig::whole().set("/spec/containers/0/env/0/value", json!("http://localhost:8080/"));
    says(&elsewhere.broken(), "injection", &["is `http://localhost:8080/`, which is not the agent"]);
}

#[test]
fn token() {
    const SOURCE: &str = "/spec/volumes/1/projected/sources/0/serviceAccountToken";
    let other = Rig::whole().set(&format!("{SOURCE}/audience"), json!("sts.amazonaws.com"));
    says(&other.broken(), "token", &["in 2 containers", "is for sts.amazonaws.com, not for pods.eks.amazonaws.com"]);
    let elsewhere = Rig::whole().set("/spec/containers/0/env/1/value", json!("/tokens/a"));
    says(&elsewhere.broken(), "token", &["in container api, nothing is mounted at /tokens/a"]);
    let named = Rig::whole().set(&format!("{SOURCE}/path"), json!("token"));
    says(&named.broken(), "token", &["projects no token of the service account as eks-pod-identity-token"]);
}

#[test]
fn agent_and_upstream() {
    let none = Rig { agent: Known::Absent, ..Rig::whole() };
    says(&none.broken(), "agent", &["no Pod Identity agent is on node ip-10-0-0-7"]);
    let ill = Rig { agent: Known::Is(agent(false)), ..Rig::whole() };
    says(&ill.broken(), "agent", &["kubectl logs --namespace kube-system agent-x7"]);
    let mut fargate = Rig::whole();
    fargate.pod["metadata"]["labels"] = json!({"eks.amazonaws.com/fargate-profile": "small"});
    says(&fargate.broken(), "agent", &["on Fargate (profile small)"]);

    let rig = Rig::whole().world("managed: [arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy]", "managed: []");
    let denied = "eks-auth:AssumeRoleForPodIdentity is denied to arn:aws:iam::111122223333:role/node";
    says(&rig.broken(), "upstream", &[denied, "aws iam put-role-policy --role-name node"]);
}

#[test]
fn whom_an_agent_asks_is_in_its_arguments_and_environment() {
    let of = |container: Value| {
        let pod = json!({"metadata": {"namespace": "a", "name": "b"}, "spec": {"containers": [container]}});
        let agent = Agent::of(&pod).unwrap();
        (agent.asks, agent.metrics_port)
    };
    let eks_auth = |region: Option<&str>, endpoint: Option<&str>| {
        Some(Asks::EksAuth { region: region.map(str::to_owned), endpoint: endpoint.map(str::to_owned) })
    };
    assert_eq!(of(json!({})), (None, Some(2705)));
    assert_eq!(of(json!({"args": ["server"]})), (eks_auth(None, None), Some(2705)));
    let flags = json!({"args": ["--endpoint=https://auth.$(ZONE)", "--metrics-port", "none"],
                       "env": [{"name": "ZONE", "value": "example.com"}, {"name": "AWS_REGION", "value": "eu-west-1"}]});
    assert_eq!(of(flags), (eks_auth(Some("eu-west-1"), Some("https://auth.example.com")), None));
    let broker =
        json!({"args": ["--broker=https://broker.claviger.svc:8443", "--broker-ca=/ca.crt", "--metrics-port=9"]});
    let url = "https://broker.claviger.svc:8443".to_owned();
    assert_eq!(of(broker), (Some(Asks::Broker { url, ca: Some("/ca.crt".into()) }), Some(9)));
}

#[test]
fn connection() {
    let link = |rig: &Rig| rig.chain().links.into_iter().find(|link| link.name == "connection").unwrap();
    let counts = |answered, away| {
        let failed = if away == 0 { Default::default() } else { [("away".to_owned(), away)].into() };
        Known::Is(Calls { answered, failed })
    };
    let whole = Rig::whole();
    says(
        &link(&whole),
        "connection",
        &[
            "EKS Auth of us-west-2 answers to kube-system/agent-x7",
            "answered: 3, away: 1",
            "from here, not from the node: eks-auth.us-west-2.api.aws:443 can be connected to",
        ],
    );
    let with = |far_end: Known<FarEnd>, calls: Known<Calls>| Rig { way: Way { far_end, calls }, ..Rig::whole() };
    let far_end = || whole.way.far_end.clone();
    let silent = with(far_end(), counts(0, 7));
    says(
        &silent.broken(),
        "connection",
        &["gets no answer of EKS Auth", "away: 7", "kubectl logs --namespace kube-system"],
    );
    // That it answers here says nothing of the node.
    for calls in [counts(0, 0), Known::Absent, Known::Unknown("forbidden".into())] {
        let link = link(&with(far_end(), calls));
        assert_eq!(link.state, State::Unknown, "{link:#?}");
    }

    let pod = |is_ready, says| Behind { name: "broker-1".into(), is_ready, says };
    let service = |ready, pods| {
        let (namespace, name) = ("claviger".to_owned(), "broker".to_owned());
        Known::Is(FarEnd::Service(Service { namespace, name, ready, pods }))
    };
    let ready = || service(Known::Is(1), vec![pod(true, Known::Is((200, "ok".into())))]);
    assert_eq!(link(&with(ready(), counts(0, 0))).state, State::Ok);
    assert_eq!(link(&with(ready(), Known::Unknown("forbidden".into()))).state, State::Unknown);
    // Calls that were answered say nothing of a broker that has gone since.
    let gone = with(service(Known::Absent, Vec::new()), counts(5, 0));
    says(
        &gone.broken(),
        "connection",
        &["there is no Service broker in namespace claviger", "correct the agent's --broker"],
    );
    let none = with(service(Known::Is(0), Vec::new()), counts(5, 0));
    says(&none.broken(), "connection", &["has no ready endpoint", "no pod has the labels"]);
    let ill = with(service(Known::Is(0), vec![pod(false, Known::Is((503, "no keys".into())))]), counts(5, 0));
    says(&ill.broken(), "connection", &["kubectl logs broker-1 --namespace claviger", "its probe says 503: no keys"]);
    let says_ill = with(service(Known::Is(1), vec![pod(true, Known::Is((503, "no keys".into())))]), counts(5, 0));
    says(&says_ill.broken(), "connection", &["says that it is not ready", "kubectl logs broker-1"]);
}
