//! What tests generate: policies at every place where one can stand, and what is asked of them.

use std::{collections::BTreeMap, sync::Arc};

use authz::{
    context::{Context, Others, Told},
    policy::{Policy, PolicyKind},
    principal::{FederatedUser, Principal, RoleSession},
    request::{KmsDetail, NewGrant, Request, Resource},
    text::SourceText,
    world::{
        AttachedPolicy, Grant, GrantConstraints, GrantOperation, Key, Organization, OrganizationNode, OtherResource,
        PolicyOrigin, World,
    },
};
use aws_model::EncryptionContext;
use serde_json::{Value, json};

/// The account of the callers.
pub(crate) const NEAR: &str = "111122223333";
/// Another account, which has the same resources with the same policies.
pub(crate) const FAR: &str = "444455556666";
/// Neither.
pub(crate) const MANAGEMENT: &str = "999999999999";

/// A policy, statement by statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    pub(crate) kind: PolicyKind,
    pub(crate) version: &'static str,
    pub(crate) statements: Vec<Value>,
}

/// Every policy that can have a say.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// Of the role, the user and the service-linked role alike.
    pub(crate) identity: Vec<Document>,
    /// Of a group that the user is in.
    pub(crate) group: Vec<Document>,
    /// Of the role and the user.
    pub(crate) boundary: Option<Document>,
    /// Of the sessions that have one.
    pub(crate) session: Option<Document>,
    /// The management account of the organization.
    pub(crate) management: &'static str,
    /// Level by level, the same for both accounts. Without levels there is no organization.
    pub(crate) service_control: Vec<Vec<Document>>,
    /// What is denied, level by level; everything else is let through.
    pub(crate) resource_control: Vec<Vec<Document>>,
    /// Of the bucket, its object and the queue.
    pub(crate) resource: Option<Document>,
    pub(crate) key: Document,
    /// On that key.
    pub(crate) grants: Vec<Grant>,
    pub(crate) trust: Document,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Role,
    RoleWithSessionPolicy,
    User,
    Root,
    FederatedUser,
    ServiceLinkedRole,
    Service,
    Anonymous,
}

/// What a call is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Object,
    Bucket,
    Queue,
    Key,
    /// A role, to be assumed.
    Trust,
    /// A role, otherwise.
    Role,
    Table,
    Nothing,
}

/// One question.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) caller: Caller,
    pub(crate) action: &'static str,
    pub(crate) target: Target,
    /// Whether the resource is of the other account.
    pub(crate) is_foreign: bool,
    /// By key: the values; other keys are absent, or follow from the caller.
    pub(crate) context: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Document {
    /// As JSON. A policy has a statement at least: one that is about nothing stands for none.
    pub(crate) fn json(&self) -> Value {
        let mut statements = self.statements.clone();
        if statements.is_empty() {
            let action = if self.kind == PolicyKind::Trust { "sts:Nothing" } else { "none:Nothing" };
            let mut inert = json!({ "Effect": "Deny", "Action": action });
            if self.kind.has_resources() {
                inert["Resource"] = json!("*");
            }
            if self.kind.has_principals() {
                inert["Principal"] = if self.kind == PolicyKind::Trust { json!({ "AWS": "*" }) } else { json!("*") };
            }
            statements.push(inert);
        }
        json!({ "Version": self.version, "Statement": statements })
    }

    fn read(&self, name: &str) -> Arc<Policy> {
        let text = self.json().to_string();
        match Policy::parse(SourceText::new(name, text), self.kind) {
            Ok(policy) => Arc::new(policy),
            Err(wrong) => panic!("{wrong}\n{:#}", self.json()),
        }
    }

    fn attached(&self, name: &str) -> AttachedPolicy {
        AttachedPolicy { origin: PolicyOrigin::Inline(name.into()), policy: self.read(name) }
    }
}

