//! What holds of decisions, whatever the policies and the request.
#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod flowchart;
#[path = "../support/mod.rs"]
mod support;

use authz::{
    context::{Context, Others, Told},
    decision::Verdict,
    formula::Formula,
    policy::PolicyKind,
    rules::Assumptions,
    world::{ContextConstraint, Grant, GrantConstraints, GrantOperation},
};
use aws_model::EncryptionContext;
use proptest::{
    prelude::*,
    sample::{Index, select, subsequence},
};
use serde_json::json;

use self::support::{
    generate::{ask, document, setting as without_grants},
    setting::{Ask, Document, FAR, NEAR, Setting, everything},
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

/// Whom grants are for: each caller, by each of its names, and others.
const GRANTEES: [&str; 9] = [
    "arn:aws:iam::111122223333:role/app",
    "arn:aws:sts::111122223333:assumed-role/app/s1",
    "arn:aws:sts::111122223333:assumed-role/app/other",
    "arn:aws:iam::111122223333:user/ann",
    "arn:aws:sts::111122223333:federated-user/carol",
    "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
    "autoscaling.amazonaws.com",
    NEAR,
    FAR,
];

/// A grant whose operations are those that are asked, and others.
fn grant() -> impl Strategy<Value = Grant> {
    const OPERATIONS: [GrantOperation; 4] =
        [GrantOperation::Decrypt, GrantOperation::CreateGrant, GrantOperation::RetireGrant, GrantOperation::Sign];
    let context = select(vec![None, None, Some("red"), Some("blue")]);
    let constraint = (context, any::<bool>()).prop_map(|(team, is_whole)| {
        let pairs = EncryptionContext::new([("Team", team?)]);
        Some(if is_whole { ContextConstraint::Equals(pairs) } else { ContextConstraint::Subset(pairs) })
    });
    let token = select(vec![None, Some("token-of-new-grants"), Some("another")]);
    let names = (select(&GRANTEES[..]), prop::option::of(select(&GRANTEES[..])));
    (names, subsequence(&OPERATIONS[..], 1..=4), constraint, token, any::<bool>(), any::<bool>()).prop_map(
        |((grantee, retiring), operations, encryption_context, token, has_spread, is_of_near)| Grant {
            id: String::new().into(),
            token: token.map(Into::into),
            propagated: Some(has_spread),
            name: None,
            grantee: grantee.parse().expect("a grantee"),
            grantee_unique_id: None,
            retiring: retiring.map(|retiring| retiring.parse().expect("a retiring principal")),
            issuing_account: Some(if is_of_near { NEAR } else { FAR }.parse().expect("an account")),
            operations: operations.into_iter().collect(),
            constraints: GrantConstraints { encryption_context, source_arn: None },
        },
    )
}

/// A setting with everything that there can be.
fn setting() -> impl Strategy<Value = Setting> {
    let group = prop::collection::vec(document(PolicyKind::Identity), 0..2);
    (without_grants(), group, prop::collection::vec(grant(), 0..4)).prop_map(|(setting, group, mut grants)| {
        for (at, grant) in grants.iter_mut().enumerate() {
            grant.id = format!("g{at}").into();
        }
        Setting { group, grants, ..setting }
    })
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
        denies in (
            (denying(PolicyKind::Identity), denying(PolicyKind::Key), denying(PolicyKind::Trust)),
            (denying(PolicyKind::ServiceControl), denying(PolicyKind::ResourceControl)),
        ),
        asks in prop::collection::vec(ask(), ASKS),
        which in any::<Index>(),
    ) {
        let mut after = before.clone();
        let ((identity, key, trust), (service_control, resource_control)) = denies;
        let mut documents = after.documents_mut();
        let place = which.index(documents.len());
        let document = &mut documents[place];
        // The statement is of the policy's kind: with whom it is about, and on what, or without.
        let denies = match document.kind {
            PolicyKind::Identity | PolicyKind::Session => identity,
            PolicyKind::Key | PolicyKind::Resource => key,
            PolicyKind::Trust => trust,
            PolicyKind::ServiceControl => service_control,
            PolicyKind::ResourceControl => resource_control,
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
    fn one_grant_less_never_allows(
        before in setting(),
        asks in prop::collection::vec(ask(), ASKS),
        which in any::<Index>(),
    ) {
        prop_assume!(!before.grants.is_empty());
        let mut after = before.clone();
        // The one that is to be retired stays: without it another would be asked about.
        let at = which.index(after.grants.len());
        prop_assume!(at > 0 || after.grants.len() == 1);
        after.grants.remove(at);
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
        after.group.reverse();
        for level in after.service_control.iter_mut().chain(&mut after.resource_control) {
            level.reverse();
        }
        for document in after.documents_mut() {
            document.statements.reverse();
        }
        // The first grant is the one that is to be retired.
        after.grants.get_mut(1..).unwrap_or_default().reverse();
        prop_assert_eq!(decide(&before, &asks), decide(&after, &asks));
    }

    /// Where a key is unknown, the verdict with the key told, or absent, is what the residual condition says of it.
    #[test]
    fn what_is_unknown_may_turn_out_either_way(
        setting in setting(),
        asks in prop::collection::vec(ask(), ASKS),
        which in any::<Index>(),
    ) {
        let unknown = UNKNOWN[which.index(UNKNOWN.len())];
        turns_out_as_foreseen(&setting, &asks, &[unknown])?;
    }

    /// The same of two keys at once, told together or one after the other.
    #[test]
    fn what_is_unknown_twice_may_turn_out_in_every_way(
        mut setting in setting(),
        asks in prop::collection::vec(ask(), ASKS),
        which in any::<[Index; 2]>(),
        how in prop::collection::vec(0..16_u8, 7),
    ) {
        let both = which.map(|which| UNKNOWN[which.index(UNKNOWN.len())]);
        prop_assume!(both[0].0 != both[1].0);
        ask_for(&mut setting, both, &how);
        turns_out_as_foreseen(&setting, &asks, &both)?;
    }
}

/// Lets statements ask for two keys: for neither, one or both, that they have the value or that they have not.
fn ask_for(setting: &mut Setting, keys: [(&str, &str); 2], how: &[u8]) {
    let statements = setting.documents_mut().into_iter().flat_map(|document| &mut document.statements);
    for (statement, how) in statements.zip(how.iter().cycle()) {
        for (at, (key, value)) in keys.into_iter().enumerate().filter(|(at, _)| how & (1 << at) != 0) {
            let operator = match (key, how & (4 << at) != 0) {
                ("aws:TagKeys", false) => "ForAnyValue:StringEquals",
                ("aws:TagKeys", true) => "ForAllValues:StringNotEquals",
                (_, false) => "StringEquals",
                (_, true) => "StringNotEquals",
            };
            statement["Condition"][operator][key] = json!([value]);
        }
    }
}

/// Fails if a verdict with some of these keys unknown does not say what each way to tell them then leads to.
fn turns_out_as_foreseen(setting: &Setting, asks: &[Ask], unknown: &[(&str, &str)]) -> Result<(), TestCaseError> {
    let (world, assumptions) = (setting.world(), Assumptions::default());
    let every = (1_usize << unknown.len()) - 1;
    for (ask, turns_out) in asks.iter().flat_map(|ask| (0..=every).map(move |turns_out| (ask, turns_out))) {
        // Of the keys that are known, each is told or absent.
        let request = |known: usize| {
            let mut request = setting.request(ask);
            for (at, (key, value)) in unknown.iter().enumerate() {
                let is = |bits: usize| bits & (1 << at) != 0;
                let told = match (is(known), is(turns_out)) {
                    (false, _) => Told::Unknown,
                    (true, true) => Told::Values(vec![(*value).to_owned()]),
                    (true, false) => Told::Absent,
                };
                request.context.tell(key, told);
            }
            request
        };
        let whole = request(every);
        let decided = world.decide(&whole, &assumptions);
        for known in 0..every {
            let verdict = world.decide(&request(known), &assumptions);
            let foreseen = match &verdict {
                Verdict::Allowed => Formula::True,
                Verdict::Denied(_) => Formula::False,
                Verdict::AllowedIff(residual) => residual.resolve(&nothing_open(&whole.context)),
            };
            prop_assert_eq!(
                (foreseen.is_true(), foreseen.is_false()),
                (is_allowed(&decided), matches!(decided, Verdict::Denied(_))),
                "{:?}\n{:?}: {:?}\nthen {:?}: {:?}",
                ask,
                request(known).context,
                verdict,
                whole.context,
                decided
            );
        }
    }
    Ok(())
}

/// The same context, of which nothing is left open.
fn nothing_open(context: &Context) -> Context {
    let mut whole = Context::new(Others::Absent);
    for (key, told) in context.mentioned() {
        whole.tell(key.as_str(), told.clone());
    }
    whole
}
