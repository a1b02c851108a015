//! AWS's flowchart a second time, in plain words: policies that are about everything, so that only matters which of them
//! there are, whom they name, and how they go together. It is decided here without anything of the engine's.
//!
//! Source: IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access", "Cross-account
//! policy evaluation logic"; AWS KMS Developer Guide, "Grants in AWS KMS"; the assumptions of the ledger as they hold by
//! default.

use authz::{
    decision::Verdict,
    policy::PolicyKind,
    rules::Assumptions,
    world::{ContextConstraint, Grant, GrantConstraints, GrantOperation, GrantOperations},
};
use aws_model::EncryptionContext;
use proptest::{
    prelude::*,
    sample::{select, subsequence},
};
use serde_json::{Value, json};

use crate::support::{
    generate::ask,
    setting::{Ask, Caller, Document, FAR, MANAGEMENT, NEAR, Setting, Target},
};

/// What the policies at one place say of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Says {
    allows: bool,
    denies: bool,
}

/// Whom a resource's policy or a grant names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Everybody,
    Account(&'static str),
    Role,
    ThisSession,
    OtherSession,
    User,
    FederatedUser,
    ServiceLinkedRole,
    Service,
}

/// How closely that means who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closeness {
    NotAtAll,
    ByAccount,
    /// The role or user behind a session.
    Behind,
    Exactly,
}

/// One grant on the key.
#[derive(Clone, Copy, Debug)]
struct Given {
    to: Name,
    retiring: Option<Name>,
    by: &'static str,
    operations: GrantOperations,
    /// The one value of `Team` that it is constrained to. The calls have `red`, and nothing besides.
    team: Option<&'static str>,
    is_whole: bool,
    has_spread: bool,
    has_its_token: bool,
}

/// Who says what.
#[derive(Clone, Debug)]
struct Chart {
    identity: Says,
    group: Says,
    boundary: Option<Says>,
    session: Option<Says>,
    /// The management account.
    management: &'static str,
    /// Level by level.
    service_control: Option<[Says; 3]>,
    resource_control: Option<[bool; 3]>,
    /// Of the bucket, the queue, the key and the role to be assumed.
    resource: (Name, Says),
    /// Whom a further Deny there leaves alone, `NotPrincipal`; a trust policy cannot say that.
    spared: Option<Vec<Name>>,
    grant: Option<Given>,
}

const NAMES: [Name; 10] = [
    Name::Everybody,
    Name::Account(NEAR),
    Name::Account(FAR),
    Name::Role,
    Name::ThisSession,
    Name::OtherSession,
    Name::User,
    Name::FederatedUser,
    Name::ServiceLinkedRole,
    Name::Service,
];

/// What an RCP can be about, of what is asked.
const UNDER_RESOURCE_CONTROL: [&str; 4] = ["s3:*", "sqs:*", "kms:*", "sts:*"];

fn says() -> impl Strategy<Value = Says> {
    (prop::bool::weighted(0.7), prop::bool::weighted(0.06)).prop_map(|(allows, denies)| Says { allows, denies })
}

fn given() -> impl Strategy<Value = Given> {
    let operations = [GrantOperation::Decrypt, GrantOperation::CreateGrant, GrantOperation::RetireGrant];
    let names = || select(&NAMES[1..]);
    (
        (names(), prop::option::of(names()), select(vec![NEAR, FAR]), subsequence(operations.to_vec(), 1..=3)),
        (select(vec![None, Some("red"), Some("blue")]), any::<bool>(), any::<bool>(), any::<bool>()),
    )
        .prop_map(|((to, retiring, by, operations), (team, is_whole, has_spread, has_its_token))| Given {
            to,
            retiring,
            by,
            operations: operations.into_iter().collect(),
            team,
            is_whole,
            has_spread,
            has_its_token,
        })
}

fn chart() -> impl Strategy<Value = Chart> {
    let rarely = || prop::bool::weighted(0.1);
    let levels = || {
        [says(), says(), says()]
            .prop_map(|levels| levels.map(|says| Says { allows: says.allows || says.denies, ..says }))
    };
    (
        (says(), says(), prop::option::weighted(0.4, says()), prop::option::of(says())),
        (prop::option::weighted(0.3, levels()), prop::option::weighted(0.3, [rarely(), rarely(), rarely()])),
        (select(&NAMES[..]), says(), prop::option::of(given()), select(vec![MANAGEMENT, MANAGEMENT, NEAR, FAR])),
        prop::option::weighted(0.15, subsequence(&NAMES[1..], 1..NAMES.len())),
    )
        .prop_map(
            |(
                (identity, group, boundary, session),
                (service_control, resource_control),
                (name, says, grant, management),
                spared,
            )| Chart {
                identity,
                group,
                boundary,
                session,
                management,
                service_control,
                resource_control,
                resource: (name, says),
                spared,
                grant,
            },
        )
}

