//! What holds of decisions, whatever the policies and the request.
#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

#[path = "support/mod.rs"]
mod support;

use authz::{
    context::{Context, Others, Told},
    decision::Verdict,
    formula::Formula,
    policy::PolicyKind,
    request::Request,
    rules::Assumptions,
};
use proptest::{prelude::*, sample::Index};
use serde_json::json;

use self::support::{
    generate::{ask, document, setting},
    setting::{Ask, Document, Setting, everything},
};

/// Requests that are made of each generated setting.
const ASKS: usize = 8;

fn decide(setting: &Setting, asks: &[Ask]) -> Vec<Verdict> {
    let (world, assumptions) = (setting.world(), Assumptions::default());
    asks.iter().map(|ask| world.decide(&setting.request(ask), &assumptions)).collect()
}

fn is_allowed(verdict: &Verdict) -> bool {
    *verdict == Verdict::Allowed
}

/// Fails if a change let anything through that was not let through before.
fn widens_nothing(before: &Setting, after: &Setting, asks: &[Ask]) -> Result<(), TestCaseError> {
    for ((ask, before), after) in asks.iter().zip(decide(before, asks)).zip(decide(after, asks)) {
        prop_assert!(is_allowed(&before) || !is_allowed(&after), "{ask:?} was {before:?}");
    }
    Ok(())
}

/// The documents of a setting that have a statement of an effect, by place, with the statement's place.
fn statements(setting: &Setting, effect: &str) -> Vec<(usize, usize)> {
    let of_document = |(at, document): (usize, &Document)| {
        let places = 0..document.statements.len();
        let places = places.filter(|place| document.statements[*place]["Effect"] == effect);
        places.map(|place| (at, place)).collect::<Vec<_>>()
    };
    setting.documents().into_iter().enumerate().flat_map(of_document).collect()
}

/// A Deny statement of any kind of policy, made of an Allow.
fn denying(kind: PolicyKind) -> impl Strategy<Value = Document> {
    document(kind).prop_map(|mut document| {
        for statement in &mut document.statements {
            statement["Effect"] = json!("Deny");
        }
        document
    })
}

fn told(request: &Request, unknown: &str) -> Request {
    let mut request = request.clone();
    request.context.tell(unknown, Told::Unknown);
    request
}

/// Keys with values that they can have, one of which is to be unknown.
const UNKNOWN: [(&str, &str); 9] = [
    ("aws:PrincipalTag/team", "red"),
    ("aws:PrincipalTag/team", "blue"),
    ("aws:SourceVpc", "vpc-1"),
    ("aws:SourceIp", "203.0.113.7"),
    ("aws:SourceIp", "2001:db8::1"),
    ("aws:CurrentTime", "2026-11-25T10:00:00Z"),
    ("aws:MultiFactorAuthAge", "30"),
    ("aws:SecureTransport", "true"),
    ("aws:TagKeys", "a"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_deny_never_allows(
        before in setting(),
        denies in (denying(PolicyKind::Identity), denying(PolicyKind::Key), denying(PolicyKind::ServiceControl)),
        asks in prop::collection::vec(ask(), ASKS),
        which in any::<Index>(),
    ) {
        let mut after = before.clone();
        let (identity, key, service_control) = denies;
        let mut documents = after.documents_mut();
        let place = which.index(documents.len());
        let document = &mut documents[place];
        // The statement is of the policy's kind: with whom it is about, and on what, or without.
        let denies = match document.kind {
            PolicyKind::Identity | PolicyKind::Session => identity,
            PolicyKind::Key | PolicyKind::Resource => key,
            PolicyKind::ServiceControl => service_control,
            _ => return Err(TestCaseError::reject("these have statements of another form")),
        };
        document.statements.extend(denies.statements);
        widens_nothing(&before, &after, &asks)?;
    }

    #[test]
    fn one_allow_less_never_allows(
        before in setting(),
        asks in prop::collection::vec(ask(), ASKS),
        which in any::<Index>(),
    ) {
        let allows = statements(&before, "Allow");
        prop_assume!(!allows.is_empty());
        let (at, place) = allows[which.index(allows.len())];
        let mut after = before.clone();
        after.documents_mut()[at].statements.remove(place);
        widens_nothing(&before, &after, &asks)?;
    }

    #[test]
    fn an_scp_never_widens(setting in setting(), asks in prop::collection::vec(ask(), ASKS)) {
        let without = Setting { service_control: Vec::new(), ..setting.clone() };
        widens_nothing(&without, &setting, &asks)?;
    }

    #[test]
    fn an_rcp_never_widens(setting in setting(), asks in prop::collection::vec(ask(), ASKS)) {
        let without = Setting { resource_control: Vec::new(), ..setting.clone() };
        widens_nothing(&without, &setting, &asks)?;
    }

    #[test]
    fn a_boundary_never_widens(setting in setting(), asks in prop::collection::vec(ask(), ASKS)) {
        let without = Setting { boundary: None, ..setting.clone() };
        widens_nothing(&without, &setting, &asks)?;
    }

    /// A federated user without any session policy may nothing, so the policy is held against one of everything.
    #[test]
    fn a_session_policy_never_widens(setting in setting(), asks in prop::collection::vec(ask(), ASKS)) {
        let widest = Setting { session: Some(everything(PolicyKind::Session)), ..setting.clone() };
        widens_nothing(&widest, &setting, &asks)?;
    }

    #[test]
    fn the_order_of_statements_and_policies_does_not_matter(
        before in setting(),
        asks in prop::collection::vec(ask(), ASKS),
    ) {
        let mut after = before.clone();
        after.identity.reverse();
        for level in after.service_control.iter_mut().chain(&mut after.resource_control) {
            level.reverse();
        }
        for document in after.documents_mut() {
            document.statements.reverse();
        }
        prop_assert_eq!(decide(&before, &asks), decide(&after, &asks));
    }

    /// Where a key is unknown, the verdict with the key told, or absent, is what the residual condition says of it.
    #[test]
    fn what_is_unknown_may_turn_out_either_way(
        setting in setting(),
        asks in prop::collection::vec(ask(), ASKS),
        which in any::<Index>(),
    ) {
        let (key, value) = UNKNOWN[which.index(UNKNOWN.len())];
        let (world, assumptions) = (setting.world(), Assumptions::default());
        for ask in &asks {
            let open = told(&setting.request(ask), key);
            let verdict = world.decide(&open, &assumptions);
            for turns_out in [Told::Values(vec![value.to_owned()]), Told::Absent] {
                let mut known = open.clone();
                known.context.tell(key, turns_out);
                let decided = world.decide(&known, &assumptions);
                let foreseen = match &verdict {
                    Verdict::Allowed => Formula::True,
                    Verdict::Denied(_) => Formula::False,
                    Verdict::AllowedIff(residual) => residual.resolve(&whole(&known.context)),
                };
                prop_assert_eq!(
                    (foreseen.is_true(), foreseen.is_false()),
                    (is_allowed(&decided), matches!(decided, Verdict::Denied(_))),
                    "{:?} with {} {:?}: {:?}, then {:?}", ask, key, known.context.told(&key.to_ascii_lowercase()), verdict, decided
                );
            }
        }
    }
}

/// The same context, of which nothing is left open.
fn whole(context: &Context) -> Context {
    let mut whole = Context::new(Others::Absent);
    for (key, told) in context.mentioned() {
        whole.tell(key.as_str(), told.clone());
    }
    whole
}
