//! KMS grants.
//!
//! Source: AWS KMS Developer Guide, "Grants in AWS KMS"; AWS KMS API Reference, "CreateGrant", "GrantConstraints".

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    str::FromStr,
    sync::Arc,
};

use aws_model::{AccountId, Arn, EncryptionContext};

/// One grant: allows one grantee some operations with one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: Box<str>,
    /// Its token, where it is known. With the token told, a grant counts at once; without, once it has spread.
    pub token: Option<Box<str>>,
    /// Whether it has spread through KMS, which takes up to five minutes; `None` where nobody told.
    pub propagated: Option<bool>,
    /// The name it was made under.
    pub name: Option<Box<str>>,
    /// Who gets it.
    pub grantee: GrantPrincipal,
    /// The unique id that the grantee, a user or role, had when the grant was made: recreating it kills the grant.
    pub grantee_unique_id: Option<Box<str>>,
    /// Who may retire it.
    pub retiring: Option<GrantPrincipal>,
    /// The account that made it.
    pub issuing_account: Option<AccountId>,
    /// What it permits.
    pub operations: GrantOperations,
    /// Under which constraints.
    pub constraints: GrantConstraints,
}

/// Who a grant can be for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GrantPrincipal {
    /// Every principal of an account (the ARN of its root, or its id).
    Account(AccountId),
    /// A user.
    User(Arn),
    /// A role, so every session of it.
    Role(Arn),
    /// One session of a role.
    RoleSession(Arn),
    /// A federated user.
    FederatedUser(Arn),
    /// A service, which a `SourceArn` constraint must hold down.
    Service(Box<str>),
}

/// Not somebody whom a grant can be for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot hold a grant: give the ARN of a user, role, assumed-role session, federated user or account root, or \
     a service principal"
)]
pub struct InvalidGrantPrincipal(pub String);

/// What must be true for a grant to be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantConstraints {
    /// What the encryption context must be like.
    pub encryption_context: Option<ContextConstraint>,
    /// On behalf of which resource the call must be made (`aws:SourceArn`).
    pub source_arn: Option<Box<str>>,
}

/// A constraint on the encryption context. Keys are compared without case, values with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextConstraint {
    /// The context is exactly this.
    Equals(EncryptionContext),
    /// The context has these pairs.
    Subset(EncryptionContext),
}

macro_rules! grant_operations {
    ($($name:ident = $bit:literal),* $(,)?) => {
        /// An operation that a grant can permit.
        ///
        /// Source: AWS KMS Developer Guide, "Grants in AWS KMS" > "Grant operations".
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each is the name of a KMS operation")]
        pub enum GrantOperation { $($name),* }

        impl GrantOperation {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The operation's name, which is also that of the IAM action behind `kms:`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            const fn bit(self) -> u32 {
                match self { $(Self::$name => 1 << $bit),* }
            }
        }
    };
}

grant_operations! {
    Decrypt = 0,
    Encrypt = 1,
    GenerateDataKey = 2,
    GenerateDataKeyWithoutPlaintext = 3,
    ReEncryptFrom = 4,
    ReEncryptTo = 5,
    Sign = 6,
    Verify = 7,
    GetPublicKey = 8,
    CreateGrant = 9,
    RetireGrant = 10,
    DescribeKey = 11,
    GenerateDataKeyPair = 12,
    GenerateDataKeyPairWithoutPlaintext = 13,
    GenerateMac = 14,
    VerifyMac = 15,
    DeriveSharedSecret = 16,
    Encapsulate = 17,
    Decapsulate = 18,
}

/// A set of operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GrantOperations(u32);

/// The grants on one key, found by who holds them.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    by_id: HashMap<Box<str>, Arc<Grant>>,
    by_grantee: HashMap<GrantPrincipal, Vec<Arc<Grant>>>,
    /// The grantees that are sessions, by their account and the name of their role.
    sessions: HashMap<Box<str>, BTreeSet<GrantPrincipal>>,
}

impl GrantOperation {
    /// The operation that an action is, if grants can permit it.
    #[must_use]
    pub fn of_action(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str().eq_ignore_ascii_case(name))
    }
}

impl GrantOperations {
    /// Whether it is in the set.
    #[must_use]
    pub const fn contains(self, operation: GrantOperation) -> bool {
        self.0 & operation.bit() != 0
    }