impl Name {
    /// As policies name it.
    fn principal(self) -> Value {
        let aws = |arn: &str| json!({ "AWS": arn });
        match self {
            Self::Everybody => aws("*"),
            Self::Service => json!({ "Service": Caller::Service.name() }),
            _ => aws(&self.arn()),
        }
    }

    fn arn(self) -> String {
        match self {
            Self::Everybody => "*".to_owned(),
            Self::Account(account) => account.to_owned(),
            Self::Role => format!("arn:aws:iam::{NEAR}:role/app"),
            Self::ThisSession => format!("arn:aws:sts::{NEAR}:assumed-role/app/s1"),
            Self::OtherSession => format!("arn:aws:sts::{NEAR}:assumed-role/app/other"),
            Self::User => format!("arn:aws:iam::{NEAR}:user/ann"),
            Self::FederatedUser => format!("arn:aws:sts::{NEAR}:federated-user/carol"),
            Self::ServiceLinkedRole => {
                format!(
                    "arn:aws:iam::{NEAR}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
                )
            }
            Self::Service => Caller::Service.name(),
        }
    }

    /// How closely it means who calls, in a policy.
    fn means(self, caller: Caller) -> Closeness {
        let is_of_account = !matches!(caller, Caller::Service | Caller::Anonymous);
        match (self, caller) {
            (Self::Everybody, _)
            | (Self::Account(NEAR), Caller::Root)
            | (Self::ThisSession, Caller::Role | Caller::RoleWithSessionPolicy)
            | (Self::User, Caller::User)
            | (Self::FederatedUser, Caller::FederatedUser)
            | (Self::Service, Caller::Service) => Closeness::Exactly,
            (Self::Role, Caller::Role | Caller::RoleWithSessionPolicy)
            | (Self::User, Caller::FederatedUser)
            | (Self::ServiceLinkedRole, Caller::ServiceLinkedRole) => Closeness::Behind,
            (Self::Account(NEAR), _) if is_of_account => Closeness::ByAccount,
            _ => Closeness::NotAtAll,
        }
    }

    /// The same of a grant: the one for a user is not for the sessions that it federates.
    fn is_given(self, caller: Caller) -> Closeness {
        if (self, caller) == (Self::User, Caller::FederatedUser) { Closeness::NotAtAll } else { self.means(caller) }
    }
}

impl Given {
    fn grant(self) -> Grant {
        let team = self.team.map(|team| {
            let pairs = EncryptionContext::new([("Team", team)]);
            if self.is_whole { ContextConstraint::Equals(pairs) } else { ContextConstraint::Subset(pairs) }
        });
        Grant {
            id: "g".into(),
            token: Some(if self.has_its_token { "token-of-new-grants".into() } else { "another".into() }),
            propagated: Some(self.has_spread),
            name: None,
            grantee: self.to.arn().parse().expect("a grantee"),
            grantee_unique_id: None,
            retiring: self.retiring.map(|name| name.arn().parse().expect("a retiring principal")),
            issuing_account: Some(self.by.parse().expect("an account")),
            operations: self.operations,
            constraints: GrantConstraints { encryption_context: team, source_arn: None },
        }
    }

    /// Whether it counts, and is for an operation. The grant that is to be made permits Decrypt, and has no constraint.
    fn permits(self, action: &str) -> bool {
        let has = |operation| self.operations.contains(operation);
        let is_for_it = match action {
            "kms:Decrypt" => has(GrantOperation::Decrypt) && self.team != Some("blue"),
            "kms:CreateGrant" => {
                has(GrantOperation::CreateGrant) && has(GrantOperation::Decrypt) && self.team.is_none()
            }
            "kms:RetireGrant" => has(GrantOperation::RetireGrant),
            _ => false,
        };
        is_for_it && self.counts()
    }

    const fn counts(self) -> bool {
        self.has_spread || self.has_its_token
    }
}

