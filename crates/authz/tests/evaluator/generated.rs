//! Worlds, requests and launches made of bytes: every byte is a choice, and bytes that run out are zeros, which choose
//! what is simplest.

use serde_json::{Map, Value, json};

const NEAR: &str = "111122223333";
const FAR: &str = "444455556666";
const MANAGEMENT: &str = "999999999999";

const ROLE: &str = "arn:aws:iam::111122223333:role/app";
const USER: &str = "arn:aws:iam::111122223333:user/ann";
const SERVICE_LINKED: &str =
    "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
const OWN_KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const FOREIGN_KEY: &str = "arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";

const ACTIONS: [&str; 16] = [
    "kms:Decrypt",
    "kms:CreateGrant",
    "kms:RetireGrant",
    "kms:ScheduleKeyDeletion",
    "kms:ReEncryptFrom",
    "kms:DescribeKey",
    "kms:PutKeyPolicy",
    "kms:CreateKey",
    "sts:AssumeRole",
    "sts:TagSession",
    "sts:GetCallerIdentity",
    "iam:PassRole",
    "iam:GetRole",
    "s3:GetObject",
    "sqs:SendMessage",
    "dynamodb:GetItem",
];

const PATTERNS: [&str; 8] =
    ["*", "kms:*", "kms:Decrypt", "KMS:*Grant", "sts:*", "s3:Get?bject", "iam:*", "sqs:SendMessage"];

const RESOURCES: [&str; 10] = [
    "*",
    FOREIGN_KEY,
    OWN_KEY,
    "arn:aws:kms:*:444455556666:key/*",
    "arn:aws:s3:::bucket/home/${aws:username, 'ann'}/*",
    "arn:aws:s3:::*",
    "arn:aws:iam::*:role/${aws:PrincipalTag/team}*",
    "arn:aws:sqs:us-west-2:111122223333:queue${*}",
    "arn:aws:*:*:*:*",
    "arn:aws:kms:us-west-2:444455556666:alias/*",
];

const PRINCIPALS: [&str; 12] = [
    r#"{"AWS": "*"}"#,
    r#"{"AWS": "111122223333"}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:root"}"#,
    r#"{"AWS": ["arn:aws:iam::111122223333:role/app", "444455556666"]}"#,
    r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/app/s1"}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:user/ann"}"#,
    r#"{"AWS": "arn:aws:sts::111122223333:federated-user/carol"}"#,
    r#"{"AWS": "AROAOTHEROTHEROTHER01"}"#,
    r#"{"Service": ["ec2.amazonaws.com", "autoscaling.amazonaws.com"]}"#,
    r#"{"Federated": "cognito-identity.amazonaws.com"}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"}"#,
    r#"{"AWS": "arn:aws:iam::444455556666:role/app"}"#,
];

/// Operators with the keys and values that they are used with.
const CONDITIONS: [(&str, &str, &str); 20] = [
    ("StringEquals", "aws:PrincipalTag/team", "red"),
    ("StringNotEquals", "aws:PrincipalTag/team", "${aws:SourceVpc, 'red'}"),
    ("StringLikeIfExists", "aws:SourceVpc", "vpc-*"),
    ("ForAnyValue:StringLike", "aws:TagKeys", "a*"),
    ("ForAllValues:StringEquals", "aws:TagKeys", "a"),
    ("Null", "aws:MultiFactorAuthAge", "true"),
    ("Bool", "aws:SecureTransport", "true"),
    ("NumericLessThan", "aws:MultiFactorAuthAge", "60"),
    ("DateGreaterThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
    ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/a*"),
    ("ArnNotEquals", "aws:SourceArn", "arn:aws:sns:us-west-2:111122223333:topic"),
    ("StringEquals", "kms:ViaService", "ec2.us-west-2.amazonaws.com"),
    ("Bool", "kms:GrantIsForAWSResource", "true"),
    ("StringEquals", "kms:EncryptionContext:aws:ebs:id", "vol-1"),
    ("ForAnyValue:StringEquals", "kms:GrantOperations", "Decrypt"),
    ("StringEquals", "kms:CallerAccount", "111122223333"),
    ("ForAnyValue:StringEquals", "kms:ResourceAliases", "alias/a"),
    ("StringEquals", "aws:PrincipalOrgID", "o-example"),
    ("BinaryEquals", "aws:PrincipalTag/blob", "aGVsbG8="),
];

/// What may be told of a request, and of each key a value.
const CONTEXT: [(&str, &str); 9] = [
    ("aws:PrincipalTag/team", "red"),
    ("aws:SourceVpc", "vpc-1"),
    ("aws:TagKeys", "a"),
    ("aws:MultiFactorAuthAge", "30"),
    ("aws:SecureTransport", "true"),
    ("aws:CurrentTime", "2026-11-25T10:00:00Z"),
    ("aws:SourceIp", "203.0.113.7"),
    ("aws:SourceArn", "arn:aws:sns:us-west-2:111122223333:topic"),
    ("aws:TokenIssueTime", "2026-11-25T09:00:00Z"),
];

const GRANTEES: [&str; 8] = [
    ROLE,
    SERVICE_LINKED,
    USER,
    "111122223333",
    "arn:aws:sts::111122223333:assumed-role/app/s1",
    "arn:aws:sts::111122223333:federated-user/carol",
    "autoscaling.amazonaws.com",
    "444455556666",
];

/// Choices, byte by byte.
pub(crate) struct Bytes<'a>(&'a [u8]);