    /// Whether every one of the other set is in this.
    #[must_use]
    pub const fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// In the order of [`GrantOperation::ALL`].
    pub fn iter(self) -> impl Iterator<Item = GrantOperation> {
        GrantOperation::ALL.iter().copied().filter(move |operation| self.contains(*operation))
    }
}

impl FromIterator<GrantOperation> for GrantOperations {
    fn from_iter<T: IntoIterator<Item = GrantOperation>>(operations: T) -> Self {
        Self(operations.into_iter().fold(0, |bits, operation| bits | operation.bit()))
    }
}

impl Grants {
    /// Adds a grant; one of the same id is replaced and returned.
    pub fn insert(&mut self, grant: Grant) -> Option<Arc<Grant>> {
        let replaced = self.remove(&grant.id);
        let grant = Arc::new(grant);
        self.by_id.insert(grant.id.clone(), Arc::clone(&grant));
        if let Some(role) = role_of_session(&grant.grantee) {
            self.sessions.entry(role.into()).or_default().insert(grant.grantee.clone());
        }
        self.by_grantee.entry(grant.grantee.clone()).or_default().push(grant);
        replaced
    }

    /// Takes a grant away.
    pub fn remove(&mut self, id: &str) -> Option<Arc<Grant>> {
        let grant = self.by_id.remove(id)?;
        if let Some(held) = self.by_grantee.get_mut(&grant.grantee) {
            held.retain(|other| other.id != grant.id);
            if held.is_empty() {
                self.by_grantee.remove(&grant.grantee);
                if let Some(of_role) = role_of_session(&grant.grantee).and_then(|role| self.sessions.get_mut(&*role)) {
                    of_role.remove(&grant.grantee);
                }
            }
        }
        Some(grant)
    }

    /// The grants of one grantee.
    #[must_use]
    pub fn of(&self, grantee: &GrantPrincipal) -> &[Arc<Grant>] {
        self.by_grantee.get(grantee).map_or(&[], Vec::as_slice)
    }

    /// The grantees that are sessions of a role, told by its account and name: what a session may use whose own name is
    /// not known. In order.
    pub fn sessions_of(&self, account: &str, role: &str) -> impl Iterator<Item = &GrantPrincipal> {
        self.sessions.get(format!("{account}/{role}").as_str()).into_iter().flatten()
    }

    /// A grant by its id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Grant>> {
        self.by_id.get(id)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Grant>> {
        self.by_id.values()
    }
}

/// The account and the name of the role that a session is of: `111122223333/NAME`.
fn role_of_session(grantee: &GrantPrincipal) -> Option<String> {
    let GrantPrincipal::RoleSession(arn) = grantee else { return None };
    let (role, _) = arn.resource().strip_prefix("assumed-role/")?.split_once('/')?;
    Some(format!("{}/{role}", arn.account()))
}

impl FromStr for GrantPrincipal {
    type Err = InvalidGrantPrincipal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidGrantPrincipal(text.to_owned());
        if let Ok(account) = text.parse() {
            return Ok(Self::Account(account));
        }
        if !text.starts_with("arn:") {
            let is_service =
                text.contains('.') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
            return is_service.then(|| Self::Service(text.into())).ok_or_else(invalid);
        }
        let arn: Arn = text.parse().map_err(|_| invalid())?;
        let account: AccountId = arn.account().parse().map_err(|_| invalid())?;
        let named = |kind: &str| {
            arn.resource().strip_prefix(kind).is_some_and(|name| !name.is_empty() && !name.contains(['*', '?']))
        };
        match arn.service() {
            "iam" if arn.resource() == "root" => Ok(Self::Account(account)),
            "iam" if named("user/") => Ok(Self::User(arn)),
            "iam" if named("role/") => Ok(Self::Role(arn)),
            "sts" if named("assumed-role/") => Ok(Self::RoleSession(arn)),
            "sts" if named("federated-user/") => Ok(Self::FederatedUser(arn)),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for GrantPrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => write!(f, "{account}"),
            Self::User(arn) | Self::Role(arn) | Self::RoleSession(arn) | Self::FederatedUser(arn) => {
                f.write_str(arn.as_str())
            }
            Self::Service(name) => f.write_str(name),
        }
    }
}