impl Chart {
    fn setting(&self) -> Setting {
        let of_everything = |kind: PolicyKind, says: Says, principal: Option<Value>| {
            let statement = |effect: &str| {
                let action = if kind == PolicyKind::Trust { "sts:*" } else { "*" };
                let mut statement = json!({ "Effect": effect, "Action": action });
                if kind.has_resources() {
                    statement["Resource"] = json!("*");
                }
                if let Some(principal) = &principal {
                    statement["Principal"] = principal.clone();
                }
                statement
            };
            let statements = [(says.allows, "Allow"), (says.denies, "Deny")];
            let statements =
                statements.into_iter().filter(|(is_there, _)| *is_there).map(|(_, effect)| statement(effect));
            Document { kind, version: "2012-10-17", statements: statements.collect() }
        };
        let attached = |says: Says| of_everything(PolicyKind::Identity, says, None);
        let of_resource = |kind| {
            let mut document = of_everything(kind, self.resource.1, Some(self.resource.0.principal()));
            if let Some(spared) = self.spared.as_ref().filter(|_| kind != PolicyKind::Trust) {
                let (services, others): (Vec<Name>, Vec<Name>) =
                    spared.iter().partition(|name| **name == Name::Service);
                let mut except = json!({});
                for (kind, names) in [("AWS", others), ("Service", services)] {
                    if !names.is_empty() {
                        except[kind] = names.into_iter().map(|name| Value::from(name.arn())).collect();
                    }
                }
                let denies = json!({ "Effect": "Deny", "NotPrincipal": except, "Action": "*", "Resource": "*" });
                document.statements.push(denies);
            }
            document
        };
        let service_control = self
            .service_control
            .map(|levels| levels.map(|says| vec![of_everything(PolicyKind::ServiceControl, says, None)]).to_vec());
        let denies = Document {
            kind: PolicyKind::ResourceControl,
            version: "2012-10-17",
            statements: vec![
                json!({ "Effect": "Deny", "Principal": "*", "Action": UNDER_RESOURCE_CONTROL, "Resource": "*" }),
            ],
        };
        let resource_control = self
            .resource_control
            .map(|levels| levels.map(|at| if at { vec![denies.clone()] } else { Vec::new() }).to_vec());
        Setting {
            identity: vec![attached(self.identity)],
            group: vec![attached(self.group)],
            boundary: self.boundary.map(attached),
            session: self.session.map(|says| of_everything(PolicyKind::Session, says, None)),
            service_control: service_control.unwrap_or_default(),
            management: self.management,
            resource_control: resource_control.unwrap_or_default(),
            resource: Some(of_resource(PolicyKind::Resource)),
            key: of_resource(PolicyKind::Key),
            grants: self.grant.iter().map(|grant| grant.grant()).collect(),
            trust: of_resource(PolicyKind::Trust),
        }
    }

    /// What the caller's own policies say, its groups' included; `None` for who has none.
    fn own(&self, caller: Caller) -> Option<Says> {
        let (identity, group) = (self.identity, self.group);
        match caller {
            Caller::Role | Caller::RoleWithSessionPolicy | Caller::ServiceLinkedRole => Some(identity),
            Caller::User | Caller::FederatedUser => {
                Some(Says { allows: identity.allows || group.allows, denies: identity.denies || group.denies })
            }
            Caller::Root => Some(Says { allows: true, denies: false }),
            Caller::Service | Caller::Anonymous => None,
        }
    }

    fn boundary_of(&self, caller: Caller) -> Option<Says> {
        let has_one =
            matches!(caller, Caller::Role | Caller::RoleWithSessionPolicy | Caller::User | Caller::FederatedUser);
        self.boundary.filter(|_| has_one)
    }

    /// A federated user without a session policy may nothing.
    fn session_of(&self, caller: Caller) -> Option<Says> {
        match caller {
            Caller::RoleWithSessionPolicy => self.session,
            Caller::FederatedUser => Some(self.session.unwrap_or(Says { allows: false, denies: false })),
            _ => None,
        }
    }

    /// Whether the Deny with `NotPrincipal` leaves who calls alone: only whom the list names at every level, and nobody
    /// who has a boundary.
    fn spares(&self, caller: Caller) -> bool {
        let Some(spared) = &self.spared else { return true };
        let has_all = |names: &[Name]| names.iter().all(|name| spared.contains(name));
        self.boundary_of(caller).is_none()
            && match caller {
                Caller::Role | Caller::RoleWithSessionPolicy => {
                    has_all(&[Name::Account(NEAR), Name::Role, Name::ThisSession])
                }
                Caller::User => has_all(&[Name::Account(NEAR), Name::User]),
                Caller::FederatedUser => has_all(&[Name::Account(NEAR), Name::FederatedUser]),
                Caller::Root => has_all(&[Name::Account(NEAR)]),
                Caller::Service => has_all(&[Name::Service]),
                // Of its sessions the list names none, and of nobody there is no name.
                Caller::ServiceLinkedRole | Caller::Anonymous => false,
            }
    }

