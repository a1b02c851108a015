//! What each operation asks of authorization: which actions, on what, with which condition keys from which members of
//! its input.
//!
//! ```text
//!   ReEncrypt { CiphertextBlob, SourceEncryptionContext, DestinationKeyId, .. }
//!       kms:ReEncryptFrom  on the key that the ciphertext names    kms:EncryptionAlgorithm = SourceEncryptionAlgorithm
//!       kms:ReEncryptTo    on the key that DestinationKeyId names  kms:EncryptionAlgorithm = DestinationEncryptionAlgorithm
//! ```
//!
//! The published data ([`authorization`](crate::authorization)) says which keys an action has, not where their values
//! come from; that is told here, once, for whoever enforces or forecasts. Every access of an operation must be allowed.
//! What follows from the caller, the resource or the grant is not here: who decides derives it ([`UNTOLD`] says from
//! what, and which keys nobody tells).
//!
//! Sources: IAM API Reference, AWS KMS API Reference and AWS STS API Reference, each operation's "Required permissions";
//! Service Authorization Reference, "Actions, resources, and condition keys for AWS CloudTrail" and those for Amazon EC2,
//! Amazon EC2 Auto Scaling, Amazon EKS, Amazon EKS Auth and AWS Organizations; AWS KMS Developer Guide, "AWS KMS condition keys"; IAM User Guide, "IAM and AWS STS condition context keys".

mod autoscaling;
mod cloudtrail;
mod ec2;
mod eks;
mod eks_auth;
mod iam;
mod kms;
mod organizations;
mod sqs;
mod ssm;
mod sts;
mod told;
mod untold;

pub use told::Told;
pub use untold::{Gap, UNTOLD, Untold, untold};

/// An operation of a service's API.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    name: &'static str,
    accesses: &'static [Access],
}

/// One thing that an operation's caller must be allowed.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    action: &'static str,
    on: On,
    only_with: &'static [&'static str],
    region: Option<&'static str>,
    encryption_context: &'static [&'static str],
    new_grant: bool,
    conditions: &'static [Condition],
}

