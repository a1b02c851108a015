//! Which association counts for a service account.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use eks_auth::{Association, Associations, InvalidNamePattern, NamePattern};
use proptest::prelude::*;

/// One that is called by its patterns.
fn association(namespace: &str, service_account: &str) -> Association {
    Association::new(
        format!("{namespace}/{service_account}"),
        namespace.parse().unwrap(),
        service_account.parse().unwrap(),
        "arn:aws:iam::111122223333:role/reader".parse().unwrap(),
    )
}

fn associations(patterns: &[(&str, &str)]) -> Associations {
    Associations::new(patterns.iter().map(|(namespace, account)| association(namespace, account))).unwrap()
}

#[test]
fn the_narrowest_counts_first_by_namespace_then_by_service_account() {
    // The order of precedence for the service account `api` in `payments`.
    let ordered = [
        ("payments", "api"),
        ("payments", "ap?"),
        ("payments", "a*"),
        ("payments", "*"),
        ("payment?", "api"),
        ("pay*", "api"),
        ("pay*", "*"),
        ("p*", "api"),
        ("*p*", "api"),
        ("*", "api"),
        ("*", "a*i"),
        ("*", "*"),
    ];
    for first in 0..ordered.len() {
        let mut left = ordered.iter().skip(first).copied().collect::<Vec<_>>();
        let (namespace, account) = left.first().copied().unwrap();
        for _ in 0..left.len() {
            left.rotate_left(1);
            let found = associations(&left).find("payments", "api").unwrap().id.clone();
            assert_eq!(found, format!("{namespace}/{account}"), "of {left:?}");
        }
    }
    let all = associations(&ordered);
    assert_eq!((all.len(), all.iter().count(), all.is_empty()), (ordered.len(), ordered.len(), false));
    assert_eq!(all.find("kube-system", "default").unwrap().id, "*/*");
    assert!(associations(&[("payments", "api"), ("ship*", "*")]).find("payments", "web").is_none());
}

#[test]
fn two_of_the_same_service_accounts_are_refused_and_the_first_can_go_on() {
    let twice = [association("pay*", "api"), association("*", "api"), association("pay**", "api")];
    let refused = Associations::new(twice.clone()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "associations pay*/api and pay**/api are both of service account api in namespace pay*"
    );
    let (left, refused) = Associations::all_but_refused(twice);
    assert_eq!((left.len(), refused.len()), (2, 1));
    assert_eq!(left.find("payments", "api").unwrap().id, "pay*/api");
    // Patterns may meet in one service account, as long as one of them is the narrower.
    assert_eq!(associations(&[("a*", "api"), ("*a", "api")]).find("a-a", "api").unwrap().id, "*a/api");
}

#[test]
fn a_pattern_has_the_characters_of_names_and_two_more() {
    for (text, refused) in [
        ("", InvalidNamePattern::Empty),
        ("Payments", InvalidNamePattern::Character('P')),
        ("pay[ab]", InvalidNamePattern::Character('[')),
        ("pay/api", InvalidNamePattern::Character('/')),
        (&"a".repeat(254), InvalidNamePattern::Long),
    ] {
        assert_eq!(text.parse::<NamePattern>(), Err(refused), "{text}");
    }
    // EKS takes any text, and a star is only a star there.
    let star = NamePattern::exact("*");
    assert!(star.matches("*") && !star.matches("payments"));
    assert_ne!(star, "*".parse().unwrap());
}

/// What `*` and `?` mean, the slow way.
fn means(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) if means(rest, name) => true,
        (Some((b'*', _)), Some((_, left))) => means(pattern, left),
        (Some((b'?', rest)), Some((_, left))) => means(rest, left),
        (Some((own, rest)), Some((its, left))) if own == its => means(rest, left),
        _ => false,
    }
}

proptest! {
    #[test]
    fn a_glob_means_what_it_says(pattern in "[ab*?]{1,8}", name in "[ab]{0,8}") {
        let parsed: NamePattern = pattern.parse().unwrap();
        prop_assert_eq!(parsed.matches(&name), means(pattern.as_bytes(), name.as_bytes()));
    }

    /// No service account gets what is another's, and the one that counts is none's that is narrower.
    #[test]
    fn who_has_one_matches_it(patterns in prop::collection::vec(("[ab*?]{1,3}", "[ab*?]{1,3}"), 0..12)) {
        let (all, _) = Associations::all_but_refused(patterns.iter().map(|(ns, sa)| association(ns, sa)));
        let matching = |association: &&std::sync::Arc<Association>| association.is_for("ab", "b");
        match all.find("ab", "b") {
            None => prop_assert_eq!(all.iter().filter(matching).count(), 0),
            Some(found) => {
                prop_assert!(matching(&found));
                for other in all.iter().filter(matching) {
                    let namespaces = found.namespace.by_precedence(&other.namespace);
                    let order = namespaces.then(found.service_account.by_precedence(&other.service_account));
                    prop_assert!(order.is_le(), "{} before {}", found.id, other.id);
                }
            }
        }
    }
}