    /// Whether AWS would let it through.
    fn lets(&self, ask: &Ask) -> bool {
        let caller = ask.caller;
        let (is_retiring, is_about_trust) = (ask.action == "kms:RetireGrant", ask.target == Target::Trust);
        match (ask.action, caller) {
            ("sts:GetCallerIdentity", _) => return caller != Caller::Anonymous,
            ("sts:AssumeRole", Caller::Root) => return false,
            ("iam:PassRole", _) => {}
            (action, Caller::FederatedUser) if action.starts_with("sts:") || action.starts_with("iam:") => {
                return false;
            }
            _ => {}
        }
        let has_policy =
            matches!(ask.target, Target::Object | Target::Bucket | Target::Queue | Target::Key) || is_about_trust;
        let (name, of_resource) = self.resource;
        let mut named = if has_policy && !is_retiring { name.means(caller) } else { Closeness::NotAtAll };
        // The bare account id of a trust policy and others means those of the account, whom a Deny keeps out as well.
        let resource_denies = named != Closeness::NotAtAll && of_resource.denies;
        let is_spared = is_about_trust || !has_policy || is_retiring || self.spares(caller);
        if !of_resource.allows
            || (self.own(caller).is_some() && ask.is_foreign && ask.action == "kms:ScheduleKeyDeletion")
        {
            named = Closeness::NotAtAll;
        }

        let (own, boundary, session) = (self.own(caller), self.boundary_of(caller), self.session_of(caller));
        let is_bound = own.is_some() && caller != Caller::ServiceLinkedRole && self.management != NEAR;
        let levels = self.service_control.filter(|_| is_bound).unwrap_or([Says { allows: true, denies: false }; 3]);
        let is_under_rcp = UNDER_RESOURCE_CONTROL.iter().any(|of| ask.action.starts_with(of.trim_end_matches('*')));
        let is_under_rcp =
            is_under_rcp && ask.owner() != self.management && caller != Caller::ServiceLinkedRole && !is_retiring;
        let rcp_denies = is_under_rcp && self.resource_control.is_some_and(|levels| levels.contains(&true));
        let any_denies = [own, boundary, session].into_iter().flatten().chain(levels).any(|says| says.denies);
        if rcp_denies || any_denies || resource_denies || !is_spared || !levels.iter().all(|says| says.allows) {
            return false;
        }

        let is_open = |gate: Option<Says>| gate.is_none_or(|says| says.allows);
        let caps_let = is_open(boundary) && is_open(session);
        let own_lets = own.is_some_and(|says| says.allows) && caps_let;
        let by_policy = match (own.is_some(), ask.is_foreign) {
            (false, _) => named == Closeness::Exactly,
            (true, true) => named != Closeness::NotAtAll && own_lets,
            (true, false) => match named {
                Closeness::Exactly => true,
                Closeness::Behind if caps_let => true,
                Closeness::ByAccount => own_lets,
                // Keys and roles do not trust their own account unless they say so.
                Closeness::Behind | Closeness::NotAtAll => own_lets && ask.target != Target::Key && !is_about_trust,
            },
        };
        (by_policy && !is_retiring) || self.grant_lets(ask, own_lets, is_open(session))
    }

    /// Grants are enough, whatever the key policy, the caller's own policies and its boundary say.
    fn grant_lets(&self, ask: &Ask, own_lets: bool, session_lets: bool) -> bool {
        let Some(grant) = self.grant.filter(|_| ask.target == Target::Key) else { return false };
        let given = |closeness: Closeness| match closeness {
            Closeness::Exactly => true,
            Closeness::Behind => session_lets,
            Closeness::ByAccount => own_lets,
            Closeness::NotAtAll => false,
        };
        if ask.action != "kms:RetireGrant" {
            return grant.permits(ask.action) && given(grant.to.is_given(ask.caller));
        }
        let is_of_account = !matches!(ask.caller, Caller::Service | Caller::Anonymous);
        let may = given(grant.retiring.map_or(Closeness::NotAtAll, |name| name.is_given(ask.caller)))
            || grant.permits(ask.action) && given(grant.to.is_given(ask.caller))
            || is_of_account && grant.by == NEAR && own_lets;
        may && grant.counts()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn policies_about_everything_go_together_as_aws_says(
        chart in chart(),
        asks in prop::collection::vec(ask(), 16),
    ) {
        let (setting, assumptions) = (chart.setting(), Assumptions::default());
        let world = setting.world();
        for ask in &asks {
            let verdict = world.decide(&setting.request(ask), &assumptions);
            prop_assert!(!matches!(verdict, Verdict::AllowedIff(_)), "everything is known: {verdict:?}");
            prop_assert_eq!(verdict == Verdict::Allowed, chart.lets(ask), "{:?}\n{:?}", ask, verdict);
        }
    }
}
