//! What the embedded AWS's few add-ons do not come to.

use serde_json::json;

use super::*;

const ISSUER: &str = "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE";

fn cluster() -> Cluster {
    Cluster {
        name: "demo".to_owned(),
        arn: "arn:aws:eks:us-west-2:111122223333:cluster/demo".to_owned(),
        partition: "aws".to_owned(),
        region: "us-west-2".to_owned(),
        account: "111122223333".to_owned(),
        kubernetes: "1.34".to_owned(),
        issuer: Some(ISSUER.to_owned()),
        is_ipv6: false,
        is_auto: false,
    }
}

fn addon(name: &str, accounts: &[&str]) -> Addon {
    let needs = accounts.iter().map(|account| Needs {
        service_account: (*account).to_owned(),
        recommended_managed_policies: vec!["arn:aws:iam::aws:policy/P".to_owned()],
    });
    Addon {
        name: name.to_owned(),
        installed: Some(Installed {
            arn: format!("arn:aws:eks:us-west-2:111122223333:addon/demo/{name}/1"),
            version: "v1".to_owned(),
            status: "ACTIVE".to_owned(),
            irsa_role: None,
            configuration: None,
        }),
        version: "v1".to_owned(),
        namespace: "kube-system".to_owned(),
        requires_iam: Some(true),
        needs: needs.collect(),
        offered: Vec::new(),
    }
}

fn associated(addon: &Addon, account: &str, role: &str) -> Association {
    Association {
        id: format!("a-{account}"),
        namespace: "kube-system".to_owned(),
        service_account: account.to_owned(),
        role: cluster().role_arn(role),
        owner: addon.installed.as_ref().map(|installed| installed.arn.clone()),
    }
}

fn role(name: &str, trust: Value) -> (String, Role) {
    let (arn, attached) = (cluster().role_arn(name), vec!["arn:aws:iam::aws:policy/P".to_owned()]);
    (name.to_owned(), Role { arn, trust: trust.to_string(), attached, inline: Vec::new() })
}

fn facts(addons: Vec<Addon>, associations: Vec<Association>, roles: Vec<(String, Role)>) -> Facts {
    Facts {
        cluster: cluster(),
        addons,
        agent: Some("ACTIVE".to_owned()),
        agent_version: None,
        associations,
        roles: roles.into_iter().collect(),
        has_provider: true,
        annotated: BTreeMap::new(),
    }
}

fn pods() -> Value {
    trust::document(vec![trust::pod_identity(&cluster(), Only::Any)])
}

fn names(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(ToString::to_string).collect()
}

#[test]
fn add_ons_that_share_a_role_each_add_to_its_trust() {
    let (one, two) = (addon("one", &["a"]), addon("two", &["b"]));
    let associations = vec![associated(&one, "a", "shared"), associated(&two, "b", "shared")];
    let facts = facts(vec![one, two], associations, vec![role("shared", pods())]);
    let plan = Plan::of(&facts, &Wanted { to: To::Irsa, ..Wanted::default() });
    let trusts = plan.steps.iter().filter_map(|step| match step {
        Step::UpdateTrust { trust, .. } => Some(trust["Statement"].as_array().unwrap().len()),
        _ => None,
    });
    let trusts = trusts.collect::<Vec<_>>();
    assert_eq!(trusts, [2, 3], "{:?}", names(&plan));
}

#[test]
fn several_roles_do_not_go_into_the_one_of_irsa() {
    let one = addon("one", &["a", "b"]);
    let associations = vec![associated(&one, "a", "first"), associated(&one, "b", "second")];
    let facts = facts(vec![one], associations, vec![role("first", pods()), role("second", pods())]);
    let plan = Plan::of(&facts, &Wanted { to: To::Irsa, ..Wanted::default() });
    assert!(plan.steps.is_empty() && plan.findings[0].text.contains("first, second"), "{:?}", plan.findings);
}