impl Setting {
    /// Every policy, in a stable order.
    pub(crate) fn documents(&self) -> Vec<&Document> {
        let alone = self.boundary.iter().chain(&self.session).chain(&self.resource).chain([&self.key, &self.trust]);
        let levels = self.service_control.iter().chain(&self.resource_control).flatten();
        self.identity.iter().chain(&self.group).chain(alone).chain(levels).collect()
    }

    /// The same, to be changed.
    pub(crate) fn documents_mut(&mut self) -> Vec<&mut Document> {
        let alone = self.boundary.iter_mut().chain(&mut self.session).chain(&mut self.resource);
        let alone = alone.chain([&mut self.key, &mut self.trust]);
        let levels = self.service_control.iter_mut().chain(&mut self.resource_control).flatten();
        self.identity.iter_mut().chain(&mut self.group).chain(alone).chain(levels).collect()
    }

    pub(crate) fn world(&self) -> World {
        let mut world = World::new();
        let arn = |text: String| text.parse().expect("an ARN");
        let trust = self.trust.read("trust");
        let boundary = arn(format!("arn:aws:iam::{NEAR}:policy/boundary"));
        if let Some(document) = &self.boundary {
            world.put_managed_policy(&boundary, document.read("boundary")).expect("a managed policy");
        }
        let named = |(at, document): (usize, &Document)| (format!("p{at}"), document.read(&format!("p{at}")));
        let identity: Vec<_> = self.identity.iter().enumerate().map(named).collect();
        let carriers = [Caller::Role, Caller::User, Caller::ServiceLinkedRole];
        for (caller, id) in carriers.into_iter().zip(["AROAAPP", "AIDAANN", "AROASLR"]) {
            let carrier = arn(caller.identity().expect("a carrier of policies"));
            if caller == Caller::User {
                world.put_user(&carrier, id).expect("a user");
            } else {
                world.put_role(&carrier, id, trust.clone()).expect("a role");
            }
            for (name, policy) in &identity {
                world.put_inline_policy(&carrier, name, policy.clone()).expect("a policy");
            }
            if self.boundary.is_some() && caller != Caller::ServiceLinkedRole {
                world.set_boundary(&carrier, Some(&boundary)).expect("a boundary");
            }
        }
        let (group, user) = (arn(format!("arn:aws:iam::{NEAR}:group/staff")), arn(Caller::User.name()));
        world.put_group(&group).expect("a group");
        for (at, document) in self.group.iter().enumerate() {
            let name = format!("g{at}");
            world.put_inline_policy(&group, &name, document.read(&name)).expect("a policy");
        }
        world.add_to_group(&user, &group).expect("a member");
        let (key, resource) = (self.key.read("key"), self.resource.as_ref().map(|document| document.read("resource")));
        for account in [NEAR, FAR] {
            put_resources(&mut world, account, &trust, &key, resource.as_ref());
            for grant in &self.grants {
                let key = Target::Key.arn(account).parse().expect("a key");
                world.put_grant(&key, grant.clone()).expect("a grant");
            }
        }
        world.set_organization(self.organization());
        world
    }

    fn organization(&self) -> Option<Organization> {
        let depth = self.service_control.len().max(self.resource_control.len());
        if depth == 0 {
            return None;
        }
        let mut organization = Organization::new("o-example", self.management.parse().expect("an account"));
        let node = |id: &str, depth: usize| {
            let attached = |levels: &[Vec<Document>], allows: Option<Document>| {
                let documents = levels.get(depth)?.iter().chain(&allows);
                Some(documents.enumerate().map(|(at, document)| document.attached(&format!("{id}-{at}"))).collect())
            };
            OrganizationNode {
                service_control: attached(&self.service_control, None),
                resource_control: attached(&self.resource_control, Some(everything(PolicyKind::ResourceControl))),
                ..OrganizationNode::new(id)
            }
        };
        let mut parent = None;
        for level in 0..depth - 1 {
            let id = if level == 0 { "r-root".to_owned() } else { format!("ou-{level}") };
            organization.put_level(parent.as_deref(), node(&id, level)).expect("a level");
            parent = Some(id);
        }
        for account in [NEAR, FAR] {
            organization.put_level(parent.as_deref(), node(account, depth - 1)).expect("an account's level");
        }
        Some(organization)
    }