/// What is acted on, by the members of the input that name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Nothing in particular: the resource is `*`, in the caller's account.
    Nothing,
    /// The KMS key that a member names by its id or ARN.
    Key(&'static str),
    /// The KMS key that a member names by its id, its ARN, or one of its aliases, which is `kms:RequestAlias` then.
    KeyOrAlias(&'static str),
    /// The KMS key that a member names as in [`KeyOrAlias`](Self::KeyOrAlias); where it is not given, the one that the
    /// ciphertext was made with.
    KeyOfCiphertext {
        /// The member with the ciphertext.
        ciphertext: &'static str,
        /// The member that may name the key.
        or: &'static str,
    },
    /// The multi-Region key that one member names, in the region that another names.
    KeyInRegion {
        /// The member that names the key.
        key: &'static str,
        /// The member that names the region.
        region: &'static str,
    },
    /// The KMS key of the grant that a token, or a member with the key's ARN, names.
    KeyOfGrant {
        /// The member with the token.
        token: &'static str,
        /// The member that names the key.
        or: &'static str,
    },
    /// The alias that a member names.
    Alias(&'static str),
    /// The KMS key that an alias belongs to before the operation.
    KeyOfAlias(&'static str),
    /// The IAM role whose ARN a member gives.
    Role(&'static str),
    /// The principal whose ARN a member gives.
    Principal(&'static str),
    /// The federated user that a member names, in the caller's account.
    FederatedUser(&'static str),
    /// The CloudTrail trail that a member names by its name or ARN.
    Trail(&'static str),
    /// The IAM resource of this kind that a member names. Where it is not given, the calling user.
    Named(IamKind, &'static str),
    /// The user who calls.
    Caller,
    /// The IAM resource of this kind that is to be made, under the name (a provider: the URL) that a member gives.
    New(IamKind, &'static str),
    /// The IAM resource of this kind whose ARN a member gives.
    Arn(IamKind, &'static str),
    /// The user, group or role whose ARN a member gives.
    Identity(&'static str),
    /// The user whose access key a member names.
    UserOfAccessKey(&'static str),
    /// The role that is to be made for the service that a member names.
    ServiceLinkedRole(&'static str),
    /// The role that the deletion task that a member names deletes.
    RoleOfTask(&'static str),
    /// Something of an organization that a member names by its id: a root, an organizational unit, an account, a policy or
    /// a handshake. The id says which.
    InOrganization(&'static str),
    /// The policy of an organization that is to be made, of the type that a member names.
    NewOrganizationPolicy(&'static str),
    /// The EKS cluster that a member names, in the caller's account.
    EksCluster(&'static str),
    /// The Pod Identity association that a member names by its id.
    PodIdentityAssociation {
        /// The member that names the cluster.
        cluster: &'static str,
        /// The member with the id.
        id: &'static str,
    },
    /// The add-on that a member names, of the cluster that another names.
    EksAddon {
        /// The member that names the cluster.
        cluster: &'static str,
        /// The member that names the add-on.
        name: &'static str,
    },
    /// The access entry of an IAM principal whose ARN a member gives, of the cluster that another names.
    AccessEntry {
        /// The member that names the cluster.
        cluster: &'static str,
        /// The member with the principal's ARN.
        principal: &'static str,
    },
    /// The Fargate profile that a member names, of the cluster that another names.
    FargateProfile {
        /// The member that names the cluster.
        cluster: &'static str,
        /// The member that names the profile.
        name: &'static str,
    },
    /// The managed node group that a member names, of the cluster that another names.
    NodeGroup {
        /// The member that names the cluster.
        cluster: &'static str,
        /// The member that names the group.
        name: &'static str,
    },
    /// The identity provider that members name, of the cluster that another names.
    IdentityProvider {
        /// The member that names the cluster.
        cluster: &'static str,
        /// The member with the provider's type, by its path.
        kind: &'static str,
        /// The member that names it, by its path.
        name: &'static str,
    },
    /// The IAM role whose ARN a member gives, where another says that it is one of nodes which EC2 runs.
    NodeRole {
        /// The member with the role.
        role: &'static str,
        /// The member with the kind: `EC2_LINUX`, `EC2_WINDOWS`.
        kind: &'static str,
    },
    /// The IAM roles whose ARNs the elements of a list give.
    RolesIn {
        /// The member with the list.
        list: &'static str,
        /// The member of an element.
        member: &'static str,
    },
    /// Something of EKS whose ARN a member gives.
    EksArn(&'static str),
    /// What of EC2, of this kind, a member names by its id, or by a list of ids.
    Ec2(Ec2Kind, &'static str),
    /// The SQS queue that a member names by its URL or, in the caller's account, by its name.
    Queue(&'static str),
    /// The parameters of Systems Manager that a member names by paths or ARNs, one or several.
    Parameter(&'static str),
    /// What of EC2, of any kind, a member names by ids. Each id says which.
    AnyEc2(&'static str),
    /// What of EC2, of this kind, is to be made.
    NewEc2(Ec2Kind),
    /// The Auto Scaling group that a member names, or that is to be made under that name.
    ScalingGroup(&'static str),
    /// The Auto Scaling group of the instance that a member names.
    ScalingGroupOf(&'static str),
    /// The Auto Scaling groups that the tags of a list are of.
    ScalingGroupsOfTags(&'static str),
}

/// A kind of resource of EC2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum Ec2Kind {
    Fleet,
    Image,
    Instance,
    KeyPair,
    LaunchTemplate,
    NetworkInterface,
    SecurityGroup,
    Snapshot,
    SpotInstancesRequest,
    Subnet,
    Volume,
    Vpc,
}

impl Ec2Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Fleet,
        Self::Image,
        Self::Instance,
        Self::KeyPair,
        Self::LaunchTemplate,
        Self::NetworkInterface,
        Self::SecurityGroup,
        Self::Snapshot,
        Self::SpotInstancesRequest,
        Self::Subnet,
        Self::Volume,
        Self::Vpc,
    ];

    /// What stands before the id in its ARN, which is also how AWS calls its resource type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fleet => "fleet",
            Self::Image => "image",
            Self::Instance => "instance",
            Self::KeyPair => "key-pair",
            Self::LaunchTemplate => "launch-template",
            Self::NetworkInterface => "network-interface",
            Self::SecurityGroup => "security-group",
            Self::Snapshot => "snapshot",
            Self::SpotInstancesRequest => "spot-instances-request",
            Self::Subnet => "subnet",
            Self::Volume => "volume",
            Self::Vpc => "vpc",
        }
    }

    /// What its ids begin with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Fleet => "fleet-",
            Self::Image => "ami-",
            Self::Instance => "i-",
            Self::KeyPair => "key-",
            Self::LaunchTemplate => "lt-",
            Self::NetworkInterface => "eni-",
            Self::SecurityGroup => "sg-",
            Self::Snapshot => "snap-",
            Self::SpotInstancesRequest => "sir-",
            Self::Subnet => "subnet-",
            Self::Volume => "vol-",
            Self::Vpc => "vpc-",
        }
    }

    /// The kind of what has this id.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| id.starts_with(kind.prefix()))
    }

    /// Whether its ARNs name the account that it is of: those of what can be shared do not.
    #[must_use]
    pub const fn arn_has_account(self) -> bool {
        !matches!(self, Self::Image | Self::Snapshot)
    }
}

/// A kind of IAM resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum IamKind {
    User,
    Role,
    Group,
    Policy,
    InstanceProfile,
    OidcProvider,
    Mfa,
}

impl IamKind {
    /// What stands before the path in its ARN, which is also how AWS calls its resource type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Role => "role",
            Self::Group => "group",
            Self::Policy => "policy",
            Self::InstanceProfile => "instance-profile",
            Self::OidcProvider => "oidc-provider",
            Self::Mfa => "mfa",
        }
    }
}

/// A condition key whose values are in the input.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    /// The key as AWS writes it; `${TagKey}` stands for the key of each tag.
    pub key: &'static str,
    /// Where its values are.
    pub from: Source,
}

/// Where a condition key's values come from. Paths have dots: `Constraints.SourceArn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A member: a text, a number, a truth, or a list of them. Without it the key is not in the request.
    Member(&'static str),
    /// The first of these members that is given, else this value: AWS fills its own defaults in first.
    MemberOr(&'static [&'static str], &'static str),
    /// The member at a path in each element of a list.
    InEach(&'static str, &'static str),
    /// The values of a list of tags, each under a key of its own.
    TagValues(TagList),
    /// The keys of a list of tags, together.
    TagKeys(TagList),
    /// The values of a map of tags, each under a key of its own.
    MapValues(&'static str),
    /// The keys of a map of tags, together.
    MapKeys(&'static str),
    /// Always this.
    Fixed(&'static str),
    /// This, where the member is true.
    WhereTrue(&'static str, &'static str),
    /// Whether the two keys of a `ReEncrypt` are one. Not in the input: who resolves them knows.
    OnSameKey,
}

/// A list of tags and the names that its elements' two members have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagList {
    /// The member with the list.
    pub member: &'static str,
    /// The tag's key in an element.
    pub key: &'static str,
    /// The tag's value in an element.
    pub value: &'static str,
}

/// The operations of a service (by its prefix), by name.
#[must_use]
pub fn operations(service: &str) -> &'static [Operation] {
    match service {
        "autoscaling" => autoscaling::OPERATIONS,
        "cloudtrail" => cloudtrail::OPERATIONS,
        "ec2" => ec2::OPERATIONS,
        "eks" => eks::OPERATIONS,
        "eks-auth" => eks_auth::OPERATIONS,
        "iam" => iam::OPERATIONS,
        "kms" => kms::OPERATIONS,
        "organizations" => organizations::OPERATIONS,
        "sqs" => sqs::OPERATIONS,
        "ssm" => ssm::OPERATIONS,
        "sts" => sts::OPERATIONS,
        _ => &[],
    }
}

/// The operation of this name; names have case, as on the wire.
#[must_use]
pub fn operation(service: &str, name: &str) -> Option<&'static Operation> {
    let operations = operations(service);
    operations.binary_search_by(|operation| operation.name.cmp(name)).ok().and_then(|at| operations.get(at))
}

impl Operation {
    const fn new(name: &'static str, accesses: &'static [Access]) -> Self {
        Self { name, accesses }
    }

    /// Its name in the API: `ReEncrypt`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What its caller must be allowed, all of it; never nothing.
    #[must_use]
    pub const fn accesses(&self) -> &'static [Access] {
        self.accesses
    }
}

impl Access {
    const fn new(action: &'static str, on: On) -> Self {
        Self { action, on, only_with: &[], region: None, encryption_context: &[], new_grant: false, conditions: &[] }
    }

    const fn only_with(self, members: &'static [&'static str]) -> Self {
        Self { only_with: members, ..self }
    }

    const fn in_region(self, member: &'static str) -> Self {
        Self { region: Some(member), ..self }
    }

    const fn with_context(self, paths: &'static [&'static str]) -> Self {
        Self { encryption_context: paths, ..self }
    }

    const fn of_new_grant(self) -> Self {
        Self { new_grant: true, ..self }
    }

    const fn told(self, conditions: &'static [Condition]) -> Self {
        Self { conditions, ..self }
    }

    /// The action, with its service: `kms:ReEncryptFrom`.
    #[must_use]
    pub const fn action(&self) -> &'static str {
        self.action
    }

    /// What is acted on.
    #[must_use]
    pub const fn on(&self) -> On {
        self.on
    }

    /// Where not empty: it is asked for only if one of these members is given.
    #[must_use]
    pub const fn only_with_members(&self) -> &'static [&'static str] {
        self.only_with
    }

    /// The member with the region in which it is asked for, where that is not the request's own.
    #[must_use]
    pub const fn region(&self) -> Option<&'static str> {
        self.region
    }

    /// The paths at which an encryption context can be: the one of the request, or those of a new grant's constraints.
    /// It tells `kms:EncryptionContext:${EncryptionContextKey}` and `kms:EncryptionContextKeys`.
    #[must_use]
    pub const fn encryption_context(&self) -> &'static [&'static str] {
        self.encryption_context
    }

    /// Whether the input is a grant to be made, which tells `kms:GranteePrincipal` and its kin.
    #[must_use]
    pub const fn makes_grant(&self) -> bool {
        self.new_grant
    }

    /// The condition keys whose values are in the input.
    #[must_use]
    pub const fn conditions(&self) -> &'static [Condition] {
        self.conditions
    }
}