#[test]
fn an_add_on_that_gets_one_more_role_keeps_those_that_it_has() {
    let one = addon("one", &["a", "b"]);
    let associations = vec![associated(&one, "a", "first")];
    let facts = facts(vec![one], associations, vec![role("first", pods())]);
    let plan = Plan::of(&facts, &Wanted::default());
    let Some(Step::UpdateAddon { associations: Some(given), .. }) = plan.steps.last() else {
        panic!("{:?}", names(&plan))
    };
    let given: Vec<_> = given.iter().map(|given| (&*given.service_account, role_name(&given.role_arn))).collect();
    assert_eq!(given, [("a", "first"), ("b", "EKSPodIdentity-one-b")]);
    assert!(plan.findings.is_empty(), "{:?}", plan.findings);
}

#[test]
fn what_somebody_else_associated_is_used_and_not_given_to_the_add_on() {
    let one = addon("one", &["a"]);
    let foreign = Association { owner: None, ..associated(&one, "a", "first") };
    let facts = facts(vec![one], vec![foreign], vec![role("first", pods())]);
    assert!(Plan::of(&facts, &Wanted::default()).steps.is_empty());
}

#[test]
fn a_denial_or_a_condition_in_a_trust_policy_counts() {
    let one = addon("one", &["a"]);
    let condition = |key: &str, value: &str| {
        let mut statement = trust::pod_identity(&cluster(), Only::Any);
        statement["Condition"] = json!({ "StringEquals": { key: value } });
        statement
    };
    let denied = json!({ "Effect": "Deny", "Principal": "*", "Action": "sts:TagSession" });
    let tag = "aws:RequestTag/kubernetes-namespace";
    for (statements, may) in [
        (vec![trust::pod_identity(&cluster(), Only::Cluster)], true),
        (vec![condition(tag, "kube-system")], true),
        (vec![condition(tag, "default")], false),
        // Nobody knows beforehand.
        (vec![condition("aws:SourceOrgID", "o-1")], true),
        (vec![trust::pod_identity(&cluster(), Only::Any), denied], false),
    ] {
        let pods = Pods { cluster: &cluster(), namespace: &one.namespace, service_account: "a" };
        let text = trust::document(statements).to_string();
        assert_eq!(pods.may_have(&text, By::PodIdentity), may, "{text}");
    }
}

/// The statement that is added would be of no use, and stand there once more after each run.
#[test]
fn a_denial_that_stands_in_the_trust_policy_blocks_the_change_of_it() {
    let one = addon("one", &["a"]);
    let denied = json!({ "Effect": "Deny", "Principal": "*", "Action": "sts:TagSession" });
    let associations = vec![associated(&one, "a", "first")];
    let facts = facts(vec![one], associations, vec![role("first", trust::document(vec![denied]))]);
    let plan = Plan::of(&facts, &Wanted { mends_trust: true, ..Wanted::default() });
    assert!(plan.steps.is_empty(), "{:?}", names(&plan));
    assert!(plan.findings[0].text.contains("denies a what it would be allowed"), "{:?}", plan.findings);
}

#[test]
fn an_agent_that_is_asked_for_comes_before_what_needs_it() {
    let (one, agent) = (addon("one", &["a"]), Addon { installed: None, ..addon(AGENT, &[]) });
    let agent = Addon { requires_iam: Some(false), ..agent };
    let mut facts = facts(vec![one, agent], Vec::new(), Vec::new());
    facts.agent = None;
    let plan = Plan::of(&facts, &Wanted::default());
    assert_eq!(names(&plan)[0], format!("create the add-on {AGENT} v1"));
    assert_eq!(plan.steps.iter().filter(|step| matches!(step, Step::CreateAddon { .. })).count(), 1);
}

#[test]
fn an_agent_that_does_not_work_blocks_what_would_need_it() {
    let mut facts = facts(vec![addon("one", &["a"])], Vec::new(), Vec::new());
    for status in ["DEGRADED", "CREATE_FAILED", "UPDATING"] {
        facts.agent = Some(status.to_owned());
        let plan = Plan::of(&facts, &Wanted::default());
        assert!(plan.steps.is_empty(), "{:?}", names(&plan));
        assert!(plan.findings.iter().any(|finding| finding.text.contains(status)), "{:?}", plan.findings);
        let own = Plan::of(&facts, &Wanted { has_own_agent: true, ..Wanted::default() });
        assert!(!own.steps.is_empty());
    }
}