/// Where a policy is, which decides what its statements have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Of an identity, a boundary or a session.
    Attached,
    ServiceControl,
    OfResource,
    Trust,
    ResourceControl,
}

impl<'a> Bytes<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// True once in so many.
    pub(crate) fn once_in(&mut self, many: u8) -> bool {
        self.byte() % many == many - 1
    }

    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        let at = usize::from(self.byte()) % all.len();
        *all.get(at).expect("one of some")
    }

    fn up_to(&mut self, most: u8) -> u8 {
        self.byte() % (most + 1)
    }

    fn policy(&mut self, kind: Kind) -> Value {
        let statements: Vec<_> = (0..=self.up_to(2)).map(|_| self.statement(kind)).collect();
        let is_of_organization = matches!(kind, Kind::ServiceControl | Kind::ResourceControl);
        let version = if !is_of_organization && self.once_in(8) { "2008-10-17" } else { "2012-10-17" };
        json!({ "Version": version, "Statement": statements })
    }

    fn statement(&mut self, kind: Kind) -> Value {
        let denies = kind == Kind::ResourceControl || self.once_in(4);
        let mut statement = json!({ "Effect": if denies { "Deny" } else { "Allow" } });
        let negates = kind == Kind::Attached && self.once_in(16);
        let actions = match kind {
            Kind::Trust => json!("sts:*"),
            Kind::ResourceControl => json!(self.of(&["kms:*", "s3:*", "sts:*", "sqs:SendMessage"])),
            Kind::Attached | Kind::ServiceControl | Kind::OfResource => json!(self.of(&PATTERNS)),
        };
        statement[if negates { "NotAction" } else { "Action" }] = actions;
        match kind {
            Kind::Trust => {}
            Kind::OfResource => statement["Resource"] = json!("*"),
            Kind::Attached | Kind::ServiceControl | Kind::ResourceControl => {
                let negates = self.once_in(16);
                statement[if negates { "NotResource" } else { "Resource" }] = json!(self.of(&RESOURCES));
            }
        }
        if matches!(kind, Kind::OfResource | Kind::Trust) {
            let excepts = denies && kind == Kind::OfResource && self.once_in(4);
            let principal = serde_json::from_str(self.of(&PRINCIPALS)).expect("a principal");
            statement[if excepts { "NotPrincipal" } else { "Principal" }] = principal;
        } else if kind == Kind::ResourceControl {
            statement["Principal"] = json!("*");
        }
        for _ in 0..self.up_to(3).saturating_sub(1) {
            let (operator, key, value) = self.of(&CONDITIONS);
            statement["Condition"][operator][key] = json!([value]);
        }
        statement
    }

    fn tags(&mut self) -> Value {
        if self.once_in(2) { json!({ "team": self.of(&["red", "blue", "r*"]) }) } else { json!({}) }
    }

    fn inline(&mut self) -> Value {
        let policies = (0..self.up_to(2)).map(|at| (format!("p{at}"), self.policy(Kind::Attached)));
        policies.collect::<Map<_, _>>().into()
    }

    fn identity(&mut self) -> Value {
        let mut identity = json!({ "policies": self.inline(), "tags": self.tags() });
        if self.once_in(4) {
            identity["boundary"] = json!("arn:aws:iam::111122223333:policy/limit");
        }
        if self.once_in(4) {
            identity["managed"] = json!(["arn:aws:iam::aws:policy/Some"]);
        }
        identity
    }

    fn grant(&mut self) -> Value {
        const OPERATIONS: [&str; 6] = [
            "Decrypt",
            "CreateGrant",
            "GenerateDataKeyWithoutPlaintext",
            "RetireGrant",
            "ReEncryptFrom",
            "DescribeKey",
        ];
        let bits = self.byte();
        let operations = OPERATIONS.iter().enumerate().filter(|(at, _)| at == &0 || bits & (1 << at) != 0);
        let mut grant = json!({
            "grantee": self.of(&GRANTEES),
            "operations": operations.map(|(_, operation)| *operation).collect::<Vec<_>>(),
            "issuingAccount": self.of(&[FAR, NEAR, "unknown"]),
            "propagated": self.of(&["true", "false", "unknown"]),
        });
        if self.once_in(3) {
            grant["token"] = json!("token");
        }
        if self.once_in(3) {
            grant["retiring"] = json!(self.of(&GRANTEES));
        }
        if let Some(constraints) = self.constraints() {
            grant["constraints"] = constraints;
        }
        grant
    }

    fn constraints(&mut self) -> Option<Value> {
        let pairs = json!({ "aws:ebs:id": self.of(&["vol-1", "vol-2"]) });
        match self.up_to(4) {
            1 => Some(json!({ "encryptionContextSubset": pairs })),
            2 => Some(json!({ "encryptionContextEquals": pairs })),
            3 => Some(json!({ "sourceArn": "arn:aws:sns:us-west-2:111122223333:*" })),
            _ => None,
        }
    }

    fn key(&mut self) -> Value {
        let mut key = json!({
            "state": self.of(&["Enabled", "Disabled", "PendingDeletion", "PendingImport", "Unavailable", "unknown"]),
            "grants": (0..self.up_to(2)).map(|_| self.grant()).collect::<Vec<_>>(),
            "tags": self.tags(),
        });
        if !self.once_in(4) {
            key["policy"] = self.policy(Kind::OfResource);
        }
        if self.once_in(8) {
            key["usage"] = json!(self.of(&["Signing", "Mac", "AsymmetricEncryption"]));
        }
        if self.once_in(8) {
            key["manager"] = json!("Aws");
        }
        if self.once_in(8) {
            key["untold"] = json!(["grants", "tags", "aliases"]);
        } else if self.once_in(3) {
            key["aliases"] = json!(["alias/a"]);
        }
        key
    }

    fn level(&mut self) -> Value {
        let mut level = json!({});
        match self.up_to(5) {
            0 => {}
            1 => level["scps"] = json!("none"),
            2 => level["scps"] = json!({ "p-1": self.policy(Kind::ServiceControl) }),
            _ => level["scps"] = json!({ "FullAWSAccess": "aws", "p-1": self.policy(Kind::ServiceControl) }),
        }
        if self.once_in(3) {
            level["rcps"] = json!({ "RCPFullAWSAccess": "aws", "p-2": self.policy(Kind::ResourceControl) });
        }
        level
    }

    /// A world file.
    pub(crate) fn world(&mut self) -> Value {
        let mut world = json!({
            "accounts": { NEAR: {}, FAR: {} },
            "managedPolicies": {
                "arn:aws:iam::111122223333:policy/limit": self.policy(Kind::Attached),
                "arn:aws:iam::aws:policy/Some": self.policy(Kind::Attached),
            },
            "groups": { "arn:aws:iam::111122223333:group/all": { "policies": self.inline() } },
            "users": { USER: self.identity() },
            "roles": {
                ROLE: self.identity(),
                SERVICE_LINKED: { "policies": self.inline() },
                "arn:aws:iam::444455556666:role/app": { "trust": self.policy(Kind::Trust) },
            },
            "keys": { FOREIGN_KEY: self.key() },
            "resources": { "arn:aws:s3:::bucket": { "owner": FAR, "policy": self.policy(Kind::OfResource) } },
        });
        world["users"][USER]["groups"] = json!(["all"]);
        world["roles"][ROLE]["trust"] = self.policy(Kind::Trust);
        if self.once_in(2) {
            world["keys"][OWN_KEY] = self.key();
        }
        for account in [NEAR, FAR] {
            if self.once_in(6) {
                world["accounts"][account] = json!({ "identities": "partial" });
            }
        }
        if self.once_in(2) {
            let mut root = self.level();
            let (near, far) = (self.level(), self.level());
            root["accounts"] = json!({ FAR: far });
            root["units"] = json!({ "unit": self.level() });
            root["units"]["unit"]["accounts"] = json!({ NEAR: near });
            let management = self.of(&[MANAGEMENT, MANAGEMENT, FAR]);
            world["organization"] = json!({ "id": "o-example", "managementAccount": management, "root": root });
        }
        world
    }

    /// A request file.
    pub(crate) fn request(&mut self) -> Value {
        let principal = self.of(&[
            ROLE,
            "arn:aws:sts::111122223333:assumed-role/app/s1",
            USER,
            NEAR,
            "arn:aws:sts::111122223333:federated-user/carol",
            SERVICE_LINKED,
            "autoscaling.amazonaws.com",
            "arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-1",
            "anonymous",
            "federated:cognito-identity.amazonaws.com",
            "arn:aws:iam::444455556666:role/app",
            "arn:aws:iam::777788889999:role/unknown",
        ]);
        let mut request = json!({
            "principal": principal,
            "action": self.of(&ACTIONS),
            "resource": self.of(&[
                FOREIGN_KEY,
                OWN_KEY,
                ROLE,
                "arn:aws:iam::444455556666:role/app",
                "arn:aws:s3:::bucket/home/ann/x",
                "arn:aws:sqs:us-west-2:111122223333:queue",
                "arn:aws:dynamodb:us-west-2:111122223333:table/t",
                "arn:aws:kms:us-west-2:444455556666:alias/a",
                "*",
            ]),
            "otherKeys": self.of(&["absent", "unknown"]),
            "via": self.of(&[&[][..], &["ec2.amazonaws.com"][..], &["eks.amazonaws.com", "ec2.amazonaws.com"][..]]),
            "context": self.context(),
        });
        let has_session = ["assumed-role/app", "federated-user"].iter().any(|part| principal.contains(part));
        if has_session || principal == ROLE {
            let policies: Vec<_> = (0..self.up_to(2)).map(|_| self.policy(Kind::Attached)).collect();
            request["session"] = json!({ "policies": policies, "tags": self.tags() });
            if principal.contains("federated-user") && !self.once_in(4) {
                request["session"]["parent"] = json!(USER);
            }
        }
        if self.once_in(2) {
            request["encryptionContext"] = json!({ "aws:ebs:id": self.of(&["vol-1", "vol-2"]) });
            request["encryptionContextIsPartial"] = json!(self.once_in(3));
        }
        if self.once_in(2) {
            request["newGrant"] = json!({ "grantee": self.of(&GRANTEES), "operations": ["Decrypt"] });
            if let Some(constraints) = self.constraints() {
                request["newGrant"]["constraints"] = constraints;
            }
        }
        if self.once_in(2) {
            request["grantId"] = json!(self.of(&["grant-1", "grant-2"]));
        }
        if self.once_in(3) {
            request["grantTokens"] = json!([self.of(&["token", "another"])]);
        }
        request
    }

    fn context(&mut self) -> Value {
        let mut context = json!({});
        for (key, value) in CONTEXT {
            match self.up_to(5) {
                1 => context[key] = json!(value),
                2 => context[key] = json!("unknown"),
                3 => context[key] = json!("absent"),
                _ => {}
            }
        }
        context
    }

    /// A launch, as cases have it.
    pub(crate) fn launch(&mut self) -> Value {
        let launcher = match self.up_to(8) {
            0 => json!({ "karpenter": { "controller": ROLE, "capacity": self.of(&["onDemand", "spot"]) } }),
            1 => json!("autoScaling"),
            2 => json!({ "runInstances": self.of(&[USER, ROLE]) }),
            3 => json!({ "fleet": { "type": "instant", "caller": ROLE } }),
            4 => json!({ "fleet": { "type": self.of(&["request", "maintain"]) } }),
            5 => json!("spotRequest"),
            6 => json!({ "ebsCsi": { "controller": ROLE } }),
            7 => json!({ "autoMode": { "clusterRole": ROLE } }),
            _ => json!("nodeGroup"),
        };
        let volumes: Vec<_> = (0..=self.up_to(1)).map(|_| self.volume()).collect();
        let mut launch = json!({
            "account": NEAR,
            "region": self.of(&["us-west-2", "us-west-2", "eu-west-1"]),
            "launcher": launcher,
            "volumes": volumes,
            "encryptsByDefault": self.once_in(3),
        });
        if self.once_in(2) {
            launch["defaultKey"] = json!(self.of(&[OWN_KEY, FOREIGN_KEY]));
        }
        if self.once_in(2) {
            launch["image"] = json!({ "owner": self.of(&[FAR, NEAR]), "shared": self.once_in(2) });
        }
        launch
    }

    fn volume(&mut self) -> Value {
        let mut volume = json!({});
        if self.once_in(2) {
            volume["snapshot"] = json!({ "owner": self.of(&[NEAR, FAR]) });
            if self.once_in(2) {
                volume["snapshot"]["key"] = json!(self.of(&[FOREIGN_KEY, OWN_KEY]));
            }
            if self.once_in(3) {
                volume["snapshot"]["shared"] = json!(self.once_in(2));
            }
        }
        if !self.once_in(3) {
            volume["encrypted"] = json!(true);
            volume["key"] = json!(self.of(&[FOREIGN_KEY, OWN_KEY]));
        }
        volume
    }
}
