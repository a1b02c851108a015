use proptest::prelude::*;

use super::*;

const ROLE_ARN: &str = "arn:aws:iam::111122223333:role/pods";

fn spec(lines: &str) -> String {
    format!("apiVersion: claviger.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {{ name: a }}\nspec:\n{lines}")
}

fn told(text: &str) -> Vec<String> {
    let flaws = associations(text).unwrap_err();
    flaws.iter().map(|flaw| format!("{:?} {flaw}", flaw.at.unwrap_or_default())).collect()
}

#[test]
fn documents_and_lists_are_read_and_an_id_stays() {
    let one = spec(&format!("  namespace: pay*\n  serviceAccount: api\n  roleArn: {ROLE_ARN}\n"));
    let two = format!(
        r#"{{"kind":"List","items":[{{"apiVersion":"claviger.dev/v1alpha1","kind":"PodIdentityAssociation","status":{{"x":1}},
        "spec":{{"namespace":"payments","serviceAccount":"*","roleArn":"{ROLE_ARN}","targetRoleArn":"{ROLE_ARN}2",
        "externalId":"eu/1","disableSessionTags":true,"policy":"{{\"Version\":\"2012-10-17\",\"Statement\":[]}}"}}}}]}}"#
    );
    let read = associations(&format!("---\n{one}---\n# nothing\n---\n{two}\n")).unwrap();
    assert_eq!(read.len(), 2);
    let api = read.find("payments", "api").unwrap();
    assert_eq!(
        (api.namespace.as_str(), api.session_tags, api.external_id.as_deref()),
        ("payments", false, Some("eu/1"))
    );
    let exact = read.find("payroll", "api").unwrap();
    assert!(exact.session_tags && exact.target_role.is_none());
    assert_eq!(exact.id, associations(&one).unwrap().find("payroll", "api").unwrap().id);
    assert!(exact.id.starts_with("a-") && exact.id.len() == 19, "{}", exact.id);
    assert!(associations("").unwrap().is_empty());
}

#[test]
fn sessions_may_have_a_name_and_tags_of_their_own() {
    let text = |more: &str| spec(&format!("  namespace: a\n  serviceAccount: b\n  roleArn: {ROLE_ARN}\n{more}"));
    let read = associations(&text("  sessionName: 'shop-{pod}'\n  sessionTags: { team: a, tier: 1 }\n")).unwrap();
    let one = read.find("a", "b").unwrap();
    assert_eq!(one.session_name.as_ref().map(SessionName::as_str), Some("shop-{pod}"));
    assert_eq!(one.tags.iter().collect::<Vec<_>>(), [("team", "a"), ("tier", "1")]);
    for (more, expected) in [
        ("  sessionName: 'a/{pod}'\n", "(8, 16) spec.sessionName: `/` is in no name of a session"),
        ("  sessionTags: [a]\n", "(8, 16) spec.sessionTags: this has to be a mapping"),
        ("  sessionTags: { a: [b] }\n", "(8, 21) spec.sessionTags: the value of `a` has to be a text"),
        ("  sessionTags: { 'aws:a': b }\n", "(8, 16) spec.sessionTags: `aws:a` is one of AWS's own"),
        (
            "  disableSessionTags: true\n  sessionName: '{pod}'\n",
            "(9, 16) spec.sessionName: where session tags are disabled this begins with a text of its own",
        ),
    ] {
        let told = told(&text(more));
        assert!(told.len() == 1 && told[0].starts_with(expected), "{more}: {told:?}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_its_place() {
    let wrong = spec(
        "  namespace: Pay\n  serviceAcount: api\n  roleArn: arn:aws:iam::1:user/x\n  externalId: x\n  disableSessionTags: yes\n  policy: '{'\n",
    );
    let told = told(&wrong);
    let expected = [
        "(6, 3) `serviceAcount` is no field; the nearest is `serviceAccount`",
        "(5, 14) spec.namespace: `P` is in no name of Kubernetes: a pattern has a-z, 0-9, `-`, `.`, `*` and `?`",
        "(5, 3) spec.serviceAccount: this is missing",
        "(7, 12) spec.roleArn: this is the ARN of a role, as arn:aws:iam::111122223333:role/NAME",
        "(8, 15) spec.externalId: this has 2 to 1224 letters, digits and characters of `_+=,.@:/-`",
        "(9, 23) spec.disableSessionTags: this is `true` or `false`",
        "(10, 11) spec.policy: this is no policy as JSON: EOF while parsing an object at line 1 column 1",
        "(8, 15) spec.externalId: this is for the target role: `targetRoleArn` is missing",
        "(10, 11) spec.policy: this takes `disableSessionTags: true`, as at EKS",
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_is_no_association_is_told() {
    let good = spec(&format!("  namespace: a\n  serviceAccount: b\n  roleArn: {ROLE_ARN}\n"));
    for (text, expected) in [
        (
            format!("{good}---\n{good}"),
            "(13, 3) spec: service account b in namespace a has an association already, in line 5",
        ),
        ("- a\n".to_owned(), "(1, 1) this has to be a mapping"),
        ("kind: Pod\n".to_owned(), "(1, 7) kind: this is `PodIdentityAssociation`, or `List`"),
        ("kind: List\nitems: 7\n".to_owned(), "(2, 8) items: this has to be a list"),
        ("a: [\n".to_owned(), "(1, 4) this is no YAML: unclosed bracket"),
        ("a: &x 1\nb: *x\n".to_owned(), "(2, 4) aliases"),
        ("a: 1\na: 2\n".to_owned(), "(2, 1) `a` is there twice"),
        (good.replace("v1alpha1", "v2"), "(1, 13) apiVersion: this is `claviger.dev/v1alpha1`"),
        (
            good.replace("spec:", "spec: 7 #")
                .replace("  namespace", "#")
                .replace("  service", "#")
                .replace("  role", "#"),
            "(4, 7) spec: this has to be a mapping",
        ),
    ] {
        let told = told(&text);
        assert!(told.len() == 1 && told[0].starts_with(expected), "{text}: {told:?}");
    }
}

proptest! {
    #[test]
    fn whatever_it_says_is_read_or_refused(text in "[-a-z:{}\\[\\]&*?|>\"' \n#]{0,200}") {
        let _ = associations(&text);
    }
}