    /// The request for our own engine; nothing about it is unknown.
    pub(crate) fn request(&self, ask: &Ask) -> Request {
        let mut context = Context::new(Others::Absent);
        for (key, values) in &ask.context {
            context.tell(key, Told::Values(values.iter().map(|value| (*value).to_owned()).collect()));
        }
        Request {
            principal: ask.caller.principal(self.session.as_ref()),
            through: Vec::new(),
            action: ask.action.parse().expect("an action"),
            resource: Resource {
                arn: ask.target.arn(ask.owner()).into(),
                owner: Some(ask.owner().parse().expect("an account")),
                tags: BTreeMap::new(),
            },
            region: None,
            kms: self.kms(ask),
            context: told_of(ask, context),
        }
    }
}

impl Setting {
    /// What only grants look at: no condition asks for it.
    fn kms(&self, ask: &Ask) -> KmsDetail {
        let new_grant = NewGrant {
            grantee: FAR.parse().expect("an account"),
            retiring: None,
            operations: [GrantOperation::Decrypt].into_iter().collect(),
            constraints: GrantConstraints::default(),
        };
        KmsDetail {
            encryption_context: EncryptionContext::new([("team", "red")]),
            new_grant: (ask.action == "kms:CreateGrant").then_some(new_grant),
            // Without grants nobody has the one that is to be retired.
            grant_id: Some(self.grants.first().map_or_else(|| "none".into(), |grant| grant.id.clone())),
            grant_tokens: vec!["token-of-new-grants".into()],
            ..KmsDetail::default()
        }
    }
}

fn put_resources(
    world: &mut World,
    account: &str,
    trust: &Arc<Policy>,
    key: &Arc<Policy>,
    resource: Option<&Arc<Policy>>,
) {
    let role = Target::Trust.arn(account).parse().expect("a role's ARN");
    world.put_role(&role, "AROATARGET", trust.clone()).expect("a role");
    let key_policy = world.saved(key.clone());
    world.put_key(Key::new(Target::Key.arn(account).parse().expect("a key"), key_policy)).expect("a key");
    let Some(policy) = resource.map(|policy| world.saved(policy.clone())) else { return };
    for target in [Target::Bucket, Target::Object, Target::Queue] {
        let resource = OtherResource { policy: Some(policy.clone()), ..OtherResource::default() };
        world.put_resource(account.parse().expect("an account"), &target.arn(account), resource);
    }
}

/// What follows from the caller is told, also that it is absent: both evaluators are to know the same.
fn told_of(ask: &Ask, mut context: Context) -> Context {
    for (key, value) in ask.caller.keys() {
        context.tell(key, value.map_or(Told::Absent, |value| Told::Values(vec![value])));
    }
    for key in ["aws:PrincipalTag/team", "aws:PrincipalTag/blob", "aws:SourceArn", "aws:TokenIssueTime"] {
        if !ask.context.contains_key(key) {
            context.tell(key, Told::Absent);
        }
    }
    context
}

/// A policy that lets everything through.
pub(crate) fn everything(kind: PolicyKind) -> Document {
    let mut statement = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    if kind.has_principals() {
        statement["Principal"] = json!("*");
    }
    Document { kind, version: "2012-10-17", statements: vec![statement] }
}

impl Ask {
    /// Whose the resource is.
    pub(crate) const fn owner(&self) -> &'static str {
        if self.is_foreign { FAR } else { NEAR }
    }
}

impl Target {
    /// Its ARN in an account.
    pub(crate) fn arn(self, account: &str) -> String {
        match self {
            Self::Object => format!("arn:aws:s3:::bucket-{account}/home/ann/report"),
            Self::Bucket => format!("arn:aws:s3:::bucket-{account}"),
            Self::Queue => format!("arn:aws:sqs:us-west-2:{account}:queue"),
            Self::Key => format!("arn:aws:kms:us-west-2:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
            Self::Trust | Self::Role => format!("arn:aws:iam::{account}:role/target"),
            Self::Table => format!("arn:aws:dynamodb:us-west-2:{account}:table/ann"),
            Self::Nothing => "*".to_owned(),
        }
    }
}

impl Caller {
    /// As policies and other evaluators name it.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Role | Self::RoleWithSessionPolicy => format!("arn:aws:sts::{NEAR}:assumed-role/app/s1"),
            Self::User => format!("arn:aws:iam::{NEAR}:user/ann"),
            Self::Root => format!("arn:aws:iam::{NEAR}:root"),
            Self::FederatedUser => format!("arn:aws:sts::{NEAR}:federated-user/carol"),
            Self::ServiceLinkedRole => format!("arn:aws:sts::{NEAR}:assumed-role/AWSServiceRoleForAutoScaling/s1"),
            Self::Service => "autoscaling.amazonaws.com".to_owned(),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }

    /// The user or role whose policies it has.
    pub(crate) fn identity(self) -> Option<String> {
        match self {
            Self::Role | Self::RoleWithSessionPolicy => Some(format!("arn:aws:iam::{NEAR}:role/app")),
            Self::User | Self::FederatedUser => Some(format!("arn:aws:iam::{NEAR}:user/ann")),
            Self::ServiceLinkedRole => Some(format!(
                "arn:aws:iam::{NEAR}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
            )),
            Self::Root | Self::Service | Self::Anonymous => None,
        }
    }

    pub(crate) const fn has_session_policy(self) -> bool {
        matches!(self, Self::RoleWithSessionPolicy | Self::FederatedUser)
    }

    fn principal(self, session: Option<&Document>) -> Principal {
        let policies = session.filter(|_| self.has_session_policy()).map(|document| document.read("session"));
        let policies = policies.into_iter().collect();
        match self {
            Self::Role | Self::RoleWithSessionPolicy | Self::ServiceLinkedRole => {
                let role = self.identity().and_then(|arn| arn.parse().ok()).expect("a role's ARN");
                Principal::Session(Box::new(RoleSession { policies, ..RoleSession::of(role, Some("s1".to_owned())) }))
            }
            Self::User => Principal::User(self.name().parse().expect("a user's ARN")),
            Self::Root => Principal::Root(NEAR.parse().expect("an account")),
            Self::FederatedUser => Principal::FederatedUser(Box::new(FederatedUser {
                account: NEAR.parse().expect("an account"),
                name: "carol".to_owned(),
                parent: self.identity().and_then(|arn| arn.parse().ok()),
                policies,
                tags: BTreeMap::new(),
            })),
            Self::Service => Principal::Service(self.name().into()),
            Self::Anonymous => Principal::Anonymous,
        }
    }

    /// The keys that follow from who calls.
    pub(crate) fn keys(self) -> [(&'static str, Option<String>); 4] {
        let is_of_account = !matches!(self, Self::Service | Self::Anonymous);
        let arn = match self {
            Self::Role | Self::RoleWithSessionPolicy | Self::ServiceLinkedRole => self.identity(),
            _ => is_of_account.then(|| self.name()),
        };
        let kind = match self {
            Self::Role | Self::RoleWithSessionPolicy | Self::ServiceLinkedRole => Some("AssumedRole"),
            Self::User => Some("User"),
            Self::Root => Some("Account"),
            Self::FederatedUser => Some("FederatedUser"),
            Self::Anonymous => Some("Anonymous"),
            Self::Service => None,
        };
        [
            ("aws:PrincipalArn", arn),
            ("aws:PrincipalAccount", is_of_account.then(|| NEAR.to_owned())),
            ("aws:PrincipalType", kind.map(str::to_owned)),
            ("aws:username", (self == Self::User).then(|| "ann".to_owned())),
        ]
    }
}
